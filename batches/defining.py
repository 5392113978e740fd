"""How a definition comes into force: one person prepares it, a second checks it, a third approves it.

(1) The text is read and cross-checked before it is prepared; a faulty one is refused with everything that is wrong.
(2) Three different people sign (21 CFR 211.186). A version that was prepared never changes: the next one follows.
(3) It is in force from the day that its approver names; a batch keeps the versions that it was issued with.
(4) Who checks or approves may send it back instead, with a reason; it never comes into force, and the next follows.
(5) A limit that is still "to be set" can be prepared and checked, never approved. What only looks wrong is a warning
    that stands on what the checker and the approver sign.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import AboutSite, Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import DayField, StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, lacks, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local
from batches import life
from batches.definitions.kinds import ReadDefinition, not_here, product_of, read_text, unfilled, warnings_of
from batches.definitions.parts import FaultyDefinitionError
from batches.models import Definition, DefinitionApproval, DefinitionCheck, DefinitionReturned
from batches.pinned import reading_of
from batches.turns import take_turn
from ledger import clock
from ledger.canonical import digest
from ledger.models import Site

LONGEST_SOURCE = 400_000


class PrepareIntent(StrictSerializer[Intent]):
    """The kind, the text of the file, and what changed since the version before."""

    kind = serializers.ChoiceField(Definition.Kind.choices, label=gettext_lazy("Kind"))
    source = TextField(label=gettext_lazy("Text of the file"), max_length=LONGEST_SOURCE, trim_whitespace=False)  # type: ignore[assignment]  # DRF has an attribute of this name
    change = TextField(label=gettext_lazy("What changed"), max_length=1000, min_length=5)


def faults_of(kind: str, source: str) -> list[Objection]:
    """Give everything that is wrong with the text of a definition."""
    try:
        read_text(kind, source)
    except FaultyDefinitionError as error:
        return [Objection(fault, code="faulty_definition", field="source") for fault in error.faults]
    return []


@register
class PrepareDefinition(AboutSite):
    """Put a version of a product, master batch record, specification or method on record, for others to check."""

    code = "definition.prepare"
    title = gettext_lazy("Prepare a definition")
    verb = gettext_lazy("Sign as author")
    stopped_by_findings = True
    permission = Permission.DEFINITION_PREPARE
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I prepared this version and ask for it to be checked.")
    asks = PrepareIntent

    def lock(self, subject: Site) -> None:
        take_turn("DEF")

    def to_sign(self, subject: Site, intent: Intent) -> ToSign:
        definition = _read(intent)
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Definition"), f"{definition.code} {_('version')} {definition.version}")],
            lines=[
                Line(_("Kind"), str(Definition.Kind(intent["kind"]).label)),
                Line(_("Title"), definition.title),
                *_product_line(product_of(intent["kind"], definition)),
                Line(_("What changed"), intent["change"]),
                Line(_("Fingerprint of the text"), digest(intent["source"].encode("utf-8"))),
                *_unfilled_lines(unfilled(intent["kind"], definition)),
            ],
        )

    def objections(self, subject: Site, intent: Intent, by: Person) -> list[Objection]:
        faults = faults_of(intent["kind"], intent["source"])
        if faults:
            return faults
        definition = _read(intent)
        newest = Definition.objects.filter(kind=intent["kind"], code=definition.code).order_by("-version").first()
        next_one = newest.version + 1 if newest else 1
        return [
            *when(
                definition.version != next_one,
                _("The next version of %(code)s is %(next)s. Change the version in the file.")
                % {"code": definition.code, "next": next_one},
                code="wrong_version",
                field="source",
            ),
            *when(
                newest is not None and not hasattr(newest, "approval") and not hasattr(newest, "returned"),
                _("Version %(version)s of %(code)s still waits for approval.")
                % {"version": newest.version if newest else 0, "code": definition.code},
                code="waits",
                field="source",
            ),
        ]

    def carry_out(self, subject: Site, intent: Intent, signature: Signature) -> Definition:
        definition = _read(intent)
        row = Definition(
            kind=intent["kind"],
            code=definition.code,
            version=definition.version,
            title=definition.title[:200],
            product=product_of(intent["kind"], definition),
            source=intent["source"],
            sha256=digest(intent["source"].encode("utf-8")),
            change=intent["change"],
        )
        return sign(row, signature, type="definition.prepared")

    def done_url(self, row: Signed) -> str:
        return f"/definitions/{row.pk}/"


def _product_line(product: str) -> list[Line]:
    """A method belongs to the site and is about no product."""
    return [Line(_("Product"), product)] if product else []


def _unfilled_lines(names: Sequence[str]) -> list[Line]:
    return [Line(_("Still to be set"), name, "wait") for name in names]


def warnings_about(definition: Definition) -> list[str]:
    """Give the sentences that say what may be wrong with a version: in itself, against the one before it, and here."""
    earlier, says = life.before(definition), reading_of(definition)
    before = None if earlier is None else _read_if_possible(earlier)
    return [*warnings_of(definition.kind, says, before), *not_here(definition.kind, says)]


def unfilled_in(definition: Definition) -> list[str]:
    """Give the names of the limits of a version that are still to be set."""
    return unfilled(definition.kind, reading_of(definition))


def _read_if_possible(definition: Definition) -> ReadDefinition | None:
    """A version from before a rule was made may no longer be readable; then there is nothing to compare with."""
    try:
        return reading_of(definition)
    except FaultyDefinitionError:
        return None


def _read(intent: Intent) -> ReadDefinition:
    try:
        return read_text(intent["kind"], intent["source"])
    except FaultyDefinitionError:
        raise BadInput(faults_of(intent["kind"], intent["source"])) from None


class _OnDefinition(Act[Definition]):
    """An act about a prepared definition."""

    stopped_by_findings = True

    def find(self, subject: UUID) -> Definition:
        row = Definition.objects.select_related(*life.WITH_LIFE).filter(pk=subject).first()
        if row is None:
            raise Http404
        return row

    def streams(self, subject: Definition) -> Sequence[str]:
        return [subject.stream_name()]

    def lock(self, subject: Definition) -> None:
        take_turn("DEF")

    def shown(self, subject: Definition, *more: Line) -> ToSign:
        """Give what both later signers read: the version, its change, its fingerprint, who signed before."""
        earlier: list[Signed] = [subject]
        if hasattr(subject, "checked"):
            earlier.append(subject.checked)
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Definition"), f"{subject.code} {_('version')} {subject.version}")],
            lines=[
                Line(_("Kind"), str(Definition.Kind(subject.kind).label)),
                Line(_("Title"), subject.title),
                Line(_("What changed"), subject.change),
                Line(_("Fingerprint of the text"), subject.sha256),
                *more,
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(row) for row in earlier],
        )

    def warned(self, subject: Definition, *more: Line) -> ToSign:
        """Give the same with everything that may be wrong, so that whoever signs has read it."""
        warnings = [Line(_("Look at this"), says, "warn") for says in warnings_about(subject)]
        return self.shown(subject, *more, *_unfilled_lines(unfilled_in(subject)), *warnings)

    def sent_back(self, subject: Definition) -> list[Objection]:
        return when(
            hasattr(subject, "returned"), _("This version was sent back. Prepare the next one."), code="returned"
        )

    def done_url(self, row: Signed) -> str:
        return f"/definitions/{getattr(row, 'definition_id', row.pk)}/"


@register
class CheckDefinition(_OnDefinition):
    """Confirm as a second person that a definition says what the process needs."""

    code = "definition.check"
    title = gettext_lazy("Check a definition")
    verb = gettext_lazy("Sign the check")
    permission = Permission.DEFINITION_PREPARE
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I checked this version independently, line by line.")

    def to_sign(self, subject: Definition, intent: Intent) -> ToSign:
        return self.warned(subject)

    def objections(self, subject: Definition, intent: Intent, by: Person) -> list[Objection]:
        return [
            *self.sent_back(subject),
            *when(hasattr(subject, "checked"), _("This version was checked already.")),
            *when(
                subject.signer_id == by.pk,
                _("Somebody other than %(name)s must check this.") % {"name": subject.signer_name},
                code="same_person",
            ),
        ]

    def carry_out(self, subject: Definition, intent: Intent, signature: Signature) -> DefinitionCheck:
        return sign(DefinitionCheck(definition=subject), signature, type="definition.checked", earlier=[subject])


class ApproveIntent(StrictSerializer[Intent]):
    """The day from which the version holds."""

    effective_from = DayField(label=gettext_lazy("In force from"), future_allowed=True)


@register
class ApproveDefinition(_OnDefinition):
    """Approve a checked definition as a third person; it is in force from a day on."""

    code = "definition.approve"
    title = gettext_lazy("Approve a definition")
    verb = gettext_lazy("Approve")
    permission = Permission.DEFINITION_APPROVE
    meaning = Meaning.APPROVED
    asks = ApproveIntent

    def to_sign(self, subject: Definition, intent: Intent) -> ToSign:
        return self.warned(subject, Line(_("In force from"), day(date.fromisoformat(intent["effective_from"]))))

    def objections(self, subject: Definition, intent: Intent, by: Person) -> list[Objection]:
        checked = getattr(subject, "checked", None)
        signers = {subject.signer_id, checked.signer_id if checked else None}
        return [
            *self.sent_back(subject),
            *when(hasattr(subject, "approval"), _("This version was approved already.")),
            *[
                Objection(_("The limit of %(name)s is still to be set.") % {"name": name}, code="to_be_set")
                for name in unfilled_in(subject)
            ],
            *when(checked is None, _("A second person must check this version first."), code="not_checked"),
            *when(by.pk in signers, _("A third person must approve this version."), code="same_person"),
            *when(
                date.fromisoformat(intent["effective_from"]) < local(clock.now()).date(),
                _("A version cannot come into force in the past."),
                field="effective_from",
            ),
        ]

    def carry_out(self, subject: Definition, intent: Intent, signature: Signature) -> DefinitionApproval:
        row = DefinitionApproval(definition=subject, effective_from=date.fromisoformat(intent["effective_from"]))
        return sign(row, signature, type="definition.approved", earlier=[subject, subject.checked])


class ReturnIntent(StrictSerializer[Intent]):
    """Why a version is sent back."""

    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, min_length=10)


@register
class ReturnDefinition(_OnDefinition):
    """Send a prepared version back in place of checking or approving it; it never comes into force."""

    code = "definition.return"
    title = gettext_lazy("Send a definition back")
    verb = gettext_lazy("Send back")
    # Whoever may check or approve may send back; all of them may read.
    permission = Permission.RECORD_READ
    meaning = Meaning.REJECTED
    meaning_text = gettext_lazy("I send this version back for the reason given. It never comes into force.")
    stopped_by_findings = False
    asks = ReturnIntent

    def to_sign(self, subject: Definition, intent: Intent) -> ToSign:
        return self.shown(subject, Line(_("Reason"), intent["reason"]))

    def objections(self, subject: Definition, intent: Intent, by: Person) -> list[Objection]:
        may = Permission.DEFINITION_PREPARE in by.permissions or Permission.DEFINITION_APPROVE in by.permissions
        return [
            *([] if may else lacks(by, Permission.DEFINITION_APPROVE)),
            *self.sent_back(subject),
            *when(
                hasattr(subject, "approval"),
                _("This version was approved. Prepare the next one in its place."),
                code="approved",
            ),
        ]

    def carry_out(self, subject: Definition, intent: Intent, signature: Signature) -> DefinitionReturned:
        row = DefinitionReturned(definition=subject, reason=intent["reason"])
        earlier = [subject, subject.checked] if hasattr(subject, "checked") else [subject]
        return sign(row, signature, type="definition.returned", earlier=earlier)


def exported(definition: Definition) -> bytes:
    """Give the file as it was prepared, byte by byte."""
    return definition.source.encode("utf-8")
