"""The training story: every stage has its batch, times only go forward, and every page of it answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from accounts.wording import local
from batches.judging import Verdict as StepVerdict
from batches.models import Batch, BatchState, StepPerformed
from batches.record import record_of
from chain_of_custody.lapsing import is_open
from chain_of_custody.models import HandOverOffered
from config.story import waiting
from config.story.acting import Story, tell_together
from config.story.people import PEOPLE, SECRET
from config.story.site import FAMILIES
from config.story.stages import stories_of_stages
from config.story.telling import found_training_site
from config.story.worked_batches import worked_batch
from ledger import clock
from ledger.models import Entry
from ledger.verification import verify_records
from qc.models import RecordReview
from qc.panel import Standing, release_panel
from qc.release.assessing import open_facts

PRODUCTS = {"PROD-CD19", *(worked_batch(family).product for family in FAMILIES)}
STAGES = {"receipt", "selection_activation", "transduction", "expansion", "harvest_fill", "release_testing"}


@pytest.mark.sqlite_alone
@pytest.mark.django_db
def test_the_training_site_has_a_batch_in_every_stage(client: Client) -> None:
    found_training_site()
    tell_together(stories_of_stages(local(clock.machine_now()).date()))
    clock.end_story()
    batches = list(Batch.objects.select_related("state", "order__coi__subject", "product", "master", "specification"))

    published = [batch for batch in batches if batch.product.code == "PROD-CD19"]
    assert {batch.state.stage for batch in published} == STAGES
    assert {batch.product.code for batch in batches} == PRODUCTS
    assert {batch.state.disposition for batch in batches} == {BatchState.Disposition.NONE}
    times_go_forward()
    the_vector_was_added_and_not_witnessed()
    one_result_waits_for_its_review(batches)
    one_record_is_reviewed_and_adds_up()
    some_cells_are_at_the_door()
    nobody_left_a_fact_open(batches)
    every_page_answers(client, batches)
    assert verify_records().findings == []


def times_go_forward() -> None:
    times = list(Entry.objects.order_by("seq").values_list("at", flat=True))
    assert times == sorted(times)
    assert times[-1] < clock.machine_now()


def the_vector_was_added_and_not_witnessed() -> None:
    batch = Batch.objects.get(state__stage="transduction")
    added = StepPerformed.objects.get(batch=batch, step="3.3")
    assert not hasattr(added, "witnessed")


def one_result_waits_for_its_review(batches: list[Batch]) -> None:
    panels = {batch.number: release_panel(batch) for batch in batches if batch.state.stage == "release_testing"}
    entered = [line.code for panel in panels.values() for line in panel if line.standing is Standing.ENTERED]
    assert entered == ["potency"]


def one_record_is_reviewed_and_adds_up() -> None:
    review = RecordReview.objects.select_related("batch__state", "batch__order__coi__subject", "batch__master").get()
    account = record_of(review.batch).account
    assert account is not None
    assert account.difference == Decimal(0)
    assert account.verdict is StepVerdict.MEETS
    assert all(line.conforms for line in release_panel(review.batch))


def some_cells_are_at_the_door() -> None:
    offers = [offer for offer in HandOverOffered.objects.filter(accepted=None) if is_open(offer)]
    assert [offer.taker_party.name for offer in offers] == ["Example Cell Therapy Centre"]


def nobody_left_a_fact_open(batches: list[Batch]) -> None:
    assert [fact.says for batch in batches for fact in open_facts(batch)] == []


def every_page_answers(client: Client, batches: list[Batch]) -> None:
    answer = client.post("/sign-in/", {"username": "rcastellanos", "secret": SECRET})
    assert answer.status_code == 303
    assert client.get("/").status_code == 200
    for batch in batches:
        assert client.get(f"/batches/{batch.number}/").status_code == 200, batch.number


def test_the_people_of_the_story_are_different_people() -> None:
    assert len({person.username for person in PEOPLE}) == len({person.name for person in PEOPLE}) == len(PEOPLE)


def test_stories_are_told_in_one_order_of_time_and_the_late_go_on_at_once() -> None:
    told: list[tuple[str, datetime]] = []
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def story(name: str, *minutes: int) -> Story:
        for minute in minutes:
            yield start + timedelta(minutes=minute)
            told.append((name, clock.now()))

    tell_together([story("first", 0, 10, 5), story("second", 1, 12)])

    assert [name for name, _moment in told] == ["first", "second", "first", "first", "second"]
    assert [(moment - start) // timedelta(minutes=1) for _name, moment in told] == [0, 1, 10, 10, 12]


@pytest.mark.django_db
@pytest.mark.parametrize(("send", "status"), [(Client.get, 200), (Client.post, 503)])
def test_while_the_story_is_told_people_read_and_enter_nothing(
    client: Client, send: Callable[..., object], status: int
) -> None:
    with waiting.while_told():
        answer = send(client, "/api/v1/acts/batch.issue/") if status == 503 else send(client, "/sign-in/")

    assert getattr(answer, "status_code", None) == status
    assert not waiting.is_told()
