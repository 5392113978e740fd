"""Both verifiers judge what the product itself packs: the package of a certified batch, whole and damaged."""

from collections.abc import Callable

import pytest

from ledger import clock
from tests.copies_builders import a_package
from tests.documents_builders import with_both_documents
from tests.kept import kept_for_a_module
from tests.package_builders import Files, Key, packed, repaired, unpacked
from tests.second_verifier import INCOMPLETE, INVALID, QUALIFIED
from tests.unit.test_two_verifiers import both_on

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def package(django_db_setup, django_db_blocker):
    """The package of a certified batch with both its documents, as the worker made it."""
    with kept_for_a_module(django_db_blocker):
        laboratory = with_both_documents()
        clock.end_story()
        yield a_package(laboratory.batch, by=laboratory.qa)


def flipped(name: str) -> Callable[[Files], Files]:
    def damaged(files: Files) -> Files:
        content = files[name]
        half = len(content) // 2
        return {**files, name: content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]}

    return damaged


def removed(name: str) -> Callable[[Files], Files]:
    return lambda files: {other: content for other, content in files.items() if other != name}


def one_of(folder: str, damage: Callable[[str], Callable[[Files], Files]]) -> Callable[[Files], Files]:
    """Damage to the last member of a folder."""
    return lambda files: damage(max(name for name in files if name.startswith(folder)))(files)


def reordered(files: Files) -> Files:
    first, second, *others = files["entries.jsonl"].splitlines(keepends=True)
    return {**files, "entries.jsonl": b"".join([second, first, *others])}


DAMAGES = {
    "an entry": (flipped("entries.jsonl"), INVALID),
    "entries in another order, signed by a stranger": (lambda files: repaired(reordered(files), Key("x")), INVALID),
    "a payload": (flipped("payloads.jsonl"), INVALID),
    "a signature": (flipped("envelopes.jsonl"), INVALID),
    "a key": (flipped("keys.jsonl"), INVALID),
    "the record as data": (flipped("record.json"), INVALID),
    "the audit trail": (flipped("audit-trail.csv"), INVALID),
    "a document": (one_of("documents/", flipped), INVALID),
    "a proof": (one_of("proofs/", flipped), INVALID),
    "a document removed": (one_of("documents/", removed), INCOMPLETE),
    "a proof removed": (one_of("proofs/", removed), INCOMPLETE),
    "a file too many": (lambda files: {**files, "documents/more.pdf": b"%PDF"}, INVALID),
    "all, signed by a stranger": (lambda files: repaired(files, Key("x")), INVALID),
}


def test_both_verifiers_find_nothing_wrong_with_the_products_package(package):
    codes, said = both_on(package)

    assert codes == (QUALIFIED, QUALIFIED), "\n".join(said)


@pytest.mark.parametrize(("damage", "code"), DAMAGES.values(), ids=DAMAGES)
def test_both_verifiers_say_of_a_damaged_package_of_the_product_what_the_format_says(damage, code, package, tmp_path):
    path = tmp_path / "package.zip"
    path.write_bytes(packed(damage(unpacked(package.read_bytes()))))

    codes, said = both_on(path)

    assert codes == (code, code), "\n".join(said)
