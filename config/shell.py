"""What stands around every page: who is here, the server's time, where one can go, and the bands above.

Navigation follows roles.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.people_reading import reads_people
from accounts.refusal import Text
from accounts.roles import Permission, Role
from ledger import clock
from ledger.anchoring import is_overdue
from ledger.incidents import open_incidents
from ledger.models import Site

ON_TABLETS = frozenset({Role.TECHNICIAN, Role.LOGISTICS, Role.QC_ANALYST})


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation: its words, its address by name, its icon, who sees it, and if gloves reach it."""

    title: Text
    name: str
    icon: str
    needs: Permission
    on_the_rail: bool = True
    group: Text = ""  # where it begins a new group of the list


READ = Permission.RECORD_READ
PLACES = (
    Place(gettext_lazy("Work"), "home", "list-checks", Permission.OWN_ACCOUNT),
    Place(gettext_lazy("Batches"), "batches:batches", "layers", READ),
    Place(gettext_lazy("Samples"), "qc:samples", "flask-conical", READ),
    Place(gettext_lazy("Custody"), "chain_of_custody:custody", "truck", READ),
    Place(gettext_lazy("Materials"), "batches:materials", "boxes", READ),
    Place(gettext_lazy("Equipment"), "batches:equipment-list", "microscope", READ, False),
    Place(gettext_lazy("Areas"), "batches:areas", "door-open", READ, False),
    Place(gettext_lazy("Alarms"), "accounts:alarms", "bell-ring", Permission.ALARM_ACKNOWLEDGE, False),
    Place(gettext_lazy("Plan"), "batches:plan", "calendar-days", READ, False, gettext_lazy("Patients")),
    Place(gettext_lazy("Orders"), "batches:orders", "clipboard-list", READ, False),
    Place(gettext_lazy("Courses"), "batches:courses", "calendar-heart", READ, False),
    Place(gettext_lazy("Trace"), "batches:trace", "waypoints", READ, False),
    Place(gettext_lazy("Definitions"), "batches:definitions", "book-open", READ, False, gettext_lazy("Quality")),
    Place(gettext_lazy("Specifications"), "qc:specifications", "ruler", READ, False),
    Place(gettext_lazy("Deviations"), "qc:deviations", "triangle-alert", READ, False),
    Place(gettext_lazy("Out of specification"), "qc:out-of-specification-list", "octagon-x", READ, False),
    Place(gettext_lazy("Complaints"), "qc:complaints", "megaphone", READ, False),
    Place(gettext_lazy("Actions"), "qc:capa", "list-checks", READ, False),
    Place(gettext_lazy("Trends"), "qc:trends", "chart-line", READ, False),
    Place(gettext_lazy("Assay controls"), "qc:controls", "gauge", READ, False),
    Place(gettext_lazy("Certificates"), "reports:certificates", "file-check", READ, False),
    Place(gettext_lazy("Integrity"), "integrity", "shield", Permission.LEDGER_VERIFY, False, gettext_lazy("Record")),
    Place(gettext_lazy("Audit trail"), "audit", "history", Permission.LEDGER_VERIFY, False),
    Place(gettext_lazy("Granted to me"), "reports:granted", "book-open-check", Permission.RECORD_READ_GRANTED),
    Place(gettext_lazy("Inspections"), "reports:inspections", "eye", Permission.INSPECTION_MANAGE),
    Place(gettext_lazy("Copies I took"), "reports:copies", "download", Permission.RECORD_COPY),
    Place(gettext_lazy("Day of inspection"), "inspection-day", "clipboard-check", Permission.OWN_ACCOUNT, False),
    Place(gettext_lazy("How to verify"), "reports:verify", "shield-check", Permission.OWN_ACCOUNT, False),
    Place(gettext_lazy("Access"), "accounts:access", "key-round", Permission.SECURITY_READ, False),
    Place(gettext_lazy("Security log"), "accounts:security", "shield-alert", Permission.SECURITY_READ),
    Place(gettext_lazy("Training"), "accounts:training", "graduation-cap", Permission.TRAINING_RECORD, False),
    Place(gettext_lazy("Roles"), "accounts:roles", "table", Permission.OWN_ACCOUNT, False),
    Place(gettext_lazy("My account"), "accounts:account", "circle-user", Permission.OWN_ACCOUNT),
)
PEOPLE = Place(gettext_lazy("People"), "accounts:people", "users", Permission.OWN_ACCOUNT)
Item = dict[str, object]


def shell(request: HttpRequest) -> dict[str, object]:
    """Give every page what stands around it."""
    person: Person | None = getattr(request, "person", None)
    site = Site.objects.first()
    return {
        "person": person,
        "site": {"name": site.name if site else "Cellwright", "training": settings.TRAINING},
        "server_time": clock.now(),
        "navigation": navigation(person, request.path) if person else [],
        "device": device_of(person),
        "station": None,
        "idle_seconds": settings.IDLE_LOCK_SECONDS,
        "bands": bands(),
        **integrity_band(person),
    }


def integrity_band(person: Person | None) -> dict[str, object]:
    """Give what the red band shows: every open incident about the whole site, or else those this person may see."""
    found = list(open_incidents().values_list("about", flat=True))
    if "" not in found and (person is None or Permission.RECORD_READ not in person.permissions):
        found = []
    about = [] if "" in found else sorted(set(found))
    return {"integrity_findings": found, "integrity_about": about}


def device_of(person: Person | None) -> str:
    """Give the navigation that suits the work: a rail for gloves, a list for desks."""
    roles = set(person.state.roles) if person else set()
    return "rail" if roles and roles <= ON_TABLETS else "side"


def bands() -> list[Item]:
    """Give the bands that stand above every page."""
    found: list[Item] = []
    if settings.TRAINING:
        text = _("Training system. Not for GMP records.")
        found.append({"kind": "training", "text": text, "more_text": "", "url": ""})
    if settings.TSA_AUTHORITIES and is_overdue():
        text = _("No authority outside the site has time-stamped the record for more than a day.")
        found.append({"kind": "anchor", "text": text, "more_text": "", "url": reverse("integrity")})
    return found


def navigation(person: Person, path: str) -> list[Item]:
    """Give the places a person may go to, in the order of the work, the present one marked.

    A rail has room for the six or so that are needed with gloves on; the others are reached from pages.
    """
    rail = device_of(person) == "rail"
    places = [place for place in PLACES if place.needs in person.permissions and (place.on_the_rail or not rail)]
    if reads_people(person):
        places.insert(-1 if rail else -2, PEOPLE)
    items = [_item(place) for place in places]
    here = max((str(item["url"]) for item in items if path.startswith(str(item["url"]))), key=len, default="")
    for item in items:
        item["current"] = item["url"] == here and (here != "/" or path == "/")
    return items


def _item(place: Place) -> Item:
    return {
        "title": place.title,
        "url": reverse(place.name),
        "icon": place.icon,
        "count": 0,
        "current": False,
        "group": place.group,
    }
