"""Drafts: texts of definitions that somebody works on. They bind nobody and nothing is made by them.

(1) A draft is kept as it is typed, with every fault listed beside it; only a text that does not say its kind and code
    cannot be kept, since nobody would find it again.
(2) Saving again writes a next draft that supersedes the one it was made from; of two people who change the same draft
    at once the second is told, and loses nothing that they typed.
"""

import re
from collections.abc import Mapping
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import BadInput, Objection, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from batches.defining import LONGEST_SOURCE, faults_of
from batches.definitions.kinds import kind_called
from batches.models import DefinitionDraft
from batches.turns import take_turn
from ledger.canonical import digest
from ledger.safe_yaml import UnsafeYamlError, read
from ledger.writing import write, writing

CODE = re.compile(r"[A-Z][A-Z0-9-]{1,39}\Z")
LONGEST_NOTE = 300


def save_draft(
    *,
    source: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    note: str = "",
    supersedes: DefinitionDraft | None = None,
) -> DefinitionDraft:
    """Keep a text as a draft; raise BadInput where its kind or code cannot be read, Refused where it was changed."""
    refuse_if(lacks(by, Permission.DEFINITION_PREPARE))
    kind, code = _kind_and_code(source)
    with writing():
        take_turn("DEF")
        said = {"source": source, "note": note, "supersedes_id": supersedes.pk if supersedes else None}
        if known := recorded_before(DefinitionDraft, id, said, by=by):
            return known
        refuse_if(_objections_to_following(supersedes, kind, code))
        row = DefinitionDraft(
            id=id,
            kind=kind,
            code=code,
            source=source,
            sha256=digest(source.encode("utf-8")),
            note=note[:LONGEST_NOTE],
            supersedes=supersedes,
        )
        return write(row, type="definition.drafted", actor=by.reference)


def faults_of_draft(draft: DefinitionDraft) -> list[str]:
    """Give everything that keeps a draft from being prepared as a version."""
    return [fault.says for fault in faults_of(draft.kind, draft.source)]


def newest_drafts() -> "QuerySet[DefinitionDraft]":
    """Give the drafts that no other supersedes, the newest first."""
    return DefinitionDraft.objects.filter(superseded_by=None).order_by("-recorded_at", "pk")


def _kind_and_code(source: str) -> tuple[str, str]:
    if len(source) > LONGEST_SOURCE:
        raise _unreadable(_("The text is too long: at most 400,000 characters are kept."))
    try:
        data = read(source.encode("utf-8"))
    except UnsafeYamlError as error:
        raise _unreadable(str(error)) from None
    kind, code = (data.get("kind"), data.get("code")) if isinstance(data, Mapping) else (None, None)
    if not isinstance(kind, str) or kind_called(kind) is None:
        raise _unreadable(_("Say in the file what it is: kind: product, master, specification or method."))
    if not isinstance(code, str) or not CODE.match(code):
        raise _unreadable(_("Give the file its code: capital letters, digits and hyphens, at most 40."))
    return kind, code


def _unreadable(says: str) -> BadInput:
    return BadInput(Objection(says, code="bad_input", field="source"))


def _objections_to_following(supersedes: DefinitionDraft | None, kind: str, code: str) -> list[Objection]:
    if supersedes is None:
        return []
    newer = DefinitionDraft.objects.filter(supersedes=supersedes).first()
    return [
        *when(
            newer is not None,
            _("Somebody saved this draft again meanwhile. Open the newer one and bring your changes into it."),
            code="superseded",
            url=f"/definitions/drafts/{newer.pk}/" if newer else "",
        ),
        *when(
            (supersedes.kind, supersedes.code) != (kind, code),
            _("This draft is about %(code)s. Save another definition as a draft of its own.")
            % {"code": supersedes.code},
            code="other_definition",
            field="source",
        ),
    ]
