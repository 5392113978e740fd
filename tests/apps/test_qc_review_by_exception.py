"""Review by exception and the review of the audit trail: what is found, who judges it, and what it stands against."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Person
from accounts.refusal import BadInput, NotAllowed, Refused, Stale
from accounts.roles import Role
from accounts.signing import ask, perform
from batches.departures import raise_departure, report_departure
from batches.models import Batch, Definition, Departure, Value
from batches.performing import correct_value
from ledger import clock
from ledger.canonical import digest
from ledger.models import Entry
from ledger.verification import run_check, verify_records
from ledger.writing import writing
from qc.laboratory.receiving import receive_sample
from qc.models import AuditTrailReviewed, ExceptionAssessed, Result
from qc.release.disposition import objections_to_certification
from qc.release.taking_part import took_part
from qc.review_by_exception import rules_page
from qc.review_by_exception.at_the_bench import MOST_CORRECTIONS_IN_A_STEP
from qc.review_by_exception.checks import EXCEPTIONS, TRAIL
from qc.review_by_exception.exceptions import Criticality, RecordException
from qc.review_by_exception.facts import OF_KIND
from qc.review_by_exception.reviewing import every_exception, open_exceptions, review_of
from qc.review_by_exception.rules import BY_CODE, RULES, RULES_VERSION
from qc.review_by_exception.trail import leaves_sha256
from qc.review_by_exception.trail_types import GROUPS, TYPES, group_of
from reports.record_gathering.exceptional import exceptions
from reports.record_gathering.names import Names
from reports.record_gathering.quality import decisions
from reports.record_snapshot import Exceptional
from tests.guards_away import guards_away
from tests.kept import kept_for_a_module
from tests.people import STATION, a_person, at_browser, do, nothing_written, secret_of
from tests.qc_builders import MINOR, SHORT_MASTER, Laboratory
from tests.review_builders import REASON, exceptions_of, judged, new_parts, read_by_exception, trail_reviewed
from tests.unit.test_documentation import ROOT

pytestmark = pytest.mark.django_db
STORAGE = """
      - code: "2.2"
        title: Storage in the tank
        instruction: Place the bag in the tank and read it.
        kind: record
        critical: "yes"
        witness: "yes"
        forced: "yes"
        fields:
          - {code: tank_c, title: Temperature of the tank, type: number, unit: "°C", decimals: "0", high: "-150",
             plausible_low: "-200", plausible_high: "0"}
          - {code: bag_ml, title: Volume of the bag, type: number, unit: mL, decimals: "1", critical: "yes"}
          - {code: shelf, title: Shelf, type: number, unit: "1", decimals: "0"}
      - code: "2.3"
        title: Photograph
        instruction: Take a photograph of the bag.
        kind: record
        critical: "no"
        witness: "no"
        forced: "no"
        optional: "yes"
        fields:
          - {code: photographs, title: Photographs, type: number, unit: "1", decimals: "0"}
  - code: release_testing"""
WHY = "The first entry was a slip of the finger."


class Store(Laboratory):
    """A laboratory whose batch has a step that is begun, and one that may be left out; everything is tested."""

    def __init__(self) -> None:
        super().__init__()
        self.both = a_person(Role.TECHNICIAN, Role.QA)
        self.other_qa = a_person(Role.QA)
        self.trained(self.both)
        self.all_tested()
        self.begun(self.batch, "2.2")

    def defined(self, kind: str, source: str = "") -> Definition:
        longer = SHORT_MASTER.replace("\n  - code: release_testing", STORAGE)
        return super().defined(kind, source or (longer if kind == "master" else ""))

    def worked(self, batch: Batch, *, before: str = "2.2", after: str = "", **values: str) -> Batch:
        return super().worked(batch, before=before, after=after, **values)

    def corrected(self, field: str, first: str, *then: str, by: Person | None = None) -> Value:
        """A value recorded by the technician and corrected before its step is signed."""
        value = self.record(self.batch, "2.2", field, first)
        for typed in then:
            value = correct_value(
                value=value, typed=typed, reason=WHY, by=by or self.technician, id=uuid4(), confirmed=True
            ).value
        return value

    def finished(self) -> None:
        """What is left of the work: the step in the tank, and the photograph that nobody needs."""
        for field, typed in (("tank_c", "-180"), ("bag_ml", "52.0"), ("shelf", "3")):
            if not Value.objects.filter(batch=self.batch, field=field).exists():
                self.record(self.batch, "2.2", field, typed)
        do("step.witness", self.performed(self.batch, "2.2"), by=self.second)
        do("step.leave_out", self.batch, by=self.technician, step="2.3", reason="The camera was not at hand.")

    def found(self, rule: str) -> list[str]:
        """What a rule found, in words."""
        return [one.found.says for one in exceptions_of(self.batch, rule)]


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: object) -> Iterator[Store]:
    with kept_for_a_module(django_db_blocker):
        clock.tell(clock.machine_now() - timedelta(days=20))
        store = Store()
        clock.end_story()
        yield store


@pytest.fixture
def store(kept: Store, db: None) -> Store:
    kept.fresh()
    return kept


@pytest.fixture
def finished(store: Store) -> Store:
    """The same batch with nothing left to do but its review; the step that was left out is its only exception."""
    store.finished()
    store.approved()
    return store


def the_only(store: Store, rule: str) -> RecordException:
    (one,) = exceptions_of(store.batch, rule)
    return one


# What happens in a record, the rule that finds it, how critical it is, and whether it is judged on this page.
def a_critical_value_is_corrected(store: Store) -> None:
    store.corrected("bag_ml", "50.0", "52.0")


def a_failing_value_is_corrected_to_pass(store: Store) -> None:
    store.corrected("tank_c", "-18", "-180")


def somebody_else_corrects(store: Store) -> None:
    store.corrected("shelf", "3", "4", by=store.both)


def a_value_is_corrected_often(store: Store) -> None:
    store.corrected("shelf", "1", "2", "3", "4", "5")


def a_value_beyond_belief_is_confirmed(store: Store) -> None:
    store.corrected("tank_c", "-260")


def a_step_is_left_out(store: Store) -> None:
    store.finished()


def a_code_is_typed(store: Store) -> None:
    vial = store.containers_at("final_product")[-1]
    receive_sample(
        batch=store.batch, scanned=vial.code, was_typed=True, received_at=clock.now(), condition="sealed",
        by=store.analyst, id=uuid4(),
    )  # fmt: skip


def a_submitted_result_is_corrected(store: Store) -> None:
    line = "viability_percent"
    do("result.correct", Result.objects.get(line=line), by=store.analyst, member=line, typed="94.1", reason=WHY)


def a_result_fails(store: Store) -> None:
    line = "viability_percent"
    do("result.correct", Result.objects.get(line=line), by=store.analyst, member=line, typed="59.1", reason=WHY)


def labels_are_of_nothing_here(store: Store) -> None:
    store.reads_label("CT-99-9999-SA-01")


FINDS: tuple[tuple[Callable[[Store], None], str, Criticality, bool], ...] = (
    (a_critical_value_is_corrected, "corrections", Criticality.CRITICAL, True),
    (a_failing_value_is_corrected_to_pass, "corrections", Criticality.CRITICAL, True),
    (somebody_else_corrects, "corrections", Criticality.MAJOR, True),
    (a_value_is_corrected_often, "corrections", Criticality.MAJOR, True),
    (a_value_beyond_belief_is_confirmed, "overrides", Criticality.MAJOR, True),
    (a_step_is_left_out, "overrides", Criticality.MAJOR, True),
    (a_code_is_typed, "typed_codes", Criticality.MINOR, True),
    (a_submitted_result_is_corrected, "corrected_results", Criticality.CRITICAL, True),
    (a_result_fails, "out_of_specification", Criticality.CRITICAL, False),
    (labels_are_of_nothing_here, "identity", Criticality.CRITICAL, False),
)


@pytest.mark.parametrize(
    ("happens", "rule", "criticality", "here"), FINDS, ids=[happens.__name__ for happens, *_others in FINDS]
)
def test_each_rule_finds_what_a_reviewer_has_to_judge(store, happens, rule, criticality, here):
    assert exceptions_of(store.batch, rule) == []

    happens(store)

    one = the_only(store, rule)
    assert (one.criticality, one.is_judged_here, one.is_open) == (criticality, here, True)
    assert one.found.url.startswith("/")


def test_everything_that_was_read_is_listed_where_nothing_was_found(finished):
    checks = {check.rule.code: check for check in review_of(finished.fresh()).checks}

    assert list(checks) == [rule.code for rule in RULES]
    assert {code for code, check in checks.items() if check.status not in ("pass", "none")} == {"overrides"}
    assert {"hold_times", "clearances", "environment"} <= {code for code, one in checks.items() if one.status == "none"}
    counts = {code: checks[code].passed.count for code in ("steps", "witnesses", "identity", "environment", "lapses")}
    assert counts == {
        "steps": "4 of 4",
        "witnesses": "3 of 3",
        "identity": "4 of 4",
        "environment": "0 read, 0 outstanding",
        "lapses": "6 of 6",
    }
    for code in ("steps", "witnesses", "in_process", "identity", "lapses", "out_of_specification", "custody"):
        items = checks[code].passed.items
        assert items
        assert all(item.url.startswith("/") for item in items)


def test_every_kind_of_departure_is_an_exception_of_one_rule_and_its_deviation_judges_it(store):
    with writing():
        raised = {
            kind: raise_departure(batch=store.batch, kind=kind, says="It was not as usual.", by=store.technician)
            for kind in Departure.Kind
        }

    found = {one.found.row.pk: one for one in every_exception(store.fresh())}
    assert {kind: found[row.pk].rule.code for kind, row in raised.items()} == dict(OF_KIND)
    assert {(found[row.pk].is_open, found[row.pk].is_judged_here) for row in raised.values()} == {(True, False)}
    assert open_exceptions(store.fresh()) == []

    told = {"impact": "None: the line was closed.", "conclusion": "No effect on the product."} | MINOR
    do("fact.assess", raised[Departure.Kind.LATE], by=store.qa, **told)

    judgement = the_only(store, "late_entries").judgement
    assert judgement is not None
    assert (judgement.reason, judgement.impact) == (told["conclusion"], told["impact"])


def test_own_corrections_that_change_nothing_are_counted_and_listed_and_not_judged(store):
    store.corrected("shelf", "3", "4", "5")

    assert exceptions_of(store.batch, "corrections") == []
    passed = next(one for one in review_of(store.fresh()).checks if one.rule.code == "corrections").passed
    assert passed.count == "2 self-corrections"
    assert [WHY in item.says for item in passed.items] == [True, True]


@pytest.mark.parametrize("corrections", range(MOST_CORRECTIONS_IN_A_STEP, MOST_CORRECTIONS_IN_A_STEP + 2))
def test_many_corrections_in_a_step_are_one_exception(store, corrections):
    store.corrected("shelf", "1", *(str(number) for number in range(2, 2 + corrections)))

    found = store.found("corrections")

    assert len(found) == (corrections > MOST_CORRECTIONS_IN_A_STEP)


def test_a_correction_after_the_signature_is_a_departure_and_is_asked_for_once(finished):
    value = Value.objects.get(batch=finished.batch, field="bag_ml")
    do("value.correct", value, by=finished.technician, typed="51.0", kind="reread", reason=WHY)

    one = the_only(finished, "corrections")
    assert (one.criticality, one.is_judged_here) == (Criticality.CRITICAL, False)
    assert [each.rule.code for each in open_exceptions(finished.fresh())] == ["overrides"]


def test_an_exception_that_says_something_else_is_open_again(store):
    a_value_is_corrected_often(store)
    first = the_only(store, "corrections")
    judged(store.batch, first, by=store.qa)
    assert not the_only(store, "corrections").is_open

    newest = Value.objects.get(batch=store.batch, field="shelf", superseded_by=None)
    correct_value(value=newest, typed="6", reason=WHY, by=store.technician, id=uuid4())

    again = the_only(store, "corrections")
    assert again.is_open
    assert again.key != first.key
    with nothing_written(), pytest.raises(Refused, match="does not say this any more"):
        judged(store.batch, first, by=store.qa)


def test_nobody_judges_an_exception_about_their_own_act(store):
    somebody_else_corrects(store)
    one = the_only(store, "corrections")

    with nothing_written(), pytest.raises(Refused, match="your own act"):
        judged(store.batch, one, by=store.both)
    row = judged(store.batch, one, by=store.qa)

    assert (row.rules, row.row_id, row.outcome) == (RULES_VERSION, one.row_id, "accept")


@pytest.mark.parametrize("who", ["qp", "reviewer", "technician", "analyst"])
def test_only_quality_assurance_judges_and_reviews_the_trail(store, who):
    a_value_beyond_belief_is_confirmed(store)
    person = getattr(store, who)

    with nothing_written(), pytest.raises(NotAllowed):
        judged(store.batch, the_only(store, "overrides"), by=person)
    with nothing_written(), pytest.raises(NotAllowed):
        trail_reviewed(store.batch, "records", by=person)


def test_a_judgement_says_why_and_a_critical_one_what_it_means_for_the_product(store):
    a_critical_value_is_corrected(store)
    one = the_only(store, "corrections")

    with nothing_written(), pytest.raises(BadInput):
        judged(store.batch, one, by=store.qa, reason="Fine.")
    with nothing_written(), pytest.raises(Refused, match="what it means for the product"):
        judged(store.batch, one, by=store.qa, impact="")
    judged(store.batch, one, by=store.qa, impact="None: the bag was weighed as well.")
    with nothing_written(), pytest.raises(Refused, match="judged already"):
        judged(store.batch, one, by=store.qa)

    judgement = the_only(store, "corrections").judgement
    assert judgement is not None
    assert judgement.impact == "None: the bag was weighed as well."


def test_a_question_is_for_everybody_to_read_and_leaves_the_exception_open(store):
    a_value_beyond_belief_is_confirmed(store)
    one = the_only(store, "overrides")

    judged(store.batch, one, by=store.qa, outcome="ask", reason="Which display was read at that time?")

    asked = the_only(store, "overrides")
    assert asked.is_open
    page = at_browser(store.technician).get(reverse("qc:review", args=[store.batch.number])).content.decode()
    assert "Which display was read at that time?" in page
    judged(store.batch, asked, by=store.other_qa)
    assert [row.outcome for row in the_only(store, "overrides").answers] == ["ask", "accept"]


def test_the_batch_record_states_what_is_open_what_was_asked_and_how_it_was_judged(store):
    def as_printed() -> Exceptional:
        found = exceptions(store.fresh(), Names(store.batch)).stated
        (one,) = [each for each in found if each.kind.startswith(str(BY_CODE["overrides"].kind))]
        return one

    a_value_beyond_belief_is_confirmed(store)
    judged(store.batch, the_only(store, "overrides"), by=store.qa, outcome="ask", reason="Which display was read?")
    asked = as_printed()
    row = judged(store.batch, the_only(store, "overrides"), by=store.other_qa)
    told = as_printed()

    assert (asked.evaluation.code, asked.signature) == ("open", None)
    assert f"Asked by {store.qa.name}" in asked.conclusion
    assert "Which display was read?" in asked.conclusion
    assert (told.evaluation.words, told.says) == ("Accepted", asked.says)
    assert told.signature is not None
    assert told.signature.name == store.other_qa.name
    assert told.conclusion.endswith(REASON)
    assert (told.impact, row.impact) == ("–", "")
    printed = decisions(store.batch, Names(store.batch), stated_already={row.pk})
    assert [one.statement.count("Which display was read?") for one in printed if one.title == "Exception"] == [1]


def test_opening_a_deviation_closes_the_exception_with_a_departure_that_somebody_else_assesses(store):
    a_value_beyond_belief_is_confirmed(store)

    row = judged(store.batch, the_only(store, "overrides"), by=store.qa, outcome="deviation")

    departure = Departure.objects.get(pk=row.departure_id)
    assert departure.about_id == Value.objects.get(batch=store.batch, field="tank_c").pk
    assert "outside its plausible range" in departure.says
    assert not the_only(store, "overrides").is_open
    assert the_only(store, "departures").is_open
    told = {"impact": "None: the display of the tank jumps.", "conclusion": "No effect on the product."} | MINOR
    with nothing_written(), pytest.raises(Refused, match="You reported this yourself"):
        do("fact.assess", departure, by=store.qa, **told)
    do("fact.assess", departure, by=store.other_qa, **told)


def test_an_open_exception_alone_stands_against_review_and_certification(finished):
    trail = [one for one in new_parts(finished.batch) if one.entries]
    for part in (one for one in trail if one.group.is_critical):
        trail_reviewed(finished.batch, part.group.code, by=finished.qa)
    trail_reviewed(finished.batch, *(one.group.code for one in trail if not one.group.is_critical), by=finished.qa)

    assert finished.codes() == ["exception_open", "no_review"]
    with nothing_written(), pytest.raises(Refused, match=r"Not judged: Step 2\.3"):
        do("record.review", finished.batch, by=finished.qa)
    judged(finished.batch, the_only(finished, "overrides"), by=finished.qa)
    do("record.review", finished.batch, by=finished.qa)
    assert finished.codes() == []
    assert took_part(finished.batch, finished.qa) == []
    finished.certified()
    assert verify_records().findings == []


def test_the_audit_trail_alone_stands_against_review_and_certification(finished):
    judged(finished.batch, the_only(finished, "overrides"), by=finished.qa)

    assert finished.codes() == ["trail_open", "no_review"]
    with nothing_written(), pytest.raises(Refused, match="audit trail is not reviewed"):
        do("record.review", finished.batch, by=finished.qa)
    (objection,) = [one for one in objections_to_certification(finished.fresh()) if one.code == "trail_open"]
    assert objection.url == reverse("qc:review-trail", args=[finished.batch.number])


def test_the_trail_shows_only_what_is_new_and_never_its_own_review(finished):
    read_by_exception(finished.batch, by=finished.qa)
    assert new_parts(finished.batch) == []

    report_departure(batch=finished.batch, says="The lamp flickered.", by=finished.technician, id=uuid4())

    (part,) = new_parts(finished.batch)
    assert [(entry.type, part.group.code) for entry in part.entries] == [("departure.reported", "departures")]
    row = trail_reviewed(finished.batch, "departures", by=finished.qa)
    newest = Entry.objects.get(type="departure.reported")
    (span,) = part.spans
    stated = {"group": "departures", "after": span.after, "upto": newest.sseq, "entries": 1}
    stated |= {"stream": finished.batch.stream_name(), "sha256": leaves_sha256([newest])}
    assert row.groups == [stated]
    assert row.groups[0]["sha256"] == digest(newest.leaf.encode())
    assert new_parts(finished.batch) == []


def test_a_critical_group_is_signed_by_itself_and_never_by_who_wrote_in_it(finished):
    report_departure(batch=finished.batch, says="The lamp flickered.", by=finished.qa, id=uuid4())

    with nothing_written(), pytest.raises(Refused, match="reviewed by itself"):
        trail_reviewed(finished.batch, "departures", "records", by=finished.other_qa)
    with nothing_written(), pytest.raises(Refused, match="you wrote an entry in it"):
        trail_reviewed(finished.batch, "departures", by=finished.qa)
    trail_reviewed(finished.batch, "departures", by=finished.other_qa)
    trail_reviewed(finished.batch, "decisions", "records", by=finished.qa)
    with nothing_written(), pytest.raises(Refused, match="Nothing is new"):
        trail_reviewed(finished.batch, "records", by=finished.qa)
    with nothing_written(), pytest.raises(Refused, match="no group called nothing"):
        trail_reviewed(finished.batch, "nothing", by=finished.qa)
    with nothing_written(), pytest.raises(Refused, match="which groups you read"):
        trail_reviewed(finished.batch, by=finished.qa)


def test_an_entry_that_comes_between_reading_and_signing_refuses_the_signature(finished):
    challenge, _shown = ask("audit_trail.review", finished.batch.pk, {"groups": ["records"]}, by=finished.qa)
    finished.reads_label(finished.containers_at("final_product")[-1].code)

    with nothing_written(), pytest.raises(Stale):
        perform(
            challenge.pk, username=finished.qa.username, secret=secret_of(finished.qa), station=STATION,
            at_hand=finished.qa,
        )  # fmt: skip


def test_a_step_that_is_signed_again_is_read_with_the_corrections(finished):
    read_by_exception(finished.batch, by=finished.qa)
    value = Value.objects.get(batch=finished.batch, field="shelf")
    do("value.correct", value, by=finished.technician, typed="4", kind="reread", reason=WHY)
    finished.performed(finished.batch, "2.2")

    corrections = next(part for part in new_parts(finished.batch) if part.group.code == "corrections")

    assert [entry.type for entry in corrections.entries] == [
        "value.corrected", "value.correction_signed", "step.performed",
    ]  # fmt: skip
    page = at_browser(finished.qa).get(reverse("qc:review-trail", args=[finished.batch.number])).content.decode()
    assert "typed: 3 → 4" in page
    assert finished.technician.name in page


def test_verification_finds_a_judgement_of_ones_own_act_and_a_review_of_other_entries(store):
    somebody_else_corrects(store)
    one = judged(store.batch, the_only(store, "corrections"), by=store.qa)
    read = trail_reviewed(store.batch, "records", by=store.qa)
    assert run_check(EXCEPTIONS) + run_check(TRAIL) == []

    with guards_away():
        ExceptionAssessed.objects.filter(pk=one.pk).update(actor=store.both.reference)
        AuditTrailReviewed.objects.filter(pk=read.pk).update(groups=[read.groups[0] | {"entries": 1, "after": 3}])

    assert [finding.says for finding in run_check(EXCEPTIONS)] == ["somebody judged an exception about their own row"]
    own = f"records in {store.batch.stream_name()}"
    assert [finding.says for finding in run_check(TRAIL)] == [
        f"{own} does not begin where the review before ended", f"{own} does not state what the stream holds",
    ]  # fmt: skip


def test_every_type_of_entry_belongs_to_a_group_and_what_is_unknown_is_a_record():
    assert {group_of(code, 1).code for code in TYPES} == {group.code for group in GROUPS}
    assert group_of("something.new", 1).code == "records"
    assert group_of("step.performed", 2).code == "corrections"
    assert group_of("results.approved", 2).code == "decisions"


def test_page_and_api_show_the_same_and_the_acts_go_through_challenges(store):
    a_critical_value_is_corrected(store)
    browser, at = at_browser(store.qa), f"/api/v1/batches/{store.batch.number}/review/"

    told = browser.get(at).json()
    (one,) = told["exceptions"]
    page = browser.get(reverse("qc:review", args=[store.batch.number])).content.decode()
    for words in (one["says"], one["old"], one["new"], one["reason"], RULES_VERSION, one["key"]):
        assert words in page
    assert [check["rule"] for check in told["checks"]] == [rule.code for rule in RULES]
    assert {part["group"] for part in told["audit_trail"]} == {group.code for group in GROUPS}

    intent = {"exception": one["key"], "outcome": "accept", "reason": REASON, "impact": "None: it was weighed as well."}
    sent = {"act": "exception.judge", "record": str(store.batch.pk), "intent": intent}
    asked = browser.post("/api/v1/challenges/", json.dumps(sent), content_type="application/json")
    assert asked.status_code == 201, asked.content
    body = {"challenge": asked.json()["challenge"], "username": store.qa.username, "secret": secret_of(store.qa)}
    done = browser.post("/api/v1/acts/exception.judge/", json.dumps(body), content_type="application/json")
    assert done.status_code == 201, done.content
    (now,) = browser.get(at).json()["exceptions"]
    assert now["judgement"]["reason"] == REASON


def test_reading_a_record_costs_as_many_statements_however_much_was_corrected(store):
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert len(open_exceptions(store.batch)) >= 1
        return len(asked)

    a_critical_value_is_corrected(store)
    few = statements()
    a_value_is_corrected_often(store)
    a_failing_value_is_corrected_to_pass(store)
    a_code_is_typed(store)

    assert statements() <= few <= 31


def test_the_published_rules_are_those_of_the_code():
    page = ROOT / "docs" / "reference" / "review-rules.md"

    assert page.read_text("utf-8") == rules_page.page(), "Run ./dev review-rules."
    assert all(len(rule.code) <= ExceptionAssessed._meta.get_field("rule").max_length for rule in RULES)
    assert set(OF_KIND) == set(Departure.Kind)
    assert set(OF_KIND.values()) <= set(BY_CODE)
