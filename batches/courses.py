"""Courses of treatment: several orders, batches and doses of one subject that belong together.

(1) A course belongs to one chain of identity; an order names it when it is placed. Within a course the same product
    may be ordered again: a repeated infusion, a booster, another product beside the first.
(2) A dose of a course says of which order, which share of it, from a batch or from bags that were kept, and when.
    Planning the same number again supersedes the plan with a reason.
(3) The shares of one order never add up to more than 100 percent.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import DayField, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local
from batches.ended import objections_to_ended_order, order_end_of
from batches.identity import coi_for_the_eye
from batches.models import Course, Order, PlannedDose
from batches.turns import take_turn
from chain_of_custody.collecting import chain_called
from chain_of_custody.models import ChainOfIdentity
from chain_of_custody.shapes import MaybeNumber
from ledger import clock
from ledger.numbering import next_number

WHOLE = Decimal(100)
SHORTEST_REASON = 10
MOST_DOSES = 50


class CourseIntent(StrictSerializer[Intent]):
    """What the course is and how the treatment is meant to go."""

    title = TextField(label=gettext_lazy("Title"), max_length=200)
    plan = TextField(label=gettext_lazy("Plan of treatment"), max_length=2000)


@register
class OpenCourse(Act[ChainOfIdentity]):
    """Open a course of treatment for a chain of identity."""

    code = "course.open"
    title = gettext_lazy("Open a course of treatment")
    verb = gettext_lazy("Sign the course")
    permission = Permission.ORDER_PLACE
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this course with the plan of treatment.")
    asks = CourseIntent

    def find(self, subject: UUID) -> ChainOfIdentity:
        return chain_called(subject)

    def lock(self, subject: ChainOfIdentity) -> None:
        take_turn("COURSE")

    def to_sign(self, subject: ChainOfIdentity, intent: Intent) -> ToSign:
        others = Course.objects.filter(coi=subject).order_by("number").values_list("number", flat=True)
        return ToSign(
            title=str(self.title),
            identity=[
                Line(_("Chain of identity"), coi_for_the_eye(subject)),
                Line(_("Subject"), subject.subject.pseudonym),
            ],
            lines=[
                Line(_("Course"), intent["title"]),
                Line(_("Plan"), intent["plan"]),
                Line(_("Other courses of this chain of identity"), ", ".join(others) or "–"),
            ],
            version=str(subject.pk),
        )

    def objections(self, subject: ChainOfIdentity, intent: Intent, by: Person) -> list[Objection]:
        same = Course.objects.filter(coi=subject, title=intent["title"]).first()
        return when(
            same is not None,
            _("This chain of identity has course %(number)s with this title already.")
            % {"number": same.number if same else ""},
            code="opened_already",
            field="title",
        )

    def carry_out(self, subject: ChainOfIdentity, intent: Intent, signature: Signature) -> Course:
        row = Course(
            number=next_number("CRS", local(clock.now()).year),
            coi=subject,
            title=intent["title"],
            plan=intent["plan"],
        )
        return sign(row, signature, type="course.opened")

    def done_url(self, row: Signed) -> str:
        return f"/courses/{row.number}/" if isinstance(row, Course) else "/courses/"


def course_called(number: str) -> Course | None:
    """Give the course of a number."""
    return Course.objects.select_related("coi__subject").filter(number=number).first() if number else None


def objections_to_ordering(coi: ChainOfIdentity, product: str, course_number: str) -> list[Objection]:
    """Give the reasons why a product can't be ordered (again) for a chain of identity, in a course or outside one."""
    if not course_number:
        other = Order.objects.filter(coi=coi, product__code=product).order_by("recorded_at").first()
        return when(
            other is not None,
            _("This chain of identity has order %(number)s for this product already.")
            % {"number": other.number if other else ""},
            code="ordered_already",
        )
    course = course_called(course_number)
    return [
        *when(
            course is None,
            _("There is no course %(number)s. Open it first.") % {"number": course_number},
            code="unknown_course",
            field="course",
        ),
        *when(
            course is not None and course.coi_id != coi.pk,
            _("Course %(number)s belongs to another chain of identity.") % {"number": course_number},
            code="other_chain",
            field="course",
        ),
    ]


class DoseIntent(StrictSerializer[Intent]):
    """One dose: of which order, which share, from where, when; a reason where the number was planned before."""

    number = serializers.IntegerField(label=gettext_lazy("Dose"), min_value=1, max_value=MOST_DOSES)
    order = TextField(label=gettext_lazy("Order"), max_length=20)
    share_percent = MaybeNumber(
        label=gettext_lazy("Share of the order"), help_text="share of the order's cells, in percent"
    )
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF has an attribute of this name
        PlannedDose.Source.choices, label=gettext_lazy("From"), required=False, default=PlannedDose.Source.BATCH.value
    )
    planned_on = DayField(
        label=gettext_lazy("Planned for"), required=False, default=None, allow_null=True, future_allowed=True
    )
    reason = TextField(label=gettext_lazy("Reason for the new plan"), max_length=1000, required=False, default="")


def doses_in_force(course: Course) -> QuerySet[PlannedDose]:
    """Give the doses of a course as they are planned now, by number."""
    return PlannedDose.objects.filter(course=course, superseded_by=None).select_related("order").order_by("number")


def share_of(doses: Iterable[PlannedDose], order: Order) -> Decimal:
    """Add up the shares that doses take of one order, in percent; a dose without a share counts as none."""
    return sum((one.share_percent or Decimal(0) for one in doses if one.order_id == order.pk), Decimal(0))


@register
class PlanDose(Act[Course]):
    """Plan one dose of a course, or plan it anew with a reason."""

    code = "dose.plan"
    title = gettext_lazy("Plan a dose")
    verb = gettext_lazy("Sign the plan")
    permission = Permission.PLAN
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this dose with the plan of treatment.")
    asks = DoseIntent

    def find(self, subject: UUID) -> Course:
        course = Course.objects.select_related("coi__subject").filter(pk=subject).first()
        if course is None:
            raise Http404
        return course

    def lock(self, subject: Course) -> None:
        take_turn("COURSE")

    def to_sign(self, subject: Course, intent: Intent) -> ToSign:
        before = _planned(subject, intent)
        planned = intent["planned_on"]
        return ToSign(
            title=str(self.title),
            identity=[
                Line(_("Course"), subject.number),
                Line(_("Chain of identity"), coi_for_the_eye(subject.coi)),
                Line(_("Subject"), subject.coi.subject.pseudonym),
            ],
            lines=[
                Line(_("Dose"), str(intent["number"])),
                Line(_("Order"), intent["order"]),
                Line(_("Share of the order"), f"{intent['share_percent']} %" if intent["share_percent"] else "–"),
                Line(_("From"), str(PlannedDose.Source(intent["source"]).label)),
                Line(_("Planned for"), day(date.fromisoformat(planned)) if planned else "–"),
                *([Line(_("Instead of"), dose_words(before)), Line(_("Reason"), intent["reason"])] if before else []),
            ],
            version=" ".join(str(one.pk) for one in doses_in_force(subject)),
        )

    def objections(self, subject: Course, intent: Intent, by: Person) -> list[Objection]:
        before, order = _planned(subject, intent), _order(subject, intent)
        share = Decimal(intent["share_percent"]) if intent["share_percent"] is not None else None
        others = [one for one in doses_in_force(subject) if before is None or one.pk != before.pk]
        taken = share_of(others, order) if order else Decimal(0)
        return [
            *when(
                order is None,
                _("Order %(number)s doesn't belong to this course.") % {"number": intent["order"]},
                code="unknown_order",
                field="order",
            ),
            *(objections_to_ended_order(order_end_of(order)) if order else []),
            *when(
                share is not None and not 0 < share <= WHOLE,
                _("A share is above 0 and at most 100 %."),
                field="share_percent",
            ),
            *when(
                share is not None and 0 < share <= WHOLE and taken + share > WHOLE,
                _("The doses of this order would add up to %(sum)s %%. At most 100 %% can be given.")
                % {"sum": f"{taken + (share or 0):f}"},
                code="too_much",
                field="share_percent",
            ),
            *when(
                before is not None and len(intent["reason"].strip()) < SHORTEST_REASON,
                _("Dose %(number)s is planned already. Give a reason of at least 10 characters for the new plan.")
                % {"number": intent["number"]},
                code="no_reason",
                field="reason",
            ),
        ]

    def carry_out(self, subject: Course, intent: Intent, signature: Signature) -> PlannedDose:
        planned = intent["planned_on"]
        before = _planned(subject, intent)
        row = PlannedDose(
            course=subject,
            order=_order(subject, intent),
            number=intent["number"],
            share_percent=None if intent["share_percent"] is None else Decimal(intent["share_percent"]),
            source=intent["source"],
            planned_on=date.fromisoformat(planned) if planned else None,
            supersedes=before,
            reason=intent["reason"] if before else "",
        )
        return sign(row, signature, type="dose.planned", earlier=[before] if before else [])

    def done_url(self, row: Signed) -> str:
        return f"/courses/{row.course.number}/" if isinstance(row, PlannedDose) else "/courses/"


def dose_words(dose: PlannedDose) -> str:
    """Write a planned dose: order, share, source, day."""
    parts = [
        dose.order.number,
        f"{dose.share_percent:f} %" if dose.share_percent is not None else "",
        str(dose.get_source_display()),
        day(dose.planned_on) if dose.planned_on else "",
    ]
    return ", ".join(part for part in parts if part)


def _planned(course: Course, intent: Intent) -> PlannedDose | None:
    return doses_in_force(course).filter(number=intent["number"]).first()


def _order(course: Course, intent: Intent) -> Order | None:
    return Order.objects.filter(course=course, number=intent["order"]).first()
