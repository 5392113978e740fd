"""True copies: a scan of a paper that somebody compared with the original, page by page, and certifies.

(1) The file is stored first, by one of ours; the certificate then names it, its pages of how many, and where the paper
    lies. The paper stays the original; the copy keeps its content and meaning (MHRA GXP data integrity 2018, 6.11.2).
(2) The pages named are as many as the file has. A file that is gone, changed, locked or no scan is not certified.
(3) A paper may belong to the record at any time, decided or not; one that comes after the review is reviewed again.
"""

from functools import lru_cache
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.handing_out import intact_bytes
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import batch_with, identity_lines, locked
from batches.models import Batch, TrueCopy
from batches.page_counting import SCANS, UnreadableScanError, pages_in
from batches.pinned import master_of
from ledger import files
from ledger.models import StoredFile

PAGE = r"^[1-9][0-9]{0,3}\Z"
FROM_PEOPLE = "person/"


class TrueCopyIntent(StrictSerializer[Intent]):
    """Which file is a copy of which pages of which paper, and where that paper lies."""

    file = serializers.UUIDField(help_text="the stored file: PDF, PNG or JPEG")
    title = TextField(
        label=gettext_lazy("Paper"), max_length=200, min_length=3, help_text="what the paper is, as it calls itself"
    )
    first_page = serializers.RegexField(
        PAGE, label=gettext_lazy("First page in this file"), help_text="the first page of the paper that is in the file"
    )
    last_page = serializers.RegexField(PAGE, label=gettext_lazy("Last page in this file"), help_text="the last one")
    pages = serializers.RegexField(
        PAGE, label=gettext_lazy("Pages of the paper"), help_text="how many pages the paper has"
    )
    original_at = TextField(
        label=gettext_lazy("The original lies"),
        max_length=200,
        min_length=3,
        help_text="where the paper lies, so that it is found again",
    )
    step = TextField(
        label=gettext_lazy("Step"),
        max_length=10,
        required=False,
        default="",
        help_text="the step that it belongs to, if one",
    )


def stored(file_id: str) -> StoredFile | None:
    """Give a file that one of ours stored."""
    return StoredFile.objects.filter(pk=file_id, actor__startswith=FROM_PEOPLE).first()


@lru_cache(maxsize=256)
def _counted(sha256: str, media_type: str) -> int | str:
    """Give the number of pages of a file, or why they cannot be counted. The same bytes have the same pages."""
    with files.path_of(sha256).open("rb") as file:
        try:
            return pages_in(file.read(), media_type)
        except UnreadableScanError as error:
            return str(error)


def objections_to_scan(file: StoredFile | None, first: int, last: int, pages: int) -> list[Objection]:
    """Give the reasons why a file is no scan of these pages."""
    if file is None:
        return when(True, _("This file isn't stored here. Upload it again."), field="file")
    if file.media_type not in SCANS:
        return when(True, _("A true copy is a PDF, a PNG or a JPEG picture."), field="file")
    try:
        files.read(file)
        counted = _counted(file.sha256, file.media_type)
    except (files.FileChangedError, OSError):
        return when(True, _("The stored file is gone or was changed. Call quality assurance."), field="file")
    if isinstance(counted, str):
        return when(True, _("This file is no copy that can be read: %(why)s.") % {"why": counted}, field="file")
    return [
        *when(
            not first <= last <= pages,
            _("Pages run from the first to the last, and the paper has at least as many."),
            field="last_page",
        ),
        *when(
            first <= last and last - first + 1 != counted,
            _("The file has %(counted)s pages, but pages %(first)s to %(last)s are %(told)s.")
            % {"counted": counted, "first": first, "last": last, "told": last - first + 1},
            field="last_page",
        ),
    ]


@register
class CertifyTrueCopy(Act[Batch]):
    """Certify a stored scan as a true copy of a paper that belongs to the record of a batch."""

    code = "true_copy.certify"
    title = gettext_lazy("Certify a true copy")
    verb = gettext_lazy("Sign the true copy")
    permission = Permission.TRUE_COPY
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this copy with the paper original, page by page. It is a true copy.")
    asks = TrueCopyIntent

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        file = stored(intent["file"])
        if file is None:
            raise Http404
        elsewhere = TrueCopy.objects.filter(file__sha256=file.sha256).exclude(batch=subject)
        numbers = sorted(set(elsewhere.values_list("batch__number", flat=True)))
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("Paper"), intent["title"]),
                Line(_("Pages"), pages_words(intent["first_page"], intent["last_page"], intent["pages"])),
                Line(_("The original lies"), intent["original_at"]),
                *([Line(_("Step"), intent["step"])] if intent["step"] else []),
                Line(_("File"), file.original_name),
                Line(_("SHA-256"), file.sha256),
                *([Line(_("Also in the record of"), ", ".join(numbers), "warn")] if numbers else []),
            ],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        file = stored(intent["file"])
        first, last, pages = (int(intent[name]) for name in ("first_page", "last_page", "pages"))
        same = TrueCopy.objects.filter(batch=subject, file__sha256=file.sha256) if file else TrueCopy.objects.none()
        return [
            *objections_to_scan(file, first, last, pages),
            *when(same.exists(), _("This file is a true copy in this record already."), field="file"),
            *when(
                intent["step"] and master_of(subject).step(intent["step"]) is None,
                _("The master batch record has no step %(step)s.") % {"step": intent["step"]},
                field="step",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> TrueCopy:
        row = TrueCopy(
            batch=subject,
            file=stored(intent["file"]),
            title=intent["title"],
            first_page=int(intent["first_page"]),
            last_page=int(intent["last_page"]),
            pages=int(intent["pages"]),
            original_at=intent["original_at"],
            step=intent["step"],
        )
        return sign(row, signature, type="true_copy.certified")

    def done_url(self, row: Signed) -> str:
        return f"/batches/{row.batch.number}/papers/" if isinstance(row, TrueCopy) else "/batches/"


def pages_words(first: object, last: object, pages: object) -> str:
    """Write which pages of how many a copy shows."""
    return _("%(first)s to %(last)s of %(pages)s") % {"first": first, "last": last, "pages": pages}


def copies_of(batch: Batch) -> list[TrueCopy]:
    """Give the true copies in the record of a batch, as they were certified."""
    return list(TrueCopy.objects.filter(batch=batch).select_related("file").order_by("recorded_at"))


def is_as_certified(copy: TrueCopy) -> bool:
    """Tell whether the stored file is still the one that was certified."""
    return files.is_whole(copy.file)


def bytes_of(copy: TrueCopy, *, by: Person) -> bytes:
    """Give the bytes that were certified; refuse, and log it, if they are not those of the ledger any more."""
    says = _("%(title)s is not given out: its file is not the one that was certified. Call quality assurance.")
    return intact_bytes(copy.file, by=by, says=says % {"title": copy.title}, code="true_copy_damaged")
