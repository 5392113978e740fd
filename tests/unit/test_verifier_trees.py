"""Proofs of the tree hold for exactly the trees that they are of (RFC 6962), against a maker written apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.package_builders import Site, verifier

SIZES = range(1, 34)


class Tree(Site):
    """A tree of leaves without a ledger."""

    def __post_init__(self) -> None:
        self.entries = [b"%d" % number for number in range(max(SIZES))]


TREE = Tree()


def leaf(index: int) -> bytes:
    return bytes(verifier().leaf_of(TREE.entries[index]))


@pytest.mark.parametrize("size", SIZES)
def test_each_leaf_is_proved_at_its_place_alone(size):
    root = TREE.root(size)
    for index in range(size):
        path = TREE.path(index, 0, size)
        assert verifier().includes(root, size, index, leaf(index), path)
        assert not any(
            verifier().includes(root, size, other, leaf(index), path) for other in range(size + 2) if other != index
        )
        assert not verifier().includes(root, size, index, leaf(index), [*path, root])
        assert not path or not verifier().includes(root, size, index, leaf(index), path[:-1])


@pytest.mark.parametrize("size", SIZES)
def test_each_smaller_tree_is_proved_to_be_continued(size):
    for first in range(1, size):
        proof = TREE.consistency(first, 0, size)
        roots = TREE.root(first), TREE.root(size)
        assert verifier().continues(first, roots[0], size, roots[1], proof)
        assert not verifier().continues(first, bytes(32), size, roots[1], proof)
        assert not verifier().continues(first, roots[0], size, bytes(32), proof)
        assert not verifier().continues(first, roots[0], size, roots[1], [*proof, roots[0]])
        assert not verifier().continues(first, roots[0], size, roots[1], proof[:-1])


@given(data=st.data(), size=st.sampled_from(SIZES))
def test_no_proof_survives_a_flipped_bit(data, size):
    index = data.draw(st.integers(0, size - 1))
    path = TREE.path(index, 0, size)
    if path:
        place, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
        changed = bytearray(path[place])
        changed[bit // 8] ^= 1 << bit % 8
        path[place] = bytes(changed)
        assert not verifier().includes(TREE.root(size), size, index, leaf(index), path)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (5, 5), (6, 5), (-1, 5)])
def test_there_is_nothing_to_prove_of_no_tree_or_of_a_larger_one(first, second):
    assert not verifier().continues(first, TREE.root(5), second, TREE.root(5), [])
