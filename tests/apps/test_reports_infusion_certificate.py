"""The certificate for infusion: what the ward reads, and when another one takes its place."""

import pytest

from ledger import clock, files
from ledger.verification import verify_records
from reports.models import Document
from tests.after_release_builders import certified_with_three_bags
from tests.documents_builders import everything_made, pages_of, squeezed
from tests.people import do

pytestmark = pytest.mark.django_db
CERTIFICATES = Document.objects.filter(kind=Document.Kind.INFUSION_CERTIFICATE).order_by("version")


def test_it_travels_with_the_bags_and_says_do_not_infuse_once_the_certification_is_withdrawn():
    ward = certified_with_three_bags()
    everything_made()

    first = CERTIFICATES.all().get()
    batch_certificate = Document.objects.get(kind=Document.Kind.BATCH_CERTIFICATE)
    assert first.basis_id == batch_certificate.pk
    text = "".join(pages_of(files.read(first.file)))
    for bag in ward.bags():
        assert squeezed(bag.code) in text
    for said in (
        "Certificate for infusion", ward.coi.subject.pseudonym, f"{batch_certificate.number} version 1", "4.98×10⁸",
        "1495.0", "For autologous use only", "At most 30 minutes", "95.1",
    ):  # fmt: skip
        assert squeezed(said) in text, said

    ward.later(hours=1)
    do("batch.certify", ward.batch, by=ward.qp, decision="withdrawn", statement="A complaint of the ward.")
    everything_made()

    second = CERTIFICATES.all().last()
    assert (second.number, second.version, second.supersedes) == (first.number, 2, first)
    withdrawn = "".join(pages_of(files.read(second.file)))
    assert squeezed("Do not infuse") in withdrawn
    assert "Atthebedside" not in withdrawn
    assert verify_records().findings == []
    clock.end_story()
