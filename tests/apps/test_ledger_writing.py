"""How facts enter the record: all or nothing, in order, never before the newest entry."""

import itertools
from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import Person
from ledger import clock, files
from ledger.canonical import NOTHING_BEFORE
from ledger.models import Entry, Head, Payload, StoredFile
from ledger.numbering import next_number
from ledger.outbox import owe
from ledger.verification import verify_records
from ledger.writing import (
    ClockWentBackError,
    Commitment,
    NotWritingError,
    TooLongError,
    append,
    write,
    writing,
)
from tests.people import a_site

pytestmark = pytest.mark.django_db
_numbers = itertools.count(1)


def somebody(name: str = "Somebody New") -> Person:
    """An unwritten row with a stream of its own."""
    return Person(username=f"somebody{next(_numbers)}", name=name)


def note(row: Person) -> Person:
    return write(row, type="person.named", actor="machine")


def test_what_was_written_is_witnessed_by_one_entry():
    with writing():
        row = note(somebody())

    entry = Entry.objects.get(rec_id=row.pk)
    assert (entry.stream, entry.sseq, entry.rec_type) == (f"person/{row.pk}", 1, "accounts.person")
    assert bytes(entry.payload.bytes) == Person.objects.get(pk=row.pk).payload()
    assert Head.objects.get().leaf == entry.leaf


def test_entries_stand_in_the_order_in_which_they_were_noted():
    with writing():
        rows = [note(somebody()) for _ in range(5)]

    written = Entry.objects.order_by("seq")
    assert [entry.rec_id for entry in written] == [row.pk for row in rows]
    assert [entry.prev for entry in written] == [NOTHING_BEFORE, *(entry.leaf for entry in written)][:-1]


def test_two_streams_keep_positions_of_their_own():
    with writing():
        first, second = note(somebody()), note(somebody())
        files.keep(b"one", name="one.txt", actor="machine")
    with writing():
        files.keep(b"two", name="two.txt", actor="machine")

    site = Entry.objects.filter(stream="site").order_by("sseq")
    assert [entry.sseq for entry in site] == [1, 2]
    assert site[1].sprev == site[0].leaf
    for row in (first, second):
        assert Entry.objects.get(stream=f"person/{row.pk}").sseq == 1


def test_an_inner_writing_joins_the_outer_one():
    with writing():
        with writing():
            note(somebody())
        assert not Entry.objects.exists()

    assert Entry.objects.count() == 1


def test_nothing_that_was_noted_survives_a_failure():
    def fails() -> None:
        with writing():
            note(somebody())
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fails()

    assert not Person.objects.exists()
    assert not Entry.objects.exists()
    with writing():
        note(somebody())
    assert Entry.objects.count() == 1


def test_a_failure_inside_an_inner_writing_takes_everything_with_it():
    def fails() -> None:
        with writing():
            note(somebody())
            with writing():
                note(somebody())
                _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fails()

    assert not Person.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_writing_transaction_is_never_somebody_elses_inner_one():
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), writing():
        pass


class TestOutside:
    def test_a_row_cannot_be_written(self):
        with pytest.raises(NotWritingError):
            note(somebody())
        assert not Person.objects.exists()

    def test_an_entry_cannot_be_noted(self):
        row = somebody()
        with pytest.raises(NotWritingError):
            append(row, type="person.named", commit=Commitment.to(b"{}"))

    def test_a_job_cannot_be_owed(self):
        with pytest.raises(NotWritingError):
            owe("certificate", somebody().pk)

    def test_a_number_cannot_be_given(self):
        with pytest.raises(NotWritingError):
            next_number("CT", 2026)


def test_a_text_that_only_one_engine_would_keep_is_refused_on_both():
    with pytest.raises(TooLongError, match=r"accounts.person.name takes 120"), writing():
        note(somebody("x" * 121))


def test_two_payloads_of_the_same_content_share_no_digest():
    with writing():
        first, second = (files.keep(b"same", name="same.txt", actor="machine") for _ in range(2))

    salts = {bytes(payload.salt) for payload in Payload.objects.all()}
    assert len(salts) == 2
    assert first.sha256 == second.sha256
    assert StoredFile.objects.count() == 2


class TestTheClockWentBack:
    def test_by_more_than_two_seconds_and_nothing_is_written(self):
        with writing():
            note(somebody())
        Head.objects.update(at=clock.now() + timedelta(seconds=10))

        with pytest.raises(ClockWentBackError), writing():
            note(somebody())

        assert Entry.objects.count() == Person.objects.count() == 1

    def test_by_less_and_the_newest_time_is_repeated(self):
        ahead = clock.now() + timedelta(seconds=1.5)
        with writing():
            note(somebody())
        Head.objects.update(at=ahead)

        with writing():
            row = note(somebody())

        assert Entry.objects.get(rec_id=row.pk).at == ahead


class TestTheStory:
    def test_goes_only_forward(self):
        moment = clock.machine_now() - timedelta(days=30)
        clock.tell(moment)
        assert clock.now() == moment

        with pytest.raises(clock.ClockError, match="forward"):
            clock.tell(moment - timedelta(milliseconds=1))

    def test_never_runs_ahead_of_the_present(self):
        with pytest.raises(clock.ClockError, match="ahead"):
            clock.tell(clock.machine_now() + timedelta(minutes=1))

    def test_is_never_told_at_a_plant(self, settings):
        settings.TRAINING = False
        with pytest.raises(clock.ClockError, match="training site"):
            clock.tell(clock.machine_now() - timedelta(days=1))

    def test_dates_what_is_written_meanwhile(self):
        moment = clock.machine_now() - timedelta(days=30)
        clock.tell(moment)
        with writing():
            row = note(somebody())

        assert row.recorded_at == Entry.objects.get(rec_id=row.pk).at == moment


def test_an_empty_ledger_is_never_called_good():
    assert [str(finding) for finding in verify_records().findings] == [
        "chain: the ledger: it is empty: not even the founding of the site stands in it"
    ]


def test_a_founded_site_verifies():
    a_site()

    assert verify_records().is_clean
    assert verify_records().counts["entries"] == Entry.objects.count()
