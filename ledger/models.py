"""The tables of the record.

`Written` is the base of every row that is never changed. Its subclasses are guarded by the database
(ledger.guards) and witnessed by one entry each (ledger.writing); verification compares the two.
"""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock
from ledger.canonical import NOTHING_BEFORE, canonical

PAYLOAD_SCHEMA = 1


class Head(models.Model):
    """The newest entry, in the one row that every writer locks last. A cache: verification recomputes it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.PositiveIntegerField(default=1)
    seq = models.PositiveBigIntegerField(default=0)
    leaf = models.CharField(max_length=64, default=NOTHING_BEFORE)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_head")]


class Entry(models.Model):
    """One line of the ledger. `bytes` are what counts; the columns repeat them for finding."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    prev = models.CharField(max_length=64, unique=True)
    leaf = models.CharField(max_length=64, unique=True)
    stream = models.CharField(max_length=80)
    sseq = models.PositiveBigIntegerField()
    sprev = models.CharField(max_length=64)
    type = models.CharField(max_length=60)
    at = models.DateTimeField()
    rec_type = models.CharField(max_length=60)
    rec_id = models.UUIDField()
    rec_version = models.PositiveIntegerField()
    bytes = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "sseq"], name="a_stream_has_one_entry_a_position"),
            models.UniqueConstraint(fields=["stream", "sprev"], name="a_stream_never_forks"),
            models.UniqueConstraint(fields=["rec_type", "rec_id"], name="a_record_has_one_entry"),
        ]


class Payload(models.Model):
    """What an entry commits to, with its salt; gone only through the erasure door."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True)
    salt = models.BinaryField()
    bytes = models.BinaryField()


class Envelope(models.Model):
    """A signed envelope that an entry names by its SHA-256."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="envelopes")
    bytes = models.BinaryField()


class Written(models.Model):
    """A row that is never changed or deleted, witnessed by one entry of the ledger.

    `recorded_at` is the server's time of writing in UTC; `actor` is who wrote it: `person/<id>`, `machine`
    or `founding`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=60)

    # Fields that the entry's payload leaves out, because they can only be known after it.
    outside_payload: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    def stream_name(self) -> str:
        """Name the one stream that this row's entry stands in."""
        raise NotImplementedError(f"{type(self).__name__} names no stream")

    @property
    def record_version(self) -> int:
        """Which version of its thing this row is; 1 where a thing has no versions."""
        return 1

    @classmethod
    def record_type(cls) -> str:
        """Give the name by which entries call this table, such as `qc.result`."""
        return cls._meta.label_lower

    def payload(self) -> bytes:
        """Give the canonical bytes that state this whole row."""
        fields = {
            field.attname: plain(getattr(self, field.attname))
            for field in self._meta.concrete_fields
            if field.attname not in self.outside_payload
        }
        return canonical({"schema": PAYLOAD_SCHEMA, "record": self.record_type(), "fields": fields})


def plain(value: object) -> object:
    """Give a column's value in the types that canonical bytes know."""
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return value


class Site(Written):
    """The one site that this installation is, as it was founded; training or not is settled for ever."""

    only = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=240)
    licence = models.CharField(max_length=120, blank=True)
    facility = models.CharField(max_length=5, help_text="Facility identification number of ISBT 128.")
    origin = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=60)
    training = models.BooleanField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=1), name="an_installation_is_one_site")]

    def stream_name(self) -> str:
        return "site"


class Erasure(Written):
    """The door through which one entry's payload may leave: it names the entry and the row of identity."""

    seq = models.PositiveBigIntegerField(unique=True)
    record_type_erased = models.CharField(max_length=60)
    record_id_erased = models.UUIDField()
    stream = models.CharField(max_length=80)
    reason = models.TextField(max_length=4000)

    def stream_name(self) -> str:
        return self.stream


class StoredFile(Written):
    """A file under the data folder, named by its SHA-256."""

    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)
    original_name = models.CharField(max_length=200)

    def stream_name(self) -> str:
        return "site"


class LogKey(Written):
    """A public key of the site's log, from its entry on; a later one is vouched for by the one before."""

    key_id = models.CharField(max_length=64, unique=True)
    public_key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    rotation = models.TextField(blank=True, help_text="canonical JSON: statement, old and new signature, base64")

    def stream_name(self) -> str:
        return "site"


class Checkpoint(Written):
    """A signed head of the tree over all entries up to `size`; issued once, kept for ever."""

    class Why(models.TextChoices):
        DECISION = "decision", _("a decision waits for it")
        COPY = "copy", _("a copy was asked for")
        DAILY = "daily", _("a day went by")
        ENTRIES = "entries", _("many entries were written")
        ASKED = "asked", _("somebody asked for it")

    origin = models.CharField(max_length=220)
    epoch = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField()
    root = models.CharField(max_length=64)
    note = models.TextField(help_text="the signed note, whole (C2SP tlog-checkpoint)")
    key = models.ForeignKey(LogKey, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=10, choices=Why)
    edge = models.JSONField(help_text="hashes of the complete subtrees that make up the tree, largest first, hex")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["size"], name="a_size_has_one_checkpoint")]

    def stream_name(self) -> str:
        return "site"


class Anchor(Written):
    """A time-stamping authority outside the site saw a checkpoint (RFC 3161); verified before it was stored."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="anchors")
    size = models.PositiveBigIntegerField()
    authority = models.CharField(max_length=40)
    token = models.TextField(help_text="TimeStampToken, DER in base64")
    stamped_at = models.DateTimeField(help_text="the authority's time")
    serial = models.CharField(max_length=80)
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "authority"], name="an_authority_stamps_a_checkpoint_once")
        ]

    def stream_name(self) -> str:
        return "site"


class Incident(Written):
    """Something about the record's own integrity was found: about one stream, or about the whole site.

    It is open until two people close it (accounts.incidents); what that stops is asked of `ledger.incidents`.
    """

    kind = models.CharField(max_length=30)
    about = models.CharField(max_length=80, blank=True, help_text="a stream; empty where the whole site is concerned")
    says = models.TextField(max_length=4000)
    after_seq = models.PositiveBigIntegerField(help_text="the newest entry when it was found")

    def stream_name(self) -> str:
        return "site"


class IncidentState(models.Model):
    """Whether an incident is still open. A cache: verification recomputes it."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, primary_key=True, related_name="state")
    is_open = models.BooleanField(default=True)
    outcome = models.CharField(max_length=20, blank=True)


class EpochOpened(Written):
    """The ledger stood behind what was signed of it: the machine opened a provisional epoch for what comes next."""

    number = models.PositiveIntegerField(unique=True)
    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="epoch")
    kept_to = models.PositiveBigIntegerField(help_text="the last entry that is still there")
    known_size = models.PositiveBigIntegerField(help_text="the size of the newest checkpoint known outside")
    known_root = models.CharField(max_length=64)
    known_from = models.CharField(max_length=40, help_text="signer, or high-water file")

    def stream_name(self) -> str:
        return "site"


class OutboxJob(models.Model):
    """Work that is owed: this row is the job; a message only wakes somebody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    subject = models.UUIDField()
    then = models.CharField(max_length=40, blank=True, help_text="the kind of job owed on the same subject when done")
    progress = models.CharField(max_length=120, blank=True)
    owed_at = models.DateTimeField(default=clock.machine_now)
    due_at = models.DateTimeField(default=clock.machine_now)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="a_job_is_owed_once")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(done_at=None), name="jobs_that_are_due")]


class Counter(models.Model):
    """The last number given for a kind and year. Numbers may have gaps, never repeats."""

    kind = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="one_counter_a_kind_and_year")]
