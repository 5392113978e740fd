"""The documents themselves: what is printed, what is attached, and what cannot get in.

The results are those published for a CD19 CAR-T product (Castella et al., Mol Ther Methods Clin Dev 2018; 12: 134-144,
table 2, first batch); everything else is invented.
"""

import io
import re
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from pikepdf import pdfa

from reports.certificate_parts import code_content, fingerprint_lines
from reports.escape import LONGEST_TEXT, TextTooLong
from reports.page import TRAINING
from reports.pdfa import attached_snapshot
from reports.render import file_name, render
from reports.snapshot import (
    AttestedBlock,
    BatchCertificate,
    CertificateOfAnalysis,
    Checkpoint,
    Container,
    DataMark,
    Decision,
    Donation,
    Evaluation,
    Footnote,
    Identity,
    Issue,
    Line,
    Product,
    Proof,
    ResultLine,
    Sign,
    SignatureBlock,
    Site,
    SnapshotError,
    Specification,
)
from reports.snapshot_json import Issued, Snapshot, from_json, to_json

CONFORMS = Evaluation("MEETS", Sign.PASS, "Conforms")
PENDING = Evaluation("PENDING", Sign.WAIT, "Pending")
FAILS = Evaluation("FAILS", Sign.FAIL, "Out of specification")

ISSUE = Issue(
    site="Example Cell Therapy Centre",
    address="GMP Facility, Building 4, 8000 Exampleby",
    licence="Manufacturing licence EX-MIA-0001",
    number="COA-26-0037",
    version=2,
    issued_at="12 Nov 2026 17:02:11 CET (UTC+01:00)",
    issued_at_utc="2026-11-12T16:02:11Z",
    interim=False,
    training=False,
    supersedes="COA-26-0037 version 1",
)
IDENTITY = Identity(
    batch="CT-26-0042",
    chain_of_identity="CHA9999 26 7F3K92",
    donations=(Donation("A9999 26 004217", "N"),),
    subject="104-017",
)
PRODUCT = Product(
    name="CD19 CAR-T cells, cryopreserved",
    use="For autologous use only. For clinical trial use only",
    authorisation_title="Trial",
    authorisation="EX-104, phase 2, EU CT 2026-500000-00-00",
    authorisation_status="Authorised, clinical trial",
    donor_markers="Non-reactive, sampled 26 Oct 2026",
    weight="70.0 kg, measured 26 Oct 2026",
    manufactured="6 Nov 2026",
    expires="6 Nov 2027 23:59 CET",
    storage="≤ −150 °C, vapour of liquid nitrogen",
)
POTENCY_MEMBERS = (
    Line(
        "(a) NALM6 surviving fraction, E:T 1:1",
        "FP-06",
        "Flow cytometry",
        "< 70 %",
        "14.9 %",
        CONFORMS,
        "10 Nov 2026",
    ),
    Line(
        "(b) Difference to untransduced T cells, E:T 4:1",
        "FP-06",
        "Flow cytometry",
        "> 50 percentage points",
        "90.9 percentage points",
        CONFORMS,
        "10 Nov 2026",
    ),
)
LINES = (
    ResultLine(
        "Appearance",
        "Bags 1–3",
        "Visual inspection",
        "Cloudy liquid solution",
        "Cloudy liquid solution",
        CONFORMS,
        "6 Nov 2026",
    ),
    ResultLine(
        "CAR+ cells per kilogram",
        "Fill",
        "Neubauer cell counting and flow cytometry",
        "> 0.5×10⁶ cells/kg",
        "21.4×10⁶ cells/kg",
        CONFORMS,
        "9 Nov 2026",
        ("a",),
    ),
    ResultLine("CAR+ cells", "FP-05", "Flow cytometry", "≥ 20 %", "26.0 %", CONFORMS, "9 Nov 2026"),
    ResultLine("CD3+ cells", "FP-05", "Flow cytometry", "≥ 70 %", "97.9 %", CONFORMS, "9 Nov 2026"),
    ResultLine(
        "Viability",
        "FP-04",
        "Neubauer cell counting with trypan blue exclusion",
        "≥ 70 %",
        "97.9 %",
        CONFORMS,
        "10 Nov 2026",
        ("b",),
    ),
    ResultLine("Sterility", "FP-01", "Microbial growth", "Sterile", "Sterile", CONFORMS, "20 Nov 2026"),
    ResultLine("Mycoplasma", "HV-01", "PCR", "Absent", "Absent", CONFORMS, "8 Nov 2026"),
    ResultLine("Endotoxin", "FP-02", "Chromogenic assay", "≤ 0.5 EU/mL", "≤ 0.5 EU/mL", CONFORMS, "7 Nov 2026"),
    ResultLine("Adventitious viruses", "HV-01", "PCR", "Absent", "Absent", CONFORMS, "12 Nov 2026"),
    ResultLine(
        "Vector copy number",
        "FP-05",
        "Real-time PCR",
        "≤ 10 copies/cell",
        "1.45 copies/cell",
        CONFORMS,
        "11 Nov 2026",
    ),
    ResultLine(
        "Replication-competent lentivirus",
        "HV-02",
        "Real-time PCR",
        "Absent",
        "Absent",
        CONFORMS,
        "12 Nov 2026",
    ),
    ResultLine(
        "Potency, one of two",
        "FP-06",
        "Flow cytometry",
        "(a) or (b)",
        "(a) and (b) conform",
        CONFORMS,
        "10 Nov 2026",
        (),
        POTENCY_MEMBERS,
    ),
)
SITES = (
    Site(
        "Manufacture and tests",
        "Example Cell Therapy Centre",
        "Building 4, 8000 Exampleby",
        "manufacturing licence EX-MIA-0001",
    ),
    Site(
        "Mycoplasma, viruses",
        "Example Virology Lab",
        "Dock Road 9, 8200 Exampleby",
        "certificates EVL-26-1180, EVL-26-1192",
    ),
    Site("Collection", "Nordhavn University Hospital", "Apheresis, 9000 Nordhavn"),
)
QUALITY_CONTROL = SignatureBlock(
    title="Electronic signature, quality control",
    name="Anna Lindqvist",
    user="alindqvist",
    role="Head of quality control",
    organisation="Example Cell Therapy Centre",
    meaning="I approved these results for this certificate of analysis",
    signed_at="12 Nov 2026 17:01:36 CET (UTC+01:00)",
)
CONTRACT_LABORATORY = AttestedBlock(
    title="contract laboratory",
    party="Example Virology Lab",
    statement="Replication-competent lentivirus absent in HV-02",
    happened_at="12 Nov 2026 11:20 CET (UTC+01:00)",
    evidence="certificate EVL-26-1192",
    entered_by="Maya Okafor (mokafor)",
    checked_by="Jonas Berg (jberg)",
)
DATA_MARK = DataMark(
    "The in-process values of this batch are invented.",
    "Results: Castella M. et al., Mol Ther Methods Clin Dev 2018; 12: 134-144, table 2.",
)
PROOF = Proof(fingerprint="811a2eb1d5c64de2c7da7618dfccdb88b5d93df739077653" + "32d3e500d3ed6b5f", entry="1,204")
CHECKPOINT = Checkpoint(
    "cellwright.example/site-1", 61884, "soV864W/tEZhXpoXAK97jnhh2zrkgSbbodtS455HcJA=", "9f2c11aa" * 8
)

ANALYSIS = CertificateOfAnalysis(
    issue=ISSUE,
    identity=IDENTITY,
    product=PRODUCT,
    dose_and_containers="1,495×10⁶ CAR+ cells in 150 mL, CT-26-0042-FP-01 to -03",
    reconciliation="3 bags, 6 QC vials, 4 retained vials; 4 mL discarded",
    specification=Specification("SPEC-CD19-DP", "4", "USP General Notices 7.20", "Sampled 6 Nov, received 15:31"),
    lines=LINES,
    sites=SITES,
    signatures=(QUALITY_CONTROL,),
    proof=PROOF,
    batch_certificate="BC-26-0031",
    footnotes=(
        Footnote("a", "1,495×10⁶ cells ÷ 70.0 kg = 21.36×10⁶ cells/kg, count before freezing."),
        Footnote(
            "b",
            "First result 68.9 % (9 Nov, FP-03). Assignable cause, OOS-26-0019, closed by quality assurance.",
            "Out of specification.",
        ),
    ),
    attested=(CONTRACT_LABORATORY,),
    data_marks=(DATA_MARK,),
)
WAITING_LINES = tuple(
    replace(line, result="No growth to day 6", evaluation=PENDING, tested="opens 20 Nov")
    if line.test == "Sterility"
    else line
    for line in LINES
)
INTERIM = replace(
    ANALYSIS,
    issue=replace(ISSUE, version=1, interim=True, training=True, supersedes=""),
    lines=WAITING_LINES,
    interim_summary="1 of 12 results is pending.",
    interim_explanation="Sterility opens 20 Nov 2026 15:58.",
    proof=replace(PROOF, checkpoint=CHECKPOINT),
)
RECORD_REVIEW = replace(
    QUALITY_CONTROL,
    title="Electronic signature, record review by quality assurance",
    name="Priya Raman",
    user="praman",
    role="Quality assurance",
    meaning="I reviewed the batch record",
    signed_at="12 Nov 2026 16:10:05 CET (UTC+01:00)",
)
CERTIFICATION = replace(
    QUALITY_CONTROL,
    title="Electronic signature, certification by the qualified person",
    name="Łukasz Żak",
    user="lzak",
    role="Qualified person",
    meaning="I certify this batch",
)
DECIDED = BatchCertificate(
    issue=replace(ISSUE, number="BC-26-0031", version=1, supersedes=""),
    identity=IDENTITY,
    product=PRODUCT,
    decision=Decision("CERTIFIED", Sign.PASS, "Certified", "The batch may be supplied for the subject named below."),
    certificate_of_analysis="COA-26-0037 version 2",
    dose="1,495×10⁶ CAR+ cells",
    dose_per_kg="21.4×10⁶ CAR+ cells/kg",
    containers=tuple(
        Container(f"CT-26-0042-FP-0{number}", "50.0 mL", "498×10⁶ CAR+ cells", "Available") for number in (1, 2, 3)
    ),
    sites=SITES,
    signatures=(RECORD_REVIEW, CERTIFICATION),
    proof=PROOF,
    comments=("DEV-26-0118, transport at 8.6 °C for 3 min: no effect on the product.",),
    data_marks=(DATA_MARK,),
)
CONDITIONAL = replace(
    DECIDED,
    issue=replace(DECIDED.issue, interim=True),
    decision=Decision(
        "CERTIFIED_CONDITIONALLY",
        Sign.CONDITIONAL,
        "Certified conditionally",
        "Results may follow.",
        ("Sterility, final reading 20 Nov 2026 15:58",),
    ),
)
DOCUMENTS: tuple[Issued, ...] = (ANALYSIS, INTERIM, DECIDED, CONDITIONAL)


def printed(document: bytes) -> str:
    """The document's whole text without white space, hyphens put in by the reader removed."""
    pdf = pypdfium2.PdfDocument(document)
    return squeezed(" ".join(page.get_textpage().get_text_range() for page in pdf))


def pages_of(document: bytes) -> list[str]:
    return [squeezed(page.get_textpage().get_text_range()) for page in pypdfium2.PdfDocument(document)]


def squeezed(text: str) -> str:
    return re.sub(r"[\s\ufffe]+", "", text)


def texts_in(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a snapshot that a reader is meant to see, with the name of its field."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from texts_in(getattr(value, field.name), field.name)
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_in(item, name)
    elif isinstance(value, str) and not isinstance(value, StrEnum) and name not in ("issued_at_utc", "code"):
        yield name, value
    elif name == "size":
        yield name, str(value)


@pytest.mark.parametrize("snapshot", DOCUMENTS, ids=lambda item: file_name(item))
def test_every_text_of_the_snapshot_is_on_the_paper(snapshot: Issued) -> None:
    page = printed(render(snapshot))

    for name, text in texts_in(snapshot):
        wanted = [text] if name != "fingerprint" else fingerprint_lines(text)
        for part in wanted:
            assert squeezed(part) in page, f"{name}: {part}"


@pytest.mark.parametrize("snapshot", DOCUMENTS, ids=lambda item: file_name(item))
def test_the_file_is_checked_pdfa_3b_with_all_faces_embedded(snapshot: Issued) -> None:
    document = render(snapshot)

    assert pdfa.validate_written(io.BytesIO(document), "3b").passed
    with pikepdf.open(io.BytesIO(document)) as pdf:
        assert str(pdf.Root.Lang) == "en-GB"
        faces = [font for page in pdf.pages for font in page.Resources.Font.values()]
        assert faces
        for face in faces:
            descriptor = face.get("/FontDescriptor") or face.DescendantFonts[0].FontDescriptor
            assert "/FontFile2" in descriptor
            assert "DejaVu" in str(face.BaseFont)


@pytest.mark.parametrize("snapshot", DOCUMENTS, ids=lambda item: file_name(item))
def test_the_same_snapshot_gives_the_same_bytes_and_carries_itself(snapshot: Issued) -> None:
    document = render(snapshot)

    assert render(from_json(to_json(snapshot))) == document
    assert attached_snapshot(document) == to_json(snapshot)
    assert from_json(attached_snapshot(document)) == snapshot


def test_another_result_gives_other_bytes() -> None:
    other = replace(ANALYSIS, lines=(replace(LINES[0], result="Clear"), *LINES[1:]))

    assert render(other) != render(ANALYSIS)


def test_the_attachment_is_the_data_of_the_document() -> None:
    with pikepdf.open(io.BytesIO(render(ANALYSIS))) as pdf:
        (associated,) = pdf.Root.AF

        assert str(associated.AFRelationship) == "/Data"
        assert str(associated.EF.F.Subtype) == "/application/json"


def test_no_date_in_the_file_is_that_of_the_run() -> None:
    with pikepdf.open(io.BytesIO(render(ANALYSIS))) as pdf:
        packet = pdf.Root.Metadata.read_bytes().decode()

        assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+", packet)) == {"2026-11-12T16:02:11"}
        assert str(pdf.docinfo.CreationDate).startswith("D:20261112160211+00")


def test_results_are_no_release_document_and_name_the_decision() -> None:
    page = printed(render(ANALYSIS))

    assert squeezed("This is not a release document. The decision is in batch certificate BC-26-0031.") in page
    assert "Interim" not in page
    assert squeezed("Checkpoint: none has been made yet.") in page
    assert squeezed("This document supersedes COA-26-0037 version 1.") in page


def test_an_interim_certificate_says_so_in_its_box_on_each_page_and_in_its_name() -> None:
    document = render(INTERIM)

    assert squeezed("Interim: 1 of 12 results is pending.") in printed(document)
    for page in pages_of(document):
        assert squeezed("COA-26-0037 v1 interim") in page
    assert file_name(INTERIM) == "COA-26-0037-v1-interim-training.pdf"
    assert file_name(ANALYSIS) == "COA-26-0037-v2.pdf"


def test_a_training_sites_document_says_so_on_each_page_and_in_its_code() -> None:
    for page in pages_of(render(INTERIM)):
        assert page.count(squeezed(TRAINING)) == 2

    assert squeezed(TRAINING) not in printed(render(ANALYSIS))
    assert code_content(INTERIM.issue, INTERIM.proof).startswith("TRAINING\n")


def test_a_superseded_document_names_its_successor_on_each_page() -> None:
    document = render(replace(ANALYSIS, issue=replace(ISSUE, superseded_by="COA-26-0037 version 3")))

    assert all(squeezed("SUPERSEDED by COA-26-0037 version 3") in page for page in pages_of(document))


@pytest.mark.parametrize("snapshot", DOCUMENTS, ids=lambda item: file_name(item))
def test_the_code_reads_back(snapshot: Issued) -> None:
    pdf = pypdfium2.PdfDocument(render(snapshot))

    (found,) = zxingcpp.read_barcodes(pdf[len(pdf) - 1].render(scale=3).to_pil())

    assert found.text == code_content(snapshot.issue, snapshot.proof)
    assert snapshot.proof.fingerprint in found.text
    if snapshot.proof.checkpoint:
        assert snapshot.proof.checkpoint.root in found.text


@pytest.mark.parametrize("snapshot", DOCUMENTS, ids=lambda item: file_name(item))
def test_the_checkpoint_and_the_key_that_signed_it_are_printed_whole(snapshot: Issued) -> None:
    point = snapshot.proof.checkpoint
    text = printed(render(snapshot))

    if point is None:
        assert squeezed("Checkpoint: none has been made yet.") in text
    else:
        assert squeezed(f"{point.origin} · {point.size} · {point.root}") in text
        assert squeezed(point.key) in text


def test_many_results_break_across_pages_with_head_and_foot_on_each() -> None:
    many = tuple(replace(LINES[0], test=f"Test number {number:03}") for number in range(140))
    pages = pages_of(render(replace(ANALYSIS, lines=many, footnotes=())))

    with_results = [page for page in pages if "Testnumber" in page]
    assert len(with_results) >= 3
    for page in with_results:
        assert "TestSampleMethodAcceptancecriterionResultEvaluationDatetested" in page
    for number, page in enumerate(pages, start=1):
        assert f"Page{number}of{len(pages)}" in page
        for identifier in ("CT-26-0042", "CHA9999267F3K92", "A999926004217N", "COA-26-0037v2"):
            assert identifier in page
    assert all(f"Testnumber{number:03}" in "".join(pages) for number in range(140))


def test_the_foot_grows_with_the_donations_and_drops_none() -> None:
    donations = tuple(Donation(f"A9999 26 {number:06}", "K") for number in range(12))
    document = render(replace(ANALYSIS, identity=replace(IDENTITY, donations=donations)))

    for page in pages_of(document):
        for donation in donations:
            assert squeezed(f"{donation.number} K") in page


LONG = {
    "no space at all": "W" * LONGEST_TEXT,
    "words": ("Something was seen. " * 200)[:LONGEST_TEXT],
    "lines": ("a line\n" * 600)[:LONGEST_TEXT],
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_text_of_the_greatest_length_is_printed_whole_wherever_it_stands(text: str) -> None:
    places: list[Snapshot] = [
        replace(DECIDED, comments=(text,)),
        replace(DECIDED, decision=replace(DECIDED.decision, statement=text)),
        replace(ANALYSIS, product=replace(PRODUCT, storage=text)),
        replace(ANALYSIS, footnotes=(replace(ANALYSIS.footnotes[0], text=text), ANALYSIS.footnotes[1])),
        replace(ANALYSIS, signatures=(replace(QUALITY_CONTROL, meaning=text),)),
        replace(ANALYSIS, data_marks=(DataMark(text, "nobody"),)),
        replace(ANALYSIS, attested=(replace(CONTRACT_LABORATORY, evidence=text),)),
        replace(ANALYSIS, sites=(replace(SITES[0], references=text),)),
    ]
    for snapshot in places:
        pages = pages_of(render(snapshot))
        letters = "".join(pages).count(text[0])
        assert letters >= text.count(text[0])


TALL = "W" * LONGEST_TEXT


@pytest.mark.parametrize(
    "line",
    [
        replace(LINES[0], test=TALL),
        replace(LINES[0], sample=TALL),
        replace(LINES[0], method=TALL),
        replace(LINES[0], criterion=TALL),
        replace(LINES[0], result=TALL),
        replace(LINES[0], tested=TALL),
        replace(LINES[0], members=(replace(POTENCY_MEMBERS[0], result=TALL),)),
    ],
    ids=["test", "sample", "method", "criterion", "result", "date", "member"],
)
def test_a_result_cell_taller_than_a_page_is_broken_and_not_cut(line: ResultLine) -> None:

    pages = pages_of(render(replace(ANALYSIS, lines=(LINES[1], line, LINES[4]))))

    assert "".join(pages).count("W") >= LONGEST_TEXT
    assert len(pages) > 2


def test_a_longer_text_is_refused() -> None:
    with pytest.raises(TextTooLong, match="shorten it to 4000"):
        render(replace(DECIDED, comments=("W" * (LONGEST_TEXT + 1),)))


@pytest.fixture
def touched() -> Iterator[list[tuple[str, object]]]:
    """What the code opens or connects to while the test runs; an audit hook cannot be removed, only silenced."""
    seen: list[tuple[str, object]] = []
    listening = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if listening and (event in ("open", "os.open") or event.startswith(("socket.", "urllib.", "subprocess."))):
            seen.append((event, arguments[0] if arguments else None))

    sys.addaudithook(hook)
    yield seen
    listening = False


ATTACKS = (
    "<b>x",
    "</para></b>",
    '<img src="/etc/hostname"/>',
    '<img src="http://127.0.0.1:{port}/x.png" width="9" height="9"/>',
    '<font color="white">hidden</font>',
    '<a href="http://127.0.0.1:{port}/">link</a>',
    "<!-- gone? -->",
    "&lt;",
    "&#60;b&#62;",
    "CD3 <5% & >95%",
    "<![CDATA[x]]>",
    "<?xml version='1.0'?>",
    '<seq id="x"/><index item="y"/>',
    "%(page)s {0} $x",
)


def test_markup_is_printed_as_typed_and_opens_nothing(touched: list[tuple[str, object]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        attack = " | ".join(ATTACKS).replace("{port}", str(server.getsockname()[1]))
        hit = replace(
            ANALYSIS,
            issue=replace(ISSUE, site=attack[:300], address=attack[:300]),
            identity=replace(IDENTITY, subject="<b>&lt;</i>"),
            product=replace(PRODUCT, name=attack, storage=attack),
            lines=(ResultLine(attack, attack, attack, attack, attack, Evaluation("MEETS", Sign.PASS, attack), attack),),
            footnotes=(Footnote("<b>", attack, attack),),
            sites=(Site(attack, attack, attack, attack),),
            signatures=(replace(QUALITY_CONTROL, name=attack, user=attack, meaning=attack),),
            attested=(replace(CONTRACT_LABORATORY, evidence=attack),),
            data_marks=(DataMark(attack, attack),),
        )
        render(ANALYSIS)  # what is loaded once, the colour profile for example, is loaded now
        touched.clear()
        document = render(hit)
        opened = list(touched)

        with pytest.raises(BlockingIOError):
            server.accept()
    page = printed(document)
    for name, text in texts_in(hit):
        if name != "fingerprint":
            assert squeezed(text) in page, f"{name}: {text}"
    assert not [event for event in opened if event[0] not in ("open", "os.open")]
    files = {str(name) for event, name in opened}
    assert not [name for name in files if "hostname" in name or "127.0.0.1" in name], files


def test_the_audit_hook_would_have_seen_a_file(touched: list[tuple[str, object]]) -> None:
    with open("/etc/hostname", "rb"):  # noqa: PTH123  the plain call is what is watched
        pass

    assert ("open", "/etc/hostname") in touched


def test_statuses_are_told_apart_without_colour() -> None:
    """Same words, same place, in grey: only the shape differs, and it differs visibly."""
    pictures: dict[Sign, bytes] = {}
    for sign in (Sign.PASS, Sign.FAIL, Sign.WARN, Sign.CONDITIONAL, Sign.NONE):
        line = replace(LINES[0], evaluation=Evaluation("X", sign, "Same word"))
        pdf = pypdfium2.PdfDocument(render(replace(ANALYSIS, lines=(line,), footnotes=())))
        grey = pdf[0].render(scale=2, grayscale=True).to_pil().point(lambda level: 255 if level > 140 else 0)
        pictures[sign] = grey.tobytes()
    for one in pictures:
        for other in pictures:
            differing = sum(a != b for a, b in zip(pictures[one], pictures[other], strict=True))
            assert one is other or differing > 8, (one, other)


def test_a_failing_line_is_printed_with_its_value_and_its_words() -> None:
    line = replace(LINES[4], result="62.0 %", evaluation=FAILS)
    page = printed(render(replace(ANALYSIS, lines=(*LINES[:4], line, *LINES[5:]))))

    assert "≥70%62.0%bOutofspecification" in page


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda: replace(PRODUCT, storage="  "), "storage is blank"),
        (lambda: replace(ANALYSIS, lines=()), "lines is blank"),
        (lambda: replace(ANALYSIS, signatures=()), "signatures is blank"),
        (lambda: replace(LINES[0], result=""), "result is blank"),
        (lambda: replace(ANALYSIS, lines=WAITING_LINES), "so the certificate is interim"),
        (lambda: replace(INTERIM, interim_summary=""), "An interim certificate says what is missing"),
        (lambda: replace(ANALYSIS, footnotes=()), "footnotes that do not exist: a, b"),
        (lambda: replace(PROOF, fingerprint="811A"), "64 hexadecimal"),
        (lambda: replace(ISSUE, version=0), "first version is 1"),
        (lambda: replace(ISSUE, issued_at_utc="2026-11-12 16:02"), "issued_at_utc"),
        (lambda: replace(ISSUE, number="C" * 25), "longer than 24"),
        (lambda: replace(IDENTITY, donations=()), "donations is blank"),
        (lambda: replace(CONDITIONAL.decision, pending=()), "still waits for"),
        (lambda: replace(CONDITIONAL, issue=DECIDED.issue), "conditional certification is interim"),
    ],
)
def test_a_snapshot_that_would_mislead_is_refused(wrong: Callable[[], object], why: str) -> None:
    with pytest.raises(SnapshotError, match=why):
        wrong()


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        (b"no", "not JSON"),
        (b"[]", "not a document"),
        (to_json(ANALYSIS).replace(b'"form":1', b'"form":2'), "does not know"),
        (
            to_json(ANALYSIS).replace(b'"certificate_of_analysis"', b'"diary"', 1),
            "does not know|not a document",
        ),
        (to_json(ANALYSIS).replace(b'"version":2', b'"version":true'), "is not a int"),
        (to_json(ANALYSIS).replace(b'"sign":"pass"', b'"sign":"fine"', 1), "none of"),
        (to_json(ANALYSIS).replace(b'"subject"', b'"patient"'), "fields of a Identity"),
        (to_json(ANALYSIS).replace(b'"lines":[', b'"lines":{"x":['), "not JSON"),
    ],
)
def test_bytes_that_are_no_snapshot_are_refused(stored: bytes, why: str) -> None:
    with pytest.raises(SnapshotError, match=why):
        from_json(stored)
