"""A second person compares what was said outside with what proves it.

(1) The one who entered it never compares it.
(2) A report that agrees and says that a bag was infused ends the bag, with the same signature: custody's end of the
    container rests on the report, and there is no other truth of it. What follows an end follows this one, too.
(3) What does not agree is set aside with a remark. Nothing that it raised goes away: each departure is assessed.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField, YesNoField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.fates import batch_of_container, follow
from batches.identity import identity_lines
from chain_of_custody import states
from chain_of_custody.fates import End, end_container, fate_of, fate_words, objections_to_end
from chain_of_custody.models import ContainerFate
from ledger.writing import write
from qc.after_release.reporting import report_url
from qc.after_release.words import lines_of_report
from qc.batch_act import RowOfBatchAct, lock_batches
from qc.models import InfusionConfirmed, InfusionReport, InfusionReportChecked
from qc.release.outside import lines_of, objections_to_comparing

Fate = ContainerFate.Fate
WITH_EVERYTHING = ("identity_check__container__coi__subject", "evidence", "confirmed__fate", "checked")


class ComparedIntent(StrictSerializer[Intent]):
    """Whether it agrees with its evidence, and what is to be said of it."""

    agrees = YesNoField(label=gettext_lazy("It agrees with the evidence"))
    remark = TextField(label=gettext_lazy("Remark"), max_length=1000, required=False, default="")


def objections_to_remark(intent: Intent) -> list[Objection]:
    """Object where something does not agree and nobody says what."""
    return when(
        not intent["agrees"] and len(intent["remark"].strip()) < 10,
        _("Say in at least 10 characters what does not agree."),
        field="remark",
    )


def comparison_lines(intent: Intent) -> list[Line]:
    """Give the lines that say what the second person found."""
    agrees = intent["agrees"]
    word = _("it agrees with the evidence") if agrees else _("it does not agree, and is set aside")
    return [Line(_("Comparison"), word, "" if agrees else "warn"), Line(_("Remark"), intent["remark"] or "–")]


class _OnReport(RowOfBatchAct[InfusionReport]):
    """What both ways of comparing a report share."""

    permission = Permission.CONTAINER_END
    meaning = Meaning.VERIFIED

    def rows(self) -> QuerySet[InfusionReport]:
        return InfusionReport.objects.select_related(*WITH_EVERYTHING)

    def lock(self, subject: InfusionReport) -> None:
        own = batch_of_container(subject.container) if subject.container else None
        lock_batches([subject.batch_id, *([own.pk] if own else [])])
        if subject.container:
            states.lock([subject.container.pk])

    def to_sign(self, subject: InfusionReport, intent: Intent) -> ToSign:
        code = subject.container.code if subject.container else subject.identity_check.scanned
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch, containers=[code]),
            lines=[
                *(Line(_("Wrong"), says, "fail") for says in subject.wrong),
                *lines_of_report(subject),
                *lines_of(subject),
                *self.more_lines(intent),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def more_lines(self, intent: Intent) -> list[Line]:
        """Give the lines that only one of the two ways shows."""
        return []

    def objections(self, subject: InfusionReport, intent: Intent, by: Person) -> list[Objection]:
        is_done = (
            InfusionConfirmed.objects.filter(report=subject).exists()
            or InfusionReportChecked.objects.filter(report=subject).exists()
        )
        return objections_to_comparing(subject, is_done=is_done, by=by)


@register
class ConfirmInfusion(_OnReport):
    """Compare a report with its evidence; it agrees, and the bag ends as infused."""

    code = "infusion.confirm"
    title = gettext_lazy("Confirm an infusion")
    verb = gettext_lazy("Sign that it agrees and the bag was infused")
    meaning_text = gettext_lazy("I compared this report with the evidence; they agree. The bag was infused as it says.")

    def objections(self, subject: InfusionReport, intent: Intent, by: Person) -> list[Objection]:
        return [*super().objections(subject, intent, by), *why_it_ends_no_bag(subject)]

    def carry_out(self, subject: InfusionReport, intent: Intent, signature: Signature) -> ContainerFate:
        container, end = subject.container, end_told(subject)
        assert container is not None and end is not None  # noqa: S101, PT018  objected to above
        fate = end_container(container, end, signature, earlier=[subject])
        row = InfusionConfirmed(batch=subject.batch, report=subject, fate=fate)
        write(row, type="infusion.confirmed", actor=signature.signer.reference)
        own = batch_of_container(container)
        if own is not None:
            follow(own, fate, signature.signer)
        return fate

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, ContainerFate)  # noqa: S101  this act writes nothing else
        return report_url(InfusionReport.objects.select_related("batch").get(confirmed__fate=row))


@register
class CheckReport(_OnReport):
    """Compare a report with its evidence where it ends no bag, or where it does not agree."""

    code = "infusion.check"
    title = gettext_lazy("Compare a report from the bedside")
    verb = gettext_lazy("Sign the comparison")
    meaning_text = gettext_lazy("I compared this report with the evidence.")
    asks = ComparedIntent

    def more_lines(self, intent: Intent) -> list[Line]:
        return comparison_lines(intent)

    def objections(self, subject: InfusionReport, intent: Intent, by: Person) -> list[Objection]:
        return [
            *super().objections(subject, intent, by),
            *when(
                intent["agrees"] and not why_it_ends_no_bag(subject),
                _("It says that a bag was infused. If it agrees, sign that the bag was infused as it says."),
                code="ends_a_bag",
            ),
            *objections_to_remark(intent),
        ]

    def carry_out(self, subject: InfusionReport, intent: Intent, signature: Signature) -> InfusionReportChecked:
        row = InfusionReportChecked(
            batch=subject.batch, report=subject, agrees=intent["agrees"], remark=intent["remark"]
        )
        return sign(row, signature, type="infusion.checked", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, InfusionReportChecked)  # noqa: S101  this act writes nothing else
        return report_url(row.report)


def end_told(report: InfusionReport) -> End | None:
    """Give the end of the bag as a report tells it, or None where it tells of no infusion with its volume."""
    happened_at = report.ended_at or report.started_at
    if not report.took_place or happened_at is None or report.volume_ml is None:
        return None
    said = _("Reported by %(name)s, %(role)s") % {"name": report.name, "role": report.role}
    return End(Fate.INFUSED, happened_at, report.volume_ml, report.remainder[:200], f"{said}: {report.said}"[:1000])


def why_it_ends_no_bag(report: InfusionReport) -> list[Objection]:
    """Give the reasons why a report ends no bag: nothing was infused, the bag is not known, or it has ended."""
    container, end = report.container, end_told(report)
    fate = fate_of(container) if container else None
    if not report.took_place:
        return when(True, _("Nothing was infused; the report ends no bag."), code="ends_no_bag")
    if container is None:
        return when(True, _("The code that was read is not known here; no bag ends by it."), code="ends_no_bag")
    if fate is not None:
        words = {"code": container.code, "fate": fate_words(fate)}
        return when(True, _("%(code)s has ended already: %(fate)s.") % words, code="ends_no_bag")
    if end is None:
        return when(
            True, _("How much was infused isn't known. Ask the hospital, and enter its new report."), code="ends_no_bag"
        )
    return objections_to_end(container, end)
