"""Two people sign a step: the one who performed it, then the one who watched.

(1) Performing binds one version: the values in force, the scans that fit, what was derived from them, and the
    containers that came into being. Anything missing is listed and nothing is signed: no field stays blank, and what
    the step asks for as evidence is there.
(2) The witness signs the same version and names the performer's envelope; by person, never the performer.
(3) A step whose values or quantities changed is performed again as a new version; the old signatures stay visible.
(4) A quantity outside its limit is a fact: it is signed, and a departure stands beside it.
"""

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import local
from batches.bench import objections_to_work, order_is_hard
from batches.checking import empty_slots, is_checked, record_read_with, scan_lines, start_called, subject_of
from batches.continuity import owe_edition
from batches.definitions.master import NeedKind
from batches.departures import raise_departure
from batches.identity import batch_of, identity_lines, locked
from batches.judging import STATUS_OF, Verdict
from batches.label_prints import objections_to_labelled
from batches.lapsing import raise_lapses, raise_training_lapse
from batches.lot_uses import record_lot_uses
from batches.making import asked_for, made_too_many, make_containers, number_of, objections_to_pooling
from batches.models import Departure, StepPerformed, StepStart, StepWitnessed
from batches.paper import check_is_due, finished_on_paper, objections_to_signing, objections_to_watching
from batches.reconciling import Account
from batches.record import BatchRecord, Status, StepRecord, step_url
from batches.stages import refresh_stage
from ledger.canonical import digest


def _step_title(step: StepRecord) -> str:
    return f"{_('Step')} {step.definition.code} {step.definition.title}"


def _identity(record: BatchRecord, step: StepRecord) -> list[Line]:
    containers = [scan.code for scan in step.scans_in_force if scan.identity_check_id]
    return identity_lines(record.batch, containers=containers)


def step_lines(step: StepRecord) -> list[Line]:
    """Give what a step consists of as lines: the check, scans, values, quantities, containers it makes."""
    lines: list[Line] = []
    if step.check is not None:
        words = _("%(name)s confirmed it at %(time)s")
        at = f"{local(step.check.signed_at):%H:%M:%S}"
        lines.append(Line(_("Checked before the act"), words % {"name": step.check.signer_name, "time": at}, "pass"))
    lines += scan_lines(step)
    for each in step.fields:
        if each.current is None:
            continue
        limit = f"  ({each.limit})" if each.limit else ""
        corrected = f"  {_('corrected')}" if len(each.values) > 1 else ""
        lines.append(Line(each.definition.title, f"{each.shown}{limit}{corrected}", STATUS_OF[each.verdict]))
    for derived in step.derived:
        limit = f"  ({derived.limit})" if derived.limit else ""
        lines.append(Line(derived.definition.title, f"{derived.shown}{limit}", STATUS_OF[derived.verdict]))
    lines += [Line(each.title, str(number_of(each, step))) for each in step.definition.creates]
    return lines


def _content(step: StepRecord) -> str:
    """Name every record that a version would bind, so that any change of them changes what was shown."""
    ids = [str(row.pk) for row in (*step.values_in_force, *step.scans_in_force)]
    ids += [record for each in step.derived for record in each.records]
    # A redline may change what the step asks for while somebody has its signature page open.
    ids.append(digest(repr(step.definition).encode("utf-8")))
    return " ".join(sorted(ids))


@register
class PerformStep(Act[StepStart]):
    """Sign a step as the one who performed it."""

    code = "step.perform"
    title = gettext_lazy("Perform a step")
    verb = gettext_lazy("Sign")
    permission = Permission.STEP_WORK
    meaning = Meaning.PERFORMED

    def find(self, subject: UUID) -> StepStart:
        return start_called(subject)

    def lock(self, subject: StepStart) -> None:
        locked(subject.batch_id)

    def to_sign(self, subject: StepStart, intent: Intent) -> ToSign:
        record, step = subject_of(subject)
        version = len(step.versions) + 1
        return ToSign(
            title=_step_title(step),
            identity=_identity(record, step),
            lines=step_lines(step),
            version=f"{subject.pk} {version} {_content(step)}",
            earlier=[EarlierSignature.on(step.check)] if step.check else [],
        )

    def objections(self, subject: StepStart, intent: Intent, by: Person) -> list[Objection]:
        record, step = subject_of(subject)
        definition = step.definition
        working = [one for one in objections_to_work(record.batch, definition, by=by) if one.code != "lacks_permission"]
        return [
            *([] if step.paper else working),
            *objections_to_signing(step, by=by),
            *when(
                step.performed is not None and step.status is not Status.NEEDS_AGAIN,
                _("This step was signed already."),
                code="signed",
            ),
            *when(step.left_out is not None, _("This step was left out."), code="left_out"),
            *_missing_values(step),
            *_missing_evidence(step),
            *(empty_slots(step) + _not_scanned(record, step) if step.performed is None and not step.paper else []),
            *_missing_inputs(step),
            *when(
                check_is_due(step) and not is_checked(record, step),
                _("The check before the act is missing, or something changed since. Ask for the check."),
                code="not_checked",
            ),
            *when(
                step.check is not None and step.check.signer_id == by.pk,
                _("Somebody else than %(name)s, who checked before the act, must sign this.")
                % {"name": step.check.signer_name if step.check else ""},
                code="same_person",
            ),
            *([] if step.paper else _open_before(record, step)),
            *objections_to_pooling(record, step),
            *objections_to_labelled(record.batch, definition),
        ]

    def carry_out(self, subject: StepStart, intent: Intent, signature: Signature) -> StepPerformed:
        record, step = subject_of(subject)
        by = signature.signer
        surplus = made_too_many(step)
        made_at = finished_on_paper(step) or signature.signed_at
        containers = make_containers(record, step, by=by, made_at=made_at)
        row = StepPerformed(
            batch=record.batch,
            step=subject.step,
            version=len(step.versions) + 1,
            values=sorted(str(value.pk) for value in step.values_in_force),
            scans=sorted(str(scan.pk) for scan in step.scans_in_force),
            derived=[each.stored() for each in step.derived],
            containers=[str(container.pk) for container in containers],
            copy=step.paper.copy if step.paper else None,
            supersedes=step.performed,
        )
        sign(row, signature, type="step.performed", earlier=[step.check] if step.check else [])
        owe_edition(row)
        _raise_departures(record, step, row, by=by, surplus=surplus)
        record_lot_uses(record, step, row, by=by)
        raise_lapses(step, row, by=by)
        refresh_stage(record.batch)
        return row

    def done_url(self, row: Signed) -> str:
        return step_url(row.batch.number, row.step) if isinstance(row, StepPerformed) else "/"


def _not_scanned(record: BatchRecord, step: StepRecord) -> list[Objection]:
    """Object to each container that a slot for every one of its kind has not seen."""
    many = [each for each in step.slots if each.definition.many and each.definition.kind is NeedKind.CONTAINER]
    return [
        Objection(_("%(code)s has not been scanned.") % {"code": container.code}, "empty_slot", slot.definition.code)
        for slot in many
        if not slot.definition.some
        for container in asked_for(record, step, slot.definition.of)
        if container.pk not in {scan.identity_check.container_id for scan in slot.fitting if scan.identity_check}
    ]


def _missing_values(step: StepRecord) -> list[Objection]:
    """Object to every blank field: no blank survives a signature."""
    blank = [each.definition for each in step.fields if each.current is None]
    asked = {True: _("Enter: %(title)s."), False: _("Enter: %(title)s, or say why it is not applicable.")}
    return [
        Objection(asked[each.required] % {"title": each.title}, code="missing_value", field=each.code) for each in blank
    ]


def _missing_evidence(step: StepRecord) -> list[Objection]:
    there = {file.evidence for file in step.files}
    return [
        Objection(_("Add the file: %(title)s.") % {"title": each.title}, code="missing_evidence", field=each.code)
        for each in step.definition.evidence
        if each.required and each.code not in there
    ]


def _missing_inputs(step: StepRecord) -> list[Objection]:
    own = {each.definition.code for each in step.fields} | {each.definition.code for each in step.derived}
    missing = [
        each.missing
        for derived in step.derived
        for each in derived.inputs
        if each.value is None and each.missing and each.source not in own
    ]
    return [Objection(says, code="missing_input") for says in dict.fromkeys(missing)]


def _open_before(record: BatchRecord, step: StepRecord) -> list[Objection]:
    if not order_is_hard(step.definition):
        return []
    return [
        Objection(
            _("Step %(step)s isn't finished. Finish it first.") % {"step": earlier.definition.code},
            "forced_order",
            "step",
            step_url(record.batch.number, earlier.definition.code),
        )
        for earlier in record.before(step.definition.code)
        if not earlier.is_done
    ]


def _raise_departures(record: BatchRecord, step: StepRecord, row: StepPerformed, *, by: Person, surplus: int) -> None:
    """Raise what the signed version tells: quantities outside limits, an account that does not add up, a surplus."""
    code = step.definition.code
    for each in step.derived:
        if each.verdict is Verdict.FAILS:
            says = _("Step %(step)s: %(title)s is %(value)s, wanted %(limit)s.")
            words = {"step": code, "title": each.definition.title, "value": each.shown, "limit": each.limit}
            raise_departure(
                batch=record.batch, kind=Departure.Kind.LIMIT, says=says % words, by=by, step=code, about=row
            )
    account = record.account
    if account is not None and account.verdict is Verdict.FAILS and _feeds(step, account):
        says = _("The quantities do not reconcile: the difference is %(difference)s.")
        words = {"difference": account.difference_words}
        raise_departure(
            batch=record.batch, kind=Departure.Kind.QUANTITY, says=says % words, by=by, step=code, about=row
        )
    if surplus:
        says = _("%(number)d more containers exist than the corrected step says it made.") % {"number": surplus}
        raise_departure(batch=record.batch, kind=Departure.Kind.QUANTITY, says=says, by=by, step=code, about=row)


def _feeds(step: StepRecord, account: Account) -> bool:
    """Tell whether this step is the last that had a figure of the account, so that the account is complete with it."""
    sources = {account.definition.made, *(share.source for share in account.definition.shares)}
    own = {each.definition.code for each in step.fields} | {each.definition.code for each in step.derived}
    return bool(sources & own)


@register
class WitnessStep(Act[StepPerformed]):
    """Sign a step as the one who watched it."""

    code = "step.witness"
    title = gettext_lazy("Witness a step")
    verb = gettext_lazy("Sign as witness")
    permission = Permission.STEP_WITNESS
    meaning = Meaning.WITNESSED
    second_person = True

    def find(self, subject: UUID) -> StepPerformed:
        row = StepPerformed.objects.select_related("batch", "signer").filter(pk=subject).first()
        if row is None:
            raise Http404
        return row

    def lock(self, subject: StepPerformed) -> None:
        locked(subject.batch_id)

    def _step(self, subject: StepPerformed) -> tuple[BatchRecord, StepRecord]:
        record = record_read_with(subject)
        step = record.step(subject.step)
        if step is None:
            raise Http404
        return record, step

    def to_sign(self, subject: StepPerformed, intent: Intent) -> ToSign:
        record, step = self._step(subject)
        return ToSign(
            title=_step_title(step),
            identity=_identity(record, step),
            lines=step_lines(step),
            version=f"{subject.pk} {_content(step)}",
            earlier=[EarlierSignature.on(row) for row in (step.check, subject) if row is not None],
        )

    def objections(self, subject: StepPerformed, intent: Intent, by: Person) -> list[Objection]:
        record, step = self._step(subject)
        trained = [one for one in objections_to_work(record.batch, step.definition, by=by) if one.code == "not_trained"]
        is_newest = step.performed is not None and step.performed.pk == subject.pk
        return [
            *([] if step.paper else trained),
            *objections_to_watching(step, by=by),
            *when(not step.definition.witness, _("This step asks for no witness.")),
            *when(
                subject.signer_id == by.pk,
                _("The witness must be a different person from %(name)s.") % {"name": subject.signer_name},
                code="same_person",
            ),
            *when(step.witnessed is not None, _("This step was witnessed already."), code="witnessed_already"),
            *when(
                not is_newest or step.status is Status.NEEDS_AGAIN,
                _("This version no longer counts. The step must be performed again first."),
                code="superseded",
            ),
        ]

    def carry_out(self, subject: StepPerformed, intent: Intent, signature: Signature) -> StepWitnessed:
        batch = batch_of(subject.batch_id)
        row = StepWitnessed(batch=batch, performed=subject, performer=subject.signer)
        sign(row, signature, type="step.witnessed", earlier=[subject])
        owe_edition(row)
        raise_training_lapse(self._step(subject)[1].definition, row, by=signature.signer)
        refresh_stage(batch)
        return row

    def done_url(self, row: Signed) -> str:
        return step_url(row.batch.number, row.performed.step) if isinstance(row, StepWitnessed) else "/"
