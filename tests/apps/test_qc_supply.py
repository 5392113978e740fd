"""Supply out of specification: each thing alone stops it, only what is named leaves, and everybody is told in time.

One batch goes on through the module: refused, then ready, then supplied; each test takes back what it did.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.acts import all_acts
from accounts.models import Person
from accounts.refusal import NotAllowed, Refused
from accounts.roles import Role
from batches.departures import report_departure
from batches.fates import meant_words
from batches.label_content import OUT_OF_SPECIFICATION
from batches.label_prints import labels_in
from batches.models import Departure
from chain_of_custody.models import ContainerFate, Party
from ledger import clock, files
from ledger.models import Head
from ledger.verification import verify_records
from qc.models import ExceptionalSupply, InfusionReport, NotificationDue, PhysicianAnswer, SupplyStatement
from qc.release.assessing import open_facts
from qc.release.leaving import until_expired
from qc.release.notifying import positives_after_supply
from qc.release.pending import Decision
from qc.supply.deciding import objections_to_supply
from qc.supply.items import items_of, missing
from qc.supply.lines import objections_to_ever_supplying, shown_lines
from qc.supply.naming import objections_to_containers
from qc.supply.standing import standing_of
from qc.supply.work import supply_work_of
from qc.work import work_of
from reports.labels import render_labels
from reports.models import Document
from reports.reading import in_preparation
from reports.record_gathering.names import Names
from reports.record_gathering.quality import decisions
from tests.after_release_builders import said_of
from tests.apps.test_incidents import about
from tests.apps.test_qc_release import with_role
from tests.custody_builders import a_party, stated
from tests.documents_builders import everything_made, pages_of, squeezed
from tests.kept import kept_for_a_module
from tests.labels_builders import applied_all, printed_for
from tests.people import at_browser, do, nothing_written
from tests.qc_builders import MINOR, STERILITY
from tests.supply_builders import SupplyLaboratory, UnitedStates, in_supply

pytestmark = pytest.mark.django_db
MOST_STATEMENTS = 150


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: object) -> Iterator[SupplyLaboratory]:
    """A batch of a licensed product that was not certified; nobody asked the physician yet."""
    with kept_for_a_module(django_db_blocker):
        laboratory = in_supply(days=40)  # a second batch is tested for fourteen days in a test
        clock.end_story()
        yield laboratory


@pytest.fixture(scope="module")
def kept_ready(kept: SupplyLaboratory, django_db_blocker: object) -> SupplyLaboratory:
    """The same batch with everything that its supply needs; tests of what comes before stand above."""
    return goes_on(kept, kept.prepared, django_db_blocker)


@pytest.fixture(scope="module")
def kept_supplied(kept_ready: SupplyLaboratory, django_db_blocker: object) -> SupplyLaboratory:
    """The same batch with the decision to supply its first bag; tests of what comes before stand above."""
    return goes_on(kept_ready, kept_ready.supply_decided, django_db_blocker)


def goes_on(laboratory: SupplyLaboratory, act: Callable[[], object], blocker: object) -> SupplyLaboratory:
    with blocker.unblock():  # type: ignore[attr-defined]  # pytest-django's blocker has no public type
        in_story(laboratory)
        act()
        clock.end_story()
    return laboratory


def in_story(laboratory: SupplyLaboratory) -> SupplyLaboratory:
    """A minute after the newest entry of the ledger."""
    newest = Head.objects.get().at
    assert newest is not None
    clock.tell(newest + timedelta(minutes=1))
    laboratory.fresh()
    return laboratory


@pytest.fixture
def refused(kept: SupplyLaboratory, db: None) -> Iterator[SupplyLaboratory]:
    """The batch, not certified, in its story."""
    assert not PhysicianAnswer.objects.exists()
    yield in_story(kept)
    clock.end_story()


@pytest.fixture
def ready(kept_ready: SupplyLaboratory, db: None) -> Iterator[SupplyLaboratory]:
    """Everything that its supply needs is there."""
    assert not ExceptionalSupply.objects.exists()
    yield in_story(kept_ready)
    clock.end_story()


@pytest.fixture
def supplied(kept_supplied: SupplyLaboratory, db: None) -> Iterator[SupplyLaboratory]:
    """Its first bag may go to the hospital."""
    yield in_story(kept_supplied)
    clock.end_story()


def supply() -> ExceptionalSupply:
    return ExceptionalSupply.objects.get()


def codes(laboratory: SupplyLaboratory) -> set[str]:
    return {one.code for one in objections_to_supply(laboratory.fresh(), laboratory.decider)}


def page_of(laboratory: SupplyLaboratory) -> str:
    return at_browser(laboratory.qa).get(f"/batches/{laboratory.batch.number}/release/").content.decode()


def titles_for(laboratory: SupplyLaboratory, person: Person) -> list[str]:
    about = laboratory.batch.number
    return [str(task.title) for task in supply_work_of(person) if task.batch == about]


def told(laboratory: SupplyLaboratory, due: NotificationDue, at: datetime) -> None:
    said = {"told": "Duty officer", "said": "One bag of an out-of-specification product was infused."}
    do("notification.done", due, by=laboratory.qa, happened_at=at.isoformat(), **said)


# Asking the physician


def test_the_physician_is_asked_from_the_moment_of_the_decision(refused):
    ask = f"Ask the physician: {refused.batch.number} is not certified"

    assert titles_for(refused, refused.qa) == titles_for(refused, refused.qp) == [ask]
    assert titles_for(refused, refused.technician) == []
    assert "nothing is destroyed, until the treating physician has answered" in page_of(refused)
    with nothing_written(), pytest.raises(Refused, match="not asked for this product"):
        refused.evaluated()


def test_another_answer_than_supply_ends_the_question_once_it_is_checked(refused):
    row = refused.answered(answer="new_collection", reason="", alternatives="", consequence="", check=False)
    assert titles_for(refused, refused.qp) == ["Check the physician's answer"]
    assert titles_for(refused, refused.qa) == []
    with nothing_written(), pytest.raises(Refused, match="second person"):
        do("physician_answer.check", row, by=refused.qa)
    do("physician_answer.check", row, by=refused.qp)

    assert titles_for(refused, refused.qa) == titles_for(refused, refused.qp) == []
    with nothing_written(), pytest.raises(Refused, match="not asked for this product"):
        refused.evaluated()


@pytest.mark.parametrize("name", ["reason", "alternatives", "consequence", "evidence_reference"])
def test_a_request_for_supply_says_everything_and_is_proven(refused, name):
    with nothing_written(), pytest.raises(Refused) as caught:
        refused.answered(**{name: ""})

    assert [one.field for one in caught.value.objections] == [name]


def test_the_page_goes_from_item_to_item_until_nothing_is_missing(refused):
    refused.answered()
    assert titles_for(refused, refused.qa) == ["Supply: Containers and who takes them"]
    page = page_of(refused)
    assert "Before you can sign" in page
    assert page.count('<button class="button button--primary" type="submit">') == 1
    assert "Nobody has named the containers" in page
    with nothing_written(), pytest.raises(Refused, match="accepts after seeing it"):
        refused.said("acceptance")
    refused.named()
    assert titles_for(refused, refused.qa) == ["Supply: Evaluation of the risk by the manufacturer"]
    evaluation = refused.evaluated()
    before = (evaluation.signed_at - timedelta(minutes=2)).isoformat()
    with nothing_written(), pytest.raises(Refused, match="after having seen the evaluation"):
        refused.said("acceptance", happened_at=before)
    accepted = refused.said("acceptance", check=False)
    assert [(each["line"], each["is_failing"]) for each in accepted.lines] == [("viability_percent", True)]
    refused.said("consent")
    assert titles_for(refused, refused.qa) == ["Supply: The physician's acceptance"]
    assert codes(refused) == {"supply_acceptance"}
    do("supply.check_statement", accepted, by=refused.qp)

    assert titles_for(refused, refused.qp) == ["Decide on the supply out of specification"]
    assert codes(refused) == set()


def test_what_is_not_whole_or_not_asked_for_is_not_taken(refused):
    refused.answered()
    for act, why in (
        (lambda: refused.said("sponsor"), "does not ask"),
        (lambda: refused.said("protocol"), "does not ask"),
        (lambda: refused.said("consent", reference=""), "consent form is missing"),
        (lambda: refused.evaluated(document=str(uuid4())), "isn't stored here"),
        (lambda: refused.named(refused.containers_at("final_product")[0].code), "Not a final bag of this batch"),
        (lambda: refused.named(recipient=refused.courier), "Choose the hospital"),
        (lambda: refused.named(carrier=refused.hospital), "Choose a courier"),
    ):
        with nothing_written(), pytest.raises(Refused, match=why):
            act()


def test_cells_of_uncertain_identity_are_never_supplied(refused):
    other = refused.for_another_patient()
    other.batch = other.issued()
    other.begun(other.batch, "1.1")
    other.fresh()
    do("manufacture.end", other.batch, by=refused.reviewer, how="terminated", why="poor_growth", says="No expansion.")
    with nothing_written(), pytest.raises(Refused, match="once a batch was not certified"):
        other.answered()
    for fact in open_facts(other.fresh()):
        words = MINOR | {"impact": "The cells never grew.", "conclusion": "Manufacture ended."}
        do("fact.assess", fact.id, by=refused.qa, **words)
    do("results.approve", other.batch, by=refused.second_reviewer)
    other.record_reviewed()
    other.certified("not_certified", statement="Manufacture ended early.")
    other.fresh()
    other.answered()

    against = objections_to_ever_supplying(other.batch)

    assert {one.field for one in against if one.code == "identity"} == {"car_positive_percent", "cd3_positive_percent"}
    with nothing_written(), pytest.raises(Refused, match="go to nobody"):
        other.evaluated()
    assert "This product can&#x27;t be supplied" in page_of(other) or "This product can't be supplied" in page_of(other)
    assert titles_for(other, refused.qa) == []


def test_in_the_united_states_the_protocol_is_needed_and_the_quality_unit_decides(refused):
    other = refused.for_another_patient(UnitedStates)
    other.defined("product")
    other.batch = other.worked(other.issued())
    other.refused()
    other.prepared(but="protocol")
    assert codes(other) == {"supply_protocol"}
    with nothing_written(), pytest.raises(Refused, match="IND is missing"):
        other.said("protocol", reference="")
    other.said("protocol")
    with nothing_written(), pytest.raises(NotAllowed, match="names who decides: Quality assurance"):
        other.supply_decided(by=other.qp)

    decided = other.supply_decided()

    assert decided.signer == other.decider
    assert SupplyStatement.objects.get(kind="protocol").reference == "IND 29107"
    assert verify_records().findings == []


# Each thing alone


@pytest.mark.clause("EU GMP Part IV 11.54", "supplies nothing while any of what is needed is missing")
@pytest.mark.parametrize(
    ("without", "missing_code"),
    [
        ({"answer": None}, "supply_request"),
        ({"naming": None}, "supply_containers"),
        ({"evaluation": None}, "supply_evaluation"),
        ({"statements": "consent"}, "supply_consent"),
        ({"statements": "acceptance"}, "supply_acceptance"),
    ],
)
def test_each_thing_alone_is_missed(ready, without, missing_code):
    standing = standing_of(ready.batch)
    assert missing(items_of(ready.batch, standing)) == []
    if kind := without.get("statements"):
        without = {"statements": {key: row for key, row in standing.statements.items() if key != kind}}

    found = [one.code for one in missing(items_of(ready.batch, replace(standing, **without)))]

    # An acceptance is of one evaluation and goes with it.
    assert found == [missing_code, *(["supply_acceptance"] if missing_code == "supply_evaluation" else [])]


def test_the_page_of_a_supply_asks_few_statements_however_many_bags_are_named(ready):
    browser = at_browser(ready.qp)

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(f"/batches/{ready.batch.number}/release/").status_code == 200
        return len(asked)

    few = statements()
    ready.named(*(one.code for one in ready.bags()))

    assert statements() <= few <= MOST_STATEMENTS


def request_is_not_checked(laboratory: SupplyLaboratory) -> None:
    laboratory.answered(check=False)


def another_answer_came(laboratory: SupplyLaboratory) -> None:
    laboratory.answered(answer="remake")


def named_bag_is_offered(laboratory: SupplyLaboratory) -> None:
    bag = laboratory.bags()[0]
    holder, site = bag.state.holder_person, str(laboratory.site.pk)
    assert holder is not None
    do("custody.offer", laboratory.coi, by=holder, containers=[bag.code], taker=site)


def named_bag_is_destroyed(laboratory: SupplyLaboratory) -> None:
    bag, why = laboratory.bags()[0], "Dropped in the store, form W-12"
    do("container.end", bag, by=laboratory.technician, fate="destroyed", volume_ml="65", route="GMO waste", reason=why)


def evaluated_again(laboratory: SupplyLaboratory) -> None:
    laboratory.evaluated()


def consent_is_not_checked(laboratory: SupplyLaboratory) -> None:
    laboratory.said("consent", check=False)


def acceptance_is_not_checked(laboratory: SupplyLaboratory) -> None:
    laboratory.said("acceptance", check=False)


def another_line_fails(laboratory: SupplyLaboratory) -> None:
    laboratory.read(STERILITY, "growth", replicate=1)


def a_departure_nobody_assessed(laboratory: SupplyLaboratory) -> None:
    report_departure(batch=laboratory.batch, says="The door stood open.", by=laboratory.technician, id=uuid4())


def it_is_put_on_hold(laboratory: SupplyLaboratory) -> None:
    do("batch.hold", laboratory.batch, by=laboratory.qa, scope="disposition", containers=[], reason="An alarm is open.")


def an_incident_of_the_record(laboratory: SupplyLaboratory) -> None:
    about(laboratory.batch.stream_name())


ALONE: tuple[tuple[Callable[[SupplyLaboratory], None], set[str]], ...] = (
    (request_is_not_checked, {"supply_request"}),
    (another_answer_came, {"supply_request"}),
    (named_bag_is_offered, {"supply_containers", "offer_open"}),
    (named_bag_is_destroyed, {"supply_containers"}),
    (evaluated_again, {"supply_acceptance"}),
    (consent_is_not_checked, {"supply_consent"}),
    (acceptance_is_not_checked, {"supply_acceptance"}),
    (another_line_fails, {"supply_evaluation", "supply_acceptance", "fact_open"}),
    (a_departure_nobody_assessed, {"fact_open"}),
    (it_is_put_on_hold, {"on_hold"}),
    (an_incident_of_the_record, {"integrity"}),
)


@pytest.mark.clause("EU GMP Part IV 11.54", "supplies nothing while anything stands against it")
@pytest.mark.parametrize(("happens", "stops"), ALONE, ids=[happens.__name__ for happens, _stops in ALONE])
def test_each_thing_alone_stops_a_supply(ready, happens, stops):
    happens(ready)
    ready.fresh()

    with nothing_written(), pytest.raises(Refused) as caught:
        ready.supply_decided()
    assert {one.code for one in caught.value.objections} == stops


# Who decides, and what it is


def test_a_person_of_the_role_that_the_profile_names_decides_who_did_not_evaluate_or_work_on_it(kept_ready, ready):
    for person, why in ((ready.qa, "names who decides"), (ready.technician, "do not allow"), (ready.reviewer, "allow")):
        with nothing_written(), pytest.raises(NotAllowed, match=why):
            ready.supply_decided(by=person)
    tester = with_role(ready.analyst, Role.QUALIFIED_PERSON)
    with nothing_written(), pytest.raises(Refused, match="You worked on this batch"):
        ready.supply_decided(by=tester)
    both = with_role(ready.qa, Role.QUALIFIED_PERSON)
    with nothing_written(), pytest.raises(Refused, match="signed the evaluation") as caught:
        ready.supply_decided(by=both)
    assert "You reviewed the record; another person decides." in [one.says for one in caught.value.objections]
    reviewer = with_role(ready.reviewer, Role.QA)
    with nothing_written(), pytest.raises(Refused, match="You worked on this batch"):
        ready.evaluated(by=reviewer)


def test_nothing_leaves_before_the_decision(ready):
    with nothing_written(), pytest.raises(Refused, match="not certified"):
        ready.offered(ready.bags()[0])


def test_of_two_bags_the_one_that_is_still_here_stays_when_it_is_taken_back(ready):
    first, second = ready.bags()
    ready.named(first.code, second.code, carrier=ready.courier)
    decided = ready.supply_decided()
    ready.handed_over(first)
    ready.revoked(decided)

    with nothing_written(), pytest.raises(Refused, match="not certified"):
        ready.offered(second)
    assert meant_words(ready.fresh(), first).endswith(decided.number)
    assert meant_words(ready.batch, second) == ""
    fate = ready.infused(first)
    assert not Departure.objects.filter(about_id=fate.pk).exists()


def test_infusions_are_told_together_while_nobody_was_told(ready):
    first, second = ready.bags()
    ready.named(first.code, second.code, carrier=ready.courier)
    ready.supply_decided()
    # The courier that is named may take a bag; the hospital brings the other one itself.
    ready.handed_over(first)
    do("custody.accept_attested", ready.offered(second, taker=ready.courier), by=ready.logistics, place="SH-207",
       condition="intact", happened_at=clock.now().isoformat(), **stated("Paul Meier", "driver"))  # fmt: skip
    ready.infused(first)
    due = NotificationDue.objects.get(recipient="authority")
    fate = ready.infused(second)  # the courier holds it still: not where it was to go
    assert Departure.objects.filter(about_id=fate.pk).exists()
    assert NotificationDue.objects.filter(recipient="authority").count() == 1
    told(ready, due, clock.now())


def test_an_infusion_that_is_reported_from_the_bedside_is_told_as_any_other(ready):
    first, _second = ready.bags()
    ready.named(first.code)
    ready.supply_decided()
    ready.handed_over(first)
    clock.tell(clock.now() + timedelta(hours=1))

    report = do("infusion.report", ready.fresh(), by=ready.logistics, **said_of(first, ready.coi))
    assert isinstance(report, InfusionReport)
    assert report.wrong == []
    do("infusion.confirm", report, by=ready.qa)

    assert NotificationDue.objects.get(recipient="authority").cause_id == ContainerFate.objects.get(container=first).pk


@pytest.mark.parametrize("is_told_first", [False, True])
def test_an_infusion_after_the_telling_is_told_anew(ready, is_told_first):
    first, second = ready.bags()
    ready.named(first.code, second.code)
    ready.supply_decided()
    ready.handed_over(first, second)
    ready.infused(first)
    if is_told_first:
        told(ready, NotificationDue.objects.get(recipient="authority"), clock.now())
    ready.infused(second)

    assert NotificationDue.objects.filter(recipient="authority").count() == (2 if is_told_first else 1)


def test_the_labels_of_named_bags_carry_the_legend_from_the_decision_on(supplied):
    named, other = supplied.bags()

    def to_label() -> list[str]:
        return [task.title for task in supply_work_of(supplied.technician) if "legend" in task.title]

    assert to_label() == [f"Label with the legend: {named.code}"]
    told = at_browser(supplied.qa).get(f"/api/v1/batches/{supplied.batch.number}/supply/").json()
    assert told["without_legend"] == [named.code]
    page = at_browser(supplied.qa).get(f"/batches/{supplied.batch.number}/release/").content.decode()
    assert f"No label with the legend is on {named.code} yet." in page

    printed = printed_for(supplied.batch, by=supplied.technician)
    labels = {label.container: label for label in labels_in(printed)}
    assert labels[named.code].statements[0] == OUT_OF_SPECIFICATION
    assert OUT_OF_SPECIFICATION not in labels[other.code].statements
    assert to_label() != []
    applied_all(printed, by=supplied.technician)
    assert to_label() == []
    specimen = squeezed("".join(pages_of(render_labels(labels_in(printed), title="Labels"))))
    assert specimen.count(squeezed(OUT_OF_SPECIFICATION)) == 1

    supplied.revoked(supply())
    again = printed_for(
        supplied.fresh(), by=supplied.technician, purpose="relabel", reason="The supply was taken back."
    )
    assert not any(OUT_OF_SPECIFICATION in label.statements for label in labels_in(again))


@pytest.mark.clause("EU GMP Part IV 11.53", "is supplied, never certified, by a decision of its own")
def test_the_batch_stays_not_certified(supplied):
    decided = supply()

    assert re.fullmatch(r"ES-\d\d-0001", decided.number)
    assert (decided.meaning, decided.signer) == ("approved", supplied.qp)
    assert supplied.fresh().state.disposition == Decision.NOT_CERTIFIED
    assert decided.lines == [one.stated() for one in shown_lines(supplied.batch)]
    due = NotificationDue.objects.get(line=f"supply:{decided.number}", recipient="sponsor")
    assert due.due_at == decided.signed_at + timedelta(hours=24)
    with nothing_written(), pytest.raises(Refused, match="Take it back first"):
        supplied.supply_decided()
    assert verify_records().findings == []


def test_a_bag_that_expires_is_neither_named_nor_handed_over(supplied):
    bag = supplied.bags()[0]
    assert objections_to_containers([bag]) == []
    bag.expires_at = clock.now()

    assert [one.code for one in objections_to_containers([bag])] == ["expired"]
    assert [one.code for one in until_expired([bag], supplied.hospital)] == ["expired"]


def test_bags_leave_for_the_named_party_alone(supplied):
    first, second = supplied.bags()
    elsewhere = a_party(Party.Kind.HOSPITAL, by=supplied.logistics)
    for bags, taker, why in (
        ((first,), elsewhere, "names who takes"),
        ((first,), supplied.courier, "names who takes"),
        ((second,), supplied.hospital, "not named in the supply"),
        ((first, second), supplied.hospital, "not named in the supply"),
    ):
        with nothing_written(), pytest.raises(Refused, match=why):
            supplied.offered(*bags, taker=taker)


@pytest.mark.clause("EU GMP Part IV 11.54", "tells the authority within its hours from the infusion")
def test_an_infusion_was_meant_and_starts_the_clock_of_the_authority(supplied):
    bag = supplied.bags()[0]
    supplied.handed_over(bag)
    clock.tell(clock.now() + timedelta(hours=5))
    fate = supplied.infused(bag, hours_ago=2)

    assert not Departure.objects.filter(batch=supplied.batch, about_id=fate.pk).exists()
    words = "supplied out of specification at a physician's request"
    assert meant_words(supplied.fresh(), bag).startswith(words)
    due = NotificationDue.objects.get(recipient="authority")
    assert due.due_at == fate.happened_at + timedelta(hours=48)
    assert words in due.says
    with nothing_written(), pytest.raises(Refused, match="before the infusion"):
        told(supplied, due, fate.happened_at - timedelta(minutes=2))
    clock.tell(due.due_at + timedelta(minutes=1))
    assert "Overdue" in page_of(supplied)
    assert [task for task in work_of(supplied.qa) if task.due_at == due.due_at]
    told(supplied, due, fate.happened_at + timedelta(minutes=20))  # before anybody recorded the infusion here
    with nothing_written(), pytest.raises(Refused, match="Every named container has left"):
        supplied.revoked(supply())
    assert verify_records().findings == []


def test_an_infusion_of_what_is_not_supplied_is_a_departure(supplied):
    first, second = supplied.bags()
    for bag in (second, first):  # not named; named, and not handed over
        fate = supplied.infused(bag)
        assert Departure.objects.get(about_id=fate.pk).says.endswith("although its batch was not certified.")
    assert not NotificationDue.objects.filter(recipient="authority").exists()


def test_growth_after_the_decision_is_told_and_keeps_what_is_still_here(supplied):
    assert positives_after_supply(supplied.batch) == {}
    supplied.read(STERILITY, "growth", replicate=1)

    dues = NotificationDue.objects.filter(line=STERILITY)
    assert {due.recipient for due in dues} == {"physician", "sponsor", "authority"}
    assert all("was supplied out of specification, and then" in due.says for due in dues)
    assert supplied.fresh().state.after_release == ""
    with nothing_written(), pytest.raises(Refused, match="growth was seen"):
        supplied.offered(supplied.bags()[0])
    assert "After the decision to supply" in page_of(supplied)


def test_it_is_taken_back_before_the_bag_has_left_and_everything_is_said_anew(supplied):
    decided = supply()
    with nothing_written(), pytest.raises(NotAllowed):
        supplied.revoked(decided, by=supplied.technician)
    supplied.revoked(decided)

    with nothing_written(), pytest.raises(Refused, match="not certified"):
        supplied.offered(supplied.bags()[0])
    with nothing_written(), pytest.raises(Refused, match="already"):
        supplied.revoked(decided)
    needed = ("request", "containers", "evaluation", "consent", "acceptance")
    assert codes(supplied) == {f"supply_{each}" for each in needed}
    assert "Taken back" in page_of(supplied)
    titles = [one.title for one in decisions(supplied.fresh(), Names(supplied.batch))]
    assert set(titles) >= {
        "Answer of the physician", "Answer of the physician, compared with its evidence",
        "Supply: containers and who takes them", "Supply: evaluation of the risk",
        "Supply: information and consent of the patient",
        "Supply: information and consent of the patient, compared with its evidence",
        "Supply: the physician's acceptance", "Supply: the physician's acceptance, compared with its evidence",
        f"Supply at the physician's request, {decided.number}", f"Supply {decided.number} taken back",
    }  # fmt: skip
    clock.tell(clock.now() + timedelta(minutes=1))
    supplied.prepared()
    assert supplied.supply_decided().number.endswith("0002")
    assert verify_records().findings == []


def test_the_api_says_the_same(supplied):
    answer = at_browser(supplied.qp).get(f"/api/v1/batches/{supplied.batch.number}/supply/").json()

    assert answer["is_asked"] is True
    assert [one["code"] for one in answer["items"]] == [
        "lines", "request", "containers", "evaluation", "consent", "acceptance",
    ]  # fmt: skip
    assert all(one["is_there"] for one in answer["items"])
    assert answer["answer"]["checked_by"] == supplied.qp.username
    assert answer["naming"]["recipient"] == supplied.hospital.name
    assert answer["decision"]["number"] == supply().number
    assert [one["line"] for one in answer["decision"]["lines"]] == ["viability_percent"]
    assert [one["code"] for one in answer["objections"]] == ["decided"]


CLAIMS = re.compile(r"releas|certif", re.IGNORECASE)
# What may be said of the batch: that it is not certified, and by what documents.
MAY_BE_SAID = re.compile(r"not certified|not to certify|certificate of analysis|batch certificate", re.IGNORECASE)


def test_no_word_of_a_supply_claims_that_the_batch_is_released_or_certified(supplied):
    texts = [str(label) for model in (PhysicianAnswer.Answer, SupplyStatement.Kind) for label in model.labels]
    for act in all_acts():
        if act.code.startswith(("supply.", "physician_answer.")):
            texts += [act.code, str(act.title), str(act.verb), str(act.meaning_text)]
    page = page_of(supplied)
    sections = re.findall(r'<section[^>]*aria-labelledby="(?:physician|supply)-title".*?</section>', page, re.DOTALL)
    assert len(sections) == 2
    texts += [re.sub(r"<[^>]*>", " ", section) for section in sections]

    assert [text for text in texts if CLAIMS.search(MAY_BE_SAID.sub("", text))] == []


def test_its_document_prints_what_fails_first_and_its_next_version_says_that_it_was_taken_back(supplied):
    kind = Document.Kind.EXCEPTIONAL_SUPPLY
    assert kind in {one.kind for one in in_preparation(supplied.batch.pk)}
    everything_made()
    first = Document.objects.select_related("file", "supersedes").get(kind=kind)
    printed = "".join(pages_of(files.read(first.file)))
    assert (first.version, first.supersedes.kind) == (1, Document.Kind.BATCH_CERTIFICATE)
    assert printed.index(squeezed("59 % (59.1 %)")) < printed.index(squeezed("Containers that may be supplied"))
    for words in (
        OUT_OF_SPECIFICATION,
        "≥ 70 %",
        "Relapse in progress",
        "44107",
        "ICF-104-017",
        "within 48 hours from the infusion",
    ):
        assert squeezed(words) in printed, words
    assert not re.search(r"releas|icertify|conforms", printed, re.IGNORECASE)

    supplied.revoked(supply())
    everything_made()

    second = Document.objects.select_related("file").get(kind=kind, version=2)
    assert (second.number, second.supersedes) == (first.number, first)
    assert squeezed("Taken back.") in "".join(pages_of(files.read(second.file)))
    assert verify_records().findings == []
