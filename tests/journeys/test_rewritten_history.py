"""A site that rewrites its history with every key there is, and what older paper makes of it (THREATS LG-05, T4, T9).

The rewrite here is the strongest there can be: the same people, under their own keys, tell another story from the
laboratory on, and the log's key signs it. Nothing in it contradicts itself; only what stands outside the site does.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from ledger import clock, files, outbox
from ledger.checkpoints import CHECKPOINT_JOB
from ledger.models import LogKey, OutboxJob
from ledger.verification import verify_records
from reports.models import Document
from reports.pdfa import attached_snapshot
from reports.snapshot import CertificateOfAnalysis
from reports.snapshot_json import from_json
from tests.copies_builders import a_package, verified
from tests.kept import kept_for_a_module, taken_back
from tests.qc_builders import CONFORMING, FOURTEEN_DAYS, Laboratory, in_the_laboratory
from tests.signer_state import forget_what_was_signed

pytestmark = pytest.mark.django_db
TRUE, FALSE = {"viability_percent": "79.4"}, {"viability_percent": "95.1"}


@dataclass
class Outside:
    """What left the site while it told the truth: a printed certificate and a package."""

    paper: str
    package: Path
    key: str


@dataclass
class Histories:
    """The truth as others hold it, and the package of the history that the site tells now."""

    outside: Outside
    refused_by_the_signer: str
    rewritten: Path


def told(laboratory: Laboratory, values: dict[str, str]) -> None:
    """The work of the laboratory, with one value as it was or as somebody would like it, up to a certificate."""
    laboratory.inoculated()
    for line in CONFORMING:
        laboratory.reviewed(laboratory.tested(line, **(values if line in values else CONFORMING[line])))
    clock.tell(clock.now() + FOURTEEN_DAYS + timedelta(minutes=1))
    for bottle in (1, 2):
        laboratory.read("sterility", "no_growth", replicate=bottle)
    laboratory.reviewed(laboratory.submitted("sterility"))
    laboratory.approved()
    clock.end_story()


def printed_checkpoint() -> str:
    """What the certificate of analysis prints of its checkpoint."""
    document = Document.objects.select_related("file").get(kind=Document.Kind.CERTIFICATE_OF_ANALYSIS)
    analysis = from_json(attached_snapshot(files.read(document.file)))
    assert isinstance(analysis, CertificateOfAnalysis)
    proof = analysis.proof
    assert proof.checkpoint is not None
    return f"{proof.checkpoint.origin} {proof.checkpoint.size} {proof.checkpoint.root}"


@pytest.fixture(scope="module")
def histories(
    django_db_setup: None, django_db_blocker: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Histories]:
    """One world, told twice from the same moment."""
    folder = tmp_path_factory.mktemp("outside")
    with kept_for_a_module(django_db_blocker):
        laboratory = in_the_laboratory()
        began = clock.now()
        with taken_back():
            told(laboratory, TRUE)
            outbox.deliver_all()
            package = folder / "true.zip"
            package.write_bytes(a_package(laboratory.fresh(), by=laboratory.qa).read_bytes())
            outside = Outside(printed_checkpoint(), package, LogKey.objects.get().key_id)
        clock.end_story()
        clock.tell(began)
        told(laboratory, FALSE)
        outbox.deliver_all()
        refused = OutboxJob.objects.get(kind=CHECKPOINT_JOB).last_error
        forget_what_was_signed()  # the owner of every machine empties the signer's state and the high-water file too
        OutboxJob.objects.filter(done_at=None).update(due_at=clock.machine_now())
        outbox.deliver_all()
        rewritten = folder / "rewritten.zip"
        rewritten.write_bytes(a_package(laboratory.fresh(), by=laboratory.qa).read_bytes())
        yield Histories(outside, refused, rewritten)


def test_a_signer_that_kept_its_state_signs_no_second_history(histories: Histories) -> None:
    assert "SignerRefused" in histories.refused_by_the_signer


def test_the_rewritten_history_agrees_with_itself_in_everything(histories: Histories) -> None:
    assert [one for one in verify_records().findings if one.check != "signer"] == []
    ended = verified(histories.rewritten, "--key", histories.outside.key)
    assert ended.returncode == 2, ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("VALID, NOT ANCHORED")


def test_an_older_certificate_on_paper_proves_the_fork(histories: Histories) -> None:
    ended = verified(histories.rewritten, "--key", histories.outside.key, "--checkpoint", histories.outside.paper)

    assert ended.returncode == 4, ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("FORK")


def test_the_same_paper_agrees_with_the_package_that_left_in_time(histories: Histories) -> None:
    ended = verified(histories.outside.package, "--key", histories.outside.key, "--checkpoint", histories.outside.paper)

    assert ended.returncode == 2, ended.stdout


def test_the_sites_own_verification_shows_the_fork_against_the_paper(histories: Histories) -> None:
    said = io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("verify", "--checkpoint", histories.outside.paper, stdout=said)

    assert ended.value.code == 4
    assert "FORK" in said.getvalue()
