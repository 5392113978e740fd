"""Many people at once: nobody waits for ever, nothing is done twice, and the ledger is one chain."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from accounts.models import Challenge, Person, PolicyAcceptance, Training
from accounts.policy import ACCEPTING
from accounts.refusal import Refused
from accounts.roles import Role
from accounts.signing import ask, perform
from batches.models import Batch, BatchState, StepPerformed, StepStart, StepWitnessed, Value
from batches.performing import record_value
from ledger import clock, outbox
from ledger.models import Entry, StoredFile
from ledger.verification import verify_records
from ledger.writing import write, writing
from qc.models import Disposition, Result
from qc.release.approving import CERTIFICATE_JOB
from qc.release.disposition import BATCH_CERTIFICATE_JOB
from reports.models import Document
from tests.at_once import answers_of, errors
from tests.documents_builders import documents_issued, owed, with_approved_results
from tests.people import STATION, a_person, a_site, do, enrolled, secret_of
from tests.qc_builders import CONFORMING, Laboratory, in_the_laboratory, ready_to_certify

pytestmark = pytest.mark.django_db(transaction=True)
Job = Callable[[], object]


class Unmade(Laboratory):
    """A laboratory whose batch was issued and not begun."""

    def worked(self, batch: Batch, **_options: str) -> Batch:
        return batch


def signing(challenge: Challenge, by: Person) -> Job:
    """A job that carries out what was asked for."""
    return lambda: perform(challenge.pk, username=by.username, secret=secret_of(by), station=STATION, at_hand=by)


def asked(act: str, subject: object, by: Person, **intent: object) -> Challenge:
    return ask(act, subject.pk, intent, by=by)[0]  # type: ignore[attr-defined]  # whatever the act is about


def one_chain() -> None:
    """The positions are dense, in the whole and in each stream, and everything verifies."""
    assert list(Entry.objects.order_by("seq").values_list("seq", flat=True)) == list(
        range(1, Entry.objects.count() + 1)
    )
    assert [str(finding) for finding in verify_records().findings] == []


def test_twenty_writers_append_two_hundred_facts_to_one_chain():
    a_site()
    before = Entry.objects.count()

    def ten_facts() -> None:
        for _ in range(10):
            with writing():
                row = StoredFile(sha256="0" * 64, size=1, media_type="text/plain", original_name=f"{uuid4()}")
                write(row, type="file.kept", actor="machine")

    answers = answers_of(*[ten_facts] * 20)

    assert errors(answers) == []
    assert Entry.objects.count() == before + 200
    seen = list(Entry.objects.filter(stream="site").order_by("seq").values_list("sseq", flat=True))
    assert seen == list(range(1, len(seen) + 1))
    found = [str(finding) for finding in verify_records().findings]
    assert [one for one in found if not one.startswith("files:")] == [], "the files themselves were never stored"


def test_one_challenge_that_is_performed_ten_times_at_once_signs_once():
    quality, trainee = a_person(Role.QA), a_person(Role.TECHNICIAN)
    words = {"procedure": "MBR-CD19", "version": "1", "trained_on": "2026-01-05"}
    challenge = asked("person.record_training", trainee, quality, **words)

    answers = answers_of(*[signing(challenge, quality)] * 10)

    refused = errors(answers)
    assert len(refused) == 9
    assert {(type(error), error.objections[0].code) for error in refused} == {(Refused, "already_signed")}
    assert Training.objects.count() == 1
    one_chain()


def test_everybody_accepts_the_policy_at_once():
    people = [enrolled(Role.TECHNICIAN) for _ in range(8)]
    before = PolicyAcceptance.objects.count()

    answers = answers_of(*[signing(asked(ACCEPTING, person, person), person) for person in people])

    assert errors(answers) == []
    assert PolicyAcceptance.objects.count() == before + len(people)
    one_chain()


def test_different_people_sign_different_acts_in_one_batch_at_once():
    world = in_the_laboratory()
    lines = [line for line in CONFORMING if line != "potency"][:4]
    reviewed = [world.tested(line) for line in lines[:2]]
    for line in lines[2:]:
        for member, value in CONFORMING[line].items():
            world.read(line, value, member=member)
    clock.end_story()
    newcomer, trainee = enrolled(Role.TECHNICIAN), a_person(Role.TECHNICIAN)
    words = {"procedure": "MBR-CD19", "version": "1", "trained_on": "2026-01-05"}
    jobs = [
        *(signing(asked("result.review", result, world.reviewer), world.reviewer) for result in reviewed),
        signing(asked("result.submit", world.batch, world.analyst, line=lines[2]), world.analyst),
        signing(asked("result.submit", world.batch, world.other_analyst, line=lines[3]), world.other_analyst),
        signing(asked("person.record_training", trainee, world.qa, **words), world.qa),
        signing(asked(ACCEPTING, newcomer, newcomer), newcomer),
    ]

    answers = answers_of(*jobs)

    assert errors(answers) == []
    assert Result.objects.filter(batch=world.batch).count() == 4
    one_chain()


def test_two_people_who_certify_at_once_make_one_decision():
    world = ready_to_certify()
    other = a_person(Role.QUALIFIED_PERSON)
    words = {"decision": "certified", "statement": ""}
    jobs = [signing(asked("batch.certify", world.batch, person, **words), person) for person in (world.qp, other)]

    answers = answers_of(*jobs)

    assert len(errors(answers)) == 1
    assert isinstance(errors(answers)[0], Refused)
    assert Disposition.objects.count() == 1
    assert BatchState.objects.get(batch=world.batch).disposition == "certified"
    assert owed(BATCH_CERTIFICATE_JOB).subject == Disposition.objects.get().pk
    one_chain()


def test_a_decision_that_races_a_correction_never_rests_on_the_old_result():
    world = ready_to_certify()
    line = world.line("viability_percent")
    correction = {"member": "viability_percent", "typed": "94.2", "reason": "The dilution was entered twice."}
    jobs = [
        signing(asked("batch.certify", world.batch, world.qp, decision="certified", statement=""), world.qp),
        signing(asked("result.correct", line.result, world.analyst, **correction), world.analyst),
    ]

    answers = answers_of(*jobs)

    assert len(errors(answers)) == 1, "whoever comes second is refused"
    decided = BatchState.objects.get(batch=world.batch).disposition == "certified"
    assert decided is (Result.objects.filter(batch=world.batch, line="viability_percent").count() == 1)
    one_chain()


def test_workers_that_deliver_one_job_at_once_make_one_document():
    with_approved_results()
    job = owed(CERTIFICATE_JOB)

    answers = answers_of(*[lambda: outbox.deliver(job.pk)] * 4)

    assert sorted(map(str, answers)) == ["False", "False", "False", "True"]
    assert Document.objects.count() == documents_issued() == 1
    one_chain()


def test_two_people_who_record_the_same_first_value_and_two_witnesses_leave_one_of_each():
    world = Unmade()
    step = "1.1"
    world.begun(world.batch, step)

    def records(by: Person) -> Job:
        return lambda: record_value(
            batch=world.batch, step=step, field="receipt_labels_agree", typed="yes", by=by, id=uuid4()
        )

    recorded = answers_of(*[records(world.technician), records(world.second)])
    assert len(errors(recorded)) == 1
    assert isinstance(errors(recorded)[0], Refused)
    assert Value.objects.filter(field="receipt_labels_agree").count() == 1

    by = next(p for p in (world.technician, world.second) if Value.objects.get().actor == p.reference)
    start = StepStart.objects.get()
    performed = do("step.perform", start, by=by)
    assert isinstance(performed, StepPerformed)
    witnesses = [person for person in (world.technician, world.second, world.checker) if person.pk != by.pk]
    witnessed = answers_of(*[signing(asked("step.witness", performed, person), person) for person in witnesses])
    assert len(errors(witnessed)) == 1
    assert StepWitnessed.objects.count() == 1
    one_chain()
