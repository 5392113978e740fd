"""What is chosen with a file or a plate, and the reasons against it: the line, the sample, the profile, the instrument.

(1) The sample is one of this batch, taken where the line wants it (as for any reading).
(2) The profile gives something that is entered for the line: its value, or an input of the method that calculates it.
(3) The instrument is one of the site, of the type that the profile reads, and fit for use when it measured and now:
    qualified, calibrated, clean, not on hold (21 CFR 11.10(h), 211.160(b)(4)).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import Person
from accounts.parsing import MomentField, StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, refuse_if, when
from accounts.repeats import recorded_before
from batches.equipment import why_unfit
from batches.models import Batch, Equipment
from ledger import clock, files
from ledger.canonical import digest
from ledger.models import StoredFile
from qc.batch_act import lock_batch
from qc.contract_laboratory.certificates import objections_beside_certificates
from qc.definitions.specification import Line
from qc.importing.by_method import why_nothing
from qc.importing.profiles import Profile
from qc.importing.reading_profiles import read_profile
from qc.importing.shipped import source_called
from qc.laboratory.judging import InForce
from qc.laboratory.recording import line_called, objections_to_reading
from qc.laboratory.runs import Runs, runs_of
from qc.methods.in_force import methods_of
from qc.models import Sample
from qc.models.importing import Measured
from qc.specifying import specification_of

Plain = dict[str, Any]  # Any: as the fields read it
PROFILE_NAME = ".profile.yaml"
MeasuredT = TypeVar("MeasuredT", bound=Measured)


class MeasuredInput(StrictSerializer[Plain]):
    """What goes with a file or a plate; without a time it was measured now."""

    id = serializers.UUIDField()
    line = TextField(max_length=40)
    sample = serializers.UUIDField()
    profile = TextField(max_length=40)
    instrument = TextField(max_length=40, help_text="the code on the instrument")
    performed_at = MomentField(required=False, default=None, allow_null=True)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose, each known to be there."""

    line: Line
    sample: Sample
    source: bytes
    instrument: Equipment
    runs: Runs
    methods: InForce  # those by which the run is read, by member

    @property
    def profile(self) -> Profile:
        return read_profile(self.source)


def chosen(batch: Batch, *, line: str, sample: UUID, profile: str, instrument: str) -> Chosen:
    """Find what was chosen; raise BadInput for what is not there."""
    found = Sample.objects.select_related("container").filter(pk=sample).first()
    if found is None:
        raise BadInput(Objection(_("This sample is not known. Receive it first."), code="bad_input", field="sample"))
    wanted, runs = line_called(batch, line), runs_of(batch, line)
    return Chosen(
        line=wanted,
        sample=found,
        source=source_called(profile),
        instrument=instrument_called(instrument),
        runs=runs,
        methods=methods_of_run(batch, wanted, runs.run),
    )


@dataclass(frozen=True, slots=True)
class Taken(Generic[MeasuredT]):
    """What somebody chose, when it was measured, and the row that they stored before under the same id, if any."""

    chosen: Chosen
    performed_at: datetime
    known: MeasuredT | None = None

    def columns(self, *, actor: str) -> dict[str, Any]:  # Any: columns of a row
        """Give the columns that a kept file and a typed plate share; the text of the profile is stored once."""
        return {
            "line": self.chosen.line.code,
            "sample": self.chosen.sample,
            "instrument": self.chosen.instrument,
            "profile": self.chosen.profile.code,
            "profile_version": self.chosen.profile.version,
            "profile_text": keep_profile(self.chosen.source, actor=actor),
            "performed_at": self.performed_at,
        }


def taken(
    model: type[MeasuredT],
    row_id: UUID,
    batch: Batch,
    *,
    line: str,
    sample: UUID,
    profile: str,
    instrument: str,
    performed_at: datetime | None,
    by: Person,
) -> Taken[MeasuredT]:
    """Look what somebody sends of an instrument, in the open transaction, which holds the batch from here on.

    A row of this id that says the same comes with it, and nothing more is asked. Raises Refused where line, sample,
    profile or instrument do not fit, BadInput where one is not there, SameIdOtherContent for another row of this id.
    """
    batch.state = lock_batch(batch)
    what = chosen(batch, line=line, sample=sample, profile=profile, instrument=instrument)
    said: dict[str, object] = {
        "batch_id": batch.pk,
        "line": line,
        "sample_id": what.sample.pk,
        "instrument_id": what.instrument.pk,
        "profile": what.profile.code,
        "profile_version": what.profile.version,
    }
    said |= {"performed_at": performed_at} if performed_at else {}
    if known := recorded_before(model, row_id, said, by=by):
        return Taken(what, known.performed_at, known)
    moment = performed_at or clock.now()
    refuse_if(objections_to_measured(batch, what, moment, by=by))
    return Taken(what, moment)


def chosen_again(row: Measured, *, run: int | None = None) -> Chosen:
    """Give what was chosen with a row that is stored, as it stands now; its methods are those of the run it is in."""
    line, runs = line_called(row.batch, row.line), runs_of(row.batch, row.line)
    return Chosen(
        line=line,
        sample=Sample.objects.select_related("container").get(pk=row.sample_id),
        source=files.read(row.profile_text),
        instrument=instrument_called(row.instrument.code),
        runs=runs,
        methods=methods_of_run(row.batch, line, run or runs.run),
    )


def methods_of_run(batch: Batch, line: Line, run: int) -> InForce:
    """Give the methods in force by which a run of a line is read, by member."""
    return methods_of(batch, specification_of(batch)).of_line(line, run)


def instrument_called(code: str) -> Equipment:
    """Give a piece of equipment with its events; raise BadInput for a code that none has."""
    found = Equipment.objects.prefetch_related("events").filter(code=code.strip()).first()
    if found is None:
        says = _("No equipment has the code %(code)s. Scan another one, or ask your lead to register it.")
        raise BadInput(Objection(says % {"code": code[:40]}, code="bad_input", field="instrument"))
    return found


def objections_to_measured(batch: Batch, what: Chosen, performed_at: datetime, *, by: Person) -> list[Objection]:
    """Give the reasons against taking what an instrument measured."""
    profile = what.profile
    nothing = why_nothing(profile, what.line, what.methods)
    return [
        *objections_to_reading(batch, what.line, what.sample, by=by, runs=what.runs),
        *objections_beside_certificates(batch, what.line.code, None),
        *when(bool(nothing), nothing, code="other_profile", field="profile"),
        *objections_to_instrument(what.instrument, profile, performed_at),
    ]


def objections_to_instrument(instrument: Equipment, profile: Profile, performed_at: datetime) -> list[Objection]:
    """Object to an instrument of another type than the profile reads, or one not fit for use then or now."""
    if instrument.type != profile.equipment:
        says = _("%(name)s %(code)s is a %(type)s; this profile reads files of a %(wanted)s. Scan that instrument.")
        words = {
            "name": instrument.name,
            "code": instrument.code,
            "type": instrument.type.replace("_", " "),
            "wanted": profile.equipment.replace("_", " "),
        }
        return [Objection(says % words, code="other_instrument", field="instrument")]
    reasons = dict.fromkeys(why_unfit(instrument, at) for at in (performed_at, clock.now()))
    return [Objection(why, code="instrument_unfit", field="instrument") for why in reasons if why]


def keep_profile(source: bytes, *, actor: str) -> StoredFile:
    """Give the file that holds the text of a profile; it is stored once."""
    known = StoredFile.objects.filter(sha256=digest(source), original_name__endswith=PROFILE_NAME).first()
    if known is not None:
        return known
    profile = read_profile(source)
    return files.keep(source, name=f"{profile.code}-{profile.version}{PROFILE_NAME}", actor=actor)
