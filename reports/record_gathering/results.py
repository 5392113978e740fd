"""What the laboratory saw: samples, readings, every version of each result, and who signed it."""

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.wording import day, record_time
from batches.judging import unit_words
from batches.models import Batch
from qc.contract_laboratory.certificates import certificate_words, certificates_behind
from qc.laboratory.entering import words_of
from qc.laboratory.judging import NO_RESULT
from qc.methods.words import working_lines
from qc.models import Reading, Result, ResultBasis, ResultReview, Sample
from qc.panel import PanelLine, release_panel, value_words
from reports import record_snapshot as stated
from reports.record_gathering import measured
from reports.record_gathering.methods import recorded_at_the_bench
from reports.record_gathering.names import Names
from reports.snapshot import Evaluation, Line, Sign
from reports.stated_results import evaluation, member_criterion

SHAPES = {
    "pass": Sign.PASS,
    "fail": Sign.FAIL,
    "warn": Sign.WARN,
    "wait": Sign.WAIT,
    "none": Sign.NONE,
}


def samples(batch: Batch, names: Names) -> tuple[stated.SampleReceived, ...]:
    """Give the samples that reached the laboratory."""
    found = Sample.objects.filter(batch=batch).select_related("container").order_by("received_at", "pk")
    return tuple(
        stated.SampleReceived(
            code=sample.container.code,
            point=sample.point.replace("_", " "),
            received=record_time(sample.received_at),
            condition=sample.condition,
            by=names.who(sample.actor),
        )
        for sample in found
    )


@dataclass(frozen=True, slots=True)
class _Laboratory:
    """Every reading, result and review of a batch, each read once."""

    readings: dict[UUID, Reading]
    results: dict[str, list[Result]]
    reviews: dict[UUID, ResultReview]
    bases: dict[UUID, ResultBasis]
    names: Names


def tests(batch: Batch, names: Names) -> tuple[stated.Assay, ...]:
    """Give each line of the specification with every version of its result and everything that was read for it."""
    readings = Reading.objects.filter(batch=batch).select_related("sample__container", *measured.READ_AT_ONCE)
    results: dict[str, list[Result]] = defaultdict(list)
    for result in Result.objects.filter(batch=batch).order_by("version"):
        results[result.line].append(result)
    laboratory = _Laboratory(
        readings={reading.pk: reading for reading in readings.order_by("recorded_at", "replicate", "pk")},
        results=results,
        reviews={review.result_id: review for review in ResultReview.objects.filter(batch=batch)},
        bases={basis.result_id: basis for basis in ResultBasis.objects.filter(batch=batch)},
        names=names,
    )
    bench = recorded_at_the_bench(batch, names)
    return tuple(replace(_test(line, laboratory), bench=tuple(bench[line.code])) for line in release_panel(batch))


def _test(line: PanelLine, laboratory: _Laboratory) -> stated.Assay:
    method = line.line.method
    versions = laboratory.results.get(line.code, [])
    bound = {key for version in versions for key in version.readings}
    loose = [
        reading
        for reading in laboratory.readings.values()
        if reading.line == line.code and str(reading.pk) not in bound and not _is_replaced(reading, laboratory)
    ]
    return stated.Assay(
        code=line.code,
        title=line.title,
        method=f"{method.words}, {method.code} v{method.version}",
        criterion=line.criterion_words,
        sample_point=line.sample_point,
        evaluation=Evaluation(line.status, SHAPES[line.status], line.status_words),
        result=line.result_words,
        versions=tuple(_version(version, line, laboratory) for version in versions),
        loose=tuple(_reading(reading, line, laboratory) for reading in loose),
    )


def _is_replaced(reading: Reading, laboratory: _Laboratory) -> bool:
    return any(other.supersedes_id == reading.pk for other in laboratory.readings.values())


def _version(result: Result, line: PanelLine, laboratory: _Laboratory) -> stated.ResultVersion:
    names = laboratory.names
    signatures = [names.signature(result, _("Electronic signature, result"))]
    if result.pk in laboratory.reviews:
        signatures.append(names.signature(laboratory.reviews[result.pk], _("Electronic signature, review")))
    why = [result.why] if result.why else []
    if result.weight is not None:
        why.append(_("The recipient's weight is that of %(entry)s.") % {"entry": names.called(str(result.weight))})
    bound = [laboratory.readings[UUID(key)] for key in result.readings]
    why += [_("Tested by %(who)s.") % {"who": certificate_words(row)} for row in certificates_behind(bound)]
    if (basis := laboratory.bases.get(result.pk)) is not None:
        why += [f"{line.label}: {line.value}." for line in working_lines(basis.workings)]
        why += [_("Beyond a limit of the method: %(says)s") % {"says": says} for says in basis.flags]
    if result.run > 1:
        why.append(_("Run %(run)s.") % {"run": result.run})
    why += [
        _("Out of specification: %(number)s.") % {"number": record.number}
        for record in line.runs.records
        if record.result_id == result.pk
    ]
    return stated.ResultVersion(
        version=result.version,
        reported=value_words(result.reported, "") or _("see the members"),
        unrounded=result.unrounded,
        rule=". ".join(filter(None, (result.rule.rstrip("."), result.method))),
        why=" ".join(why),
        evaluation=evaluation(result.verdict),
        tested=day(result.tested_on),
        reason=result.reason,
        counts=line.result is not None and result.pk == line.result.pk,
        readings=tuple(
            _reading(laboratory.readings[UUID(key)], line, laboratory)
            for key in sorted(result.readings, key=lambda key: _place(laboratory.readings[UUID(key)]))
        ),
        members=tuple(
            Line(
                test=str(inner["title"]),
                sample="",
                method="",
                criterion=member_criterion(line.line, inner["code"]),
                result=value_words(str(inner["reported"]), str(inner["unrounded"])),
                evaluation=evaluation(str(inner["verdict"])),
                tested="",
            )
            for inner in result.members
        ),
        signatures=tuple(signatures),
    )


def _place(reading: Reading) -> tuple[object, ...]:
    return (reading.recorded_at, reading.replicate, str(reading.pk))


def _vessel(what: str, reading: Reading, *, is_replicated: bool) -> str:
    """Name what was read: the value, its replicate, and of a growth test the bottle or its subculture."""
    if reading.replicate == 1 and reading.began_at is None and not is_replicated:
        return what
    if reading.is_subculture:
        return _("%(what)s, %(bottle)s, subculture") % {"what": what, "bottle": reading.replicate}
    return f"{what}, {reading.replicate}"


def _reading(reading: Reading, line: PanelLine, laboratory: _Laboratory) -> stated.Reading:
    titles = line.value_titles if line.line.members or line.methods else {}
    what = titles.get(reading.member, line.title)
    times = _("read %(time)s") % {"time": record_time(reading.performed_at)}
    if reading.began_at is not None:
        times = _("begun %(began)s, %(read)s") % {"began": record_time(reading.began_at), "read": times}
    if origin := measured.origin_of(reading):
        times = f"{times}; {origin}"
    names = laboratory.names
    method = line.method_of(reading.member)
    is_replicated = method is not None and method.says.replicates.wanted > 1
    chain = [reading]
    while chain[0].supersedes_id in laboratory.readings:
        chain.insert(0, laboratory.readings[chain[0].supersedes_id])
    return stated.Reading(
        what=_of_run(_vessel(what, reading, is_replicated=is_replicated), reading),
        value=_typed(reading, line),
        times=times,
        by=names.by_at(reading.actor, reading.recorded_at),
        sample=reading.sample.container.code if reading.sample else "",
        corrections=tuple(
            stated.Correction(
                old=_typed(old, line),
                old_by=names.by_at(old.actor, old.recorded_at),
                new=_typed(new, line),
                new_by=names.by_at(new.actor, new.recorded_at),
                reason=new.reason,
            )
            for old, new in pairwise(chain)
        ),
    )


def _of_run(what: str, reading: Reading) -> str:
    """Name the run of a reading where it is a further one."""
    return what if reading.run == 1 else _("%(what)s, run %(run)s") % {"what": what, "run": reading.run}


def _typed(reading: Reading, line: PanelLine) -> str:
    """Write a reading as it was typed, in the words of its choices, with its scale and unit."""
    entry = line.entries.get(reading.member)
    words = words_of(entry).get(reading.typed) if entry else None
    if reading.typed in NO_RESULT:
        return f"{words or reading.typed}: {reading.reason}" if reading.reason else str(words or reading.typed)
    if words is not None:
        return words
    return f"{reading.typed} {unit_words(reading.unit, reading.exponent)}".strip()
