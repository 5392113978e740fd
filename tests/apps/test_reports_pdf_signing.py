"""Signed PDFs: read by others' readers, kept in the form for archives, and honest about what they are worth."""

import io
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ledger import files, outbox
from ledger.authorities import Authority
from ledger.models import Site
from ledger.verification import verify_records
from reports import site_certificate
from reports.models import Document
from reports.pdf_signing import signed, unsigned_part
from reports.pdfa import attached_snapshot
from reports.site_certificate import CA_NAME, SigningKeyError
from tests import machine
from tests.documents_builders import with_approved_results
from tests.kept import kept_for_a_module
from tests.people import a_site
from tests.time_authority import Behaviour, dead_address, make_certificates, time_authority
from tests.verapdf import judged

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_alone]
AT = datetime(2026, 11, 12, 16, 2, 11, tzinfo=UTC)


@pytest.fixture(scope="module")
def issued(django_db_setup, django_db_blocker):
    """A certificate of analysis as the worker issued it, with its bytes."""
    with kept_for_a_module(django_db_blocker):
        with_approved_results()
        outbox.deliver_all()
        document = Document.objects.select_related("file").get()
        yield document, files.read(document.file)


@pytest.fixture(scope="module")
def content(issued):
    """The same document as it was before it was signed."""
    document, whole = issued
    return unsigned_part(whole, document.unsigned_size)


@pytest.fixture(scope="module")
def running():
    with time_authority(name="good") as tsa:
        yield tsa


@pytest.fixture
def tsa(running, settings):
    """An authority that stamps this site's documents."""
    running.behaves = Behaviour.HONEST
    running.asked.clear()
    settings.TSA_AUTHORITIES = (running.authority(),)
    settings.TSA_TIMEOUT_SECONDS = 0.5
    return running


@pytest.fixture
def plant(settings, db):
    """A site that is no training site, without a certificate."""
    a_site()
    settings.TRAINING, settings.MODE = False, "plant"
    return settings


@pytest.fixture
def plant_with_certificate(plant, tmp_path):
    """A plant with a certificate of a CA of its own."""
    make_certificates(tmp_path, name="Plant", purposes=())
    plant.PDF_CERTIFICATE_FILE = str(tmp_path / "tsa.pem")
    plant.PDF_KEY_FILE = str(tmp_path / "tsa.key")
    plant.PDF_CHAIN_FILE = str(tmp_path / "ca.pem")
    return plant


def made(content: bytes) -> tuple[bytes, str]:
    return signed(content, reason="Issued as COA-26-0037 version 2", field_name="Site", at=AT)


def read_by_poppler(whole: bytes, folder: Path) -> str:
    """What poppler's reader says of the signatures in a file."""
    machine.pdfsig()
    file = folder / "signed.pdf"
    file.write_bytes(whole)
    return subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, timeout=60).stdout


def test_an_issued_certificate_is_signed_and_says_how(issued, tmp_path):
    document, whole = issued

    assert document.signed_as == "B-B"
    assert 0 < document.unsigned_size < len(whole)
    said = read_by_poppler(whole, tmp_path)
    assert said.count("Signature Validation: Signature is Valid.") == 1
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "Total document signed" in said


def test_an_issued_certificate_keeps_its_version_and_its_data(issued):
    _document, whole = issued

    assert attached_snapshot(whole).startswith(b"{")
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        assert str(pdf.Root.get("/Version", f"/{pdf.pdf_version}")) == "/1.7"


def test_a_signed_document_stays_pdfa_at_every_level(issued, content, tsa, settings):
    """veraPDF is asked once for all: starting Java takes longest."""
    documents = [issued[1], made(content)[0]]
    settings.PDF_SIGNING_LEVEL = "B-LTA"
    documents.append(made(content)[0])
    not_pdfa = content.replace(b"pdfaid:part", b"pdfaid:port")

    judgements = judged(*documents, not_pdfa)

    assert [(one.compliant, one.found) for one in judgements[:-1]] == [(True, ())] * 3
    assert not judgements[-1].compliant


def test_the_record_with_a_signed_document_verifies(issued, db):
    assert [str(one) for one in verify_records().findings if one.check in {"documents", "renderings", "files"}] == []


def test_what_is_signed_begins_with_the_document_unchanged(content):
    whole, level = made(content)

    assert level == "B-B"
    assert whole[: len(content)] == content
    assert unsigned_part(whole, len(content)) == content
    signature = signature_in(whole)
    assert signature["Reason"] == b"Issued as COA-26-0037 version 2"
    assert signature["M"].startswith(b"D:20261112160211")


def signature_in(whole: bytes) -> dict[str, bytes]:
    """The signature of a file, as the file itself holds it."""
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        signature = pdf.Root.AcroForm.Fields[0].V
        return {name: bytes(signature[f"/{name}"]) for name in ("Reason", "M", "Contents")}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_changed_copy_is_not_valid_to_other_readers(content, tmp_path, share):
    whole, _level = made(content)
    changed = bytearray(whole)
    changed[int(len(content) * share)] ^= 1

    assert "Signature is Valid." not in read_by_poppler(bytes(changed), tmp_path)


def test_a_copy_with_something_added_says_that_not_all_is_signed(content, tmp_path):
    whole, _level = made(content)
    added = whole + b"\n% added\n%%EOF\n"

    assert "Not total document signed" in read_by_poppler(added, tmp_path)


def test_the_time_of_an_authority_is_added_where_there_is_one(content, tsa, tmp_path):
    whole, level = made(content)

    assert level == "B-T"
    assert tsa.asked
    assert "Signature is Valid." in read_by_poppler(whole, tmp_path)
    assert stamp_of(whole, tsa) is True


def stamp_of(whole: bytes, tsa) -> bool:
    """Whether pyHanko's validator trusts the time stamp inside the first signature, by the authority's root alone."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    from ledger.timestamps import finished, roots_in

    context = ValidationContext(trust_roots=roots_in(tsa.authority().roots), allow_fetching=False)
    found = PdfFileReader(io.BytesIO(whole)).embedded_signatures[0]
    status = finished(async_validate_pdf_signature(found, context, ts_validation_context=context))
    return bool(status.timestamp_validity and status.timestamp_validity.valid and status.timestamp_validity.trusted)


def test_what_is_needed_for_decades_is_added_where_the_site_wants_it(content, tsa, settings, tmp_path):
    settings.PDF_SIGNING_LEVEL = "B-LTA"

    whole, level = made(content)

    assert level == "B-LTA"
    assert whole[: len(content)] == content
    assert b"/DSS" in whole
    assert b"/DocTimeStamp" in whole
    assert "Signature is Valid." in read_by_poppler(whole, tmp_path)


@pytest.mark.parametrize(
    "behaviour", [Behaviour.SLOW, Behaviour.RUBBISH, Behaviour.WRONG_NONCE, Behaviour.OTHER_HASH, Behaviour.REFUSING]
)
@pytest.mark.parametrize("wanted", ["", "B-LTA"])
def test_a_bad_authority_keeps_no_document_back_under_the_policy_warn(content, tsa, settings, behaviour, wanted):
    tsa.behaves = behaviour
    settings.PDF_SIGNING_LEVEL = wanted

    whole, level = made(content)

    assert level == "B-B"
    assert whole[: len(content)] == content


def test_a_dead_authority_keeps_the_document_waiting_under_the_policy_block(content, tsa, settings):
    settings.ANCHOR_POLICY = "block"
    settings.TSA_AUTHORITIES = (Authority("good", dead_address(), tsa.authority().roots),)

    with pytest.raises(outbox.NotYetError, match=r"not signed at level B-T.*does not answer"):
        made(content)


def test_an_authority_that_is_not_trusted_stamps_nothing(content, tsa, settings, tmp_path):
    make_certificates(tmp_path)
    settings.TSA_AUTHORITIES = (Authority("good", tsa.url, tmp_path / "ca.pem"),)

    assert made(content)[1] == "B-B"


def test_a_training_site_makes_a_certificate_that_says_what_it_is_worth(content, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    whole, _level = made(content)
    folder = tmp_path / "pdf-signing"

    said = read_by_poppler(whole, tmp_path)

    assert f'CN="{Site.objects.get().name}, training site, not for GMP records"' in said
    assert CA_NAME == "Cellwright demonstration CA, not for GMP records"
    assert CA_NAME.encode() in signature_in(whole)["Contents"]
    assert folder.stat().st_mode & 0o077 == 0
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert sorted(file.name for file in folder.iterdir()) == ["ca.pem", "signer.key", "signer.pem"]
    certificate = x509.load_pem_x509_certificate((folder / "signer.pem").read_bytes())
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert certificate.public_key().curve.name == "secp256r1"
    assert certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=365 * 50)


def test_a_training_site_makes_its_certificate_once(content, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    made(content)
    first = (tmp_path / "pdf-signing" / "signer.pem").read_bytes()

    made(content)
    site_certificate._make_demonstration(tmp_path / "pdf-signing", "Another worker")

    assert (tmp_path / "pdf-signing" / "signer.pem").read_bytes() == first
    assert [entry.name for entry in tmp_path.iterdir()] == ["pdf-signing"]


@pytest.mark.parametrize(
    "name", ["X", "Ł" * 60, "Example Cell Therapy Centre of the University of Exampleby", "Ж" * 120]
)
def test_a_site_of_any_name_has_a_certificate(tmp_path, name):
    site_certificate._make_demonstration(tmp_path / "made", name)

    made_for = x509.load_pem_x509_certificate((tmp_path / "made" / "signer.pem").read_bytes()).subject.rfc4514_string()
    assert "training site\\, not for GMP records" in made_for
    assert f"CN={name[:5]}" in made_for


def test_a_plant_without_a_certificate_issues_unsigned_documents_and_makes_none(content, plant, tmp_path):
    plant.DATA_DIR = tmp_path

    assert made(content) == (content, "")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SigningKeyError, match="makes no certificate"):
        site_certificate._make_demonstration(tmp_path / "pdf-signing", "Plant")


def test_a_plant_signs_with_the_certificate_it_was_given(content, plant_with_certificate, tmp_path):
    whole, level = made(content)

    said = read_by_poppler(whole, tmp_path)

    assert level == "B-B"
    assert "Signature is Valid." in said
    assert "CN=Plant" in said
    assert "training" not in said
    assert CA_NAME.encode() not in signature_in(whole)["Contents"]


def test_an_encrypted_key_is_opened_by_its_passphrase(content, plant_with_certificate, tmp_path):
    file = Path(plant_with_certificate.PDF_KEY_FILE)
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open sesame"),
        )
    )

    for wrong in ("", "open barley"):
        plant_with_certificate.PDF_KEY_PASSPHRASE = wrong
        with pytest.raises(SigningKeyError, match="cannot be read"):
            made(content)
    plant_with_certificate.PDF_KEY_PASSPHRASE = "open sesame"
    assert made(content)[1] == "B-B"


def test_a_key_of_another_certificate_signs_nothing(content, plant_with_certificate, tmp_path):
    make_certificates(tmp_path / "other")
    plant_with_certificate.PDF_KEY_FILE = str(tmp_path / "other" / "tsa.key")

    with pytest.raises(SigningKeyError, match="not that of the certificate"):
        made(content)


@pytest.mark.parametrize(("since", "until"), [(-30, -1), (1, 30)])
def test_a_certificate_that_is_not_valid_signs_nothing(content, plant_with_certificate, tmp_path, since, until):
    make_certificates(tmp_path, since=timedelta(days=since), until=timedelta(days=until))

    with pytest.raises(SigningKeyError, match="Give the site a new one"):
        made(content)


@pytest.mark.parametrize("lost", ["PDF_CERTIFICATE_FILE", "PDF_KEY_FILE", "PDF_CHAIN_FILE"])
@pytest.mark.parametrize("left", ["nothing", "rubbish"])
def test_files_that_cannot_be_read_sign_nothing(content, plant_with_certificate, lost, left):
    file = Path(getattr(plant_with_certificate, lost))
    if left == "rubbish":
        file.write_bytes(b"\x00rubbish")
    else:
        file.unlink()

    with pytest.raises(SigningKeyError, match="cannot be read"):
        made(content)


@pytest.mark.parametrize(("size", "part"), [(0, b"whole"), (3, b"who"), (5, b"whole")])
def test_the_unsigned_part_is_the_first_bytes(size, part):
    assert unsigned_part(b"whole", size) == part


@pytest.mark.parametrize("size", [-1, 6])
def test_a_file_that_is_shorter_than_its_unsigned_part_is_refused(size):
    with pytest.raises(ValueError, match="shorter"):
        unsigned_part(b"whole", size)
