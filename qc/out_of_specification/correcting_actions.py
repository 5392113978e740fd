"""Actions that correct or prevent: opened by quality assurance, done by their owner, checked by somebody else.

An action has an owner and a day by which it is due. It never blocks a batch; one that is late is listed first.
"""

from datetime import date, datetime, time
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import DayField, StrictSerializer, TextField, YesNoField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local, site_zone, today
from batches.identity import identity_lines
from ledger import clock
from ledger.numbering import next_number
from qc.batch_act import RowOfBatchAct, batch_with, lock_batch
from qc.models import Capa, CapaChecked, CapaDone, FactAssessment, OutOfSpecification

Source = OutOfSpecification | FactAssessment


def actions() -> QuerySet[Capa]:
    """Give every action with its source and what became of it, the one that is due first coming first."""
    related = ("oos", "deviation", "owner", "batch", "done", "checked")
    return Capa.objects.select_related(*related).order_by("due_date", "number")


def done_of(capa: Capa) -> CapaDone | None:
    """Give what its owner says to have done."""
    return getattr(capa, "done", None)


def checked_of(capa: Capa) -> CapaChecked | None:
    """Give the check of its effect."""
    return getattr(capa, "checked", None)


def is_overdue(capa: Capa, *, on: date | None = None) -> bool:
    """Tell whether an action was not done by its day; today where no other day is asked for."""
    return done_of(capa) is None and capa.due_date < (on or today())


def end_of(on: date) -> datetime:
    """Give the end of a day at the site."""
    return datetime.combine(on, time.max, tzinfo=site_zone())


def _owner(username: str) -> Person | None:
    return Person.objects.select_related("state").filter(username=username).first()


def _day(text: str) -> date:
    """Read a day back from an intent, which keeps plain text."""
    return date.fromisoformat(text)


class CapaIntent(StrictSerializer[Intent]):
    """What is done, by whom, until when."""

    action = TextField(label=gettext_lazy("Action"), min_length=10, max_length=2000)
    owner = TextField(label=gettext_lazy("User ID of its owner"), max_length=40)
    due_date = DayField(label=gettext_lazy("Due"), future_allowed=True)


@register
class OpenCapa(Act[Source]):
    """Open an action out of a record out of specification or a deviation."""

    code = "capa.open"
    title = gettext_lazy("Open an action that corrects or prevents")
    verb = gettext_lazy("Sign the action")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I open this action.")
    asks = CapaIntent

    def find(self, subject: UUID) -> Source:
        row: Source | None = OutOfSpecification.objects.filter(pk=subject).first()
        row = row or FactAssessment.objects.filter(pk=subject).exclude(number="").first()
        if row is None:
            raise Http404
        row.batch = batch_with(row.batch_id)
        return row

    def lock(self, subject: Source) -> None:
        lock_batch(subject.batch)

    def to_sign(self, subject: Source, intent: Intent) -> ToSign:
        owner = _owner(intent["owner"])
        return ToSign(
            title=f"{self.title}: {subject.number}",
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Out of"), subject.number),
                Line(_("Action"), intent["action"]),
                Line(_("Owner"), owner.name if owner else intent["owner"]),
                Line(_("Due"), day(_day(intent["due_date"]))),
            ],
            version=str(subject.pk),
        )

    def objections(self, subject: Source, intent: Intent, by: Person) -> list[Objection]:
        owner = _owner(intent["owner"])
        return [
            *when(
                owner is None or Permission.RECORD_READ not in owner.permissions,
                _("Nobody with this user ID can take on an action."),
                code="bad_input",
                field="owner",
            ),
            *when(
                _day(intent["due_date"]) < today(),
                _("This day has passed."),
                code="bad_input",
                field="due_date",
            ),
        ]

    def carry_out(self, subject: Source, intent: Intent, signature: Signature) -> Capa:
        owner = _owner(intent["owner"])
        assert owner is not None  # noqa: S101  objected to above
        row = Capa(
            batch=subject.batch,
            number=next_number("CAPA", local(clock.now()).year),
            oos=subject if isinstance(subject, OutOfSpecification) else None,
            deviation=subject if isinstance(subject, FactAssessment) else None,
            action=intent["action"],
            owner=owner,
            due_date=_day(intent["due_date"]),
        )
        return sign(row, signature, type="capa.opened")

    def done_url(self, row: Signed) -> str:
        return reverse("qc:capa")


class _OnCapa(RowOfBatchAct[Capa]):
    """An act whose subject is an action."""

    def rows(self) -> QuerySet[Capa]:
        return actions()

    def lines(self, subject: Capa) -> list[Line]:
        """Give what a signer reads of an action."""
        return [
            Line(_("Out of"), subject.source),
            Line(_("Action"), subject.action),
            Line(_("Owner"), subject.owner.name),
            Line(_("Due"), day(subject.due_date)),
        ]

    def done_url(self, row: Signed) -> str:
        return reverse("qc:capa")


class DoneIntent(StrictSerializer[Intent]):
    """What was done."""

    says = TextField(label=gettext_lazy("What was done"), min_length=10, max_length=2000)


@register
class CompleteCapa(_OnCapa):
    """Say, as its owner, that an action is done."""

    code = "capa.complete"
    title = gettext_lazy("Complete an action")
    verb = gettext_lazy("Sign: it is done")
    permission = Permission.RECORD_READ
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I did what this action asks for.")
    asks = DoneIntent

    def to_sign(self, subject: Capa, intent: Intent) -> ToSign:
        return ToSign(
            title=f"{self.title}: {subject.number}",
            identity=identity_lines(subject.batch),
            lines=[*self.lines(subject), Line(_("What was done"), intent["says"])],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Capa, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(done_of(subject) is not None, _("This action is done already.")),
            *when(
                subject.owner_id != by.pk,
                _("%(name)s owns this action.") % {"name": subject.owner.name},
                code="not_owner",
            ),
        ]

    def carry_out(self, subject: Capa, intent: Intent, signature: Signature) -> CapaDone:
        row = CapaDone(batch=subject.batch, capa=subject, says=intent["says"])
        return sign(row, signature, type="capa.done", earlier=[subject])


class EffectIntent(StrictSerializer[Intent]):
    """Whether it has the effect it should have, and how that was seen."""

    is_effective = YesNoField(label=gettext_lazy("Effective"))
    says = TextField(label=gettext_lazy("How that was seen"), min_length=10, max_length=2000)


@register
class CheckCapa(_OnCapa):
    """Check the effect of an action that somebody else did."""

    code = "capa.check"
    title = gettext_lazy("Check the effect of an action")
    verb = gettext_lazy("Sign the check")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.VERIFIED
    asks = EffectIntent

    def to_sign(self, subject: Capa, intent: Intent) -> ToSign:
        done = done_of(subject)
        return ToSign(
            title=f"{self.title}: {subject.number}",
            identity=identity_lines(subject.batch),
            lines=[
                *self.lines(subject),
                Line(_("What was done"), done.says if done else "–"),
                Line(_("Effective"), _("yes") if intent["is_effective"] else _("no")),
                Line(_("How that was seen"), intent["says"]),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(done)] if done else [],
        )

    def objections(self, subject: Capa, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(done_of(subject) is None, _("This action is not done yet."), code="not_done"),
            *when(checked_of(subject) is not None, _("Its effect was checked already.")),
            *when(
                subject.owner_id == by.pk,
                _("You did this yourself; somebody else checks its effect."),
                code="same_person",
            ),
        ]

    def carry_out(self, subject: Capa, intent: Intent, signature: Signature) -> CapaChecked:
        row = CapaChecked(batch=subject.batch, capa=subject, is_effective=intent["is_effective"], says=intent["says"])
        done = done_of(subject)
        return sign(row, signature, type="capa.checked", earlier=[done] if done else [])
