"""A thousand random changes of a package, from one seed: none passes, and each is named.

Half of them change the bytes of the zip; the others change what is in it, under a manifest that was left, repaired and
signed by a stranger, or, for what the ledger vouches for, repaired and signed by the log's own key.
"""

import random

import pytest

from tests.package_builders import Key, a_site, packed, repaired, unpacked, verify

SEED = 20261112
ROUNDS = 1000
PARTS = 10
SITE = a_site()
FILES = SITE.members()
ZIPS = (packed(FILES), packed(FILES, deflated=False))
STRANGER = Key("a stranger")
MANIFEST = ("manifest.json", "manifest.dsse.json")
NOT_OF_THE_LEDGER = ("README.txt", "FORMAT.md", "verify.py")


def changed_bytes(chance: random.Random, content: bytes) -> bytes:
    """Flip, cut, add, double, or swap."""
    if not content:
        return b"x"
    at = chance.randrange(len(content))
    piece = content[at : at + chance.randrange(1, 40)]
    match chance.randrange(6):
        case 0 | 1:
            return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
        case 2:
            return content[:at] + content[at + len(piece) :]
        case 3:
            return content[:at] + chance.randbytes(chance.randrange(1, 20)) + content[at:]
        case 4:
            return content[:at] + piece + content[at:]
        case _:
            return content[:at]


def changed_lines(chance: random.Random, content: bytes) -> bytes:
    """Take out, double, swap or reorder lines."""
    lines = content.splitlines(keepends=True)
    if len(lines) < 2:
        return changed_bytes(chance, content)
    one, other = chance.sample(range(len(lines)), 2)
    match chance.randrange(4):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case _:
            chance.shuffle(lines)
    return b"".join(lines)


def changed_files(chance: random.Random, files: dict[str, bytes], names: list[str]) -> dict[str, bytes]:
    """Change one member, take it out, or swap it with another."""
    name, other = chance.sample(names, 2)
    match chance.randrange(6):
        case 0:
            return {one: content for one, content in files.items() if one != name}
        case 1:
            return {**files, name: files[other], other: files[name]}
        case 2 | 3:
            return {**files, name: changed_lines(chance, files[name])}
        case _:
            return {**files, name: changed_bytes(chance, files[name])}


def mutated(chance: random.Random) -> tuple[str, bytes]:
    """Give a package that differs from the honest one, and how it was made."""
    while True:
        match chance.randrange(6):
            case 0 | 1 | 2:
                which = chance.randrange(2)
                how, package = ("bytes of a deflated zip", "bytes of a stored zip")[which], ZIPS[which]
                if (changed := changed_bytes(chance, package)) != package:
                    return how, changed
                continue
            case 3:
                how, files = "the manifest as it was", changed_files(chance, FILES, sorted(FILES))
            case 4:
                names = sorted(set(FILES) - set(MANIFEST))
                how, files = "a stranger's manifest", repaired(changed_files(chance, FILES, names), STRANGER)
            case _:
                names = sorted(set(FILES) - set(MANIFEST) - set(NOT_OF_THE_LEDGER))
                how, files = "the owner's manifest", repaired(changed_files(chance, FILES, names), SITE.log_key)
        if files != FILES:
            return how, packed(files, deflated=False)


def is_compressed_otherwise(how: str, package: bytes) -> bool:
    """Tell whether nothing but the compression differs: every file is there, byte for byte."""
    return how == "bytes of a deflated zip" and unpacked(package) == FILES


def test_the_package_that_is_mutated_is_good():
    for package in ZIPS:
        assert verify(package, "--key", SITE.log_key.id).code == 2


@pytest.mark.parametrize("part", range(PARTS))
def test_no_mutation_passes_and_each_is_named(part):
    chance = random.Random(SEED + part)  # noqa: S311  a seed to repeat, not a secret
    for number in range(ROUNDS // PARTS):
        how, package = mutated(chance)
        answer = verify(package, "--key", SITE.log_key.id)
        while answer.code == 2 and is_compressed_otherwise(how, package):
            how, package = mutated(chance)
            answer = verify(package, "--key", SITE.log_key.id)

        assert answer.code in (1, 3, 4), (part, number, how, answer.text)
        assert answer.said["findings"], (part, number, how)
        assert all(one["part"] and one["says"] for one in answer.said["findings"])


def test_a_single_bit_anywhere_in_a_stored_zip_is_found():
    """Headers, directory, content: no byte of a zip is without meaning."""
    package = ZIPS[1]
    chance = random.Random(SEED)  # noqa: S311
    directory = package.index(b"PK\x01\x02")
    places = {*range(0, directory, 2011), *range(directory, len(package), 31), *range(60)}
    for at in sorted(places):
        bit = 1 << chance.randrange(8)
        answer = verify(package[:at] + bytes([package[at] ^ bit]) + package[at + 1 :], "--key", SITE.log_key.id)

        assert answer.code in (1, 3), (at, bit, answer.text)


def test_a_package_cut_at_any_length_is_invalid():
    for length in range(0, len(ZIPS[0]), 997):
        assert verify(ZIPS[0][:length]).code == 1
