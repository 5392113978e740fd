"""What people do under signature: one class an act, one list of all.

An act says who may do it, what its signer sees and means, the reasons against it, and what it writes. The signature
page and the API know acts only through this shape, so every act is offered by both and behaves alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from django.http import Http404
from rest_framework import serializers

from accounts.integrity import objections_to_integrity
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, plain_intent
from accounts.refusal import Objection, Text, lacks
from accounts.roles import Permission
from accounts.signature import Signature
from accounts.wording import record_time
from ledger.canonical import canonical, digest
from ledger.models import Site

# What the person chooses before signing, as the act's serializer read it: plain text, numbers and lists, so that it
# can be stored with the challenge.
Intent = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what is signed: what it is, what it says, and a status to show beside it."""

    label: str
    value: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class ToSign:
    """The view that a signer reads, built by the server from stored rows alone.

    `version` is what it is a view of: when anything shown changes, so does the digest, and the signature is refused.
    `signatures` is how many signatures this version needs in all, where that is known; 0 where it is not.
    """

    title: str
    identity: Sequence[Line]
    lines: Sequence[Line]
    version: str = ""
    earlier: Sequence["EarlierSignature"] = field(default_factory=tuple)
    signatures: int = 0
    verb: str = ""  # the words of the button where they say more than the act's own

    @property
    def number(self) -> int:
        """Which signature on this version comes next."""
        return len(self.earlier) + 1

    def sha256(self) -> str:
        """Give the digest of everything that is shown."""
        shown = {
            "title": self.title,
            "identity": [[line.label, line.value] for line in self.identity],
            "lines": [[line.label, line.value, line.status] for line in self.lines],
            "version": self.version,
            "earlier": [[str(one.row_id), one.meaning] for one in self.earlier],
        }
        return digest(canonical(shown))


@dataclass(frozen=True, slots=True)
class EarlierSignature:
    """A signature that stands on the same version already."""

    row_id: UUID
    name: str
    username: str
    meaning: str
    signed_at: str

    @classmethod
    def on(cls, row: Signed) -> "EarlierSignature":
        """Give what a signature page shows of a signed row."""
        return cls(row.pk, row.signer_name, row.signer_username, row.meaning_text, record_time(row.signed_at))


class NoIntent(StrictSerializer[Intent]):
    """An act that leaves nothing to choose."""


SubjectT = TypeVar("SubjectT")


class Act(Generic[SubjectT]):
    """One thing people do under signature. Subclasses are listed by `register`."""

    code: ClassVar[str]
    title: ClassVar[Text]
    verb: ClassVar[Text]  # the words of the button
    permission: ClassVar[Permission]
    meaning: ClassVar[Meaning]
    meaning_text: ClassVar[Text] = ""  # more exact than the meaning's own sentence, where the act has one
    asks: ClassVar[type[serializers.Serializer[Any]]] = NoIntent  # Any: serializers are generic in what they read
    # A second person signs at the station of the first, without taking over the session.
    second_person: ClassVar[bool] = False
    # An open incident about the whole site, or about one of `streams`, stops it.
    stopped_by_findings: ClassVar[bool] = False

    def find(self, subject: UUID) -> SubjectT:
        """Give what the act is about; raise Http404 if there is none."""
        raise NotImplementedError

    def lock(self, subject: SubjectT) -> None:
        """Lock what the act depends on, before anything is read again. Nothing to lock is allowed."""

    def lock_with(self, subject: SubjectT, intent: Intent) -> None:
        """Lock what `lock` does, with what else the intention names: all at once, in the order that all acts share."""
        self.lock(subject)

    def streams(self, subject: SubjectT) -> Sequence[str]:
        """Name the streams of the record on which the act rests."""
        return ()

    def to_sign(self, subject: SubjectT, intent: Intent) -> ToSign:
        """Build what the signer reads."""
        raise NotImplementedError

    def objections(self, subject: SubjectT, intent: Intent, by: Person) -> list[Objection]:
        """Give the reasons against the act, beyond the missing permission that is always asked."""
        return []

    def carry_out(self, subject: SubjectT, intent: Intent, signature: Signature) -> Signed:
        """Write what the act writes and give the signed row; runs in the writing transaction, after `objections`."""
        raise NotImplementedError

    def means(self, intent: Intent) -> tuple[Meaning, str]:
        """Give the meaning and its sentence."""
        return self.meaning, str(self.meaning_text or self.meaning.label)

    def done_url(self, row: Signed) -> str:
        """Give the page to show afterwards."""
        return "/"

    def all_objections(self, subject: SubjectT, intent: Intent, by: Person) -> list[Objection]:
        """Give every reason against the act by this person: the one list that page, button and action use."""
        return [
            *lacks(by, self.permission),
            *objections_to_integrity(self, subject),
            *self.objections(subject, intent, by),
        ]

    def read_intent(self, data: Mapping[str, object]) -> Intent:
        """Read what the person chose; raise BadInput with a sentence a field."""
        return plain_intent(self.asks, data)


class AboutSite(Act[Site]):
    """An act that makes something new: its subject is the site."""

    def find(self, subject: UUID) -> Site:
        site = Site.objects.filter(pk=subject).first()
        if site is None:
            raise Http404
        return site


_acts: dict[str, Act[Any]] = {}  # Any: acts of every kind of subject


def register(act: type[Act[Any]]) -> type[Act[Any]]:  # Any: as above
    """Put an act on the list; two acts never share a code."""
    if act.code in _acts:
        raise ValueError(f"Two acts are called {act.code}.")
    _acts[act.code] = act()
    return act


def act_called(code: str) -> Act[Any] | None:  # Any: as above
    """Give the act of a code, if there is one."""
    return _acts.get(code)


def all_acts() -> list[Act[Any]]:  # Any: as above
    """Give every act, by code."""
    return [_acts[code] for code in sorted(_acts)]
