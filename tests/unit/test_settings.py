"""Settings that contradict each other stop a process at its start, with a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def started(**environment: str) -> str:
    """What a process says that is started with these settings, or nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CELLWRIGHT_")}
    said = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        capture_output=True,
        text=True,
        env=kept | {"CELLWRIGHT_MODE": "training"} | environment,
        cwd=ROOT,
        timeout=60,
    )
    return said.stderr


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"CELLWRIGHT_TSA": "one=ftp://tsa.example.org"}, "needs an address"),
        ({"CELLWRIGHT_TSA": "one=https://tsa.example.org"}, "one.pem is not there"),
        ({"CELLWRIGHT_ANCHOR_POLICY": "sometimes"}, "must be warn or block"),
        ({"CELLWRIGHT_ANCHOR_POLICY": "block"}, "block needs an authority"),
        ({"CELLWRIGHT_PDF_SIGNING_LEVEL": "B-LT"}, "B-LTA or not set"),
        ({"CELLWRIGHT_PDF_SIGNING_LEVEL": "B-LTA"}, "needs an authority"),
        ({"CELLWRIGHT_PDF_CERTIFICATE_FILE": "/nowhere.pem"}, "are set together"),
    ],
)
def test_wrong_settings_stop_the_start_with_a_sentence(tmp_path, environment, says):
    said = started(CELLWRIGHT_DATA_DIR=str(tmp_path), **environment)

    assert "ImproperlyConfigured" in said
    assert says in said


def test_right_settings_start(tmp_path):
    (tmp_path / "one.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="ascii")
    environment = {"CELLWRIGHT_TSA": "one=https://tsa.example.org", "CELLWRIGHT_TSA_ROOTS": str(tmp_path)}

    assert started(CELLWRIGHT_DATA_DIR=str(tmp_path), CELLWRIGHT_ANCHOR_POLICY="block", **environment) == ""
