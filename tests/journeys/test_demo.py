"""The demo as a reader of the README runs it: three batches, twelve documents, three packages, nothing found."""

import csv
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest

from config.story.ari0001 import DOSE, MILLION, PUBLISHED, SOURCE, Plan, published, three_batches
from config.story.in_process import HUNDRED, fill_for, in_process_values, tenths, vials_for
from config.story.stocking import VIAL_ML, VIALS_A_BATCH
from reports.pdfa import attached_snapshot
from reports.snapshot import BatchCertificate, CertificateOfAnalysis, Sign
from reports.snapshot_json import Issued, from_json
from tests.journeys.processes import ROOT

PLANS = three_batches(date(2026, 10, 18))
a_published_batch = pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.sponsor_number)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """The folder with the documents of one run, and what the run printed."""
    out = tmp_path_factory.mktemp("demo") / "out"
    return out, run_demo(out)


def run_demo(out: Path) -> "subprocess.CompletedProcess[str]":
    """The demo, run to its end; a site that the environment names must not matter."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CELLWRIGHT_")}
    environment |= {"CELLWRIGHT_MODE": "training", "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment["CELLWRIGHT_DATA_DIR"] = str(out.parent / "another-site")
    command = [sys.executable, "manage.py", "demo", str(out)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def snapshots(out: Path, kind: str) -> list[Issued]:
    """The snapshots that are attached to the documents of a kind, by their number."""
    read = [from_json(attached_snapshot(path.read_bytes())) for path in sorted(out.glob(f"{kind}-*.pdf"))]
    return [one for one in read if isinstance(one, Issued)]


def text_of(path: Path) -> str:
    """Everything that is printed in a document."""
    with pypdfium2.PdfDocument(path) as pdf:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())


def test_the_demo_certifies_three_batches_and_finds_nothing(
    demo: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    out, run = demo

    assert run.returncode == 0, run.stdout + run.stderr
    lines = [line for line in run.stdout.splitlines() if line.startswith("ARI0001")]
    year = lines[0].split()[1][3:5]
    assert lines == [
        f"ARI0001/0{number}  CT-{year}-000{number}  12 of 12 criteria conform from 13 values  certified  "
        f"IC-{year}-000{number}.pdf COA-{year}-000{number}.pdf BR-{year}-000{number}.pdf BC-{year}-000{number}.pdf "
        f"CT-{year}-000{number}-record.zip"
        for number in (1, 2, 3)
    ]
    assert sum(line.strip().startswith("VALID, NOT ANCHORED") for line in run.stdout.splitlines()) == 3
    assert run.stdout.splitlines()[-1] == "VERIFIED: nothing found"
    assert len(list(out.iterdir())) == 16


def test_each_package_verifies_with_nothing_but_python_and_no_network(
    demo: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    out, run = demo
    key = run.stdout.rpartition('--key "')[2].partition('"')[0]
    alone = ["unshare", "-r", "-n"] if _may_unshare() else []
    for package in sorted(out.glob("*-record.zip")):
        command = [*alone, sys.executable, "-I", "-S", str(out / "verify.py"), str(package)]
        pinned = subprocess.run([*command, "--key", key], capture_output=True, text=True, check=False)
        unpinned = subprocess.run(command, capture_output=True, text=True, check=False)

        assert pinned.returncode == unpinned.returncode == 2, pinned.stdout
        assert pinned.stdout.splitlines()[-1].startswith("VALID, NOT ANCHORED")
        assert "UNTRUSTED KEY" in unpinned.stdout.splitlines()[-1]


def _may_unshare() -> bool:
    """Tell whether this machine lets a process leave the network."""
    try:
        return subprocess.run(["unshare", "-r", "-n", "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def test_a_package_is_proved_against_the_checkpoint_on_its_paper_certificate(
    demo: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    out, _run = demo
    package = sorted(out.glob("*-record.zip"))[0]
    for kind in ("COA", "BC"):
        proof = snapshots(out, kind)[0].proof
        assert proof.checkpoint is not None
        printed = text_of(sorted(out.glob(f"{kind}-*.pdf"))[0]).replace(" ", "")
        paper = f"{proof.checkpoint.origin} {proof.checkpoint.size} {proof.checkpoint.root}"
        assert paper.replace(" ", "·") in printed
        command = [sys.executable, "-I", "-S", str(out / "verify.py"), str(package), "--checkpoint"]

        agrees = subprocess.run([*command, paper], capture_output=True, text=True, check=False)
        other = subprocess.run([*command, paper[:-8] + "AAAAAAA="], capture_output=True, text=True, check=False)

        assert agrees.returncode == 2, agrees.stdout
        assert other.returncode == 4, other.stdout
        assert other.stdout.splitlines()[-1].startswith("FORK")


def test_each_certificate_of_analysis_states_twelve_conforming_lines(
    demo: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    certificates = snapshots(demo[0], "COA")

    assert len(certificates) == 3
    for certificate in certificates:
        assert isinstance(certificate, CertificateOfAnalysis)
        assert len(certificate.lines) == 12
        assert {line.evaluation.sign for line in certificate.lines} == {Sign.PASS}
        assert [len(line.members) for line in certificate.lines if line.members] == [2]
        assert certificate.data_marks[0].source == SOURCE


def test_each_certificate_of_analysis_prints_the_published_numbers(
    demo: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    printed = [text_of(path) for path in sorted(demo[0].glob("COA-*.pdf"))]

    for text, plan in zip(printed, PLANS, strict=True):
        for value in plan.release.values:
            if value.typed[-1].isdigit():
                assert value.typed.replace("≤", "≤ ") in text, value


def test_each_batch_certificate_states_the_published_dose(
    demo: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    out, _run = demo
    certificates = snapshots(out, "BC")
    printed = [text_of(path) for path in sorted(out.glob("BC-*.pdf"))]

    for certificate, text, plan in zip(certificates, printed, PLANS, strict=True):
        assert isinstance(certificate, BatchCertificate)
        assert certificate.decision.code == "certified"
        assert f"{plan.release.number(DOSE)} ×10⁶ cells" in text
        assert "In-process values are invented; release results as published." in text


def test_the_demo_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    run = run_demo(tmp_path)

    assert run.returncode == 1
    assert "is not empty. Name a new folder" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_every_printed_result_is_entered() -> None:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        printed = list(csv.DictReader(file))

    assert [len(release.values) for release in published().values()] == [13, 13, 13]
    for row in printed:
        if not row["result_value"].replace(".", "").isdigit():
            continue
        typed = {Decimal(v.typed) for v in published()[row["batch"]].values if v.typed.replace(".", "").isdigit()}
        scale = MILLION if row["test"] == DOSE else 1
        assert Decimal(row["result_value"]) / scale in typed


@a_published_batch
def test_the_invented_fill_gives_the_published_cells_and_viability(plan: Plan) -> None:
    fill = fill_for(plan)
    cd3, car = plan.release.number("cd3_positive_percent"), plan.release.number("car_positive_percent")
    car_positive = fill.count.concentration * fill.bags_ml * cd3 * car / HUNDRED / HUNDRED
    viability = HUNDRED * fill.count.viable / (fill.count.viable + fill.count.dead)

    assert abs(car_positive / MILLION - plan.release.number(DOSE)) < Decimal("0.5")
    assert tenths(viability) == str(plan.release.number("viability_percent"))


@a_published_batch
def test_the_invented_volumes_add_up_to_the_last_tenth(plan: Plan) -> None:
    values = in_process_values(plan)
    shares = ("bags_volume_ml", "qc_volume_ml", "retain_volume_ml", "fill_discarded_ml")

    assert sum(Decimal(values[name]) for name in shares) == Decimal(values["formulated_volume_ml"])


@a_published_batch
def test_a_batch_takes_no_more_vials_than_are_its_own(plan: Plan) -> None:
    assert 1 <= vials_for(in_process_values(plan), VIAL_ML) <= VIALS_A_BATCH
