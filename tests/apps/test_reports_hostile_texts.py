"""Texts that look like markup are printed as they were typed on every document, and an interim one says so."""

from dataclasses import fields, is_dataclass
from datetime import timedelta

import pytest

from ledger import clock, files
from ledger.verification import verify_records
from reports.models import Document
from reports.pdfa import attached_snapshot
from reports.snapshot import BatchCertificate, CertificateOfAnalysis
from reports.snapshot_json import from_json
from tests.documents_builders import MARKUP, HostileLaboratory, corrected, everything_made, pages_of, squeezed
from tests.kept import kept_for_a_module

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    """An interim certificate, the final one after it, and the decision."""
    with kept_for_a_module(django_db_blocker):
        clock.tell(clock.machine_now() - timedelta(days=20))
        laboratory = HostileLaboratory()
        laboratory.tested_but_one()
        corrected(laboratory, "viability_percent", "94.2", MARKUP)
        laboratory.approved()
        everything_made()
        laboratory.reviewed(laboratory.tested(laboratory.MAY_FOLLOW))
        laboratory.approved()
        laboratory.record_reviewed()
        laboratory.certified(statement=MARKUP)
        clock.end_story()
        everything_made()
        yield laboratory


ISSUED = (("coa", 1), ("coa", 2), ("bc", 1), ("ic", 1))


@pytest.fixture
def documents(kept, db) -> list[Document]:
    """Interim certificate of analysis, final one, batch certificate, certificate for infusion."""
    found = {(one.kind, one.version): one for one in Document.objects.select_related("file")}
    assert set(found) == set(ISSUED)
    return [found[one] for one in ISSUED]


def texts_in(value: object) -> list[str]:
    """Every text of a snapshot."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in texts_in(item)]
    return [text for one in fields(value) for text in texts_in(getattr(value, one.name))] if is_dataclass(value) else []


def snapshot_of(document: Document):
    return from_json(attached_snapshot(files.read(document.file)))


def test_markup_is_printed_as_it_was_typed(documents):
    for document in documents:
        printed = "".join(pages_of(files.read(document.file)))
        stated = sum(text.count(MARKUP) for text in texts_in(snapshot_of(document)))
        least = 1 if document.kind == Document.Kind.INFUSION_CERTIFICATE else 6
        assert stated >= least, (
            "data, source, donor markers, the hospital's name and address, and a comment or a reason"
        )
        assert printed.count(squeezed(MARKUP)) == stated


def test_the_snapshot_holds_the_texts_as_they_were_typed(documents):
    analysis, decision = snapshot_of(documents[1]), snapshot_of(documents[2])

    assert isinstance(analysis, CertificateOfAnalysis)
    assert isinstance(decision, BatchCertificate)
    assert analysis.product.donor_markers.endswith(f"Collection form: {MARKUP}")
    assert [(mark.text, mark.source) for mark in analysis.data_marks] == [(MARKUP, MARKUP)]
    assert any(MARKUP in note.text for note in analysis.footnotes)
    assert (analysis.sites[-1].name, analysis.sites[-1].address) == (MARKUP, MARKUP)
    assert decision.comments == (MARKUP,)


def test_an_interim_certificate_says_what_is_missing_and_the_final_one_replaces_it(kept, documents):
    interim, final = snapshot_of(documents[0]), snapshot_of(documents[1])

    assert documents[0].is_interim
    assert "interim" in documents[0].file.original_name
    assert interim.interim_summary == "1 of 12 results is pending."
    assert interim.interim_explanation == kept.line(kept.MAY_FOLLOW).title
    assert [line.result for line in interim.lines if line.evaluation.code == "pending"] == ["Pending"]
    assert all(squeezed("interim").lower() in page.lower() for page in pages_of(files.read(documents[0].file)))

    assert not documents[1].is_interim
    assert final.interim_summary == ""
    assert final.issue.supersedes == f"{documents[0].number} v1"
    assert {line.evaluation.code for line in final.lines} == {"meets"}


def test_the_record_verifies(documents):
    assert [str(finding) for finding in verify_records().findings] == []
