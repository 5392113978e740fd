"""The page that is read first: what was looked at, what was found, and the questions that an inspector asks at once."""

from django.utils.translation import gettext as _

from batches.completeness import objections_to_record
from batches.definitions.master import NeedKind
from batches.record import BatchRecord
from batches.record_read import BatchRead
from reports import record_snapshot as stated
from reports.record_gathering.names import Names
from reports.snapshot import Evaluation, Sign


def summary(
    read: BatchRead,
    stages: tuple[stated.Stage, ...],
    tests: tuple[stated.Assay, ...],
    exceptions: tuple[stated.Exceptional, ...],
    custody: stated.Custody,
    account: tuple[stated.Summed, ...],
) -> tuple[stated.Summed, ...]:
    """Give one line for each thing that a review by exception looks at."""
    steps = [step for stage in stages for step in stage.steps]
    values = [value for step in steps for value in (*step.values, *step.derived)]
    complete = sum(step.is_done for step in read.record.steps)
    outside = sum(value.evaluation.sign is Sign.FAIL for value in values)
    corrections = sum(len(value.corrections) for value in values)
    again = sum(max(0, len(step.versions) - 1) for step in steps)
    conform = sum(test.evaluation.sign in (Sign.PASS, Sign.NONE) and bool(test.versions) for test in tests)
    other = sum(max(0, len(test.versions) - 1) for test in tests)
    failed = sum(version.evaluation.sign is Sign.FAIL for test in tests for version in test.versions)
    waiting = sum(one.evaluation.code == "open" for one in exceptions)
    mismatches = sum(check.evaluation.sign is Sign.FAIL for check in custody.checks)
    attested = sum(link.evaluation.code == "attested" for link in custody.links)
    signed = sum(link.evaluation.code == "signed" for link in custody.links)
    holes = len(custody.gaps) + len(custody.contradictions)
    missing = objections_to_record(read.batch, read)
    return (
        _line(_("Steps complete"), _of(complete, len(steps)), good=complete == len(steps)),
        _line(_("Open in the record"), str(len(missing)), good=not missing),
        _line(_("Values within their limits"), _of(len(values) - outside, len(values)), good=not outside),
        _line(_("Values corrected"), str(corrections), good=not corrections),
        _line(_("Steps signed again"), str(again), good=not again),
        *(
            _line(_("Cells not accounted for"), line.text, good=line.evaluation.sign is Sign.PASS)
            for line in account[-1:]
        ),
        _line(_("Results that conform"), _of(conform, len(tests)), good=conform == len(tests)),
        _line(_("Results out of specification, in any version"), str(failed), good=not failed),
        _line(_("Results corrected"), str(other), good=not other),
        _line(
            _("Exceptions"),
            _("%(all)s, %(waiting)s not assessed") % {"all": len(exceptions), "waiting": waiting},
            good=not exceptions,
        ),
        _line(_("Labels read that did not match"), str(mismatches), good=not mismatches),
        _line(
            _("Hand-overs"),
            _("%(signed)s signed, %(attested)s attested") % {"signed": signed, "attested": attested},
            good=signed + attested == len(custody.links),
        ),
        _line(_("Gaps and contradictions in custody"), str(holes), good=not holes),
    )


def _of(some: int, every: int) -> str:
    return _("%(some)s of %(all)s") % {"some": some, "all": every}


def _line(name: str, text: str, *, good: bool) -> stated.Summed:
    words = _("Nothing to look at") if good else _("Look at it")
    return stated.Summed(name, text, Evaluation("good" if good else "look", Sign.PASS if good else Sign.WARN, words))


def pending(tests: tuple[stated.Assay, ...]) -> tuple[str, ...]:
    """Give the lines of the specification that have no reviewed result."""
    return tuple(f"{test.title}: {test.evaluation.words}" for test in tests if not _is_decided(test))


def _is_decided(test: stated.Assay) -> bool:
    return bool(test.versions) and len(test.versions[-1].signatures) > 1


def answers(
    record: BatchRecord,
    stages: tuple[stated.Stage, ...],
    certified_by: str,
    pending_tests: tuple[str, ...],
    names: Names,
) -> tuple[stated.Named, ...]:
    """Answer what is asked first: the vector and who added it, what was changed, who decided, what was pending."""
    steps = [step for stage in stages for step in stage.steps]
    changed = [f"{step.code} {value.title}" for step in steps for value in step.values if value.corrections]
    return (
        *_vectors(record, names),
        stated.Named(_("Was a value changed after its entry?"), "; ".join(changed) or _("No value was changed.")),
        stated.Named(_("Who decided?"), certified_by),
        stated.Named(_("Which tests are pending?"), "; ".join(pending_tests) or _("None is pending.")),
    )


def _vectors(record: BatchRecord, names: Names) -> list[stated.Named]:
    found = []
    for step in record.steps:
        for slot in step.slots:
            lots = {scan.lot.code for scan in slot.fitting if scan.lot is not None}
            if slot.definition.kind is NeedKind.VECTOR_LOT and lots:
                people = [names.by_at(row.actor, row.signed_at) for row in (step.performed, step.witnessed) if row]
                name = _("Step %(step)s, %(title)s") % {"step": step.definition.code, "title": step.definition.title}
                words = _("%(slot)s %(lots)s. Signed by %(people)s")
                found.append(
                    stated.Named(
                        name,
                        words
                        % {
                            "slot": slot.definition.title,
                            "lots": ", ".join(sorted(lots)),
                            "people": "; ".join(people) or _("nobody yet"),
                        },
                    )
                )
    return found
