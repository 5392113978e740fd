"""A dose in fractions: what came too early is stored and named, and everybody reads from when the next may be given."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from accounts.wording import record_time
from batches.models import Departure
from chain_of_custody.models import ContainerFate
from ledger import clock, files
from ledger.verification import verify_records
from qc.after_release.fractions import fractions_of, next_fraction_words
from qc.models import NotificationDue
from reports.models import Document
from tests.after_release_builders import AfterRelease, InFractions, certified_with_three_bags
from tests.documents_builders import everything_made, pages_of, squeezed
from tests.kept import kept_for_a_module
from tests.people import at_browser, do

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def at_the_ward(django_db_setup: None, django_db_blocker: object) -> Iterator[AfterRelease]:
    """A certified batch to be given in three fractions; its bags are in the ward's store."""
    with kept_for_a_module(django_db_blocker):
        world = certified_with_three_bags(InFractions)
        world.shipped()
        world.__dict__["now"] = clock.now()
        clock.end_story()
        yield world


@pytest.fixture
def ward(at_the_ward: AfterRelease, db: None) -> Iterator[AfterRelease]:
    """The same, in its story."""
    clock.tell(at_the_ward.__dict__["now"] + timedelta(hours=1))
    at_the_ward.fresh()
    yield at_the_ward
    clock.end_story()


@pytest.mark.parametrize(("hours", "wrong"), [(23, 1), (25, 0)])
def test_a_fraction_that_comes_too_early_is_stored_and_named_and_told(ward, hours, wrong):
    first, second, _third = ward.bags()
    ward.infused(first)
    ward.later(hours=hours)

    report = ward.reported(second)

    assert len(report.wrong) == wrong
    assert Departure.objects.filter(about_id=report.pk).count() == wrong
    assert NotificationDue.objects.filter(cause_id=report.pk).exists() is bool(wrong)
    if wrong:
        assert f"{second.code} was infused 22 h 45 min after {first.code}" in report.wrong[0]
        assert "at least 24 h are asked for" in report.wrong[0]
    do("infusion.confirm", report, by=ward.qa)
    assert ContainerFate.objects.get(container=second).fate == "infused"
    assert verify_records().findings == []


def test_reports_that_come_in_another_order_are_judged_alike(ward):
    first, second, _third = ward.bags()
    ward.later(hours=10)
    ward.reported(second)
    began = clock.now() - timedelta(hours=9)

    times = {"thaw_started_at": 8, "thaw_ended_at": 4, "started_at": 0, "ended_at": -15}
    told = {name: (began - timedelta(minutes=minutes)).isoformat() for name, minutes in times.items()}
    report = ward.reported(first, **told)

    assert f"{second.code} was infused" in report.wrong[0]
    assert f"after {first.code}" in report.wrong[0]


def test_what_was_set_aside_is_no_fraction_that_was_given(ward):
    first, second, _third = ward.bags()
    report = ward.reported(first)
    assert fractions_of(ward.batch).given != ()
    do("infusion.check", report, by=ward.qa, agrees="no", remark="The form is of another ward.")

    assert fractions_of(ward.batch).given == ()
    assert ward.reported(second).wrong == []


def test_the_end_of_a_bag_without_a_report_is_an_infusion_too(ward):
    first, second, _third = ward.bags()
    ward.infused(first)
    ward.later(hours=2)

    fate = do(
        "container.end", second, by=ward.technician, fate="infused", happened_at=clock.now().isoformat(),
        volume_ml=f"{second.volume_ml:f}", reason="The ward telephoned.",
    )  # fmt: skip

    (departure,) = Departure.objects.filter(about_id=fate.pk)
    assert f"{second.code} was infused 2 h 25 min after {first.code}" in departure.says


def test_page_api_and_certificate_say_from_when_the_next_fraction_may_be_given(ward):
    first, second, third = ward.bags()
    browser = at_browser(ward.qa)
    page, api = f"/batches/{ward.batch.number}/after-release/", f"/api/v1/batches/{ward.batch.number}/bags/"
    assert "at least 24 h pass" in browser.get(page).content.decode()
    everything_made()
    certificate = Document.objects.get(kind=Document.Kind.INFUSION_CERTIFICATE)
    assert squeezed("Between the end of one fraction and the beginning of the next at least 24 h pass.") in "".join(
        pages_of(files.read(certificate.file))
    )

    report = ward.infused(first)
    says = next_fraction_words(fractions_of(ward.batch))
    assert record_time(report.ended_at + timedelta(hours=24)) in says
    assert says in browser.get(page).content.decode()
    assert browser.get(api).json()["next_fraction"] == says

    ward.later(hours=25)
    ward.infused(second, ended_at="")
    assert "isn't known" in next_fraction_words(fractions_of(ward.batch))
    ward.later(hours=25)
    ward.reported(third)
    assert next_fraction_words(fractions_of(ward.batch)) == ""
