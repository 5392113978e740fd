"""People for tests, made as the product makes them: admitted, approved, enrolled, bound by the policy.

`do()` carries an act out under a person's own signature, through the same two calls as the pages and the API.
"""

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from django.db import models
from django.test import Client

from accounts.admission import Founder, SiteFacts, enrol, found, new_link
from accounts.models import Admission, Person, Signed
from accounts.policy import ACCEPTING
from accounts.roles import Role
from accounts.signing import ask, perform
from ledger.models import Entry, Site
from ledger.writing import writing

NAMES = (
    "Maya Okafor", "Samir Haddad", "Nora Ferri", "Jonas Weber", "Ines Duarte", "Piotr Zielinski", "Lena Holm",
    "Tomas Novak", "Amara Diallo", "Kenji Sato", "Rosa Lindqvist", "Viktor Petrov",
)  # fmt: skip
STATION = "192.0.2.7"


def secret_of(person: Person | str) -> str:
    """The password of a person of these tests; everybody has another one."""
    username = person if isinstance(person, str) else person.username
    return "violet tractor " + hashlib.sha256(username.encode()).hexdigest()[:16]


def a_site() -> Site:
    """The founded site, with its two administrators bound by the policy."""
    if site := Site.objects.first():
        return site
    founders = [
        Founder(
            username=username,
            name=name,
            identity_document="passport",
            identity_checked_on=date(2026, 1, 5),
            secret=secret_of(username),
        )
        for username, name in (("first.admin", "Alma Frey"), ("second.admin", "Boris Lang"))
    ]
    facts = SiteFacts(name="Test site", address="1 Example Road", licence="EX-1", facility="A9999")
    site = found(facts, founders=founders)
    for administrator in administrators():
        do(ACCEPTING, administrator, by=administrator)
    return site


def administrators() -> tuple[Person, Person]:
    """The two administrators with whom the site began."""
    first, second = Person.objects.select_related("state").filter(founder=True).order_by("username")
    return first, second


def do(act: str, subject: models.Model | UUID, *, by: Person, comment: str = "", **intent: object) -> Signed:
    """The signed row of an act: asked for and carried out by this person with their own password."""
    key = subject if isinstance(subject, UUID) else subject.pk
    challenge, _shown = ask(act, key, intent, by=by)
    return perform(
        challenge.pk, username=by.username, secret=secret_of(by), comment=comment, station=STATION, at_hand=by
    )


def admitted(*roles: Role, name: str = "", username: str = "", title: str = "") -> Person:
    """A person whom one administrator proposed; nobody has approved them yet."""
    site, (first, _second) = a_site(), administrators()
    name = name or next(one for one in _names() if not Person.objects.filter(name=one).exists())
    admission = do(
        "person.admit",
        site,
        by=first,
        username=username or name.lower().replace(" ", "."),
        name=name,
        title=title,
        roles=[str(role) for role in roles],
        identity_document="passport",
        identity_checked_on="2026-01-05",
    )
    assert isinstance(admission, Admission)
    return admission.person


def approved(*roles: Role, name: str = "", username: str = "", title: str = "") -> Person:
    """A person whom both administrators admitted and who has no key yet."""
    person = admitted(*roles, name=name, username=username, title=title)
    do("person.approve", person, by=administrators()[1])
    return person


def enrolled(*roles: Role, name: str = "", username: str = "", title: str = "") -> Person:
    """A person with a key who has not accepted the signature policy yet."""
    person = approved(*roles, name=name, username=username, title=title)
    with writing():
        token = new_link(person)
    enrol(token, secret=secret_of(person), secret_again=secret_of(person))
    return fresh(person)


def a_person(*roles: Role, name: str = "", username: str = "", title: str = "") -> Person:
    """A person with these roles who can sign."""
    person = enrolled(*roles, name=name, username=username, title=title)
    do(ACCEPTING, person, by=person)
    return fresh(person)


def fresh(person: Person) -> Person:
    """The person as the database has them now."""
    return Person.objects.select_related("state").get(pk=person.pk)


def at_browser(person: Person) -> Client:
    """A browser at which this person has signed in; it checks CSRF tokens as a real one would send them."""
    client = Client(enforce_csrf_checks=False, REMOTE_ADDR=STATION)
    answer = client.post("/sign-in/", {"username": person.username, "secret": secret_of(person)})
    assert answer.status_code == 303, answer.content.decode()
    return client


def _names() -> itertools.chain[str]:
    return itertools.chain(NAMES, (f"Person Number{number}" for number in itertools.count(1)))


@contextmanager
def nothing_written() -> Iterator[None]:
    """Whatever is tried inside leaves no entry in the ledger."""
    before = Entry.objects.count()
    yield
    assert Entry.objects.count() == before
