"""The tables of what instruments measured: files as they came, plates as they were typed, and the readings they gave.

A file is kept with everything that was chosen with it, also where it is never imported. The text of the profile is kept
as a file of its own, so that what was read can be read again in the same way for ever.
"""

from django.db import models

from batches.models import Equipment, InBatch
from ledger.models import StoredFile
from qc.models.laboratory import Reading, Sample


class Measured(InBatch):
    """Something that an instrument measured of a sample for one line, read under one version of a profile."""

    line = models.CharField(max_length=40)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="+")
    instrument = models.ForeignKey(Equipment, on_delete=models.PROTECT, related_name="+")
    profile = models.CharField(max_length=30)
    profile_version = models.PositiveIntegerField()
    profile_text = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    performed_at = models.DateTimeField(help_text="when it was measured")

    class Meta:
        abstract = True


class InstrumentFile(Measured):
    """A file of an instrument as it was received, with what was chosen for it; it may never be imported."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")


class InstrumentImport(InBatch):
    """Somebody looked at what a file gives and imported it: all of it, into one run of its line."""

    source = models.OneToOneField(InstrumentFile, on_delete=models.PROTECT, related_name="imported")
    run = models.PositiveSmallIntegerField()
    rows = models.PositiveIntegerField(help_text="rows of the file, without the names of the columns")
    calculated = models.JSONField(help_text="of each value: what it rests on, the rule, unrounded and as recorded")


class ImportedReading(InBatch):
    """A reading that came from a file: which rows of it."""

    imported = models.ForeignKey(InstrumentImport, on_delete=models.PROTECT, related_name="readings")
    reading = models.OneToOneField(Reading, on_delete=models.PROTECT, related_name="from_file")
    rows = models.JSONField(help_text="lines of the file")


class PlateEntry(Measured):
    """A plate whose wells somebody typed, all at once; its sample wells became one reading, or one each."""

    run = models.PositiveSmallIntegerField()
    calculated = models.JSONField(help_text="as for an import")


class PlateReading(InBatch):
    """A reading that came from a plate: which wells of it."""

    plate = models.ForeignKey(PlateEntry, on_delete=models.PROTECT, related_name="readings")
    reading = models.OneToOneField(Reading, on_delete=models.PROTECT, related_name="from_plate")
    wells = models.JSONField(help_text="names of the wells")


class PlateWell(InBatch):
    """One well of a plate as it was typed."""

    plate = models.ForeignKey(PlateEntry, on_delete=models.PROTECT, related_name="wells")
    well = models.CharField(max_length=3)
    role = models.CharField(max_length=10)
    title = models.CharField(max_length=200)
    typed = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plate", "well"], name="a_well_is_typed_once")]
