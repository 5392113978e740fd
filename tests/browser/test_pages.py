"""Every page with something on it: nobody is shut out, nothing is cut off, nothing breaks the policy of contents.

Each person walks through the pages of their work; each form asks in the words of its act. A page that no walk visits
fails `test_every_page_is_on_a_walk`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from playwright.sync_api import Locator, Page, Request, ViewportSize, expect

from accounts.access import newest_entry
from accounts.alarms import raise_alarm
from accounts.links import make_link
from accounts.models import Alarm, Person
from accounts.roles import Role
from accounts.signing import ask
from accounts.wording import today
from batches.drafting import save_draft
from batches.models import Area, Course, Definition, DefinitionDraft, Departure, Equipment, MaterialLot, StepStart
from chain_of_custody.models import HandOverOffered
from ledger import files, outbox
from ledger.models import Site
from ledger.writing import writing
from qc.models import ControlLot, FactAssessment, OutOfSpecification, Result
from reports.copying import ask_copy
from reports.models import CopyAsked, Document
from tests.browser.hands import sign_here, sign_in
from tests.browser.watching import (
    DESKTOP,
    NARROW,
    PHONE,
    TABLET,
    UPRIGHT_TABLET,
    Desk,
    accessibility_faults,
    is_wider_than_the_window,
    picture,
)
from tests.browser.words_of_acts import other_words
from tests.browser.worlds import WholeSite
from tests.oos_builders import investigated, planned
from tests.people import STATION, administrators, approved, do, secret_of
from tests.qc_builders import MINOR
from tests.temperature_builders import a_logger_file, log_of, trip_of
from tests.trends_builders import approved_control, measured

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Addresses that take a form, hand out a file or answer programs: nobody looks at them.
NO_PAGES = {
    "accounts:duty-end", "accounts:lock", "accounts:person-link", "accounts:rotate-key", "accounts:sign-out",
    "accounts:sign-start",
    "accounts:token-revoke", "batches:definition-drafts", "batches:definition-file", "batches:paper", "batches:papers",
    "batches:report",
    "batches:continuity-copy", "batches:continuity-edition", "batches:continuity-take", "batches:step-paper-scan",
    "batches:step-paper-value",
    "batches:monitoring", "batches:step-file", "batches:step-file-add", "batches:step-note",
    "batches:label-apply", "batches:label-print", "batches:label-specimen", "batches:label-stop",
    "batches:step-begin", "batches:step-correct", "batches:step-scan", "batches:step-value",
    "chain_of_custody:evidence-file", "healthz", "qc:reading-record", "qc:release-evidence", "readyz",
    "chain_of_custody:no-file", "qc:after-release-evidence", "qc:contract-certificate-file",
    "qc:test-complete-data", "qc:test-moment", "qc:test-suitability",
    "reports:batch-copy", "reports:recall-csv", "reports:product-review", "reports:access-csv", "reports:signers-csv",
    "reports:download", "reports:export-file", "reports:record-copy", "reports:record-document",
    "reports:record-file", "reports:verify-file",
}  # fmt: skip
GLOVE = 48  # pixels of a target that a glove meets
# Milliseconds between two keys; a scanner is faster.
A_PERSON_TYPES = 60
TABS = (
    "steps", "bench", "in-process", "materials", "equipment", "containers", "attempts", "departures", "redlines",
    "release-tests", "dose", "disposition", "custody", "labels", "documents", "papers", "holds", "retention",
    "continuity", "after-release", "audit-trail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stop:
    """A page on somebody's walk; some are refusals and answer so."""

    name: str
    address: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class Walk:
    """Somebody's pages; nobody walks before the door."""

    person: Person | None
    stops: list[Stop]


@pytest.fixture(scope="module")
def site(address: str) -> WholeSite:
    world = WholeSite()
    outbox.deliver_all()
    return world


@pytest.fixture(scope="module")
def walks(site: WholeSite) -> dict[str, Walk]:
    return {name: make(site) for name, make in WALKS.items()}


def before_the_door(site: WholeSite) -> Walk:
    newcomer = approved(Role.TECHNICIAN)
    token = make_link(newcomer, by=administrators()[1], station=STATION)
    return Walk(None, [Stop("sign-in", "/sign-in/"), Stop("enrol", reverse("accounts:enrol", args=[token]))])


def technician(site: WholeSite) -> Walk:
    making, number, coi = site.making.number, site.batch.number, site.coi.identifier
    start = StepStart.objects.get(batch=site.making, step="3.3")
    to_check, _ = ask("step.check_before", start.pk, {}, by=site.technician)
    offered = HandOverOffered.objects.latest("recorded_at")
    trip = trip_of(site.coi)
    logged = a_logger_file(site.coi, log_of(trip, "9.5", None, None), by=site.technician)
    stops = [
        Stop("work", "/"),
        Stop("batches", "/batches/"),
        Stop("batch-in-making", reverse("batch", args=[making])),
        Stop("step-complete", reverse("batches:step", args=[making, "1.2"])),
        Stop("step-corrected", reverse("batches:step", args=[making, "3.2"])),
        Stop("step-before-the-act", reverse("batches:step", args=[making, "3.3"])),
        Stop("step-not-yet", reverse("batches:step", args=[making, "3.4"])),
        Stop("step-open", reverse("batches:step", args=[number, "2.2"])),
        Stop("step-paper", reverse("batches:step-paper", args=[making, "3.3"])),
        Stop("sign-check", reverse("accounts:sign", args=[to_check.pk])),
        Stop("custody", "/custody/"),
        Stop("chain", reverse("chain_of_custody:chain", args=[coi])),
        Stop("collection-new", reverse("chain_of_custody:collection-new", args=[coi])),
        Stop("donor", reverse("chain_of_custody:donor", args=[coi])),
        Stop("hand-over", reverse("chain_of_custody:hand-over", args=[offered.pk])),
        Stop("hand-over-new", reverse("chain_of_custody:hand-over-new", args=[coi])),
        Stop("container", reverse("chain_of_custody:container", args=[site.containers_at("final_product")[0].code])),
        Stop("evidence", "/custody/evidence/"),
        Stop("temperature", reverse("chain_of_custody:stay", args=[coi, trip.id])),
        Stop("logger-file", reverse("chain_of_custody:logger-file", args=[coi, logged.pk])),
        Stop("samples", "/samples/"),
        Stop("growth-tests", "/growth-tests/"),
        Stop("lots", "/lots/"),
        Stop("lot", reverse("batches:lot", args=[MaterialLot.objects.latest("recorded_at").code])),
        Stop("equipment", "/equipment/"),
        Stop("a-piece", reverse("batches:equipment", args=[Equipment.objects.latest("recorded_at").code])),
        Stop("areas", "/areas/"),
        Stop("an-area", reverse("batches:area", args=[Area.objects.latest("recorded_at").code])),
        Stop("alarms", "/alarms/"),
        Stop("alarm", reverse("accounts:alarm", args=[an_alarm(site).pk])),
        Stop("account", "/account/"),
        Stop("roles", "/roles/"),
        Stop("batch-unknown", "/batches/CT-26-9999/", 404),
        Stop("not-allowed", "/security/", 403),
        Stop("label-unknown", "/scan/?code=NOTHING", 404),
    ]
    return Walk(site.technician, stops)


def analyst(site: WholeSite) -> Walk:
    number = site.batch.number
    stops = [
        Stop("analyst-work", "/"),
        Stop("sample-receive", reverse("qc:sample-receive", args=[number])),
        *(
            Stop(f"test-{line}", reverse("qc:test", args=[number, line]))
            for line in ("viability_percent", "sterility", "potency", "car_positive_cells_total")
        ),
        Stop("test-without-sample", reverse("qc:test", args=[site.making.number, "viability_percent"])),
        Stop("sample-plan", reverse("qc:sample-plan", args=[number])),
        Stop("contract-certificates", reverse("qc:contract-certificates", args=[number, "rcl"])),
        Stop("controls", "/controls/"),
        Stop("control", reverse("qc:control", args=[a_control(site).code])),
        Stop("trends", "/trends/"),
        Stop("trend", reverse("qc:trend", args=["PROD-CD19", "viability_percent"])),
        Stop("specifications", "/specifications/"),
        Stop("specification", reverse("qc:specification", args=["SPEC-CD19", 1])),
    ]
    return Walk(site.analyst, stops)


def quality_assurance(site: WholeSite) -> Walk:
    document = Document.objects.latest("issued_at")
    definition = Definition.objects.filter(kind="master").latest("recorded_at")
    newer, draft = a_newer_version(definition, by=site.qa)
    stops = [
        Stop("qa-work", "/"),
        Stop("batch", reverse("batch", args=[site.batch.number])),
        *(Stop(f"batch-{tab}", reverse("batch-tab", args=[site.batch.number, tab])) for tab in TABS),
        *(Stop(f"batch-in-making-{tab}", reverse("batch-tab", args=[site.making.number, tab])) for tab in TABS),
        Stop("release", reverse("qc:release", args=[site.batch.number])),
        Stop("release-with-facts", reverse("qc:release", args=[site.making.number])),
        Stop("review-by-exception", reverse("qc:review", args=[site.batch.number])),
        Stop("review-by-exception-in-making", reverse("qc:review", args=[site.making.number])),
        Stop("review-trail", reverse("qc:review-trail", args=[site.making.number])),
        Stop("deviations", "/deviations/"),
        Stop("deviation", reverse("qc:deviation", args=[a_deviation(site)])),
        Stop("out-of-specification", reverse("qc:out-of-specification", args=[a_planned_retest(site)])),
        Stop("out-of-specification-list", "/oos/"),
        Stop("capa", "/capa/"),
        Stop("complaints", "/complaints/"),
        Stop("training", "/training/"),
        Stop("access", "/access/"),
        Stop("access-account", reverse("accounts:access-account", args=[site.technician.username])),
        Stop("access-reviews", "/access-reviews/"),
        Stop("access-review-new", "/access-reviews/new/"),
        Stop("access-review", reverse("accounts:access-review", args=[an_access_review(site)])),
        Stop("signers", "/signers/"),
        Stop("inspection-day", "/inspection-day/"),
        Stop("alarms-managed", "/alarms/"),
        Stop("definitions", "/definitions/"),
        Stop("definition", reverse("batches:definition", args=[definition.pk])),
        Stop("definition-waiting", reverse("batches:definition", args=[newer.pk])),
        Stop("definition-compare", reverse("batches:definition-compare", args=[newer.pk])),
        Stop("definition-compare-with", reverse("batches:definition-compare-with", args=[definition.pk, newer.pk])),
        Stop("definition-draft", reverse("batches:definition-draft", args=[draft.pk])),
        Stop("orders", "/orders/"),
        Stop("order", reverse("batches:order", args=[site.making.order.number])),
        Stop("certificates", "/certificates/"),
        Stop("audit", "/audit/"),
        Stop("integrity", "/integrity/"),
        Stop("certificate", reverse("reports:certificate", args=[document.number])),
        Stop("inspections", "/inspections/"),
        Stop("paper-new", reverse("batches:paper-new", args=[site.batch.number, a_scan(by=site.qa)])),
        Stop("all-copies", "/copies/"),
    ]
    return Walk(site.qa, stops)


def an_alarm(site: WholeSite) -> Alarm:
    """Something that somebody must know at once."""
    with writing():
        return raise_alarm(
            kind=Alarm.Kind.MISMATCH,
            says=f"{site.making.number}: a bag of another patient was scanned.",
            stream=site.making.stream_name(),
            actor=site.technician.reference,
            url=reverse("batch", args=[site.making.number]),
        )


def an_access_review(site: WholeSite) -> UUID:
    """A review in which quality asked that an account be closed."""
    asked = {"person": str(site.logistics.pk), "decision": "deactivate", "reason": "Left the site in October."}
    found = "One account of somebody who left is still open."
    whole = Site.objects.get()
    return do("access.review", whole, by=site.qa, as_of=newest_entry(), found=found, decisions=[asked]).pk


def a_control(site: WholeSite) -> ControlLot:
    """A control in use whose newest run breaks a rule."""
    lot = approved_control(by=site.analyst, approved_by=site.reviewer)
    for sds in ("0.4", "-1.1", "0.9", "2.2", "2.4"):
        measured(lot, sds, by=site.analyst)
    return lot


def a_deviation(site: WholeSite) -> str:
    """The number of a departure that quality assessed."""
    departure = Departure.objects.filter(batch=site.making).earliest("recorded_at")
    said = {"impact": "None on the product.", "conclusion": "The batch goes on."}
    row = do("fact.assess", departure, by=site.qa, **said, **MINOR)
    assert isinstance(row, FactAssessment)
    return row.number


def a_newer_version(definition: Definition, *, by: Person) -> tuple[Definition, DefinitionDraft]:
    """The next version of a definition, which waits for a check, and a faulty draft of the one after it."""
    source = definition.source.replace(f'version: "{definition.version}"', f'version: "{definition.version + 1}"', 1)
    source = source.replace("Mix the bag gently.", "Mix the bag gently, by hand.")
    asked = {"kind": definition.kind, "source": source, "change": "The bag is mixed by hand."}
    row = do("definition.prepare", Site.objects.get(), by=by, **asked)
    draft = save_draft(source=source.replace("kind: container_scan", "kind: scan", 1), by=by, id=uuid4())
    return Definition.objects.get(pk=row.pk), draft


def a_scan(*, by: Person) -> UUID:
    """A scan that somebody sent a moment ago."""
    with writing():
        return files.keep(b"\x89PNG\r\n\x1a\n waybill", name="waybill.png", actor=by.reference).pk


def a_planned_retest(site: WholeSite) -> str:
    """The number of a record out of specification whose plan waits for quality, with an action out of it."""
    record = a_record(site, "endotoxin", "0.6")
    investigated(site, record)
    planned(site, record)
    due = today().isoformat()
    do("capa.open", record, by=site.qa, action="A timer beside every plate.", owner=site.qa.username, due_date=due)
    return record.number


def a_record(site: WholeSite, line: str, typed: str) -> OutOfSpecification:
    """A record out of specification: a reviewed result was corrected into one that fails."""
    newest = Result.objects.filter(batch=site.batch, line=line).latest("version")
    do("result.correct", newest, by=site.analyst, member=line, typed=typed, reason="Digits were swapped")
    return OutOfSpecification.objects.select_related("result").get(batch=site.batch, line=line)


def reviewer(site: WholeSite) -> Walk:
    record = a_record(site, "viability_percent", "59.1")
    stops = [
        Stop("reviewer-work", "/"),
        Stop("out-of-specification-to-investigate", reverse("qc:out-of-specification", args=[record.number])),
        Stop("test-out-of-specification", reverse("qc:test", args=[site.batch.number, "viability_percent"])),
        Stop("release-tests-out-of-specification", reverse("batch-tab", args=[site.batch.number, "release-tests"])),
    ]
    return Walk(site.reviewer, stops)


def inspector(site: WholeSite) -> Walk:
    """What an inspection opened: every section of a finished record and of one in the making, and its copies."""
    number, making = site.batch.number, site.making.number
    asked = ask_copy(
        batch=site.batch, kind=CopyAsked.Kind.RECORD, by=site.inspector, inspection=site.inspection, id=uuid4()
    )
    sections = ("stage-1", "results", "custody", "materials", "exceptions", "disposition", "people", "trail")
    stops = [
        Stop("inspector-work", "/"),
        Stop("inspection-day-of-an-inspector", "/inspection-day/"),
        Stop("records", "/records/"),
        Stop("record", reverse("reports:record", args=[number])),
        *(Stop(f"record-{one}", reverse("reports:record-section", args=[number, one])) for one in sections),
        Stop("record-in-making", reverse("reports:record-section", args=[making, "stage-3"])),
        Stop("record-not-granted", "/records/CT-26-9999/", 404),
        Stop("export", reverse("reports:export", args=[asked.pk])),
        Stop("copies", "/copies/"),
        Stop("verify", "/verify/"),
    ]
    return Walk(site.inspector, stops)


def logistics(site: WholeSite) -> Walk:
    course = do("course.open", site.coi, by=site.logistics, title="CAR-T, then NK", plan="NK cells after 60 days.")
    assert isinstance(course, Course)
    stops = [
        Stop("courses", f"/courses/?chain={site.coi.identifier}"),
        Stop("course", reverse("batches:course", args=[course.number])),
        Stop("trace-back", f"/trace/?code={site.making.number}"),
        Stop("trace-forward", f"/trace/?code={site.technician.username}"),
        Stop("order-new", "/orders/new/"),
        Stop("plan", "/plan/"),
        Stop("order-plan", reverse("batches:order-plan", args=[site.making.order.number])),
        Stop("subject-new", "/custody/subjects/new/"),
        Stop("parties", "/custody/parties/"),
        Stop("places", "/custody/places/"),
    ]
    return Walk(site.logistics, stops)


def administrator(site: WholeSite) -> Walk:
    one, _other = administrators()
    stops = [
        Stop("people", "/people/"),
        Stop("person", reverse("accounts:person", args=[site.technician.pk])),
        Stop("security", "/security/"),
    ]
    return Walk(one, stops)


WALKS: dict[str, Callable[[WholeSite], Walk]] = {
    "before the door": before_the_door,
    "technician": technician,
    "analyst": analyst,
    "quality assurance": quality_assurance,
    "reviewer": reviewer,
    "inspector": inspector,
    "logistics": logistics,
    "administrator": administrator,
}


@pytest.mark.parametrize("who", WALKS)
def test_each_page_is_readable_by_everybody_and_fits_its_screen(walks: dict[str, Walk], desk: Desk, who: str):
    walk = walks[who]
    page = desk.page(size=TABLET)
    if walk.person:
        sign_in(page, walk.person)
    faults: list[str] = []
    for stop in walk.stops:
        page.set_viewport_size(TABLET)
        faults += _opened(page, desk, stop)
        faults += [f"{stop.name}: {fault}" for fault in accessibility_faults(page)]
        faults += [f"{stop.name}: {fault}" for fault in other_words(page)]
        for size in (TABLET, DESKTOP):
            page.set_viewport_size(size)
            if is_wider_than_the_window(page):
                faults.append(f"{stop.name} is wider than {size['width']} pixels")
            picture(page, f"{stop.name}-{size['width']}")

    assert not faults, "\n".join(faults)


def _opened(page: Page, desk: Desk, stop: Stop) -> Iterator[str]:
    with desk.refusal(stop.status):
        response = page.goto(stop.address)
    assert response is not None
    if response.status != stop.status:
        yield f"{stop.name} answered {response.status}"
    if "Content-Security-Policy" not in {name.title() for name in response.headers}:
        yield f"{stop.name} has no policy of contents"
    if page.locator("h1").count() != 1:
        yield f"{stop.name} has {page.locator('h1').count()} headings of the first order"


def test_every_page_is_on_a_walk(walks: dict[str, Walk]):
    visited = {resolve(stop.address.split("?")[0]).view_name for walk in walks.values() for stop in walk.stops}
    # Their own tests open these: a locked screen, the browser of the API, what instruments measured, a complaint.
    visited |= {"accounts:unlock", "qc:import", "qc:import-send", "qc:plate", "qc:complaint"}

    assert {name for name in _named(get_resolver().url_patterns) if name not in NO_PAGES} - visited == set()


def _named(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not str(pattern.pattern).startswith("api/"):
                inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                yield from _named(pattern.url_patterns, inner)
        elif pattern.name:
            yield f"{prefix}{pattern.name}"


def test_the_list_of_tabs_is_whole(site: WholeSite, desk: Desk):
    page = desk.page(size=DESKTOP)
    sign_in(page, site.qa)
    page.goto(reverse("batch", args=[site.batch.number]))

    addresses = [link.get_attribute("href") for link in page.locator(".tabs a").all()]

    tabs = {reverse("batch-tab", args=[site.batch.number, tab]) for tab in TABS}
    assert set(addresses) == tabs | {reverse("batch", args=[site.batch.number])}


@pytest.mark.parametrize("size", [PHONE, UPRIGHT_TABLET], ids=["phone", "tablet"])
def test_every_tab_is_reached_with_gloves_and_without_a_script(site: WholeSite, desk: Desk, size: ViewportSize):
    page = desk.page(size=size, javascript=False)
    sign_in(page, site.technician)
    page.goto(reverse("batch-tab", args=[site.batch.number, "steps"]))
    links = page.locator(".tabs a")
    reached = {link.get_attribute("href") for link in links.all() if link.is_visible()}

    for group in page.locator(".tabs summary").all():
        group.click()
        picture(page, f"tabs-{size['width']}-{group.inner_text().strip().lower()}")
        shown = [link for link in links.all() if link.is_visible()]
        reached |= {link.get_attribute("href") for link in shown}
        assert [one.inner_text() for one in [group, *shown] if is_small_or_beyond(one, size)] == []
        assert not is_wider_than_the_window(page)

    assert len(reached) == len(TABS) + 1


def is_small_or_beyond(one: Locator, size: ViewportSize) -> bool:
    """Tell whether a glove misses it, or a part of it stands beyond the edge of the screen."""
    box = one.bounding_box()
    assert box is not None
    return min(box["width"], box["height"]) < GLOVE or box["x"] < 0 or box["x"] + box["width"] > size["width"]


@pytest.mark.parametrize(
    "place",
    ["/", "/batches/{number}/", "/batches/{number}/steps/2.2/", "/batches/{number}/tests/sterility/"],
)
def test_a_page_fits_a_narrow_window_as_at_four_times_its_size(site: WholeSite, desk: Desk, place: str):
    page = desk.page(size=NARROW)
    sign_in(page, site.technician)

    page.goto(place.format(number=site.batch.number))
    picture(page, f"narrow-{place.strip('/').split('/')[-1] or 'work'}".replace("{number}", "batch"))

    assert not is_wider_than_the_window(page)


def test_the_browser_of_the_programs_interface_works_offline(site: WholeSite, desk: Desk):
    page = desk.page(size=DESKTOP)
    sign_in(page, site.qa)

    page.goto(reverse("api-docs"))

    expect(page.locator(".opblock").first).to_be_visible()
    picture(page, "api-docs")


def test_a_locked_screen_returns_to_its_page(site: WholeSite, desk: Desk):
    page = desk.page()
    sign_in(page, site.technician)
    page.goto("/samples/")

    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_label("Password")).to_be_visible()
    picture(page, "locked")
    assert accessibility_faults(page) == []
    page.goto("/custody/")
    page.get_by_label("Password").fill(secret_of(site.technician))
    page.get_by_label("Password").press("Enter")

    expect(page).to_have_url(f"{desk.address}/custody/")


def test_what_is_no_number_stays_in_its_field_with_the_reason(site: WholeSite, desk: Desk):
    page = desk.page()
    sign_in(page, site.technician)
    page.goto(reverse("batches:step", args=[site.batch.number, "2.2"]))

    entry = page.get_by_label("Temperature of the tank")
    with desk.refusal(422):
        entry.press_sequentially("1,234", delay=A_PERSON_TYPES)
        entry.press("Tab")
        expect(page.locator("#tank_temperature_c-error")).to_be_visible()

    expect(page.get_by_label("Temperature of the tank")).to_have_value("1,234")


def test_a_value_is_posted_and_a_step_signed_without_javascript(site: WholeSite, desk: Desk):
    page = desk.page(javascript=False)
    sign_in(page, site.technician)
    page.goto(reverse("batches:step", args=[site.batch.number, "2.2"]))

    field = page.locator("#tank_temperature_c-field")
    field.get_by_label("Temperature of the tank").fill("minus a lot")
    with desk.refusal(422):
        field.get_by_role("button", name="Store").click()
        expect(page.locator(".error-summary")).to_be_visible()
    expect(field).to_contain_text("must be a number")
    picture(page, "step-with-an-error")
    field.get_by_label("Temperature of the tank").fill("-180")
    field.get_by_role("button", name="Store").click()
    expect(field).to_contain_text("Saved")
    expect(field).to_contain_text("Conforms")
    page.get_by_role("button", name="Sign", exact=True).click()
    sign_here(page, site.technician)

    expect(page.locator(".signatures")).to_contain_text(site.technician.name)


def test_signing_in_signing_and_entering_need_no_pointer(site: WholeSite, desk: Desk):
    page = desk.page()
    page.goto("/sign-in/")
    page.keyboard.type(site.technician.username, delay=A_PERSON_TYPES)
    page.keyboard.press("Tab")
    page.keyboard.type(secret_of(site.technician))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Lock")).to_be_visible()

    page.goto(reverse("batches:step", args=[site.making.number, "3.3"]))
    _tab_to(page, "#outcome button")
    page.keyboard.press("Enter")
    expect(page.locator("#username")).to_be_focused()
    page.keyboard.type(site.checker.username, delay=A_PERSON_TYPES)
    page.keyboard.press("Tab")
    page.keyboard.type(secret_of(site.checker))
    picture(page, "sign-second-person")
    page.keyboard.press("Enter")
    expect(page.locator(".signatures")).to_contain_text(site.checker.name)

    _tab_to(page, "#vector_added_ml")
    page.keyboard.type("15.0", delay=A_PERSON_TYPES)
    page.keyboard.press("Enter")
    expect(page.locator("#vector_added_ml-field")).to_contain_text("Saved")
    picture(page, "step-after-the-check")


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until this has focus, seen whole: nothing that sticks covers it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"The keyboard does not reach {selector}")


def test_a_copy_is_asked_for_followed_and_taken_and_the_page_that_waits_is_nobody(site: WholeSite, desk: Desk):
    page = desk.page(size=DESKTOP)
    marked: list[bool] = []

    def note(request: Request) -> None:
        if "/exports/" in request.url:
            marked.append("x-cellwright-polling" in request.headers)

    page.on("request", note)
    sign_in(page, site.inspector)
    page.goto(reverse("reports:record", args=[site.making.number]))
    page.get_by_role("button", name="Record package").click()
    expect(page.locator("#progress-title")).to_have_text("Waits for the worker")
    marked.clear()
    outbox.deliver_all()

    expect(page.locator("#progress-title")).to_have_text("Ready")
    assert marked
    assert all(marked)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    package = download.value.path()
    page.goto("/verify/")
    page.set_input_files("#package", package)
    page.get_by_role("button", name="Check the package").click()

    expect(page.locator(".verdict")).to_contain_text("UNTRUSTED KEY")
    assert accessibility_faults(page) == []
    picture(page, "verified-package")
