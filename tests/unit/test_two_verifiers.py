"""Two verifiers that share no line judge the same packages: what one lets pass by mistake, the other finds.

The first is the one that packages carry; the second was written from FORMAT.md alone. Each package of the table has the
exit code that FORMAT.md gives it, and both must say that one.
"""

import ast
import contextlib
import io
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import package_builders, second_reader, second_trail, second_verifier, strict_words
from tests.package_builders import Files, Site, a_site, packed
from tests.package_cases import at_random, elsewhere, good, honest, lines, manifests, members, signed, without, zips
from tests.package_forgeries import keys, log, signatures
from tests.package_trails import trails
from tests.second_verifier import FORK, INCOMPLETE, INVALID, QUALIFIED, VALID, verdict_on
from tests.time_authority import make_certificates, token_by_hand, token_over

SECOND = (second_verifier, second_reader, second_trail, strict_words)


def both_on(path: Path, *, pinned: str = "", checkpoints: tuple[str, ...] = (), roots: Path | None = None):
    """What the first and what the second says, with all that was said, for who must find out who is wrong."""
    options = [*(("--key", pinned) if pinned else ()), *(("--tsa-roots", str(roots)) if roots else ())]
    for printed in checkpoints:
        options += ["--checkpoint", printed]
    printed_out = io.StringIO()
    with contextlib.redirect_stderr(printed_out), contextlib.redirect_stdout(printed_out):
        try:
            first = package_builders.verifier().main([str(path), "--jobs", "1", *options], printed_out)
        except SystemExit as end:  # how it refuses options that it cannot read
            first = end.code
    second, found = verdict_on(path, pinned=pinned or None, checkpoints=checkpoints, roots=roots)
    return (first, second), [printed_out.getvalue(), *found]


CASES = [
    case
    for family in (good, members, lines, signatures, keys, log, manifests, zips, elsewhere, trails, at_random)
    for case in family()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_verifiers_say_of_a_package_what_the_format_says(case, tmp_path):
    package = case.package() if callable(case.package) else case.package
    path = tmp_path / "package.zip"
    path.write_bytes(package if isinstance(package, bytes) else packed(package))

    codes, said = both_on(path, pinned=case.pinned, checkpoints=case.checkpoints)

    assert codes == (case.code, case.code), "\n".join(said)


def test_the_table_has_a_hundred_packages_and_each_verdict_that_needs_no_authority():
    counts = Counter(case.code for case in CASES)

    assert len({case.name for case in CASES}) == len(CASES) >= 100
    assert min(counts[code] for code in (INVALID, QUALIFIED, INCOMPLETE, FORK)) >= 10


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """Two time-stamping authorities, and one whose certificate has ended since."""
    folder = tmp_path_factory.mktemp("authorities")
    make_certificates(folder / "one")
    make_certificates(folder / "other", name="Other")
    make_certificates(folder / "ended", until=timedelta(days=-1), with_rsa=True)
    return folder


def stamped(token: bytes, size: int = 18, *, before: Callable[[Site], object] = lambda site: None) -> Files:
    """A package whose checkpoint of a size was stamped."""
    site = a_site()
    before(site)
    site.anchor(size, token, "tsa")
    return site.members()


ANCHORED = {
    "stamped": (lambda folder, token: stamped(token), VALID),
    "its token removed": (lambda folder, token: without(stamped(token), "anchors/18-tsa.tsr"), INCOMPLETE),
    "its token never there": (lambda folder, token: signed(without(stamped(token), "anchors/18-tsa.tsr")), QUALIFIED),
    "its token cut": (lambda folder, token: signed(stamped(token) | {"anchors/18-tsa.tsr": token[:-9]}), INVALID),
    "its token flipped": (lambda folder, token: stamped(token) | {"anchors/18-tsa.tsr": token[:-1] + b"x"}, INVALID),
    "a token with another signature": (lambda folder, token: stamped(token[:-1] + bytes([token[-1] ^ 1])), QUALIFIED),
    "a token with more": (lambda folder, token: stamped(token + b"x"), INVALID),
    "rubbish for a token": (lambda folder, token: stamped(b"rubbish"), INVALID),
    "the token of another checkpoint": (lambda folder, token: stamped(token, 12), INVALID),
    "a token of its older checkpoint alone": (
        lambda folder, _: stamped(token_over(folder / "one", honest().checkpoints[12].encode()), 12), QUALIFIED,
    ),
    "a token over another kind of sum": (
        lambda folder, _: stamped(token_over(folder / "one", honest().checkpoints[18].encode(), algorithm="sha512")),
        INVALID,
    ),
    "a token of another authority": (
        lambda folder, _: stamped(token_over(folder / "other", honest().checkpoints[18].encode())), QUALIFIED,
    ),
    "a token of no checkpoint here": (
        lambda folder, token: signed(stamped(token) | {"anchors/3-tsa.tsr": token}), INCOMPLETE,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "code"), ANCHORED.values(), ids=ANCHORED)
def test_both_verifiers_say_of_an_anchored_package_what_the_format_says(made, code, authorities, tmp_path):
    token = token_over(authorities / "one", honest().checkpoints[18].encode())
    path = tmp_path / "package.zip"
    path.write_bytes(packed(made(authorities, token)))

    codes, said = both_on(path, pinned=honest().log_key.id, roots=authorities / "one" / "ca.pem")

    assert codes == (code, code), "\n".join(said)


@pytest.mark.parametrize(("days_ago", "code"), [(5, VALID), (0, QUALIFIED)])
def test_a_token_counts_when_its_authority_was_certified_at_its_own_time(days_ago, code, authorities, tmp_path):
    at = datetime.now(UTC) - timedelta(days=days_ago)
    path = tmp_path / "package.zip"
    path.write_bytes(packed(stamped(token_by_hand(authorities / "ended", honest().checkpoints[18].encode(), at=at))))

    codes, said = both_on(path, pinned=honest().log_key.id, roots=authorities / "ended" / "ca.pem")

    assert codes == (code, code), "\n".join(said)


def test_nothing_is_valid_without_a_pinned_key_or_without_the_authoritys_root(authorities, tmp_path):
    path = tmp_path / "package.zip"
    path.write_bytes(packed(stamped(token_over(authorities / "one", honest().checkpoints[18].encode()))))

    unpinned, _ = both_on(path, roots=authorities / "one" / "ca.pem")
    unrooted, _ = both_on(path, pinned=honest().log_key.id)

    assert unpinned == unrooted == (QUALIFIED, QUALIFIED)


def test_the_second_verifier_shares_nothing_with_the_first_or_the_product():
    imported = set()
    for module in SECOND:
        for part in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(part, ast.Import):
                imported |= {name.name for name in part.names}
            elif isinstance(part, ast.ImportFrom):
                imported.add(str(part.module))

    ours = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}

    assert {name for name in ours if name.split(".")[0] not in {"cryptography", "asn1crypto"}} == {
        "tests.second_reader", "tests.second_trail", "tests.strict_words",
    }  # fmt: skip
