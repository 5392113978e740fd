"""Line clearance: nothing of another batch is left where this one is worked on (21 CFR 211.130, 211.188(b)(6)).

(1) One person clears an area point by point, before a batch uses it and after; a second person looks independently.
(2) With the second look before use an exclusive area belongs to the batch, so that nobody else is let in between. The
    clearance counts until the area was cleared after use, or another batch was in it.
(3) With the second look after use the area is free for the next batch. It is not cleared while a step of this batch
    that uses it is open.
(4) A batch is not decided on while an area that it used was not cleared, or a monitoring session has no result.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.areas import give_to, locked_area
from batches.definitions.master import MasterDefinition
from batches.identity import batch_of, batch_with, identity_lines, locked
from batches.models import (
    Area,
    Batch,
    LineClearance,
    LineClearanceVerified,
    MonitoringResult,
    SlotScan,
    StepPerformed,
    StepStart,
)
from batches.pinned import master_of
from chain_of_custody.shapes import TextListField

When = LineClearance.When
# Where the master batch record names no points of its own.
POINTS = (
    gettext_lazy("No product or sample of another batch"),
    gettext_lazy("No labels or documents of another batch"),
    gettext_lazy("No materials that this batch does not need"),
    gettext_lazy("Waste removed"),
    gettext_lazy("Area and equipment clean"),
    gettext_lazy("Status label names the right batch"),
)


def points_of(master: MasterDefinition) -> list[str]:
    """Give the points that are looked at in a clearance."""
    return list(master.clearance_points) or [str(point) for point in POINTS]


class ClearanceIntent(StrictSerializer[Intent]):
    """Which area was cleared, before or after use, each point as it was confirmed."""

    area = TextField(label=gettext_lazy("Area"), max_length=30, help_text="code of the area")
    when = serializers.ChoiceField(When.choices, label=gettext_lazy("When"))
    points = TextListField(child=TextField(max_length=300), max_length=40, help_text="each point, as it stands")
    monitoring = TextField(
        label=gettext_lazy("Environmental monitoring session"),
        max_length=60,
        required=False,
        default="",
        help_text="number of the environmental monitoring session",
    )


@register
class ClearArea(Act[Batch]):
    """Clear an area for a batch, or after it."""

    code = "area.clear"
    title = gettext_lazy("Clear the line")
    verb = gettext_lazy("Sign the clearance")
    permission = Permission.STEP_WORK
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I cleared this area and looked at each point.")
    asks = ClearanceIntent

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def streams(self, subject: Batch) -> Sequence[str]:
        return (subject.stream_name(),)

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        area = _area(intent)
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Area"), area.code if area else intent["area"]), *identity_lines(subject)],
            lines=[
                Line(_("Name"), f"{area.name}, {area.grade}".rstrip(", ") if area else "–"),
                Line(_("When"), str(When(intent["when"]).label)),
                *(Line(point, _("confirmed"), "pass") for point in intent["points"]),
                *([Line(_("Monitoring session"), intent["monitoring"])] if intent["monitoring"] else []),
            ],
            version=f"{subject.pk} {LineClearance.objects.filter(batch=subject).count()}",
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        area = _area(intent)
        if area is None:
            says = _("No area has the code %(code)s.") % {"code": intent["area"]}
            return [Objection(says, code="unknown_area", field="area")]
        wanted = points_of(master_of(subject))
        return [
            *[
                Objection(_("Confirm: %(point)s") % {"point": point}, code="not_confirmed", field="points")
                for point in wanted
                if point not in intent["points"]
            ],
            *when(
                set(intent["points"]) - set(wanted),
                _("The points differ from those of the master batch record. Open the page again."),
                code="other_points",
                field="points",
            ),
            *(
                objections_to_holder(area, subject)
                if intent["when"] == When.BEFORE
                else _objections_to_after(area, subject)
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> LineClearance:
        area = _area(intent)
        if area is None:
            raise Http404
        row = LineClearance(
            batch=subject,
            area=area,
            when=intent["when"],
            points=list(intent["points"]),
            monitoring=intent["monitoring"].strip(),
        )
        return sign(row, signature, type="area.cleared")

    def done_url(self, row: Signed) -> str:
        return premises_url(row.batch.number) if isinstance(row, LineClearance) else "/"


def _area(intent: Intent) -> Area | None:
    return Area.objects.select_related("state__batch").filter(code=intent["area"].strip()).first()


def objections_to_holder(area: Area, batch: Batch) -> list[Objection]:
    """Object where an exclusive area holds another batch."""
    state = getattr(area, "state", None)
    holds = state.batch if state is not None and area.is_exclusive else None
    return when(
        holds is not None and holds.pk != batch.pk,
        _("%(name)s %(code)s holds batch %(batch)s. Use another one, or wait until it was cleared after use.")
        % {"name": area.name, "code": area.code, "batch": holds.number if holds else ""},
        code="held",
        field="area",
    )


def _objections_to_after(area: Area, batch: Batch) -> list[Objection]:
    used = SlotScan.objects.filter(batch=batch, area=area, fits=True).values_list("step", flat=True)
    begun = StepStart.objects.filter(batch=batch, step__in=list(used)).values_list("step", flat=True)
    signed = set(StepPerformed.objects.filter(batch=batch, step__in=list(used)).values_list("step", flat=True))
    still_open = [step for step in begun if step not in signed]
    state = getattr(area, "state", None)
    return [
        *when(
            not used and not (state is not None and state.batch_id == batch.pk),
            _("This batch was not in %(name)s %(code)s.") % {"name": area.name, "code": area.code},
            code="not_used",
            field="area",
        ),
        *when(
            still_open,
            _("Step %(step)s is still open in %(name)s %(code)s. Sign it first.")
            % {"step": ", ".join(still_open), "name": area.name, "code": area.code},
            code="step_open",
            field="area",
        ),
    ]


@register
class VerifyClearance(Act[LineClearance]):
    """Look at a cleared area as a second person."""

    code = "area.verify_clearance"
    title = gettext_lazy("Verify a line clearance")
    verb = gettext_lazy("Sign the verification")
    permission = Permission.STEP_WITNESS
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I looked at this area independently. Each point is as it should be.")
    second_person = True

    def find(self, subject: UUID) -> LineClearance:
        row = LineClearance.objects.select_related("area__state__batch", "verification").filter(pk=subject).first()
        if row is None:
            raise Http404
        return row

    def lock(self, subject: LineClearance) -> None:
        locked(subject.batch_id)
        locked_area(subject.area)

    def streams(self, subject: LineClearance) -> Sequence[str]:
        return (subject.stream_name(),)

    def to_sign(self, subject: LineClearance, intent: Intent) -> ToSign:
        batch = batch_of(subject.batch_id)
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Area"), subject.area.code), *identity_lines(batch)],
            lines=[
                Line(_("Name"), f"{subject.area.name}, {subject.area.grade}".rstrip(", ")),
                Line(_("When"), str(subject.get_when_display())),
                *(Line(point, _("confirmed"), "pass") for point in subject.points),
                *([Line(_("Monitoring session"), subject.monitoring)] if subject.monitoring else []),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: LineClearance, intent: Intent, by: Person) -> list[Objection]:
        is_before = subject.when == When.BEFORE
        return [
            *when(hasattr(subject, "verification"), _("This clearance is verified already."), code="already_done"),
            *when(
                subject.signer_id == by.pk,
                _("A second person must verify this. %(name)s cleared the area.") % {"name": subject.signer_name},
                code="same_person",
            ),
            *when(
                _used_since(subject),
                _("The area was used since it was cleared at %(time)s. Clear it again.")
                % {"time": record_time(subject.signed_at)},
                code="used_since",
            ),
            *(
                objections_to_holder(subject.area, subject.batch)
                if is_before
                else _objections_to_after(subject.area, subject.batch)
            ),
        ]

    def carry_out(self, subject: LineClearance, intent: Intent, signature: Signature) -> LineClearanceVerified:
        row = LineClearanceVerified(batch=subject.batch, clearance=subject)
        sign(row, signature, type="area.clearance_verified", earlier=[subject])
        state = locked_area(subject.area)
        if subject.when == When.AFTER and state.batch_id == subject.batch_id:
            give_to(state, None)
        if subject.when == When.BEFORE and subject.area.is_exclusive:
            give_to(state, subject.batch)
        return row

    def done_url(self, row: Signed) -> str:
        return premises_url(row.batch.number) if isinstance(row, LineClearanceVerified) else "/"


def _used_since(clearance: LineClearance) -> bool:
    return SlotScan.objects.filter(area=clearance.area, fits=True, recorded_at__gt=clearance.signed_at).exists()


def cleared_before(area: Area, batch: Batch, at: datetime) -> LineClearanceVerified | None:
    """Give the verified clearance before use that counts for a batch at a moment; None where there is none."""
    verified = LineClearanceVerified.objects.filter(clearance__area=area, signed_at__lte=at)
    latest = verified.filter(batch=batch, clearance__when=When.BEFORE).order_by("-signed_at", "-recorded_at").first()
    if latest is None:
        return None
    ended = verified.filter(clearance__when=When.AFTER, signed_at__gte=latest.signed_at).exists()
    others = SlotScan.objects.filter(area=area, fits=True, performed_at__lte=at, recorded_at__gt=latest.signed_at)
    return None if ended or others.exclude(batch=batch).exists() else latest


def objections_to_premises(batch: Batch, master: MasterDefinition) -> list[Objection]:
    """Give what is missing about the areas of a batch: clearances before and after, results of monitoring."""
    url = premises_url(batch.number)
    needs = {(step.code, need.code): need for step in master.steps for need in step.needs}
    scans: dict[Area, list[SlotScan]] = defaultdict(list)
    for scan in SlotScan.objects.filter(batch=batch, fits=True).exclude(area=None).select_related("area"):
        if scan.area is not None:
            scans[scan.area].append(scan)
    made = list(LineClearance.objects.filter(batch=batch).select_related("verification", "area"))
    verified = [one for one in made if hasattr(one, "verification")]
    objections: list[Objection] = []
    for area, used in sorted(scans.items(), key=lambda one: one[0].code):
        asked = any((need := needs.get((scan.step, scan.slot))) is not None and need.clearance for scan in used)
        words = {"name": area.name, "code": area.code}
        here = [one for one in verified if one.area_id == area.pk]
        first, last = min(one.recorded_at for one in used), max(one.recorded_at for one in used)
        objections += when(
            asked and not any(one.when == When.BEFORE and one.verification.signed_at <= first for one in here),
            _("%(name)s %(code)s was used without a verified clearance before.") % words,
            code="not_cleared_before",
            url=url,
        )
        objections += when(
            (asked or area.is_exclusive)
            and not any(one.when == When.AFTER and one.verification.signed_at >= last for one in here),
            _("%(name)s %(code)s has not been cleared after use by two people.") % words,
            code="not_cleared_after",
            url=url,
        )
    read = set(MonitoringResult.objects.filter(batch=batch).values_list("area", "session"))
    for area, session in dict.fromkeys((one.area, one.monitoring) for one in made if one.monitoring):
        objections += when(
            (area.pk, session) not in read,
            _("Monitoring session %(session)s of %(name)s %(code)s has no result yet.")
            % {"session": session, "name": area.name, "code": area.code},
            code="no_monitoring",
            url=url,
        )
    return objections


def premises_url(number: str) -> str:
    """Give the address of the part of a batch's page that shows its equipment and areas."""
    return f"/batches/{number}/equipment/"
