"""What stands between an entry from paper and the signatures: the comparison, and those who have left.

(1) A second person, not the one who entered anything, compares each line with the certified scan of the copy.
(2) Then who did it signs; who checked and who watched sign, too. If who did it has left, quality signs instead, with
    the reason, and a departure says so.
"""

from collections.abc import Sequence
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.continuity import copy_words
from batches.departures import raise_departure
from batches.identity import batch_with, identity_lines, locked
from batches.judging import STATUS_OF
from batches.models import Departure, StepOnPaper, StepPerformed, StepStart, TranscriptionCompared, TrueCopy
from batches.paper import entered_of, is_compared, paper_of
from batches.record import StepRecord, record_of, step_url
from batches.true_copies import pages_words
from batches.witnessing import PerformStep


def people_who_entered(step: StepRecord) -> frozenset[str]:
    """Give everybody who entered something of a step back from paper, as entries name them."""
    if step.paper is None:
        return frozenset()
    rows = [value for each in step.fields for value in each.values if value.copy_id]
    scans = [scan for slot in step.slots for scan in slot.scans if scan.copy_id]
    starts = [step.start] if step.start and step.start.copy_id else []
    return frozenset(row.actor for row in (step.paper.read, *rows, *scans, *starts))


class CompareIntent(StrictSerializer[Intent]):
    """With which certified scan it was compared."""

    scan = serializers.UUIDField(label=gettext_lazy("Certified scan"), help_text="the true copy that shows the paper")


@register
class CompareTranscription(Act[StepOnPaper]):
    """Compare what was entered back for a step with the certified scan, line by line."""

    code = "transcription.compare"
    title = gettext_lazy("Compare with the paper")
    verb = gettext_lazy("Sign the comparison")
    permission = Permission.TRUE_COPY
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy(
        "I compared each line with the certified scan. Everything that stands on the paper was entered as it stands."
    )
    asks = CompareIntent

    def find(self, subject: UUID) -> StepOnPaper:
        found = StepOnPaper.objects.select_related("copy__record", "done_by", "checked_by", "watched_by")
        row = found.filter(pk=subject).first()
        if row is None:
            raise Http404
        row.batch = batch_with(row.batch_id)
        return row

    def lock(self, subject: StepOnPaper) -> None:
        locked(subject.batch_id)

    def to_sign(self, subject: StepOnPaper, intent: Intent) -> ToSign:
        step = _step(subject)
        values, scans = entered_of(step)
        scan = _scan(subject, intent)
        return ToSign(
            title=f"{self.title}: {_('step')} {step.definition.code} {step.definition.title}",
            identity=identity_lines(subject.batch),
            lines=[*(_scan_line(scan) if scan else []), *_people_lines(subject), *_entered_lines(step)],
            version=" ".join([str(subject.pk), *values, *scans]),
        )

    def objections(self, subject: StepOnPaper, intent: Intent, by: Person) -> list[Objection]:
        step = _step(subject)
        return [
            *when(_scan(subject, intent) is None, _("Choose a true copy of this batch."), code="no_scan", field="scan"),
            *when(
                step.paper is None or step.paper.read.pk != subject.pk,
                _("What the paper says was read anew since. Open the page again."),
                code="superseded",
            ),
            *when(
                by.reference in people_who_entered(step),
                _("Somebody else than those who entered it must compare it with the paper."),
                code="same_person",
            ),
            *when(is_compared(step), _("This was compared already, and nothing was changed since."), code="compared"),
        ]

    def carry_out(self, subject: StepOnPaper, intent: Intent, signature: Signature) -> TranscriptionCompared:
        values, scans = entered_of(_step(subject))
        row = TranscriptionCompared(
            batch=subject.batch,
            copy=subject.copy,
            step=subject.step,
            read=subject,
            scan=_scan(subject, intent),
            values=values,
            scans=scans,
        )
        return sign(row, signature, type="transcription.compared")

    def done_url(self, row: Signed) -> str:
        return step_url(row.batch.number, row.step) if isinstance(row, TranscriptionCompared) else "/"


def _step(row: StepOnPaper) -> StepRecord:
    step = record_of(row.batch).step(row.step)
    if step is None:
        raise Http404
    return step


def _scan(row: StepOnPaper, intent: Intent) -> TrueCopy | None:
    return TrueCopy.objects.select_related("file").filter(pk=intent["scan"], batch=row.batch_id).first()


def _scan_line(scan: TrueCopy) -> list[Line]:
    return [
        Line(_("Certified scan"), f"{scan.title}, {pages_words(scan.first_page, scan.last_page, scan.pages)}"),
        Line(_("SHA-256"), scan.file.sha256),
    ]


def _people_lines(row: StepOnPaper) -> list[Line]:
    named = ((_("Done by"), row.done_by), (_("Checked by"), row.checked_by), (_("Watched by"), row.watched_by))
    return [
        Line(_("Copy"), copy_words(row.copy)),
        *[Line(title, f"{person.name} ({person.username})") for title, person in named if person is not None],
    ]


def _entered_lines(step: StepRecord) -> Sequence[Line]:
    """Give a line for everything that was entered from paper, with its time; what does not fit as well."""
    lines = [Line(_("Begun"), record_time(step.start.happened_at))] if step.start and step.start.copy_id else []
    lines += [
        Line(slot.definition.title, f"{scan.code}, {record_time(scan.performed_at)}", "pass" if scan.fits else "fail")
        for slot in step.slots
        for scan in slot.scans
        if scan.copy_id
    ]
    lines += [
        Line(
            each.definition.title,
            f"{each.shown}, {record_time(each.current.performed_at)}",
            STATUS_OF[each.verdict],
        )
        for each in step.fields
        if each.current is not None and each.current.copy_id
    ]
    return lines


class AbsentIntent(StrictSerializer[Intent]):
    """Why somebody else signs."""

    reason = TextField(
        label=gettext_lazy("Why somebody else signs, at least 10 characters"), max_length=900, min_length=10
    )


@register
class PerformForAbsent(PerformStep):
    """Sign a step from paper for somebody who has left, as quality assurance, with the reason."""

    code = "step.perform_for_absent"
    title = gettext_lazy("Sign for somebody who has left")
    verb = gettext_lazy("Sign instead")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy(
        "Who did this has left and can't sign. I compared the entries with the certified scan of the signed paper."
    )
    asks = AbsentIntent

    def to_sign(self, subject: StepStart, intent: Intent) -> ToSign:
        shown = super().to_sign(subject, intent)
        read = paper_of(subject.batch, subject.step)
        lines = [Line(_("Reason"), intent["reason"]), *(_people_lines(read) if read else []), *shown.lines]
        return ToSign(shown.title, shown.identity, lines, shown.version, shown.earlier)

    def objections(self, subject: StepStart, intent: Intent, by: Person) -> list[Objection]:
        read = paper_of(subject.batch, subject.step)
        others = [one for one in super().objections(subject, intent, by) if one.code != "not_the_doer"]
        return [
            *others,
            *when(read is None, _("This step was not worked on paper."), code="not_on_paper"),
            *when(
                read is not None and read.done_by.state.active,
                _("%(name)s has not left, and signs this themselves.") % {"name": read.done_by.name if read else ""},
                code="not_absent",
            ),
        ]

    def carry_out(self, subject: StepStart, intent: Intent, signature: Signature) -> StepPerformed:
        by, reason = signature.signer, intent["reason"]
        row = super().carry_out(subject, intent, signature)
        says = _("Step %(step)s was signed by %(by)s for somebody who has left: %(reason)s")
        says %= {"step": row.step, "by": by.name, "reason": reason}
        raise_departure(batch=row.batch, kind=Departure.Kind.PAPER, says=says, by=by, step=row.step, about=row)
        return row
