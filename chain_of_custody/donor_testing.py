"""Tests of a donor's infectious disease markers: recorded from the laboratory's report, verified by a second person.

(1) A result stands for one marker of one collection. A later one supersedes it with a reason; the first one stays.
(2) A result counts once a second person compared it with the report.
(3) Custody knows no products: which markers are asked for, and when samples may be taken, is told by those who do,
    through `requirements_from()`. What a change of the status means elsewhere is theirs, too: `after_donor_change()`
    runs in the transaction of the verification.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, Text, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local
from chain_of_custody import states
from chain_of_custody.collecting import chain_url, din_line, identity_of
from chain_of_custody.donor_status import (
    DonorStatus,
    Found,
    MarkerTest,
    Overall,
    Window,
    donor_status,
    same_marker,
    worst_of,
)
from chain_of_custody.models import ChainOfIdentity, Collection, DonorTest, DonorTestVerified
from chain_of_custody.shapes import MaybeDay

FOUND_WORDS: dict[Found, Text] = {
    Found.NON_REACTIVE: gettext_lazy("non-reactive"),
    Found.REACTIVE: gettext_lazy("reactive"),
    Found.INDETERMINATE: gettext_lazy("indeterminate"),
    Found.NOT_TESTED: gettext_lazy("not tested"),
    Found.OUTSIDE_WINDOW: gettext_lazy("sampled outside the window"),
    Found.UNKNOWN: gettext_lazy("unknown"),
}
OVERALL_WORDS: dict[Overall, Text] = {
    Overall.REACTIVE: gettext_lazy("Reactive"),
    Overall.UNKNOWN: gettext_lazy("Unknown"),
    Overall.COMPLETE: gettext_lazy("Complete, non-reactive"),
}


@dataclass(frozen=True, slots=True)
class Requirements:
    """What is asked of a donor for what is made of the cells."""

    markers: tuple[str, ...]
    window: Window | None
    is_autologous: bool


NOTHING_KNOWN = Requirements((), None, is_autologous=True)

_requirements: list[Callable[[ChainOfIdentity], Requirements | None]] = []
_after: list[Callable[[DonorTestVerified, Person], None]] = []


def requirements_from(told: Callable[[ChainOfIdentity], Requirements | None]) -> None:
    """Let somebody who knows the product tell what is asked of a donor."""
    _requirements.append(told)


def after_donor_change(told: Callable[[DonorTestVerified, Person], None]) -> None:
    """Let somebody know of each verified result, in its transaction."""
    _after.append(told)


def requirements_of(coi: ChainOfIdentity) -> Requirements | None:
    """Give what is asked of the donor of a chain of identity; None while nothing was ordered."""
    return next((found for told in _requirements if (found := told(coi)) is not None), None)


def results_of(collection: Collection) -> list[DonorTest]:
    """Give every result of a collection, by marker, each behind the one that it supersedes."""
    rows = DonorTest.objects.filter(collection=collection).select_related("verification", "superseded_by")
    return _in_order(list(rows.order_by("marker", "recorded_at", "pk")))


def _in_order(rows: list[DonorTest]) -> list[DonorTest]:
    after = {row.supersedes_id: row for row in rows if row.supersedes_id}
    found: list[DonorTest] = []
    for row in (one for one in rows if one.supersedes_id is None):
        current: DonorTest | None = row
        while current is not None:
            found.append(current)
            current = after.get(current.pk)
    return found


def status_of(collection: Collection, asked: Requirements, *, without: DonorTestVerified | None = None) -> DonorStatus:
    """Give what is known of the donor of a collection; `without` tells what was known before a verification."""
    return donor_status(
        [
            MarkerTest(
                row.marker,
                row.result,
                row.sampled_on,
                is_verified=hasattr(row, "verification") and not (without and without.test_id == row.pk),
            )
            for row in results_of(collection)
        ],
        asked.markers,
        collected_on=local(collection.collected_at).date(),
        window=asked.window,
        is_autologous=asked.is_autologous,
    )


def status_of_all(
    collections: Iterable[Collection], asked: Requirements, *, without: DonorTestVerified | None = None
) -> DonorStatus:
    """Give what is known of cells that come from several collections: marker by marker the worst."""
    statuses = [status_of(one, asked, without=without) for one in collections]
    return worst_of(statuses, asked.markers, is_autologous=asked.is_autologous)


def status_words(status: DonorStatus) -> str:
    """Write what is known, the bad first: "Reactive: HIV 1 and 2. Unknown: Syphilis (not tested)."."""
    parts = []
    if status.reactive:
        parts.append(_("Reactive: %(markers)s.") % {"markers": ", ".join(status.reactive)})
    unknown = [each for each in status.markers if not each.is_known]
    if unknown:
        words = ", ".join(
            each.marker if each.found is Found.UNKNOWN else f"{each.marker} ({FOUND_WORDS[each.found]})"
            for each in unknown
        )
        parts.append(_("Unknown: %(markers)s.") % {"markers": words})
    rest = [each.marker for each in status.markers if each.found is Found.NON_REACTIVE]
    if rest:
        parts.append(_("Non-reactive: %(markers)s.") % {"markers": ", ".join(rest)})
    return " ".join(parts) or _("Unknown: no marker is listed.")


def isolation_words(coi: ChainOfIdentity) -> str:
    """Say where cells of this donor are stored, if not beside those of others; empty where they may be."""
    asked = requirements_of(coi)
    status = status_of_all(coi.collections.all(), asked or NOTHING_KNOWN)
    if status.reactive:
        says = _("The donor has reactive markers: %(markers)s. Choose an isolated place.")
        return says % {"markers": ", ".join(status.reactive)}
    if asked is not None and status.overall is Overall.UNKNOWN:
        return _("The donor's markers are not all known. Keep this apart from the cells of others.")
    return ""


class DonorTestIntent(StrictSerializer[Intent]):
    """What the laboratory reported of one marker."""

    marker = TextField(label=gettext_lazy("Marker"), max_length=60)
    result = serializers.ChoiceField(DonorTest.Result.choices, label=gettext_lazy("Result"))
    laboratory = TextField(label=gettext_lazy("Laboratory"), max_length=120, required=False, default="")
    report = TextField(
        label=gettext_lazy("Number of the report"),
        max_length=120,
        required=False,
        default="",
        help_text="number of the laboratory's report",
    )
    sampled_on = MaybeDay(label=gettext_lazy("Day of the donor's sample"), help_text="the day of the donor's sample")
    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        required=False,
        default="",
        help_text="why it replaces an earlier result",
    )


def _marker(collection: Collection, typed: str) -> str:
    """Give a marker as it is called already, by an earlier result or by the product that asks for it."""
    asked = requirements_of(collection.coi) or NOTHING_KNOWN
    known = [*DonorTest.objects.filter(collection=collection).values_list("marker", flat=True), *asked.markers]
    return next((marker for marker in known if same_marker(marker, typed)), typed)


def newest_test(collection: Collection, marker: str) -> DonorTest | None:
    """Give the newest result of a marker."""
    rows = DonorTest.objects.filter(collection=collection, marker=_marker(collection, marker), superseded_by=None)
    return rows.first()


@register
class RecordDonorTest(Act[Collection]):
    """Record what a laboratory reported of one marker of a donor."""

    code = "donor_test.record"
    title = gettext_lazy("Record a donor test")
    verb = gettext_lazy("Sign the result")
    permission = Permission.COLLECTION_REGISTER
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I entered this from the laboratory's report.")
    asks = DonorTestIntent

    def find(self, subject: UUID) -> Collection:
        found = Collection.objects.select_related("coi__subject").filter(pk=subject).first()
        if found is None:
            raise Http404
        return found

    def lock(self, subject: Collection) -> None:
        states.lock(subject.containers.values_list("pk", flat=True))

    def to_sign(self, subject: Collection, intent: Intent) -> ToSign:
        before = newest_test(subject, intent["marker"])
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject.coi, din_line(subject.din)),
            lines=[
                *_lines(_marker(subject, intent["marker"]), intent),
                *([Line(_("Replaces"), _in_words(before), "warn")] if before else []),
                *([Line(_("Reason"), intent["reason"])] if intent["reason"] else []),
            ],
            version=str(before.pk) if before else "",
            earlier=[EarlierSignature.on(before)] if before else [],
        )

    def objections(self, subject: Collection, intent: Intent, by: Person) -> list[Objection]:
        before = newest_test(subject, intent["marker"])
        tested = intent["result"] != DonorTest.Result.NOT_TESTED
        return [
            *when(tested and not intent["laboratory"], _("Enter the laboratory."), field="laboratory"),
            *when(tested and not intent["report"], _("Enter the number of the report."), field="report"),
            *when(
                tested and intent["sampled_on"] is None, _("Enter the day of the donor's sample."), field="sampled_on"
            ),
            *when(
                before is not None and len(intent["reason"].strip()) < 10,
                _("There is a result for this marker. Say in 10 characters or more why this one replaces it."),
                code="reason_missing",
                field="reason",
            ),
            *when(
                before is None and intent["reason"],
                _("There is no earlier result for this marker. Leave the reason empty."),
                field="reason",
            ),
        ]

    def carry_out(self, subject: Collection, intent: Intent, signature: Signature) -> DonorTest:
        before = newest_test(subject, intent["marker"])
        row = DonorTest(
            collection=subject,
            marker=_marker(subject, intent["marker"]),
            result=intent["result"],
            laboratory=intent["laboratory"],
            report=intent["report"],
            sampled_on=date.fromisoformat(intent["sampled_on"]) if intent["sampled_on"] else None,
            supersedes=before,
            reason=intent["reason"],
        )
        return sign(row, signature, type="donor_test.recorded", earlier=[before] if before else [])

    def done_url(self, row: Signed) -> str:
        return chain_url(row)


def _lines(marker: str, told: Intent) -> list[Line]:
    sampled_on = told["sampled_on"]
    result = DonorTest.Result(told["result"])
    status = "pass" if result is DonorTest.Result.NON_REACTIVE else "warn"
    return [
        Line(_("Marker"), marker),
        Line(_("Result"), str(result.label), status),
        Line(_("Laboratory"), told["laboratory"] or "–"),
        Line(_("Report"), told["report"] or "–"),
        Line(_("Sampled on"), day(date.fromisoformat(sampled_on)) if sampled_on else "–"),
    ]


def _in_words(row: DonorTest) -> str:
    return f"{row.get_result_display()}, {row.laboratory or '–'}, {row.report or '–'}"


@register
class VerifyDonorTest(Act[DonorTest]):
    """Compare a donor test with the laboratory's report, as a second person; from then on it counts."""

    code = "donor_test.verify"
    title = gettext_lazy("Verify a donor test")
    verb = gettext_lazy("Sign the comparison")
    permission = Permission.COLLECTION_REGISTER
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this with the laboratory's report; they agree.")
    second_person = True

    def find(self, subject: UUID) -> DonorTest:
        rows = DonorTest.objects.select_related(
            "collection__coi__subject", "verification", "superseded_by", "supersedes"
        )
        found = rows.filter(pk=subject).first()
        if found is None:
            raise Http404
        return found

    def lock(self, subject: DonorTest) -> None:
        states.lock(subject.collection.containers.values_list("pk", flat=True))

    def to_sign(self, subject: DonorTest, intent: Intent) -> ToSign:
        told = {
            "result": subject.result,
            "laboratory": subject.laboratory,
            "report": subject.report,
            "sampled_on": subject.sampled_on.isoformat() if subject.sampled_on else None,
        }
        replaced = [Line(_("Replaces"), _in_words(subject.supersedes), "warn")] if subject.supersedes else []
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject.collection.coi, din_line(subject.collection.din)),
            lines=[*_lines(subject.marker, told), *replaced],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: DonorTest, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(hasattr(subject, "verification"), _("This result is verified already."), code="already_done"),
            *when(
                hasattr(subject, "superseded_by"),
                _("A later result replaces this one. Verify the later one."),
                code="superseded",
            ),
            *when(
                subject.signer_id == by.pk,
                _("A second person must verify this. %(name)s recorded it.") % {"name": subject.signer_name},
                code="same_person",
            ),
        ]

    def carry_out(self, subject: DonorTest, intent: Intent, signature: Signature) -> DonorTestVerified:
        row = sign(DonorTestVerified(test=subject), signature, type="donor_test.verified", earlier=[subject])
        for told in _after:
            told(row, signature.signer)
        return row

    def done_url(self, row: Signed) -> str:
        return chain_url(row)
