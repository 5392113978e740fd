"""The batch record as a file: everything printed, nothing cut, the same bytes each time, in memory of one page.

Everything in the record is invented.
"""

import io
import time
from collections.abc import Iterator
from dataclasses import replace

import pikepdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import pdfa

from reports.escape import LONGEST_TEXT, visible
from reports.page import MAKER, TRAINING
from reports.pdfa import attached_snapshot, maker_of
from reports.record_snapshot import (
    Assay,
    BatchRecord,
    Collected,
    Correction,
    Custody,
    Decided,
    DefinitionUsed,
    DocumentIssued,
    Exceptional,
    FileKept,
    IdentityChecked,
    Kept,
    LabelsPrinted,
    LabelUsed,
    Link,
    LotUsed,
    Named,
    Reading,
    RecordedSignature,
    RecordedValue,
    ResultVersion,
    SampleReceived,
    Scan,
    SignedVersion,
    Signer,
    Stage,
    Step,
    Stream,
    Summed,
    TrailEntry,
    TrueCopy,
    Vessel,
)
from reports.render import file_name, laid_out, render
from reports.rows import PLAIN, Look, Row, Rows, cell, wrapped
from reports.snapshot import AttestedBlock, Evaluation, Line, Sign, SnapshotError
from reports.snapshot_json import from_json, to_json
from reports.typefaces import width_of
from tests.unit.test_certificate_pdf import (
    ATTACKS,
    IDENTITY,
    ISSUE,
    PRODUCT,
    PROOF,
    SITES,
    pages_of,
    printed,
    squeezed,
    texts_in,
)

LEAF = "5f" * 32
MEETS = Evaluation("meets", Sign.PASS, "Within limit")
FAILS = Evaluation("fails", Sign.FAIL, "Out of limit")
NO_LIMIT = Evaluation("not_judged", Sign.NONE, "No limit")
DONE = Evaluation("done", Sign.PASS, "Approved")


def signed(name: str, meaning: str, *, comment: str = "") -> RecordedSignature:
    user = name.lower().replace(" ", ".")
    return RecordedSignature(
        f"Electronic signature of {name}", name, user, "Technician", "Example Cell Therapy Centre", meaning,
        "2 Nov 2026 09:26:52 CET (UTC+01:00)", comment, "entry 213",
    )  # fmt: skip


PERFORMED = signed("Maya Okafor", "I performed this and confirm the recorded values.", comment="Second try.")
WITNESSED = signed("Samir Haddad", "I watched this being done and confirm the recorded values.")
CORRECTED = signed("Maya Okafor", "I corrected this value; the first entry stays.")
CORRECTION = Correction(
    "1.51 ×10⁶/mL", "Maya Okafor, 2 Nov 2026 09:19:04 CET", "1.15 ×10⁶/mL", "Maya Okafor, 2 Nov 2026 09:26:31 CET",
    "Digits swapped on entry, the counter's print shows 1.15.", CORRECTED,
)  # fmt: skip
VALUE = RecordedValue(
    "Viable cells per mL", "1.15 ×10⁶/mL", "≥ 0.5 ×10⁶/mL", MEETS, "Maya Okafor, 2 Nov 2026 09:19:04 CET",
    ("critical", "late entry"), (CORRECTION,),
)  # fmt: skip
STEP = Step(
    code="5.9",
    title="Count cells, day 5",
    instruction="Mix the bag, take a sample, count both squares.",
    demands="critical, witnessed",
    evaluation=Evaluation("complete", Sign.PASS, "Complete"),
    began="Maya Okafor, 2 Nov 2026 09:10:00 CET",
    scans=(Scan("Culture bag", "CT-26-0042-CB-01", "scanned by Maya Okafor", "It is of this batch.", MEETS),),
    values=(VALUE, replace(VALUE, title="Temperature", value="39.1 °C", evaluation=FAILS, corrections=())),
    derived=(RecordedValue("In 600 mL", "6.90 ×10⁸", "≥ 5.00 ×10⁸", MEETS, "calculated by viable_cells version 1"),),
    checks=(signed("Ines Duarte", "I confirm bag and lot before the act."),),
    versions=(
        SignedVersion(1, False, "superseded by version 2", (PERFORMED,)),
        SignedVersion(2, True, "in force", (PERFORMED, WITNESSED)),
    ),
    made=("CT-26-0042-SA-01",),
)
ATTESTED = AttestedBlock(
    "given", "Tuuli Virtanen, apheresis nurse", "Handed over as on the waybill", "26 Oct 2026 15:10:00 CET",
    "waybill WB-5521", "Maya Okafor, Technician", "Samir Haddad, Technician",
)  # fmt: skip
KEPT = Kept("A9999 26 004217-01", "Ward refrigerator, 2–8 °C", "26 Oct 2026 14:10", "26 Oct 2026 15:10", True)
READING = Reading("Bottle A", "No growth", "read 20 Nov 2026 15:58 CET", "Lena Brandt, 20 Nov", "QV-01", (CORRECTION,))
RECORD = BatchRecord(
    issue=replace(ISSUE, number="BR-26-0012", version=2, supersedes="BR-26-0012 v1"),
    identity=IDENTITY,
    product=PRODUCT,
    standing=Evaluation("certified", Sign.PASS, "Certified"),
    statement="I certify this batch for the subject of this chain of identity.",
    certified_by="Elena Varga, Qualified person, 12 Nov 2026",
    pending=("Sterility: In test",),
    sites=SITES,
    summary=(
        Summed("Steps complete", "26 of 26", Evaluation("good", Sign.PASS, "Nothing to look at")),
        Summed("Values corrected", "1", Evaluation("look", Sign.WARN, "Look at it")),
    ),
    answers=(Named("Which tests are pending?", "Sterility."),),
    definitions=(
        DefinitionUsed("master batch record", "MBR-CD19", "7", "CD19 CAR-T cells", "a1" * 32, (PERFORMED, WITNESSED)),
    ),
    issued=signed("Tomas Weiss", "I issue this batch record, an exact copy of the approved versions."),
    order=(Named("Prescriber", "Dr E. Lindgren"),),
    order_signatures=(signed("Jun Park", "I compared this order with the prescription."),),
    lots=(LotUsed("LV-07", "Lentiviral vector", "Example Supplies", "CoA 7", "14 Aug 2027", "titer 2.1×10⁸",
                  ("step 3.3, vial LV-07-01",), signed("Tomas Weiss", "I approve this lot.")),),
    equipment=(Named("NC-03", "step 5.9, counter"),),
    vessels=(Vessel("CT-26-0042-CB-01", "culture bag", "28 Oct 2026, Maya Okafor", "A9999 26 004217-01", "250 mL"),),
    labels=(
        LabelsPrinted(
            "LP-26-0001", "first print", "Maya Okafor, 6 Nov 2026 14:40", "1 printed, 1 applied, 0 destroyed, 0 kept",
            "f6" * 32, (LabelUsed("CT-26-0042-FB-01/26-0001", "FOR AUTOLOGOUS USE ONLY", "applied to the bag"),),
            ("Stop. The label doesn't belong to the container.",), (WITNESSED,),
        ),
    ),
    stages=(Stage("Expansion", "", (STEP,)), Stage("Release testing", "The laboratory's own.", ())),
    account=(Summed("Difference", "0 ×10⁶ cells", MEETS),),
    specification="SPEC-CD19 version 4",
    samples=(SampleReceived("CT-26-0042-QV-01", "final product", "6 Nov 2026 15:31", "intact", "Lena Brandt"),),
    tests=(
        Assay("sterility", "Sterility", "TM-QC-050 v2", "No growth after 14 days", "Final product",
             Evaluation("wait", Sign.WAIT, "In test"), "–", loose=(READING,)),
        Assay("viability", "Viability", "TM-QC-021 v5", "≥ 80.0 %", "Final product",
             Evaluation("pass", Sign.PASS, "Conforms"), "92.6 %", (
                 ResultVersion(1, "78.9 %", "78.94 %", "USP", "Below the limit.", FAILS, "9 Nov 2026", "", False,
                               (READING,), (Line("Member", "", "", "≥ 1", "2", MEETS, ""),), (PERFORMED, WITNESSED)),
                 ResultVersion(2, "92.6 %", "92.6 %", "USP", "", MEETS, "10 Nov 2026", "Stained too late.", True,
                               (READING,), (), (PERFORMED,)),
             )),
    ),
    exceptions=(
        Exceptional("temperature excursion", "8.6 °C for 3 min.", "Maya Okafor, 27 Oct 2026", DONE, "None.",
                    "Cells were not affected.", signed("Ruth Castellanos", "I assessed this.")),
        Exceptional("late entry", "Step 5.2: late.", "Maya Okafor", Evaluation("open", Sign.WARN, "Not assessed")),
    ),
    custody=Custody(
        collections=(Collected(IDENTITY.donations[0], "26 Oct 2026 14:10", "Nordhavn (hospital)", "107 mL", "negative",
                               "CF-2210", (PERFORMED,)),),
        before=(KEPT,),
        links=(Link("Link 1", "A9999 26 004217-01", "Nordhavn", "CryoLink", (Named("Seal", "884210"),),
                    Evaluation("attested", Sign.NONE, "Attested"), (WITNESSED,), (ATTESTED,), (KEPT,)),),
        held=("CT-26-0042-FB-01: tank LN2-04",),
        checks=(IdentityChecked("26 Oct 2026 08:15", "apheresis_bag".replace("_", " "), "A9999 26 004217-01",
                                "step 1.1", "Maya Okafor", MEETS),),
        gaps=("No place is stated from 10:00 to 10:05.",),
        contradictions=(),
    ),
    decisions=(Decided("Decision, version 1", DONE, "Nothing to remark.", signed("Elena Varga", "I certify this.")),),
    documents=(DocumentIssued("Certificate of analysis", "COA-26-0037 v1", "12 Nov 2026", "in force", "b2" * 32),),
    true_copies=(TrueCopy("Waybill", "pages 1 to 2 of 2", "Archive, box 26-118", "1.1", "c3" * 32, PERFORMED),),
    trail=tuple(
        TrailEntry(number, "2 Nov 2026 09:19:04 CET (UTC+01:00)", "Maya Okafor (mokafor)", "value.recorded",
                   f"field: viable_{number}; typed: 1.15", f"batch/CT-26-0042 {number}")
        for number in range(1, 41)
    ),
    signers=(Signer("Maya Okafor", "MO", "mokafor", "Technician", 12, ("d4" * 32,)),),
    abbreviations=(Named("DIN", "donation identification number"),),
    files=(FileKept("COA-26-0037-v1.pdf", "certificate", "92,465 bytes", "e5" * 32),),
    streams=(Stream("batch/CT-26-0042", 40, 1, 40, LEAF),),
    absent=(
        Named("Line clearance", "In the logs of the rooms."),
        Named("Environmental monitoring", "In the monitoring system."),
        Named("Hospital", "Who the patient is."),
    ),
    proof=PROOF,
)  # fmt: skip


@pytest.fixture(scope="module")
def document() -> bytes:
    return render(RECORD)


def test_every_text_of_the_record_is_on_the_paper(document: bytes) -> None:
    page = printed(document)

    for name, text in texts_in(RECORD):
        if name not in ("fingerprint",):
            assert squeezed(text) in page, f"{name}: {text}"


def test_each_page_names_the_batch_the_document_and_which_page_of_how_many_it_is(document: bytes) -> None:
    pages = pages_of(document)

    assert len(pages) > 5
    for number, page in enumerate(pages, start=1):
        assert f"Page{number}of{len(pages)}" in page
        for identifier in ("CT-26-0042", "CHA9999267F3K92", "A999926004217N", "BR-26-0012v2"):
            assert identifier in page


def test_it_is_archivable_names_its_maker_and_has_every_face_embedded(document: bytes) -> None:
    assert pdfa.validate_written(io.BytesIO(document), "3b").passed
    assert maker_of(document) == MAKER
    with pikepdf.open(io.BytesIO(document)) as pdf:
        for page in pdf.pages:
            for font in page.Resources.Font.values():
                descriptor = font.get("/FontDescriptor") or font.DescendantFonts[0].FontDescriptor
                assert "/FontFile2" in descriptor


def test_the_same_record_gives_the_same_bytes_and_carries_itself(document: bytes) -> None:
    assert render(from_json(to_json(RECORD))) == document
    assert attached_snapshot(document) == to_json(RECORD)
    assert from_json(attached_snapshot(document)) == RECORD
    assert render(replace(RECORD, statement="Another.")) != document
    assert file_name(RECORD) == "BR-26-0012-v2.pdf"


def test_training_and_superseded_stand_on_each_page() -> None:
    issue = replace(RECORD.issue, training=True, superseded_by="BR-26-0012 v3")

    for page in pages_of(render(replace(RECORD, issue=issue))):
        assert page.count(squeezed(TRAINING)) == 2
        assert squeezed("SUPERSEDED by BR-26-0012 v3") in page


def test_the_fifteen_chapters_stand_in_their_order_in_pages_and_outline(document: bytes) -> None:
    titles = [item.get_title() for item in pypdfium2.PdfDocument(document).get_toc()]

    assert [title.split(" ", 1)[0] for title in titles] == [str(number) for number in range(1, 16)]
    page = printed(document)
    places = [page.index(squeezed(title)) for title in titles]
    assert places == sorted(places)


def test_a_long_audit_trail_repeats_its_head_and_loses_no_row() -> None:
    trail = tuple(replace(RECORD.trail[0], seq=number, says=f"row number {number:05}") for number in range(1, 401))
    record = replace(RECORD, trail=trail, streams=(replace(RECORD.streams[0], entries=400),))
    pages = pages_of(render(record))

    with_rows = [page for page in pages if "rownumber" in page]
    assert len(with_rows) >= 8
    assert all("EntryTimeWhoWhatWhatitsaysStream,position" in page for page in with_rows)
    whole = "".join(pages)
    assert all(f"rownumber{number:05}" in whole for number in range(1, 401))


LONG = {
    "no space at all": "W" * LONGEST_TEXT,
    "words": ("Something was seen. " * 200)[:LONGEST_TEXT],
    "lines": ("a line\n" * 600)[:LONGEST_TEXT],
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_text_of_the_greatest_length_is_printed_whole_wherever_it_stands(text: str) -> None:
    long_value = replace(VALUE, value=text, corrections=(replace(CORRECTION, reason=text),))
    step = replace(STEP, title=text[:300], instruction=text, values=(long_value,), versions=())
    result = replace(RECORD.tests[1].versions[0], why=text, signatures=(replace(PERFORMED, comment=text),))
    record = replace(
        RECORD,
        stages=(Stage("Expansion", "", (step,)),),
        tests=(replace(RECORD.tests[1], versions=(result,)),),
        exceptions=(replace(RECORD.exceptions[0], impact=text),),
        trail=(replace(RECORD.trail[0], says=text), *RECORD.trail[1:]),
        custody=replace(RECORD.custody, gaps=(text,), links=(replace(RECORD.custody.links[0], attested=(
            replace(ATTESTED, statement=text),)),)),
    )  # fmt: skip
    pages = pages_of(render(record))

    assert "".join(pages).count(text[0]) >= 8 * text.count(text[0])


def test_markup_is_printed_as_typed() -> None:
    attack = " | ".join(ATTACKS)
    hit = replace(
        RECORD,
        statement=attack,
        stages=(
            Stage(attack, attack, (replace(STEP, title=attack, values=(replace(VALUE, value=attack, title=attack),)),)),
        ),
        answers=(Named(attack, attack),),
        exceptions=(replace(RECORD.exceptions[0], says=attack, conclusion=attack),),
        trail=(replace(RECORD.trail[0], says=attack, who=attack), *RECORD.trail[1:]),
        order_signatures=(replace(PERFORMED, name=attack, meaning=attack, comment=attack),),
    )
    page = printed(render(hit))

    for name, text in texts_in(hit):
        if name not in ("fingerprint",):
            assert squeezed(text) in page, f"{name}: {text}"


def test_what_is_corrected_is_struck_out_and_what_replaced_it_is_not() -> None:
    """The old value alone has a line across it: drawn once more where the value is corrected."""
    with_correction = laid_out(RECORD)
    without = laid_out(replace(RECORD, stages=(Stage("Expansion", "", (replace(STEP, values=(replace(VALUE, corrections=()),)),)),)))  # noqa: E501  # fmt: skip

    assert lines_across(with_correction, "1.51 ×10⁶/mL") >= 1
    assert lines_across(without, "1.51 ×10⁶/mL") == lines_across(with_correction, "1.51 ×10⁶/mL") - 1


def lines_across(document: bytes, text: str) -> int:
    """How often a text stands in the file with a thin dark line through its middle."""
    found = 0
    for page in pypdfium2.PdfDocument(document):
        words = page.get_textpage()
        searching = words.search(text, match_case=True)
        picture = page.render(scale=4, grayscale=True).to_pil()
        height = page.get_height()
        while place := searching.get_next():
            left, low, right, high = words.get_rect(words.count_rects(*place) - 1)
            rows = range(int((height - high) * 4), int((height - low) * 4))
            across = [
                all(picture.getpixel((x, row)) < 200 for x in range(int(left * 4) + 2, int(right * 4) - 2))
                for row in rows
            ]
            found += any(across)
    return found


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: replace(RECORD, trail=RECORD.trail[1:]), "40 entries, the audit trail 39"),
        (lambda: replace(RECORD, absent=()), "absent is blank"),
        (lambda: replace(VALUE, limit=" "), "limit is blank"),
        (lambda: replace(CORRECTION, reason=""), "reason is blank"),
        (lambda: replace(PERFORMED, meaning=""), "meaning is blank"),
        (lambda: replace(RECORD.exceptions[0], impact=""), "impact is blank"),
    ],
)
def test_a_record_that_would_mislead_is_refused(wrong, why: str) -> None:
    with pytest.raises(SnapshotError, match=why):
        wrong()


def test_rows_are_laid_out_when_their_page_is_reached() -> None:
    taken = 0

    def rows() -> Iterator[Row]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield Row((cell(str(number)),))

    table = Rows((50,), rows())
    _width, height = table.wrap(500, 300)

    assert height > 300
    assert taken < 40
    first, rest = table.split(500, 300)
    assert first.wrap(500, 300)[1] <= 300
    assert rest.wrap(500, 300)[1] > 300
    assert taken < 80


@given(
    text=st.text(max_size=300),
    width=st.floats(min_value=12, max_value=300),
    size=st.sampled_from([5.9, 6.9, 8.4]),
)
def test_wrapping_loses_nothing_and_goes_beyond_no_edge(text: str, width: float, size: float) -> None:
    look = Look(PLAIN.face, size, 8)
    lines = wrapped(text, look, width)

    shown = visible(text)
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "").replace("\n", "")
    for line in lines:
        assert len(line) == 1 or width_of(line, look.face, size) <= width + 0.01


def test_a_row_taller_than_a_page_is_broken_between_its_lines() -> None:
    table = Rows((40, 40), [Row((cell("\n".join(map(str, range(300)))), cell("beside")))], head=[Row((cell("Head"),))])
    seen: list[str] = []
    parts = 0
    rest: Rows | None = table
    while rest is not None:
        parts += 1
        _width, height = rest.wrap(500, 600)
        if height <= 600:
            part, rest = rest, None
        else:
            part, rest = rest.split(500, 600)
        seen += part.texts()
    assert parts >= 4
    assert seen.count("Head") == parts
    assert [text for text in seen if text.isdigit()] == list(map(str, range(300)))


def test_ten_times_the_rows_take_about_ten_times_as_long() -> None:
    """Layout grows with the length of the record, not faster; a table of paragraphs grew with its square."""

    def seconds(number: int) -> float:
        trail = tuple(replace(RECORD.trail[0], seq=place) for place in range(1, number + 1))
        record = replace(RECORD, trail=trail, streams=(replace(RECORD.streams[0], entries=number),))
        began = time.process_time()
        laid_out(record)
        return time.process_time() - began

    few, many = min(seconds(200) for _ in range(2)), seconds(2_000)
    assert many < 20 * few
