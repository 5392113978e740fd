"""Registering who is treated, under which identifier, and who and where cells can be.

(1) A subject is known by a pseudonym; what links it to a human being stands in `SubjectIdentity` alone.
(2) A chain of identity has the 15 characters of ISBT 128. Its serial ends in a character computed from the others,
    so that one mistyped character never gives another chain of this site.
(3) This site is a party like any other; its row is written with the first registration.
"""

import re
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, SameIdOtherContent, lacks, refuse_if, when
from accounts.repeats import once, other_content
from accounts.roles import Permission
from accounts.wording import local
from chain_of_custody import isbt128
from chain_of_custody.models import ChainOfIdentity, Party, Place, Subject, SubjectIdentity
from ledger import clock
from ledger.models import Site
from ledger.numbering import next_serial
from ledger.writing import write, writing

PSEUDONYM = re.compile(r"(?=.*[0-9])[A-Z0-9][A-Z0-9._-]{0,19}")
PLACE_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,19}")

SERIAL_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U, which are read as others
_COUNTED = 5
_SPREAD = 14_520_861  # odd, so that it maps the numbers below 32⁵ onto themselves
_WEIGHTS = (1, 3, 5, 7, 9)  # odd, so that a change of one character always changes the last


def own_party() -> Party:
    """Give this site as a party; its row is written when it is asked for the first time."""
    found = Party.objects.filter(kind=Party.Kind.OWN_SITE).first()
    if found is not None:
        return found
    site = Site.objects.get()
    with writing():
        party = Party(name=site.name, kind=Party.Kind.OWN_SITE, address=site.address, licence=site.licence)
        return write(party, type="party.registered", actor="machine")


def serial_of(number: int) -> str:
    """Give the six characters of the n-th chain of identity of a year.

        spread = n · 14520861 mod 32⁵, five characters;  the sixth = Σ weightᵢ · characterᵢ mod 32, weights 1 3 5 7 9

    Neighbouring numbers look different, and no two serials differ in one character alone.
    """
    rest = number * _SPREAD % len(SERIAL_LETTERS) ** _COUNTED
    values = []
    for _position in range(_COUNTED):
        rest, value = divmod(rest, len(SERIAL_LETTERS))
        values.append(value)
    last = sum(weight * value for weight, value in zip(_WEIGHTS, values, strict=True)) % len(SERIAL_LETTERS)
    return "".join(SERIAL_LETTERS[value] for value in (*values, last))


def register_subject(
    *,
    id: UUID,  # noqa: A002  the row's own name for it, here and below
    pseudonym: str,
    by: Person,
    initials: str = "",
    birth_year: int | None = None,
    hospital_reference: str = "",
) -> Subject:
    """Make a subject known under its pseudonym, with the identity record where one is given.

    An intention: refused for a pseudonym that is taken or could be a name.
    """
    refuse_if(lacks(by, Permission.SUBJECT_REGISTER))
    pseudonym = pseudonym.strip().upper()

    def record() -> Subject:
        own_party()
        refuse_if(
            [
                *when(
                    not PSEUDONYM.fullmatch(pseudonym),
                    _("A pseudonym has up to 20 of A–Z, 0–9, dot, hyphen, and a digit in it. It is never a name."),
                    field="pseudonym",
                ),
                *when(
                    Subject.objects.filter(pseudonym=pseudonym).exists(),
                    _("The pseudonym %(pseudonym)s is taken. Open that subject.") % {"pseudonym": pseudonym},
                    field="pseudonym",
                ),
            ]
        )
        subject = write(Subject(id=id, pseudonym=pseudonym), type="subject.registered", actor=by.reference)
        if initials or birth_year is not None or hospital_reference:
            write(
                SubjectIdentity(
                    subject=subject,
                    initials=initials,
                    birth_year=birth_year,
                    hospital_reference=hospital_reference,
                ),
                type="subject.identified",
                actor=by.reference,
            )
        return subject

    subject = once(Subject, id, {"pseudonym": pseudonym}, record)
    told = subject.identities.values_list("initials", "birth_year", "hospital_reference").first()
    if (told or ("", None, "")) != (initials, birth_year, hospital_reference):
        raise SameIdOtherContent(other_content())
    return subject


def issue_chain(*, id: UUID, subject: Subject, by: Person) -> ChainOfIdentity:  # noqa: A002
    """Issue a chain of identity for one therapy event of a subject."""
    refuse_if(lacks(by, Permission.SUBJECT_REGISTER))

    def record() -> ChainOfIdentity:
        year = local(clock.now()).year
        serial = serial_of(next_serial("chain", year))
        chain = isbt128.new_chain_of_identity(Site.objects.get().facility, year, serial)
        row = ChainOfIdentity(id=id, identifier=chain.code, subject=subject)
        return write(row, type="chain.issued", actor=by.reference)

    return once(ChainOfIdentity, id, {"subject_id": subject.pk}, record)


def register_party(
    *,
    id: UUID,  # noqa: A002
    name: str,
    kind: Party.Kind,
    address: str,
    by: Person,
    licence: str = "",
) -> Party:
    """Make an organisation known that may hold cells. An intention: refused for a name that is taken."""
    refuse_if(lacks(by, Permission.PARTY_REGISTER))

    def record() -> Party:
        own_party()
        refuse_if(
            [
                *when(kind == Party.Kind.OWN_SITE, _("This site is a party already."), field="kind"),
                *when(
                    Party.objects.filter(name__iexact=name).exists(),
                    _("There is a party called %(name)s already.") % {"name": name},
                    field="name",
                ),
            ]
        )
        row = Party(id=id, name=name, kind=kind, address=address, licence=licence)
        return write(row, type="party.registered", actor=by.reference)

    said = {"name": name, "kind": kind, "address": address, "licence": licence}
    return once(Party, id, said, record)


def register_place(
    *,
    id: UUID,  # noqa: A002
    code: str,
    name: str,
    kind: Place.Kind,
    party: Party,
    by: Person,
    low_c: Decimal | None = None,
    high_c: Decimal | None = None,
    is_isolated: bool = False,
) -> Place:
    """Make a storage unit, room or shipper known with the temperatures it keeps. An intention.

    An isolated one is kept apart for cells of a donor with reactive or unknown markers (2006/86/EC Annex II E).
    """
    refuse_if(lacks(by, Permission.PARTY_REGISTER))
    code = code.strip().upper()

    def record() -> Place:
        refuse_if(_objections_to_place(code, low_c, high_c))
        row = Place(id=id, **said)
        return write(row, type="place.registered", actor=by.reference)

    said = {
        "code": code,
        "name": name,
        "kind": kind,
        "party_id": party.pk,
        "low_c": low_c,
        "high_c": high_c,
        "is_isolated": is_isolated,
    }
    return once(Place, id, said, record)


def _objections_to_place(code: str, low_c: Decimal | None, high_c: Decimal | None) -> list[Objection]:
    return [
        *when(
            not PLACE_CODE.fullmatch(code),
            _("A place code has up to 20 of A–Z, 0–9, dot, hyphen, such as LN2-04."),
            field="code",
        ),
        *when(
            Place.objects.filter(code=code).exists(),
            _("There is a place %(code)s already.") % {"code": code},
            field="code",
        ),
        *when(
            low_c is None and high_c is None,
            _("Say which temperatures this place keeps: the lowest, the highest, or both."),
            field="high_c",
        ),
        *when(
            low_c is not None and high_c is not None and low_c > high_c,
            _("The lowest temperature is above the highest."),
            field="low_c",
        ),
    ]
