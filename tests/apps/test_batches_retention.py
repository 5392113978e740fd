"""Until when a batch's record is kept, what holds it beyond that, and whose identity it keeps."""

from collections.abc import Iterator
from copy import copy
from datetime import UTC, date, datetime, time, timedelta
from unittest import mock
from uuid import uuid4

import pytest
from django.db.models import Model

from accounts.models import Person
from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from accounts.signing import ask
from accounts.wording import day, local
from batches.identity import batch_of
from batches.models import Batch, Definition, LegalHold
from batches.pinned import product_of
from batches.retention import kept_for, retention_of
from batches.retention_rules import Rule
from batches.spans import months_after, years_after
from chain_of_custody.models import Container, ErasureProposed, SubjectIdentity
from chain_of_custody.registering import issue_chain
from ledger import clock, outbox
from ledger.models import Entry
from ledger.verification import verify_records
from qc.release.newest import newest_review
from qc.review_by_exception.trail_streams import stream_position
from tests.batches_builders import FILES
from tests.custody_builders import a_subject
from tests.kept import kept_for_a_module
from tests.people import a_person, administrators, at_browser, do, nothing_written
from tests.qc_builders import Laboratory

pytestmark = pytest.mark.django_db
WHY = "a court asked for it"


class Identified(Laboratory):
    """A laboratory whose patient has an identity record."""

    def issued(self, *, weight: bool = True, donor_known: bool = True) -> Batch:
        self.coi = a_subject(by=self.logistics, initials="QZX", birth_year=1907)
        return super().issued(weight=weight, donor_known=donor_known)


@pytest.fixture(scope="module")
def decided(django_db_setup: None, django_db_blocker: object) -> Iterator[Laboratory]:
    """A certified batch, and beside it another one that is still in the laboratory."""
    with kept_for_a_module(django_db_blocker):
        clock.tell(clock.machine_now() - timedelta(days=20))
        laboratory = Identified()
        laboratory.all_tested()
        laboratory.approved()
        laboratory.record_reviewed()
        laboratory.certified()
        clock.end_story()
        yield laboratory


def the_batch(laboratory: Laboratory) -> Batch:
    return batch_of(laboratory.batch.pk)


def held(batch: Model, *, by: Person) -> LegalHold:
    row = do("legal_hold.set", batch, by=by, reason=WHY)
    assert isinstance(row, LegalHold)
    return row


def at_noon_on(on: date | None) -> "mock._patch[mock.Mock]":
    """The machine's clock stands at a day far away."""
    assert on is not None
    return mock.patch("ledger.clock.machine_now", return_value=datetime.combine(on, time(12), tzinfo=UTC))


class TestTheDay:
    def test_is_that_of_the_longest_rule_after_the_latest_expiry(self, decided: Laboratory) -> None:
        retention = retention_of(the_batch(decided))
        bags = Container.objects.filter(assignment__batch_number=decided.batch.number, kind="final_bag")
        expires = max(local(one.expires_at).date() for one in bags if one.expires_at)

        assert retention.facts.expires == expires
        assert [one.rule for one in retention.terms] == [Rule.EU_TRACEABILITY, Rule.US_211_180, Rule.US_600_12]
        assert retention.longest.rule == Rule.EU_TRACEABILITY
        assert retention.until == years_after(expires, 30)
        assert retention.destroyed_from == years_after(expires, 30) + timedelta(days=1)
        assert retention.words == f"kept until {day(retention.until)} (EU traceability, Reg. (EC) 1394/2007 Art. 15)"

    def test_counts_the_decision_from_its_entry(self, decided: Laboratory) -> None:
        entry = Entry.objects.get(type="batch.certified", stream=f"batch/{decided.batch.number}")
        facts = retention_of(the_batch(decided)).facts
        assert facts.decided == local(entry.at).date()
        by_record = next(one for one in retention_of(the_batch(decided)).terms if one.rule == Rule.US_600_12)
        assert by_record.until is not None
        assert by_record.until == max(years_after(facts.decided, 5), months_after(facts.expires or date.min, 6))

    def test_is_none_before_a_decision_and_before_a_fill(self, decided: Laboratory) -> None:
        other = copy(decided)
        batch = batch_of(other.issued().pk)
        unfilled = "no expiry is known, because no final container was filled"
        assert retention_of(batch).words == f"kept: no decision on the batch was made; {unfilled}"

        filled = retention_of(other.worked(batch))
        assert filled.longest.rule == Rule.US_600_12
        assert (filled.until, filled.destroyed_from) == (None, None)
        assert filled.words == "kept: no decision on the batch was made"

    def test_follows_the_version_that_the_batch_is_pinned_to(self, decided: Laboratory) -> None:
        """A product that says nothing of rules follows EU traceability by its own years."""
        shipped = FILES["product"].read_text(encoding="utf-8")
        silent = shipped[: shipped.index("# The American rules")].replace(
            'traceability_years: "30"', 'traceability_years: "35"'
        )
        silent = silent.replace('version: "1"', 'version: "2"', 1)
        before = retention_of(the_batch(decided))
        decided.defined("product", silent)
        other = decided.beside().batch
        retention = retention_of(batch_of(other.pk))

        assert product_of(batch_of(other.pk)).retention == ()
        assert [one.rule for one in retention.terms] == [Rule.EU_TRACEABILITY]
        assert retention.longest.until == years_after(retention.facts.expires or date.min, 35)
        assert retention_of(the_batch(decided)) == before

    def test_is_none_where_a_rule_waits_for_the_administration(self, decided: Laboratory) -> None:
        shipped = FILES["product"].read_text(encoding="utf-8").replace("  - us_600_12", "  - us_1271_55")
        source = Definition.objects.get(pk=decided.batch.product_id)
        batch = the_batch(decided)
        batch.product = Definition(kind="product", source=shipped, code=source.code)
        assert retention_of(batch).words == "kept: the day of administration is not known"

    def test_is_told_on_the_batch_page_and_by_the_api(self, decided: Laboratory) -> None:
        retention = retention_of(the_batch(decided))
        client = at_browser(decided.qa)
        for place in ("", "retention/"):
            page = client.get(f"/batches/{decided.batch.number}/{place}").content.decode()
            assert day(retention.until or date.min) in page
            assert "21 CFR 600.12(b)" in page
        told = client.get(f"/api/v1/batches/{decided.batch.number}/retention/").json()
        assert (told["until"], told["rule"], told["reasons"]) == (str(retention.until), "eu_traceability", [])
        assert told["destroyed_from"] == str(retention.destroyed_from)

    def test_is_read_by_those_who_read_the_record(self, decided: Laboratory) -> None:
        place = f"/api/v1/batches/{decided.batch.number}/retention/"
        assert at_browser(administrators()[0]).get(place).status_code == 403
        assert at_browser(decided.technician).get(place).status_code == 200
        assert at_browser(decided.technician).get("/api/v1/batches/CT-26-9999/retention/").status_code == 404


class TestLegalHold:
    def test_takes_the_day_away_until_it_is_lifted(self, decided: Laboratory) -> None:
        before = retention_of(the_batch(decided))
        hold = held(decided.batch, by=decided.qa)
        during = retention_of(the_batch(decided))
        assert (during.until, during.holds) == (None, (hold,))
        assert during.words == f"kept: legal hold since {day(hold.signed_at)}"

        do("legal_hold.lift", hold, by=decided.qa, reason="the court is done")
        after = retention_of(the_batch(decided))
        assert (after.until, after.holds) == (before.until, ())
        assert verify_records().findings == []

    def test_several_stand_at_once(self, decided: Laboratory) -> None:
        first, second = held(decided.batch, by=decided.qa), held(decided.batch, by=decided.qa)
        do("legal_hold.lift", first, by=decided.qa, reason="the court is done")
        assert retention_of(the_batch(decided)).holds == (second,)

    def test_is_lifted_once_and_with_a_reason(self, decided: Laboratory) -> None:
        hold = held(decided.batch, by=decided.qa)
        for act, subject in (("legal_hold.set", decided.batch), ("legal_hold.lift", hold)):
            with nothing_written(), pytest.raises(BadInput):
                do(act, subject, by=decided.qa, reason="short")
        do("legal_hold.lift", hold, by=decided.qa, reason="the court is done")
        with nothing_written(), pytest.raises(Refused, match="lifted already"):
            do("legal_hold.lift", hold, by=decided.qa, reason="the court is done")

    @pytest.mark.parametrize("role", [role for role in Role if role != Role.QA])
    def test_is_for_quality_assurance(self, decided: Laboratory, role: Role) -> None:
        by = administrators()[0] if role == Role.ADMINISTRATOR else a_person(role)
        with nothing_written(), pytest.raises(NotAllowed):
            ask("legal_hold.set", decided.batch.pk, {"reason": WHY}, by=by)

    def test_asks_for_no_new_review_of_the_record(self, decided: Laboratory) -> None:
        review, before = newest_review(decided.batch), stream_position(decided.batch)
        assert review is not None
        held(decided.batch, by=decided.qa)
        assert stream_position(decided.batch) == before == review.stream_position

    def test_is_offered_on_the_batch_page_to_quality_alone(self, decided: Laboratory) -> None:
        held(decided.batch, by=decided.qa)
        place = f"/batches/{decided.batch.number}/retention/"
        assert "Sign the lifting" in at_browser(decided.qa).get(place).content.decode()
        seen = at_browser(decided.technician).get(place).content.decode()
        assert WHY in seen
        assert "Sign the" not in seen


class TestWhoseIdentityItKeeps:
    def test_to_the_last_day_and_no_longer(self, decided: Laboratory) -> None:
        subject, retention = decided.coi.subject, retention_of(the_batch(decided))
        words = f"Batch {decided.batch.number}: kept until"
        with nothing_written(), pytest.raises(Refused, match=words) as refused:
            do("identity.propose_erasure", subject, by=decided.qa, reason="asked for it")
        assert "EU traceability, Reg. (EC) 1394/2007 Art. 15" in str(refused.value)
        with at_noon_on(retention.until), nothing_written(), pytest.raises(Refused, match=words):
            do("identity.propose_erasure", subject, by=decided.qa, reason="asked for it")

        with at_noon_on(retention.destroyed_from):
            proposal = do("identity.propose_erasure", subject, by=decided.qa, reason="asked for it")
            do("identity.approve_erasure", proposal, by=decided.qp)
            outbox.sweep()
        assert isinstance(proposal, ErasureProposed)
        assert proposal.retention.startswith(words)
        assert not SubjectIdentity.objects.filter(subject=subject).exists()
        assert [str(finding) for finding in verify_records().findings] == []

    def test_what_comes_between_proposal_and_approval_counts(self, decided: Laboratory) -> None:
        subject, retention = decided.coi.subject, retention_of(the_batch(decided))
        with at_noon_on(retention.destroyed_from):
            proposal = do("identity.propose_erasure", subject, by=decided.qa, reason="asked for it")
            held(decided.batch, by=decided.qa)
            with nothing_written(), pytest.raises(Refused, match="legal hold"):
                do("identity.approve_erasure", proposal, by=decided.qp)

    def test_an_order_without_a_batch_keeps_it_too(self, decided: Laboratory) -> None:
        other = copy(decided)
        other.coi = issue_chain(id=uuid4(), subject=decided.coi.subject, by=decided.logistics)
        order = other.ordered()
        words = [kept.words for kept in kept_for(decided.coi.subject) if kept.until is None]
        assert words == [f"Order {order.number}: kept: it has no batch yet"]
