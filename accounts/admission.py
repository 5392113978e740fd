"""How people come to the site and leave it: founding, admission, enrolment, reset, roles, deactivation.

(1) Founding admits two administrators in the first entries of the ledger, and says so.
(2) Everybody else is admitted by one administrator, who checked who they are, and approved by a second.
(3) Nobody but its owner ever knows a secret: a one-time link lets the person set it, which makes the key.
(4) Changes of roles and resets need a second administrator; nobody changes or approves their own.
"""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from accounts import security
from accounts.keys import OpenKey, WrongSecretError, new_key, unlock, wrapped
from accounts.meanings import Meaning
from accounts.models import Challenge, Deactivation, KeyEnrolment, KeyWrap, OneTimeLink, Person
from accounts.passwords import objections_to_secret
from accounts.refusal import BadInput, Objection, Refused, refuse_if
from accounts.signature import Signature, sign
from accounts.states import refresh_state
from ledger import clock
from ledger.canonical import NOTHING_BEFORE
from ledger.models import Site
from ledger.writing import write, writing

LINK_VALID_FOR = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Founder:
    """One of the two administrators with whom a site begins."""

    username: str
    name: str
    identity_document: str
    identity_checked_on: date
    secret: str


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What a site is, as it will stand in its first entry for ever."""

    name: str
    address: str
    licence: str
    facility: str


def found(site: SiteFacts, *, founders: Sequence[Founder]) -> Site:
    """Begin the ledger: the site, two administrators, and their keys signed by themselves.

    Raises Refused if the site was founded before or the founders are not two different people with good secrets.
    """
    if Site.objects.exists():
        raise Refused(_("This site was founded already."))
    first_two = {founder.username.lower() for founder in founders}
    if len(founders) != 2 or len(first_two) != 2:
        raise Refused(_("A site is founded with exactly two different administrators."))
    for founder in founders:
        refuse_if(objections_to_secret(founder.secret, username=founder.username, name=founder.name))
    keys = [new_key() for _founder in founders]
    people = [Person(username=one.username, name=one.name, title=_("Administrator"), founder=True) for one in founders]
    wraps = [
        wrapped(key, person=person, secret=one.secret) for key, person, one in zip(keys, people, founders, strict=True)
    ]
    with writing():
        row = write(
            Site(
                name=site.name,
                address=site.address,
                licence=site.licence,
                facility=site.facility,
                origin=settings.LEDGER_ORIGIN,
                time_zone=settings.SITE_TIME_ZONE,
                training=settings.TRAINING,
            ),
            type="site.founded",
            actor="founding",
        )
        for person in people:
            write(person, type="person.admitted_at_founding", actor="founding")
        for person, key, wrap in zip(people, keys, wraps, strict=True):
            enrol_key(person, key, wrap)
        return row


def enrol_key(person: Person, key: OpenKey, wrap: KeyWrap) -> KeyEnrolment:
    """Write a person's new key, signed by itself, and keep its wrap in place of any older one."""
    previous = KeyEnrolment.objects.filter(signer=person, replaced_by=None).first()
    text = str(Meaning.ENROLLED.label)
    signature = Signature(person, key, Meaning.ENROLLED, text, clock.now(), unstored_challenge())
    row = KeyEnrolment(key_id=key.key_id, public_key=key.public_hex, replaces=previous)
    person_without_state = not hasattr(person, "state")
    if person_without_state:
        refresh_state(person)
    sign(row, signature, type="key.enrolled")
    KeyWrap.objects.filter(person=person).delete()
    wrap.save(force_insert=True)
    refresh_state(person)
    return row


def unstored_challenge() -> Challenge:
    """Give the challenge of a signature that answers no page: a founding, an enrolment, the rotation of a key."""
    return Challenge(
        pk=uuid.uuid4(),
        nonce=secrets.token_hex(16),
        head_seq=0,
        head_leaf=NOTHING_BEFORE,
        view_sha256=NOTHING_BEFORE,
    )


def new_link(person: Person) -> str:
    """Make a one-time link for a person inside the open transaction and give its token; older links end."""
    token = secrets.token_urlsafe(32)
    OneTimeLink.objects.filter(person=person, used_at=None).update(used_at=clock.machine_now())
    OneTimeLink.objects.create(
        token_sha256=hashlib.sha256(token.encode("ascii")).hexdigest(),
        person=person,
        made_at=clock.machine_now(),
        expires_at=clock.machine_now() + LINK_VALID_FOR,
    )
    return token


def link_for(token: str) -> OneTimeLink:
    """Give the link of a token; raise Refused if it is unknown, used or too old, in the same words."""
    wanted = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    link = OneTimeLink.objects.select_related("person").filter(pk=wanted, used_at=None).first()
    closed = link is not None and Deactivation.objects.filter(person=link.person).exists()
    if link is None or closed or link.expires_at <= clock.machine_now():
        raise Refused(_("This link is not valid any more. Ask an administrator for a new one."), status=404)
    return link


def enrol(token: str, *, secret: str, secret_again: str) -> KeyEnrolment:
    """Set a person's secret by their one-time link; their new key signs itself and replaces any older one."""
    link = link_for(token)
    person = link.person
    if secret != secret_again:
        raise BadInput(Objection(_("The two passwords differ. Type them again."), field="secret_again"))
    objections = objections_to_secret(secret, username=person.username, name=person.name)
    if objections:
        raise BadInput(objections)
    key = new_key()
    wrap = wrapped(key, person=person, secret=secret)
    with writing():
        used = OneTimeLink.objects.filter(pk=link.pk, used_at=None).update(used_at=clock.machine_now())
        if not used:
            raise Refused(_("This link is not valid any more. Ask an administrator for a new one."), status=404)
        row = enrol_key(person, key, wrap)
    security.log("key_enrolled", person=person, username=person.username)
    return row


def change_secret(person: Person, *, secret: str, new_secret: str, station: str) -> None:
    """Wrap the person's key under a new secret; the old wrap is gone and their other sessions end."""
    security.refuse_while_blocked(person.username, station)
    try:
        key = unlock(KeyWrap.objects.filter(person=person).first(), secret)
    except WrongSecretError:
        security.count_failure(person.username, station, about="changing the password")
        raise BadInput(Objection(_("This is not your present password."), field="secret")) from None
    objections = objections_to_secret(new_secret, username=person.username, name=person.name)
    if secret == new_secret:
        objections.append(Objection(_("Choose a password that you have not now."), field="new_secret"))
    if objections:
        raise BadInput(objections)
    wrap = wrapped(key, person=person, secret=new_secret)
    with writing():
        KeyWrap.objects.filter(person=person).delete()
        wrap.save(force_insert=True)
        person.state.sessions_valid_from = clock.machine_now()
        person.state.save(update_fields=["sessions_valid_from"])
    security.log("password_changed", person=person, username=person.username, station=station)
