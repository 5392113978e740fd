"""What instruments measured: a file is kept, shown and imported whole or not at all; a plate is typed the same way."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent, Stale
from accounts.wording import today
from ledger import clock, files
from ledger.models import StoredFile
from ledger.tables.texts import LARGEST
from ledger.verification import Verification
from ledger.writing import write, writing
from qc.importing.checks import imports_say_what_their_files_say, plates_say_what_their_wells_say
from qc.importing.importing import file_called, import_file
from qc.importing.previewing import preview_of
from qc.importing.shipped import shipped
from qc.models import ImportedReading, InstrumentFile, InstrumentImport, PlateEntry, PlateReading, PlateWell, Reading
from reports.record_gathering.measured import instrument_files
from reports.record_gathering.names import Names
from reports.record_gathering.results import tests as assays
from tests.guards_away import guards_away
from tests.importing_builders import VIABILITY, WELLS, WithInstruments
from tests.kept import kept_for_a_module
from tests.people import STATION, at_browser, nothing_written
from tests.qc_builders import Laboratory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def laboratory(django_db_setup: None, django_db_blocker: object) -> Iterator[WithInstruments]:
    """A batch whose samples are in the laboratory; nothing was measured yet."""
    with kept_for_a_module(django_db_blocker):
        made = WithInstruments()
        made.sample_for(VIABILITY)
        made.sample_for("mycoplasma")
        yield made


@pytest.fixture(scope="module")
def elsewhere(laboratory: WithInstruments) -> Laboratory:
    """Another patient's batch beside it, its sample received."""
    other = laboratory.beside()
    other.sample_for(VIABILITY)
    return other


def findings() -> list[str]:
    checks = (imports_say_what_their_files_say, plates_say_what_their_wells_say)
    return [str(finding) for check in checks for finding in check(Verification())]


def counts() -> dict[str, int]:
    tables = (Reading, InstrumentImport, ImportedReading, PlateEntry, PlateReading, PlateWell)
    return {table.__name__: table.objects.count() for table in tables}


# Files


def test_a_file_is_kept_shown_and_imported_whole(laboratory):
    row = laboratory.file_kept(laboratory.counted("95.1", "94.2", "96.4"))
    before = counts()
    shown = preview_of(row)

    imported = laboratory.imported(row)

    reading = Reading.objects.get(from_file__imported=imported)
    assert (reading.typed, reading.sample_id, reading.performed_at) == ("95.2", row.sample_id, row.performed_at)
    assert reading.from_file.rows == [2, 3, 4]
    assert [one["text"] for one in imported.calculated[0]["inputs"]] == ["95.1", "94.2", "96.4"]
    assert files.read(row.file).decode() == laboratory.counted("95.1", "94.2", "96.4")
    assert (row.file.original_name, row.profile, row.profile_version) == ("count.csv", "CELL-COUNTER", 1)
    assert files.read(row.profile_text) == shipped()["CELL-COUNTER"]
    assert counts()["Reading"] == before["Reading"] + 1
    assert [one.typed for one in shown.reads.readings] == ["95.2"]
    assert findings() == []


def test_confirming_again_is_the_same_import(laboratory):
    row = laboratory.file_kept(laboratory.counted("95.1"))
    digest = preview_of(row).digest
    first = laboratory.imported(row, shown=digest)

    with nothing_written():
        assert laboratory.imported(row, shown=digest) == first
    with nothing_written(), pytest.raises(SameIdOtherContent):
        import_file(row=row, shown=digest, by=laboratory.other_analyst)
    second = laboratory.file_kept(laboratory.counted("95.2"))
    with nothing_written(), pytest.raises(Refused, match="recorded already"):
        laboratory.imported(second)


def test_the_same_form_sent_twice_keeps_one_file(laboratory):
    row_id = uuid4()
    first = laboratory.file_kept(laboratory.counted("95.1"), id=row_id)

    with nothing_written():
        assert laboratory.file_kept(laboratory.counted("95.1"), id=row_id) == first
    with nothing_written(), pytest.raises(SameIdOtherContent):
        laboratory.file_kept(laboratory.counted("95.2"), id=row_id)


@pytest.mark.parametrize("rows", [("95.1", "NaN"), ("95.1", "95,1"), ("1e400",), ("１２",)])
def test_one_problem_and_nothing_of_the_file_is_recorded(laboratory, rows):
    row = laboratory.file_kept(laboratory.counted(*rows))

    before = counts()
    with nothing_written(), pytest.raises(Refused, match=f"Line {len(rows) + 1}: ") as refused:
        laboratory.imported(row)
    assert refused.value.status == 422
    assert counts() == before
    assert files.is_whole(row.file)


def test_a_row_of_another_batch_refuses_the_file_and_names_both(laboratory, elsewhere):
    other = elsewhere.sample_for(VIABILITY).container.code
    mine = laboratory.sample_for(VIABILITY).container.code
    row = laboratory.file_kept(laboratory.counted("95.1") + f"{other},94.0,1.0\n")

    with nothing_written(), pytest.raises(Refused, match=f"Line 3: this row is of sample {other}; you chose {mine}"):
        laboratory.imported(row)


def test_a_sample_of_another_batch_or_point_takes_no_file(laboratory, elsewhere):
    other = elsewhere.sample_for(VIABILITY)
    with nothing_written(), pytest.raises(Refused, match="belongs to another batch"):
        laboratory.file_kept(laboratory.counted("95.1", sample=other.container.code), sample=other.pk)
    with nothing_written(), pytest.raises(Refused, match="another point"):
        laboratory.file_kept(laboratory.counted("95.1"), sample=laboratory.sample_for("mycoplasma").pk)
    with nothing_written(), pytest.raises(BadInput, match="not known"):
        laboratory.file_kept(laboratory.counted("95.1"), sample=uuid4())


@pytest.mark.clause("21 CFR 11.10(h)", "A file comes from an instrument of the site that fits and is fit for use.")
def test_an_instrument_of_another_kind_or_not_registered_gives_nothing(laboratory):
    with nothing_written(), pytest.raises(Refused, match="CF-01 is a centrifuge; this profile reads files of a cell"):
        laboratory.file_kept(laboratory.counted("95.1"), instrument="CF-01")
    with nothing_written(), pytest.raises(BadInput, match="No equipment has the code CC-99"):
        laboratory.file_kept(laboratory.counted("95.1"), instrument="CC-99")


@pytest.mark.parametrize(("event", "why"), [("held", "is on hold: As the log says"), ("soiled", "it needs cleaning")])
def test_an_instrument_that_is_not_fit_for_use_gives_nothing(laboratory, event, why):
    row = laboratory.file_kept(laboratory.counted("95.1"))
    digest = preview_of(row).digest
    laboratory.event(laboratory.counter, event)

    with nothing_written(), pytest.raises(Refused, match=f"CC-01 .*{why}"):
        laboratory.file_kept(laboratory.counted("95.1"))
    with nothing_written(), pytest.raises(Refused, match=f"CC-01 .*{why}"):
        laboratory.imported(row, shown=digest)


def test_an_instrument_whose_calibration_is_over_gives_nothing(laboratory):
    overdue = laboratory.some_equipment("cell_counter", "CC-02", ready=False)
    ago = {"happened_at": (clock.now() - timedelta(days=4)).isoformat()}
    for kind in ("qualified", "cleaned"):
        laboratory.event(overdue, kind)
    laboratory.event(overdue, "calibrated", valid_until=(today() - timedelta(days=2)).isoformat(), **ago)

    with nothing_written(), pytest.raises(Refused, match=r"CC-02 .*calibration was due .* Use CC-01"):
        laboratory.file_kept(laboratory.counted("95.1"), instrument="CC-02")


def test_what_changed_after_it_was_shown_is_not_imported(laboratory):
    row = laboratory.file_kept(laboratory.counted("95.1"))

    with nothing_written(), pytest.raises(Stale, match="changed after it was shown"):
        laboratory.imported(row, shown="0" * 64)


def test_a_file_that_was_sent_under_an_older_profile_is_sent_again(laboratory):
    row = laboratory.file_kept(laboratory.counted("95.1"))
    with writing():
        row.profile_text = files.keep(shipped()["CELL-COUNTER"] + b"# older\n", name="older.yaml", actor="machine")
        row.pk = row.id = uuid4()
        write(row, type="instrument_file.kept", actor=laboratory.analyst.reference)

    with nothing_written(), pytest.raises(Refused, match="CELL-COUNTER changed after the file was sent"):
        laboratory.imported(file_called(laboratory.batch, row.pk))


def test_a_changed_file_is_not_imported_and_is_found(laboratory):
    row = laboratory.file_kept(laboratory.counted("94.8"))
    digest = preview_of(row).digest
    laboratory.imported(row, shown=digest)
    place = files.path_of(row.file.sha256)
    content = place.read_bytes()
    try:
        place.write_bytes(content.replace(b"94.8", b"99.8"))
        assert any("cannot be read again" in one for one in findings())
    finally:
        place.write_bytes(content)
    assert findings() == []


def test_a_reading_that_is_not_what_its_row_says_is_found(laboratory):
    imported = laboratory.imported(laboratory.file_kept(laboratory.counted("94.8")))
    with guards_away():
        Reading.objects.filter(from_file__imported=imported).update(typed="99.8")

    assert any("its readings are not what its file says" in one for one in findings())


def test_who_may_not_enter_results_keeps_no_file(laboratory):
    with nothing_written(), pytest.raises(NotAllowed):
        laboratory.file_kept(laboratory.counted("95.1"), by=laboratory.reviewer)
    with nothing_written(), pytest.raises(NotAllowed):
        laboratory.typed(WELLS, by=laboratory.technician)


# The pages


def page(laboratory: WithInstruments, line: str, path: str = "import/") -> str:
    return f"/batches/{laboratory.batch.number}/tests/{line}/{path}"


def sent(laboratory: WithInstruments, content: bytes, *, client: Client, name: str = "count.csv", **more: object):
    fields = {
        "id": str(uuid4()),
        "sample": str(laboratory.sample_for(VIABILITY).pk),
        "profile": "CELL-COUNTER",
        "instrument": "CC-01",
        "performed_at": "",
        "file": SimpleUploadedFile(name, content),
    }
    return client.post(page(laboratory, VIABILITY), fields | more)


def test_the_page_keeps_shows_and_imports(laboratory):
    browser = at_browser(laboratory.analyst)
    assert page(laboratory, VIABILITY) in browser.get(page(laboratory, VIABILITY, "")).content.decode()
    assert "CC-01" in browser.get(page(laboratory, VIABILITY)).content.decode()

    answer = sent(laboratory, laboratory.counted("95.1").encode("utf-16"), client=browser)
    assert answer.status_code == 303
    place = answer.headers["Location"]
    shown = browser.get(place).content.decode()
    row = InstrumentFile.objects.latest("recorded_at")
    assert row.file.sha256 in shown
    assert "95.1" in shown
    assert not InstrumentImport.objects.filter(source=row).exists()

    digest = re.search(r'name="shown" value="([0-9a-f]{64})"', shown)
    assert digest is not None
    assert browser.post(place, {"shown": digest[1]}).status_code == 303
    assert browser.post(place, {"shown": digest[1]}).status_code == 303
    assert InstrumentImport.objects.filter(source=row).count() == 1
    assert "Imported from count.csv, line 2" in browser.get(page(laboratory, VIABILITY, "")).content.decode()
    assert "Imported file" in browser.get(place).content.decode()


def test_a_reviewer_looks_at_a_file_and_does_not_import_it(laboratory):
    row = laboratory.file_kept(laboratory.counted("95.1"))
    browser = at_browser(laboratory.reviewer)
    place = page(laboratory, VIABILITY, f"import/{row.pk}/")

    assert row.file.sha256 in browser.get(place).content.decode()
    with nothing_written():
        assert browser.post(place, {"shown": preview_of(row).digest}).status_code == 403


def test_the_page_says_what_is_wrong_line_by_line_and_records_nothing(laboratory):
    browser = at_browser(laboratory.analyst)
    before = counts()

    answer = sent(laboratory, laboratory.counted("95.1", "<b>1</b>").encode(), client=browser)
    assert answer.status_code == 422
    assert "Line 3: Viability (%) must be a number" in answer.content.decode()
    assert counts() == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Choose a file"),
        (b"PK\x03\x04aaaa", "no table"),
        (b"<svg></svg>", "no table"),
        (b"a" * (LARGEST + 1), "larger than 5 MB"),
        (b"\x00" * 100, "no table has"),
    ],
    ids=["empty", "zip", "svg", "large", "zeros"],
)
def test_what_is_no_table_is_not_even_kept(laboratory, content, says):
    before = StoredFile.objects.count()

    answer = sent(laboratory, content, client=at_browser(laboratory.analyst))

    assert answer.status_code == 422
    assert says in answer.content.decode().replace("&#x27;", "'")
    assert StoredFile.objects.count() == before


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b\r\nc.csv", ".csv", "x" * 300 + ".csv", "<b>.csv"])
def test_the_name_of_a_file_is_a_name_and_nothing_else(laboratory, name):
    row = laboratory.file_kept(laboratory.counted("95.1"), name=name)

    stored = row.file.original_name
    assert 0 < len(stored) <= 120
    assert "/" not in stored
    assert stored.isprintable()


# Programs


def test_programs_keep_read_and_confirm(laboratory):
    client = at_browser(laboratory.analyst)
    place = f"/api/v1/batches/{laboratory.batch.number}/imports/"
    fields = {
        "id": str(uuid4()),
        "line": VIABILITY,
        "sample": str(laboratory.sample_for(VIABILITY).pk),
        "profile": "CELL-COUNTER",
        "instrument": "CC-01",
    }
    bad = client.post(place, fields | {"file": SimpleUploadedFile("a.csv", laboratory.counted("x").encode())})
    assert bad.json()["problems"] == ["Line 2: Viability (%) must be a number, like 1.15."]
    assert confirmed(client, place, bad.json()).status_code == 422

    file = SimpleUploadedFile("a.csv", laboratory.counted("95.1").encode())
    kept = client.post(place, fields | {"id": str(uuid4()), "file": file}).json()
    assert kept["readings"][0]["typed"] == "95.1"
    assert client.get(f"{place}{kept['id']}/").json() == kept
    answer = confirmed(client, place, kept)
    assert answer.status_code == 201
    assert Reading.objects.get(pk=answer.json()["readings"][0]).typed == "95.1"
    assert confirmed(client, place, kept).json() == answer.json()
    assert len(client.get(place).json()["results"]) >= 2
    assert client.post(place, fields | {"file": "text"}).status_code == 400
    assert confirmed(at_browser(laboratory.qa), place, kept).status_code == 403


def confirmed(client: Client, place: str, kept: dict[str, object]):
    data = json.dumps({"shown": kept["shown"]})
    return client.post(f"{place}{kept['id']}/", data, content_type="application/json", REMOTE_ADDR=STATION)


def test_programs_list_the_profiles(laboratory):
    listed = at_browser(laboratory.analyst).get("/api/v1/instrument-profiles/").json()

    assert {one["code"] for one in listed} == set(shipped())


def test_a_file_of_another_batch_is_as_good_as_missing(laboratory, elsewhere):
    row = laboratory.file_kept(laboratory.counted("95.1"))
    client = at_browser(laboratory.analyst)

    assert client.get(f"/api/v1/batches/{elsewhere.batch.number}/imports/{row.pk}/").status_code == 404
    assert client.get(f"/batches/{elsewhere.batch.number}/tests/{VIABILITY}/import/{row.pk}/").status_code == 404


# Plates


def test_a_plate_is_recorded_whole_and_its_sample_wells_become_one_reading(laboratory):
    plate = laboratory.typed(WELLS)

    (reading,) = Reading.objects.filter(from_plate__plate=plate)
    assert (reading.typed, reading.line, reading.from_plate.wells) == ("251", "potency", ["A03", "B03", "C03"])
    assert dict(plate.wells.values_list("well", "typed")) == WELLS
    assert findings() == []
    with nothing_written():
        assert laboratory.typed(WELLS, id=plate.pk) == plate
    with nothing_written(), pytest.raises(SameIdOtherContent):
        laboratory.typed(WELLS | {"A03": "251"}, id=plate.pk)
    with guards_away():
        PlateWell.objects.filter(plate=plate, well="A03").update(typed="999")
    assert any("its value is not what its wells say" in one for one in findings())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"A03": ""}, "Well A03: Enter a number"),
        ({"A03": "1_000"}, "Well A03: The value must be typed without separators"),
        ({"B01": "NaN"}, "Well B01: The value must be a number"),
        ({"B03": "25,0"}, "Well B03: The value must be typed with a decimal point"),
        ({"D09": "1"}, "Well D09: this well is not on the plate"),
        ({"A03": "<1"}, "only known as a bound"),
    ],
)
def test_one_wrong_well_and_nothing_of_the_plate_is_recorded(laboratory, changed, says):
    before = counts()

    with nothing_written(), pytest.raises(Refused, match=says) as refused:
        laboratory.typed(WELLS | changed)
    assert refused.value.status == 422
    assert counts() == before


def test_the_plate_page_keeps_what_was_typed_and_takes_a_comma(laboratory):
    browser = at_browser(laboratory.analyst)
    place = page(laboratory, "potency", "plate/")
    fields = {
        "id": str(uuid4()),
        "sample": str(laboratory.sample_for("potency").pk),
        "profile": "PLATE-ELISA",
        "instrument": "PR-01",
        "performed_at": "",
    } | {f"well-{well}": typed for well, typed in WELLS.items()}

    refused = browser.post(place, fields | {"well-H02": "1.234,5"})
    assert refused.status_code == 422
    form = refused.content.decode()
    assert 'href="#well-H02"' in form
    assert 'value="1.234,5"' in form
    assert 'name="well-A03" value="250.5"' in form
    assert form.count('inputmode="decimal"') == len(WELLS)

    assert browser.post(place, fields | {"well-A03": "250,5"}).status_code == 303
    plate = PlateEntry.objects.latest("recorded_at")
    assert plate.wells.get(well="A03").typed == "250,5"
    assert ([one.reading.typed for one in plate.readings.all()], findings()) == (["251"], [])
    assert "typed wells of a plate" in browser.get(page(laboratory, "potency", "")).content.decode()


def test_the_keyboard_goes_along_rows_or_columns(laboratory):
    browser = at_browser(laboratory.analyst)
    place = page(laboratory, "potency", "plate/")

    rows, columns = (
        re.findall(r'name="well-(\w+)"', browser.get(place, {"order": order}).content.decode())
        for order in ("rows", "columns")
    )
    assert rows == sorted(WELLS)
    assert columns == sorted(WELLS, key=lambda well: (well[1:], well[0]))


def test_a_line_without_a_plate_has_no_plate_page(laboratory):
    answer = at_browser(laboratory.analyst).get(page(laboratory, VIABILITY, "plate/"))

    assert answer.status_code == 404
    assert "No profile has a plate" in answer.content.decode()


def test_a_plate_by_a_program(laboratory):
    data = {
        "id": str(uuid4()),
        "line": "potency",
        "sample": str(laboratory.sample_for("potency").pk),
        "profile": "PLATE-ELISA",
        "instrument": "PR-01",
        "wells": WELLS,
    }
    answer = at_browser(laboratory.analyst).post(
        f"/api/v1/batches/{laboratory.batch.number}/plates/", json.dumps(data), content_type="application/json"
    )

    assert answer.status_code == 201
    assert [one["typed"] for one in answer.json()["readings"]] == ["251"]
    assert PlateEntry.objects.get(pk=UUID(answer.json()["id"])).wells.count() == len(WELLS)


# The record


def test_the_batch_record_names_each_file_with_its_hash_and_each_reading_with_its_lines(laboratory):
    row = laboratory.file_kept(laboratory.counted("95.1", "94.2"))
    laboratory.imported(row)
    other = laboratory.file_kept(laboratory.counted("x"))

    laboratory.typed(WELLS)

    words = {file.sha256: what for what, file in instrument_files(laboratory.fresh())}
    assert "2 rows" in words[row.file.sha256]
    assert "not imported" in words[other.file.sha256]
    stated = {assay.code: assay for assay in assays(laboratory.batch, Names(laboratory.batch))}
    (count,), (plate,) = stated[VIABILITY].loose, stated["potency"].loose
    assert f"imported from count.csv, SHA-256 {row.file.sha256}: mean of 2 replicates" in count.times
    assert "2: 95.1, 3: 94.2" in count.times
    assert "A03: 250.5, B03: 249, C03: 252.4" in plate.times
