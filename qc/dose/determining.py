"""The dose of a batch: one person determines it, another verifies it, and both sign.

(1) It is calculated by the server from what is in force (`qc.dose_inputs`); nobody types it.
(2) A dose that cannot be calculated is not determined. One below or above what is allowed is, as a fact, and stands
    against certification.
(3) A corrected count, another weight or a container that is gone makes it outdated. It stays, and a new version is
    determined with a reason and verified again.
(4) Whatever feeds a dose is verified by a second person, and so is the dose: never by the one who determined it.
"""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day
from batches.identity import identity_lines
from batches.models import Batch, SignedInBatch, Weight
from qc.batch_act import BatchAct, RowOfBatchAct
from qc.dose import words as words
from qc.dose.inputs import Calculation, calculation_of
from qc.dose.rules import DoseVerdict, as_texts
from qc.models import BatchDose, DoseVerification
from qc.panel import PanelRows
from qc.release.pending import OPEN_DECISIONS

SHORTEST_REASON = 10


def doses_of(batch: Batch) -> list[BatchDose]:
    """Give every version of the dose of a batch, the newest last."""
    return list(BatchDose.objects.filter(batch=batch).select_related("verification", "result").order_by("version"))


def newest_dose(batch: Batch) -> BatchDose | None:
    """Give the dose in force, verified or not."""
    return BatchDose.objects.filter(batch=batch).select_related("verification", "result").order_by("-version").first()


def verification_of(dose: BatchDose) -> DoseVerification | None:
    """Give the signature of the second person, if there is one."""
    return DoseVerification.objects.filter(dose=dose).first()


def is_outdated(dose: BatchDose, now: Calculation) -> bool:
    """Tell whether something that fed a dose is another now."""
    return bool(dose.inputs != now.inputs or dose.product_id != dose.batch.product_id)


def dose_url(batch: Batch) -> str:
    """Give the page that shows the dose of a batch."""
    return reverse("batch-tab", args=[batch.number, "dose"])


def objections_to_dose(batch: Batch, rows: PanelRows | None = None) -> list[Objection]:
    """Give what stands between the dose of a batch and certification; nothing where its product asks for no dose."""
    now = calculation_of(batch, rows)
    if now is None:
        return []
    dose, url = newest_dose(batch), dose_url(batch)
    if dose is None:
        says = _("The dose has not been determined.")
        return [Objection(says, code="dose_missing", url=url), *_objections_to_weight(now)]
    if is_outdated(dose, now):
        says = _("What fed the dose changed after it was determined. Determine and verify it again.")
        return [Objection(says, code="dose_outdated", url=url), *_objections_to_weight(now)]
    return [
        *when(
            verification_of(dose) is None,
            _("A second person has not verified the dose."),
            code="dose_not_verified",
            url=url,
        ),
        *when(
            dose.verdict != DoseVerdict.WITHIN,
            _("Dose: %(verdict)s. %(why)s")
            % {"verdict": words.verdict_words(dose.verdict), "why": dose.outcome["why"]},
            code="dose_not_within",
            url=url,
        ),
        *_objections_to_weight(now),
    ]


def _objections_to_weight(now: Calculation) -> list[Objection]:
    weight = now.weight
    if weight is None:
        return []
    return when(
        now.weight_is_too_old,
        _("The weight of %(day)s is older than the %(days)s days that the product allows. Weigh the recipient again.")
        % {"day": day(weight.weighed_on), "days": now.rule.weight_days},
        code="weight_too_old",
    )


def what_is_missing(now: Calculation) -> list[str]:
    """Say what keeps the dose from being calculated, one sentence each."""
    missing = []
    if now.line is None:
        missing.append(
            _("The specification has no line %(line)s, which counts the cells.") % {"line": now.rule.counted_by}
        )
    elif now.result is None:
        missing.append(_("%(line)s: there is no reviewed result in force.") % {"line": now.line.title})
    if now.rule.needs_weight and now.weight is None:
        missing.append(_("The recipient's weight is not recorded, or no second person verified it."))
    if not now.containers:
        missing.append(_("No final container was filled."))
    if now.dose.verdict is DoseVerdict.NOT_CALCULABLE and not missing:
        missing.append(now.dose.why)
    return missing


def lines_of(dose: Calculation | BatchDose) -> list[Line]:
    """Give the dose as its signers read it: rule, inputs, what is allowed, what is handed out, the verdict."""
    inputs = dose.inputs
    outcome: words.Plain = as_texts(dose.dose) if isinstance(dose, Calculation) else dose.outcome
    weight = inputs["weight"]
    row = Weight.objects.filter(pk=weight["id"]).select_related("verification").first() if weight else None
    there = [one for one in inputs["containers"] if one["is_there"]]
    return [
        Line(_("Count"), words.count_words(inputs["count"])),
        Line(_("Weight"), weight_words(row)),
        Line(
            _("Final containers"),
            ", ".join(f"{one['code']} ({one['volume_ml'] or '–'} mL)" for one in there) or _("none"),
        ),
        Line(_("Allowed"), words.allowed_words(outcome)),
        Line(_("Target"), words.target_words(outcome)),
        *(Line(name, said) for name, said in words.calculation_lines(outcome, weight["kilograms"] if weight else "")),
        *(Line(one.title, f"{one.given}: {one.cells}") for one in words.infusions(outcome)),
        Line(
            _("Verdict"),
            f"{words.verdict_words(outcome['verdict'])}. {outcome['why']}",
            words.STATUS[DoseVerdict(outcome["verdict"])],
        ),
    ]


def weight_words(weight: Weight | None) -> str:
    """Write a weight with its day and who verified it."""
    if weight is None:
        return _("not used")
    said = _("%(kg)s kg, weighed %(day)s") % {"kg": f"{weight.kilograms:f}", "day": day(weight.weighed_on)}
    if not hasattr(weight, "verification"):
        return said
    return _("%(said)s, verified by %(name)s") % {"said": said, "name": weight.verification.signer_name}


def _objections_to_decided(batch: Batch) -> list[Objection]:
    return when(
        batch.state.disposition not in OPEN_DECISIONS,
        _("The decision on this batch has been made. Report what you found as a departure."),
        code="decided",
    )


class DoseIntent(StrictSerializer[Intent]):
    """Why the dose is determined again; nothing the first time."""

    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, required=False, allow_blank=True, default="")


@register
class DetermineDose(BatchAct):
    """Determine the dose of a batch from its count, its recipient's weight and its containers."""

    code = "dose.determine"
    title = gettext_lazy("Determine the dose")
    verb = gettext_lazy("Sign the dose")
    permission = Permission.DOSE_DETERMINE
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I determined this dose from the inputs shown.")
    asks = DoseIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        now, before = calculation_of(subject), newest_dose(subject)
        rule = [Line(_("Rule"), _rule(subject, now))] if now else []
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                *rule,
                *(lines_of(now) if now else []),
                *(
                    [Line(_("Instead of"), before.reported, "warn"), Line(_("Reason"), intent["reason"] or "–")]
                    if before
                    else []
                ),
            ],
            version=_version_of(now, before),
            earlier=[EarlierSignature.on(before)] if before else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        now, before = calculation_of(subject), newest_dose(subject)
        if now is None:
            return when(True, _("The product asks for no dose to be determined."), code="no_rule")
        return [
            *(Objection(each, code="not_calculable") for each in what_is_missing(now)),
            *_objections_to_weight(now),
            *when(
                before is not None and not is_outdated(before, now),
                _("The dose was determined from what is in force now."),
                code="determined_already",
            ),
            *when(
                before is not None and len(intent["reason"]) < SHORTEST_REASON,
                _("Say why the dose is determined again, in at least 10 characters."),
                code="no_reason",
                field="reason",
            ),
            *_objections_to_decided(subject),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> BatchDose:
        now, before = calculation_of(subject), newest_dose(subject)
        assert now is not None  # noqa: S101  objected to above
        assert now.result is not None  # noqa: S101  objected to above
        outcome = as_texts(now.dose)
        row = BatchDose(
            batch=subject,
            version=before.version + 1 if before else 1,
            product=subject.product,
            result=now.result,
            weight=now.weight.pk if now.weight else None,
            inputs=now.inputs,
            outcome=outcome,
            verdict=now.dose.verdict.value,
            reported=reported(outcome),
            supersedes=before,
            reason=intent["reason"] if before else "",
        )
        return sign(row, signature, type="dose.determined", earlier=[before] if before else [])

    def done_url(self, row: Signed) -> str:
        return _done(row)


def reported(outcome: words.Plain) -> str:
    """Give the dose as it is reported: its cells, and per kilogram where a weight is known."""
    per_kg = outcome["cells_per_kg"]
    return words.cells(outcome["cells"]) + (f", {words.cells_per_kg(per_kg)}" if per_kg else "")


def _rule(batch: Batch, now: Calculation) -> str:
    definition = batch.product
    said = words.rule_words(now.rule)
    return f"{definition.code} {_('version')} {definition.version}: {said}. {now.rule.of}, {now.rule.reference}"


def _version_of(now: Calculation | None, before: BatchDose | None) -> str:
    count = now.inputs["count"]["result"] if now and now.inputs["count"] else "–"
    weight = now.weight.pk if now and now.weight else "–"
    there = [one["code"] for one in now.inputs["containers"] if one["is_there"]] if now else []
    return f"{before.version if before else 0}|{count}|{weight}|{','.join(there)}"


def _done(row: Signed) -> str:
    assert isinstance(row, SignedInBatch)  # noqa: S101  these acts write nothing else
    return dose_url(row.batch)


@register
class VerifyDose(RowOfBatchAct[BatchDose]):
    """Verify the dose as a second person: its inputs against their records, and the calculation."""

    code = "dose.verify"
    title = gettext_lazy("Verify the dose")
    verb = gettext_lazy("Sign the verification")
    permission = Permission.DOSE_DETERMINE
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared the inputs of this dose with their records and verified it independently.")

    def rows(self) -> QuerySet[BatchDose]:
        return BatchDose.objects.select_related("verification", "signer")

    def to_sign(self, subject: BatchDose, intent: Intent) -> ToSign:
        now = calculation_of(subject.batch)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[*([Line(_("Rule"), _rule(subject.batch, now))] if now else []), *lines_of(subject)],
            version=f"{subject.pk} v{subject.version}",
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: BatchDose, intent: Intent, by: Person) -> list[Objection]:
        now, newest = calculation_of(subject.batch), newest_dose(subject.batch)
        return [
            *when(
                subject.signer_id == by.pk,
                _("You determined this dose; a second person verifies it."),
                code="same_person",
            ),
            *when(verification_of(subject), _("This dose was verified already."), code="verified_already"),
            *when(
                newest is not None and newest.pk != subject.pk,
                _("This dose was determined again; verify the newer one."),
                code="superseded",
            ),
            *when(
                now is None or is_outdated(subject, now),
                _("What fed the dose changed after it was determined. It is determined again first."),
                code="dose_outdated",
            ),
            *(_objections_to_weight(now) if now else []),
            *_objections_to_decided(subject.batch),
        ]

    def carry_out(self, subject: BatchDose, intent: Intent, signature: Signature) -> DoseVerification:
        row = DoseVerification(batch=subject.batch, dose=subject)
        return sign(row, signature, type="dose.verified", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        return _done(row)
