"""Who and what the ids in a record stand for, and the signatures as the record prints them; read once for one batch."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Person, Signed
from accounts.refusal import Text
from accounts.wording import record_time
from batches.models import Batch, MaterialLot
from chain_of_custody.models import Container, Party, Place
from ledger.models import Entry, Site, Written
from reports.record_snapshot import RecordedSignature

PERSON = "person/"


class Names:
    """One reading of everything that the record of a batch calls by an id."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.site = Site.objects.get()
        self.streams = (batch.stream_name(), f"coi/{batch.coi.identifier}")
        self.people = {str(person.pk): person for person in Person.objects.all()}
        self.roles: dict[str, set[str]] = defaultdict(set)
        self.signed: dict[str, set[UUID]] = defaultdict(set)
        in_streams = Entry.objects.filter(stream__in=self.streams).values_list("rec_id", "seq")
        self._entries: dict[UUID, int] = dict(in_streams)
        self._called: dict[str, str] = {key: person.name for key, person in self.people.items()}
        for model, column in ((Party, "name"), (Place, "name"), (MaterialLot, "code")):
            self._called |= {str(key): name for key, name in model._default_manager.values_list("pk", column)}
        containers = Container.objects.filter(coi=batch.coi).values_list("pk", "code")
        self._called |= {str(key): code for key, code in containers}
        self._called |= {
            str(batch.pk): batch.number,
            str(batch.order_id): batch.order.number,
            str(batch.order.coi_id): batch.coi.identifier,
        }

    def look_up(self, rows: Iterable[Written]) -> None:
        """Find the entries of rows that stand in other streams, in one statement."""
        missing = [row.pk for row in rows if row.pk not in self._entries]
        found = Entry.objects.filter(rec_id__in=missing).values_list("rec_id", "seq") if missing else ()
        self._entries |= dict(found)

    def look_up_ids(self, ids: Iterable[str]) -> None:
        """Find the entries of records by their ids, in few statements."""
        missing = [UUID(one) for one in ids if one not in self._called and UUID(one) not in self._entries]
        for start in range(0, len(missing), 500):
            some = missing[start : start + 500]
            self._entries |= dict(Entry.objects.filter(rec_id__in=some).values_list("rec_id", "seq"))

    def entry(self, row: Written) -> str:
        """Name the entry that witnesses a row."""
        if row.pk not in self._entries:
            self.look_up([row])
        return _("entry %(seq)s") % {"seq": f"{self._entries[row.pk]:,}"}

    def called(self, key: str) -> str:
        """Give what an id stands for: a name, a code, or the entry of the record; the id itself where it is unknown."""
        if key in self._called:
            return self._called[key]
        seq = self._entries.get(UUID(key))
        return _("entry %(seq)s") % {"seq": f"{seq:,}"} if seq is not None else key

    def who(self, actor: str) -> str:
        """Name who wrote an entry: a person with the user id, or the machine."""
        person = self.people.get(actor.removeprefix(PERSON)) if actor.startswith(PERSON) else None
        if person is not None:
            return f"{person.name} ({person.username})"
        return {"machine": _("the system"), "founding": _("the founding of the site")}.get(actor, actor)

    def by_at(self, actor: str, moment: datetime) -> str:
        """Write who did something, and when."""
        return f"{self.who(actor)}, {record_time(moment)}"

    def signature(self, row: Signed, title: Text) -> RecordedSignature:
        """Give a signature in its lines; its signer is kept for the key to names."""
        self.roles[str(row.signer_id)].add(row.signer_role)
        self.signed[str(row.signer_id)].add(row.pk)
        return RecordedSignature(
            title=str(title),
            name=row.signer_name,
            user=row.signer_username,
            role=row.signer_role or _("no role stated"),
            organisation=self.site.name,
            meaning=row.meaning_text,
            signed_at=record_time(row.signed_at),
            comment=row.comment,
            entry=self.entry(row),
        )

    def entries(self) -> Q:
        """Give the condition under which an entry belongs to this record."""
        return Q(stream__in=self.streams)
