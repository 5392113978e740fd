"""The documents of a certification in two steps: interim with what is pending, then final, naming the first."""

import pytest

from ledger import files
from ledger.verification import verify_records
from reports.models import Document
from reports.pdfa import attached_snapshot
from reports.snapshot import BatchCertificate, Sign
from reports.snapshot_json import from_json
from tests.documents_builders import everything_made, pages_of, squeezed
from tests.two_step_builders import AUTHORISATION, JUSTIFIED, two_step_laboratory

pytestmark = pytest.mark.django_db
Kind = Document.Kind


def certificate_of(document: Document) -> BatchCertificate:
    stated = from_json(attached_snapshot(files.read(document.file)))
    assert isinstance(stated, BatchCertificate)
    return stated


@pytest.mark.clause("EU GMP Part IV 11", "issues an interim certificate with what is pending, then a final one")
def test_a_conditional_decision_has_an_interim_certificate_that_the_final_one_names_and_supersedes():
    laboratory = two_step_laboratory()
    laboratory.ready_conditionally()
    laboratory.conditional()
    everything_made()
    interim = Document.objects.select_related("file").get(kind=Kind.BATCH_CERTIFICATE)
    stated, printed = certificate_of(interim), "".join(pages_of(files.read(interim.file)))

    assert interim.is_interim
    assert interim.file.original_name == f"{interim.number}-v1-interim-training.pdf"
    assert (stated.decision.sign, stated.decision.words) == (Sign.CONDITIONAL, "Certified conditionally")
    assert [line.split(",")[0] for line in stated.decision.pending] == ["Sterility"]
    for words in (
        "Certified conditionally",
        "Still pending",
        "Sterility, due",
        AUTHORISATION,
        "Dr A. Berg",
        JUSTIFIED["statement"],
        JUSTIFIED["plan_if_positive"],
        "interim",
    ):
        assert squeezed(words) in printed, words
    assert Document.objects.get(kind=Kind.CERTIFICATE_OF_ANALYSIS).is_interim

    laboratory.sterility_ends()
    laboratory.final()
    everything_made()
    final = Document.objects.select_related("file").get(kind=Kind.BATCH_CERTIFICATE, version=2)

    assert (final.supersedes, final.number, final.is_interim) == (interim, interim.number, False)
    assert certificate_of(final).issue.supersedes == f"{interim.number} v1"
    assert certificate_of(final).decision.pending == ()
    assert "interim" not in final.file.original_name
    analysis = Document.objects.get(kind=Kind.CERTIFICATE_OF_ANALYSIS, version=2)
    assert (analysis.is_interim, analysis.supersedes.version) == (False, 1)
    assert certificate_of(final).certificate_of_analysis == f"{analysis.number} version 2"
    assert verify_records().findings == []
