"""An honest package has the verdict that it deserves, and what is not checked is said."""

import ast
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import package_builders, time_authority
from tests.package_builders import VERIFIER, Site, a_site, packed, unpacked, verify

MEANS = 'VALID means "this is the record that was signed", not "the batch was good".'


@pytest.fixture(scope="module")
def site() -> Site:
    return a_site()


@pytest.fixture(scope="module")
def package(site) -> bytes:
    return site.package()


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    time_authority.make_certificates(folder)
    return folder


def anchored(authority: Path, *, size: int | None = None, of: int | None = None) -> Site:
    """A site whose checkpoint of a size (the newest) bears a token over the checkpoint of another size (the same)."""
    site = a_site()
    size = size or max(site.checkpoints)
    site.anchor(size, time_authority.token_over(authority, site.checkpoints[of or size].encode()))
    return site


def test_a_package_under_a_key_that_nobody_gave_is_of_an_untrusted_key(site, package):
    answer = verify(package)

    assert answer.code == 2
    assert answer.verdict.startswith("UNTRUSTED KEY " + " ".join(site.log_key.id[at : at + 4] for at in (0, 4, 8)))
    assert "NOT ANCHORED after entry 0" in answer.verdict
    assert not answer.said["findings"]


@pytest.mark.parametrize(
    "written",
    [
        lambda key: key.id,
        lambda key: key.public.hex(),
        lambda key: key.id.upper(),
        lambda key: " ".join(key.id[at : at + 4] for at in range(0, 64, 4)),
    ],
    ids=["fingerprint", "public key", "upper case", "groups of four"],
)
def test_the_key_is_pinned_however_it_is_written(site, package, written):
    answer = verify(package, "--key", written(site.log_key))

    assert answer.code == 2
    assert answer.verdict.startswith("VALID, NOT ANCHORED after entry 0: ")


def test_a_pinned_and_anchored_package_is_valid(authority):
    site = anchored(authority)
    answer = verify(site.package(), "--key", site.log_key.id, "--tsa-roots", str(authority / "ca.pem"))

    assert (answer.code, answer.verdict) == (0, "VALID")
    assert answer.said["anchored_to"] == max(site.checkpoints)
    assert answer.text.splitlines()[-2:] == [MEANS, "VALID"]


def test_an_anchored_package_under_a_key_that_nobody_gave_is_never_called_valid(authority):
    answer = verify(anchored(authority).package(), "--tsa-roots", str(authority / "ca.pem"))

    assert answer.code == 2
    assert answer.verdict.startswith("UNTRUSTED KEY")
    assert "VALID" not in answer.verdict


def test_an_anchor_of_an_earlier_checkpoint_reaches_as_far_as_that(authority):
    first = min(a_site().checkpoints)
    site = anchored(authority, size=first)
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_key.id, "--tsa-roots", str(authority / "ca.pem"))

    assert answer.code == 2
    assert answer.verdict.startswith(f"VALID, NOT ANCHORED after entry {first}: ")


def test_a_token_counts_for_nothing_without_certificates_to_check_it_with(authority):
    site = anchored(authority)
    answer = verify(site.package(), "--key", site.log_key.id)

    assert answer.code == 2
    assert "NOT CHECKED: the token anchors/" in answer.text
    assert "present, not checked" in answer.text


def test_a_token_of_a_self_made_authority_anchors_nothing(authority, tmp_path):
    time_authority.make_certificates(tmp_path, name="Self-made")
    site = anchored(tmp_path)
    answer = verify(site.package(), "--key", site.log_key.id, "--tsa-roots", str(authority / "ca.pem"))

    assert answer.code == 2
    assert "not accepted: the given certificates do not vouch for it" in answer.text


def test_a_token_of_another_checkpoint_is_invalid(authority):
    first = min(a_site().checkpoints)
    site = anchored(authority, of=first)
    answer = verify(site.package(), "--key", site.log_key.id, "--tsa-roots", str(authority / "ca.pem"))

    assert answer.code == 1
    assert answer.names(r"anchors/\d+-tsa\.tsr", "stamps something else")


def test_a_certificate_that_ended_after_the_stamp_is_accepted_and_noted(tmp_path):
    now = datetime.now(UTC)
    time_authority.make_certificates(tmp_path, since=timedelta(days=-300), until=timedelta(days=-100), with_rsa=True)
    site = a_site()
    size = max(site.checkpoints)
    note = site.checkpoints[size].encode()
    site.anchor(size, time_authority.token_by_hand(tmp_path, note, at=now - timedelta(days=200)))
    answer = verify(site.package(), "--key", site.log_key.id, "--tsa-roots", str(tmp_path / "ca.pem"))

    assert answer.code == 0
    assert "The certificate of tsa has ended since" in answer.text


def test_a_stamp_from_after_the_end_of_the_certificate_anchors_nothing(tmp_path):
    now = datetime.now(UTC)
    time_authority.make_certificates(tmp_path, since=timedelta(days=-300), until=timedelta(days=-100), with_rsa=True)
    site = a_site()
    size = max(site.checkpoints)
    note = site.checkpoints[size].encode()
    site.anchor(size, time_authority.token_by_hand(tmp_path, note, at=now - timedelta(days=50)))
    answer = verify(site.package(), "--key", site.log_key.id, "--tsa-roots", str(tmp_path / "ca.pem"))

    assert answer.code == 2


def test_a_training_record_says_so_in_its_first_line():
    site = a_site(training=True)

    assert verify(site.package()).text.startswith("TRAINING RECORD")
    assert "TRAINING" not in verify(a_site().package()).text


@pytest.mark.parametrize("which", [0, 1])
def test_a_turned_log_key_is_trusted_through_either_of_its_keys(which):
    site = a_site()
    site.rotate_log_key()
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_keys[which].key.id)

    assert answer.code == 2
    assert answer.verdict.startswith("VALID, NOT ANCHORED")
    assert answer.said["key"]["fingerprint"] == site.log_keys[1].key.id


def test_a_declared_epoch_has_its_own_origin():
    site = a_site()
    site.epoch = 2
    site.in_batch("value.recorded", "batches.value", {"typed": "1"})
    size = site.checkpoint()
    answer = verify(site.package(), "--key", site.log_key.id, "--checkpoint", site.printed(size))

    assert answer.code == 2
    assert answer.said["checkpoint"]["origin"].endswith("/epoch-2")


def test_a_printed_checkpoint_that_is_in_the_package_agrees(site, package):
    options = [word for size in site.checkpoints for word in ("--checkpoint", site.printed(size))]

    assert verify(package, "--key", site.log_key.id, *options).code == 2


def test_a_printed_root_may_stand_in_groups(site, package):
    origin, size, root = site.printed(max(site.checkpoints)).split()
    grouped = " ".join(root[at : at + 4] for at in range(0, len(root), 4))

    assert verify(package, "--checkpoint", f"{origin} {size} {grouped}").code == 2


def test_what_is_not_checked_is_said(site, package):
    said = " ".join(verify(package).said["not_checked"])

    assert "true" in said
    assert f"after entry {max(site.checkpoints)}" in said
    assert "later entries" in said
    assert "4 payloads that the package withholds" in said
    assert "compared by digest, not read" in said
    assert "this verifier itself" in said
    assert "another history" in said
    given = verify(package, "--checkpoint", site.printed(max(site.checkpoints)))
    assert "another history" not in " ".join(given.said["not_checked"])


def test_signatures_count_until_their_key_ends_and_are_told_when_it_was_revoked():
    site = a_site()
    late, admin = site.admit("Late Riser"), site.admit("Ada Min", "administrator")
    site.in_batch("step.performed", "batches.stepdone", by=late)
    site.end_key(late, "keyrevocation", by=admin)
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_key.id)

    assert answer.code == 2
    assert "2 signatures under keys that were revoked later: valid" in answer.text


@pytest.mark.parametrize("processes", ["1", "2", "7"])
def test_one_process_and_many_say_the_same(processes, tmp_path):
    site = a_site(signed=90)
    path = tmp_path / "package.zip"
    path.write_bytes(site.package())
    done = run(path, "--jobs", processes, "--key", site.log_key.id)

    assert done.returncode == 2
    assert f"{90 + 7} signatures valid" in done.stdout

    wrong = a_site(signed=90)
    amina = next(iter([wrong.admit("Wrong Hand")]))
    wrong.in_batch("step.performed", "batches.stepdone", by=amina)
    last = wrong.envelopes[-1][0]
    broken = json.loads(last)
    broken["signatures"][0]["sig"] = package_builders.b64(bytes(64))
    # The entry names the broken envelope, so nothing but the signature itself is wrong.
    wrong.envelopes[-1] = [package_builders.canonical(broken)]
    entry = wrong.said[-1] | {"sig": [package_builders.sha(wrong.envelopes[-1][0])]}
    wrong.entries[-1] = package_builders.canonical(entry)
    wrong.tips[f"batch/{wrong.batch}"] = (entry["sseq"], wrong.leaf(wrong.size))
    wrong.checkpoint()
    path.write_bytes(wrong.package())
    done = run(path, "--jobs", processes, "--key", wrong.log_key.id)

    assert done.returncode == 1
    assert f"INVALID  signature of entry {entry['seq']}: it is not valid" in done.stdout


def run(path: Path, *options: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the verifier as a stranger does."""
    command = [*before, sys.executable, "-I", "-S", str(VERIFIER), str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/")


def test_it_runs_alone_without_any_package(package, tmp_path):
    path = tmp_path / "package.zip"
    path.write_bytes(package)
    done = run(path)

    assert done.returncode == 2
    assert not done.stderr
    assert done.stdout.splitlines()[-1].startswith("UNTRUSTED KEY")


def test_it_runs_where_there_is_no_network(package, tmp_path):
    alone = ("unshare", "--user", "--map-root-user", "--net")
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("This machine's sandbox does not permit a namespace without a network (unshare --net).")
    path = tmp_path / "package.zip"
    path.write_bytes(package)
    done = run(path, before=alone)

    assert done.returncode == 2
    assert done.stdout == run(path).stdout


def test_the_copy_in_the_package_works_and_says_that_it_proves_nothing(package, tmp_path):
    for name, content in unpacked(package).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "package.zip").write_bytes(package)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "package.zip"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "the same bytes as the copy in the package, which proves nothing" in done.stdout


def test_the_verifier_is_written_for_python_3_9_and_the_standard_library_alone():
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_stored_and_deflated_members_are_the_same_package(site):
    files = site.members()

    assert verify(packed(files, deflated=False)).code == verify(packed(files)).code == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--key", "abc"], "64 hexadecimal digits"),
        (["--checkpoint", "origin 0 AAAA"], "ORIGIN SIZE ROOT"),
        (["--checkpoint", "origin"], "ORIGIN SIZE ROOT"),
        (["--tsa-roots", "/nowhere.pem"], "not there"),
        (["--unknown"], "unrecognized"),
        (["--jobs", "many"], "invalid int"),
        (["another.zip"], "unrecognized"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else None,
)
def test_a_command_that_cannot_be_read_ends_with_1(package, tmp_path, words, says):
    path = tmp_path / "package.zip"
    path.write_bytes(package)
    done = run(path, *words)

    assert done.returncode == 1
    assert says in done.stderr


def test_the_page_for_the_inspector_is_one_page():
    lines = (VERIFIER.parent / "README.txt").read_text(encoding="ascii").splitlines()

    assert len(lines) <= 60
    assert max(map(len, lines)) <= 78


def test_a_reader_who_closes_the_pipe_gets_no_verdict_of_0(package, tmp_path):
    path = tmp_path / "package.zip"
    path.write_bytes(package)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(path)],
        stdout=writing, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writing)

    assert done.returncode not in (0, 2)
