"""The samples that the tests of a batch want, those that were made, and where each is now.

(1) Computed from the pinned specification and master record and from what was recorded; nothing of it is stored.
(2) A line that takes no result of this product wants no sample.
(3) A volume that was not recorded is unknown and never enough.
(4) What a sample went through is custody's: who holds it, where it was put, whether it is offered to somebody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _

from batches.definitions.master import Made, MasterDefinition
from batches.label_prints import PrintRecord, labels_on, prints_of
from batches.models import Batch
from batches.pinned import master_of
from chain_of_custody.fates import fates_of
from chain_of_custody.lapsing import open_offer_of
from chain_of_custody.models import Container, ContainerFate, Party
from qc.definitions.specification import Line, SpecificationDefinition
from qc.laboratory.receiving import SAMPLES
from qc.models import Sample
from qc.specifying import specification_of

RETAINED = (Container.Kind.RETAIN_VIAL,)


class SampleStanding(StrEnum):
    """How far a container came, the furthest first."""

    ENDED = "ended"
    OUTSIDE = "outside"  # another party holds it
    OFFERED = "offered"  # it is on its way to another party
    RECEIVED = "received"
    LABELLED = "labelled"
    MADE = "made"


@dataclass(frozen=True, slots=True)
class Taken:
    """A container with its label, its receipt in the laboratory, and where it is."""

    container: Container
    standing: SampleStanding
    label: str  # serial of the label on it; empty where none is
    printed: str  # number of the newest print with a label for it; empty where none is
    sample: Sample | None
    holder: str
    place: str
    fate: ContainerFate | None

    @property
    def code(self) -> str:
        return self.container.code

    @property
    def is_received(self) -> bool:
        return self.sample is not None

    @property
    def kept_until(self) -> datetime | None:
        """Until when it is kept, where that was stated."""
        return self.container.expires_at


@dataclass(frozen=True, slots=True)
class Creation:
    """Containers that a step of the master record makes at a sampling point."""

    step: str
    title: str
    kind: str
    number: int | None  # None where the step counts them


@dataclass(frozen=True, slots=True)
class PointPlan:
    """One sampling point: the lines that want a sample of it, what is made there, what was made, what is missing."""

    code: str
    title: str
    lines: tuple[Line, ...]
    creations: tuple[Creation, ...]
    taken: tuple[Taken, ...]

    @property
    def needed_ml(self) -> Decimal | None:
        """The volume that the lines state; None where none of them states one."""
        volumes = [line.needs.volume_ml for line in self.lines if line.needs and line.needs.volume_ml is not None]
        return sum(volumes, Decimal()) if volumes else None

    @property
    def taken_ml(self) -> Decimal | None:
        """The volume of everything taken here; None where one of them has no recorded volume, or nothing was taken."""
        volumes = [one.container.volume_ml for one in self.taken]
        known = [volume for volume in volumes if volume is not None]
        return sum(known, Decimal()) if volumes and len(known) == len(volumes) else None

    @property
    def needed_containers(self) -> int:
        return sum(line.needs.containers for line in self.lines if line.needs)

    def missing(self) -> list[str]:
        """Say what keeps the lines of this point from being tested, one sentence each; nothing where nothing does."""
        return list(_missing(self))


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """The plan of a batch: each sampling point, and what was retained."""

    points: tuple[PointPlan, ...]
    retained: tuple[Taken, ...]


def sample_plan(batch: Batch) -> SamplePlan:
    """Give the sample plan of a batch as it stands; few statements, however many samples there are."""
    known = _Known.of(batch)
    specification, master = specification_of(batch), master_of(batch)
    return SamplePlan(
        points=tuple(_points(specification, master, known)),
        retained=tuple(known.taken(one) for one in known.containers if one.kind in RETAINED),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is recorded of the containers of a batch, each table read once."""

    containers: Sequence[Container]
    samples: Mapping[UUID, Sample]
    labels: Mapping[UUID, str]
    prints: Sequence[PrintRecord]
    fates: Mapping[object, ContainerFate]

    @classmethod
    def of(cls, batch: Batch) -> "_Known":
        found = Container.objects.filter(assignment__batch_number=batch.number).select_related(
            "state__holder_party", "state__holder_person", "state__place", "state__offered_to"
        )
        containers = list(found.order_by("made_at", "code"))
        prints = prints_of(batch)
        return cls(
            containers,
            {one.container_id: one for one in Sample.objects.filter(batch=batch)},
            {key: label.serial for key, label in labels_on(prints).items()},
            prints,
            fates_of(containers),
        )

    def taken(self, container: Container) -> Taken:
        state = container.state
        sample, fate = self.samples.get(container.pk), self.fates.get(container.pk)
        holder = state.holder_person.name if state.holder_person else state.holder_party.name
        place = ", ".join(filter(None, (state.place.name if state.place else "", state.position)))
        label = self.labels.get(container.pk, "")
        printed = [each.row.number for each in self.prints for one in each.labels if one.container == container.code]
        standing = _standing(container, label, sample, fate)
        return Taken(container, standing, label, printed[-1] if printed else "", sample, holder, place, fate)


def _standing(container: Container, label: str, sample: Sample | None, fate: ContainerFate | None) -> SampleStanding:
    if fate is not None:
        return SampleStanding.ENDED
    if container.state.holder_party.kind != Party.Kind.OWN_SITE:
        return SampleStanding.OUTSIDE
    taker = container.state.offered_to
    # An offer that lapsed leaves its taker in the cache, so the offer itself is asked.
    if taker is not None and taker.kind != Party.Kind.OWN_SITE and open_offer_of(str(container.pk)) is not None:
        return SampleStanding.OFFERED
    if sample is not None:
        return SampleStanding.RECEIVED
    return SampleStanding.LABELLED if label else SampleStanding.MADE


def _points(specification: SpecificationDefinition, master: MasterDefinition, known: _Known) -> Iterator[PointPlan]:
    for point in specification.sample_points:
        lines = tuple(
            line for line in specification.lines if line.sample_point == point.code and not line.why_not_applicable
        )
        creations = tuple(_creations(master, point.code))
        taken = tuple(
            known.taken(one) for one in known.containers if one.kind in SAMPLES and one.sample_point == point.code
        )
        if lines or creations or taken:
            yield PointPlan(point.code, point.title, lines, creations, taken)


def _creations(master: MasterDefinition, point: str) -> Iterator[Creation]:
    for step in master.steps:
        for made in step.creates:
            if made.sample_point == point and Container.Kind(made.kind) in SAMPLES:
                yield Creation(step.code, step.title, _kind_words(made), made.number)


def _kind_words(made: Made) -> str:
    return str(Container.Kind(made.kind).label)


def _missing(plan: PointPlan) -> Iterator[str]:
    if not plan.lines:
        return
    words = {"lines": "; ".join(line.title for line in plan.lines), "point": plan.title}
    if not plan.taken:
        words["why"] = _why_none(plan.creations)
        yield _("No sample at %(point)s: %(why)s Wanted by: %(lines)s.") % words
        return
    if not any(one.is_received for one in plan.taken):
        words["codes"] = ", ".join(one.code for one in plan.taken)
        yield _("No sample at %(point)s in the laboratory: %(codes)s made, not received. Wanted by: %(lines)s.") % words
    yield from _wrong_kinds(plan)
    if plan.needed_containers > len(plan.taken):
        words = {"wanted": str(plan.needed_containers), "there": str(len(plan.taken)), "point": plan.title}
        yield _("The tests at %(point)s use up %(wanted)s containers; %(there)s made.") % words
    yield from _too_little(plan)


def _why_none(creations: Sequence[Creation]) -> str:
    if not creations:
        return _("no step of the master record takes one.")
    steps = ", ".join(f"{one.step} {one.title}" for one in creations)
    return _("none was made. It is taken in %(steps)s.") % {"steps": steps}


def _wrong_kinds(plan: PointPlan) -> Iterator[str]:
    kinds = {one.container.kind for one in plan.taken}
    for line in plan.lines:
        if line.needs and line.needs.container and line.needs.container not in kinds:
            wanted = Container.Kind(line.needs.container).label
            yield _("%(line)s is tested from a %(kind)s; none was made at %(point)s.") % {
                "line": line.title,
                "kind": wanted,
                "point": plan.title,
            }


def _too_little(plan: PointPlan) -> Iterator[str]:
    if plan.needed_ml is None:
        return
    words = {"needed": f"{plan.needed_ml} mL", "point": plan.title}
    if plan.taken_ml is None:
        yield _("The tests at %(point)s use up %(needed)s; how much was taken is not recorded.") % words
    elif plan.taken_ml < plan.needed_ml:
        words["taken"] = f"{plan.taken_ml} mL"
        yield _("The tests at %(point)s use up %(needed)s; %(taken)s taken.") % words
