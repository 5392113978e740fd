"""Rendered labels: codes are read back from the picture, every line is there as text, nothing is cut."""

import io
from dataclasses import replace

import pikepdf
import pypdfium2
import pytest
import zxingcpp

from batches.label_content import Label, label_of, labels_of
from reports.labels import SIZES, render_labels
from tests.unit.labels_cases import a_bag, a_donor, a_product, a_vial, some_cells

MM = 25.4 / 72
PRINTER = 203 / 72  # a label printer's dots
SERIAL = "CT-26-0042-FB-01/26-0001"


def pages(labels: list[Label]) -> list[pypdfium2.PdfPage]:
    return list(pypdfium2.PdfDocument(render_labels(labels, title="Labels")))


def text_of(page: pypdfium2.PdfPage) -> str:
    """The text of a page with every run of white space as one space."""
    return " ".join(page.get_textpage().get_text_range().split())


def stated_on(label: Label) -> list[str]:
    """Every text that has to stand on a label."""
    pairs = [*label.identity, *label.facts]
    names = [name for name, _value in pairs if name]
    return [label.title, label.serial, *names, *(value for _name, value in pairs), *label.statements, *label.donor,
            *label.bands]  # fmt: skip


LABELS = [
    *labels_of(some_cells(), [a_bag(1), a_bag(2)], number="LP-26-0001"),
    label_of(some_cells(donor=a_donor("HIV 1 and 2", "Hepatitis B", known=False), is_training=True), a_bag(),
             serial=SERIAL, is_specimen=True),
    label_of(some_cells(), a_vial(), serial="CT-26-0042-QV-01/26-0001"),
    label_of(some_cells(donor=a_donor(*a_product().donor_markers), is_training=True), a_vial(),
             serial="CT-26-0042-QV-01/26-0002"),
]  # fmt: skip


@pytest.mark.clause("21 CFR 211.188(b)(8)", "Each print's labels are rendered whole and kept as a specimen")
@pytest.mark.parametrize("label", LABELS, ids=lambda label: f"{label.serial}-{len(label.donor)}")
def test_code_and_every_line_of_a_label_are_read_back(label):
    (page,) = pages([label])

    width, height = SIZES[label.size]
    assert [round(side * MM, 1) for side in page.get_size()] == [width, height]
    read = zxingcpp.read_barcodes(page.render(scale=PRINTER).to_pil())
    assert [(one.format, one.text) for one in read] == [(zxingcpp.BarcodeFormat.DataMatrix, label.code)]
    printed = text_of(page)
    for text in stated_on(label):
        assert text in printed


def test_nothing_lies_outside_the_label():
    for page, label in zip(pages(LABELS), LABELS, strict=True):
        width, height = page.get_size()
        text = page.get_textpage()
        for number in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(number)
            assert 0 <= left <= right <= width, label.serial
            assert 0 <= bottom <= top <= height, label.serial


def test_every_face_is_embedded_and_the_same_labels_give_the_same_bytes():
    content = render_labels(LABELS, title="Labels LP-26-0001")

    assert content == render_labels(LABELS, title="Labels LP-26-0001")
    with pikepdf.open(io.BytesIO(content)) as document:
        faces = {str(one.get("/BaseFont")): one for one in document.objects if _is_font(one)}
        assert faces
        assert all("+DejaVu" in name for name in faces)
        assert all("/FontFile2" in one.FontDescriptor for one in faces.values() if "/FontDescriptor" in one)


def _is_font(one: pikepdf.Object) -> bool:
    return isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Font"


@pytest.mark.parametrize(
    "product",
    [
        replace(a_product(), storage="Keep in the dark and cold " * 60),
        replace(a_product(), storage="W" * 300),
        replace(a_product(), title="Long title " * 90),
    ],
    ids=["many words", "one word", "title"],
)
def test_what_does_not_fit_gives_no_label_at_all(product):
    label = label_of(some_cells(product=product), a_bag(), serial=SERIAL)

    (page,) = pages([label])

    printed = text_of(page)
    assert printed.startswith(f"NOT A LABEL. {SERIAL} has no room")
    assert zxingcpp.read_barcodes(page.render(scale=PRINTER).to_pil()) == []


def test_one_label_without_room_leaves_the_others_whole():
    long = label_of(some_cells(product=replace(a_product(), storage="W" * 300)), a_bag(), serial=SERIAL)

    first, second = pages([long, LABELS[1]])

    assert text_of(first).startswith("NOT A LABEL.")
    assert LABELS[1].serial in text_of(second)


def test_markup_and_signs_that_turn_the_reading_are_printed_as_what_they_are():
    product = replace(a_product(), storage="<b>cold</b> &amp; \u202edlog")

    (page,) = pages([label_of(some_cells(product=product), a_bag(), serial=SERIAL)])

    assert "<b>cold</b> &amp; [U+202E]dlog" in text_of(page)
