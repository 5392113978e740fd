"""Notes and files of a step: taken at any time, also after its signatures. They change nothing else.

(1) A note says what somebody wants others to know, when it happened and who says so.
(2) A file is one that its uploader stored here before; it is kept with its hash, and its kind is what its bytes show.
(3) Where the step asks for evidence, a file may name it; the step is not signed before the required ones are there.
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.handing_out import intact_bytes
from accounts.models import Person
from accounts.refusal import BadInput, Objection, lacks, refuse_if
from accounts.repeats import recorded_before
from accounts.roles import Permission
from batches.bench import objections_to_time, step_called
from batches.definitions.master import Step
from batches.identity import locked
from batches.models import Batch, StepFile, StepNote
from ledger import clock
from ledger.models import StoredFile
from ledger.writing import write, writing

MAY_NOTE = (Permission.STEP_WORK, Permission.STEP_WITNESS, Permission.RESULT_ENTER, Permission.FACT_ASSESS)
SHORTEST, LONGEST = 3, 2000
LONGEST_TITLE = 200


def may_note(person: Person) -> bool:
    """Tell whether somebody's roles let them add notes and files to a step."""
    return not person.permissions.isdisjoint(MAY_NOTE)


def add_note(
    *,
    batch: Batch,
    step: str,
    says: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    happened_at: datetime | None = None,
) -> StepNote:
    """Write a note to a step; it is taken at any time, and never changed."""
    _refuse_unless_may(by)
    definition = step_called(batch, step)
    text = says.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise BadInput(Objection(_("Write a note of 3 to 2,000 characters."), code="bad_input", field="says"))
    with writing():
        locked(batch.pk)
        said = {"batch_id": batch.pk, "step": definition.code, "says": text}
        if happened_at is not None:
            said["happened_at"] = happened_at
        if known := recorded_before(StepNote, id, said, by=by):
            return known
        moment = happened_at or clock.now()
        refuse_if(objections_to_time(moment))
        row = StepNote(id=id, batch=batch, step=definition.code, says=text, happened_at=moment)
        return write(row, type="note.added", actor=by.reference)


def add_file(
    *,
    batch: Batch,
    step: str,
    file: StoredFile | None,
    title: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    evidence: str = "",
) -> StepFile:
    """Keep a file with a step that this person stored; `evidence` names what the step asks for."""
    _refuse_unless_may(by)
    definition = step_called(batch, step)
    text = title.strip() or (file.original_name if file else "")
    # Only one's own file: another may hold what this batch must not show.
    if file is None or file.actor != by.reference:
        raise BadInput(Objection(_("This file isn't stored here. Upload it again."), code="unknown_file", field="file"))
    if len(text) > LONGEST_TITLE:
        raise BadInput(Objection(_("A title has at most 200 characters."), code="bad_input", field="title"))
    if evidence and evidence not in {each.code for each in definition.evidence}:
        raise BadInput(Objection(_("This step asks for no such file."), code="bad_input", field="evidence"))
    with writing():
        locked(batch.pk)
        said = {"batch_id": batch.pk, "step": step, "file_id": file.pk, "title": text, "evidence": evidence}
        if known := recorded_before(StepFile, id, said, by=by):
            return known
        row = StepFile(id=id, batch=batch, step=step, file=file, title=text, evidence=evidence)
        return write(row, type="step.file_added", actor=by.reference)


def bytes_of(row: StepFile, *, by: Person) -> bytes:
    """Give the bytes of a file as it was kept; refuse, and log it, if they are not those of the ledger any more."""
    says = _("%(title)s is not given out: its file is not the one that was kept. Call quality assurance.")
    return intact_bytes(row.file, by=by, says=says % {"title": row.title}, code="step_file_damaged")


def evidence_title(step: Step, code: str) -> str:
    """Give what an evidence code of a step asks for."""
    return next((each.title for each in step.evidence if each.code == code), "")


def _refuse_unless_may(by: Person) -> None:
    if not may_note(by):
        refuse_if(lacks(by, Permission.STEP_WORK))
