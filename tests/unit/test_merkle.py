"""The tree of RFC 6962, against its own recursive definition and against every shape that lies."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import (
    Growth,
    Leaves,
    ProofError,
    node,
    parts,
    refuse_wrong_consistency,
    refuse_wrong_inclusion,
    root_of,
)

LARGEST = 40
LEAVES = [hashlib.sha256(bytes([number])).digest() for number in range(LARGEST)]
sizes = st.integers(1, LARGEST)


def by_definition(leaves):
    """The Merkle tree hash as the standard writes it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node(by_definition(leaves[:middle]), by_definition(leaves[middle:]))


def tree_of(size):
    return Leaves(b"".join(LEAVES[:size]))


@pytest.mark.parametrize("size", range(LARGEST + 1))
def test_every_way_to_a_root_is_the_definition(size):
    expected = by_definition(LEAVES[:size])

    assert root_of(LEAVES[:size]) == expected
    assert tree_of(size).root() == expected
    assert tree_of(LARGEST).root(size) == expected


def test_the_published_roots_of_the_standards_own_example_are_met():
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [hashlib.sha256(b"\x00" + bytes.fromhex(one)).digest() for one in inputs]

    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert root_of(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"


@given(size=sizes, data=st.data())
def test_a_leaf_is_proved_where_it_stands_and_nowhere_else(size, data):
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index)) if size > 1 else None
    tree = tree_of(size)
    path = tree.inclusion(index, size)

    refuse_wrong_inclusion(LEAVES[index], index, size, path, tree.root())

    if other is not None:
        with pytest.raises(ProofError):
            refuse_wrong_inclusion(LEAVES[other], index, size, path, tree.root())
        with pytest.raises(ProofError):
            refuse_wrong_inclusion(LEAVES[index], other, size, path, tree.root())
    with pytest.raises(ProofError):
        refuse_wrong_inclusion(LEAVES[index], index, size, [*path, LEAVES[0]], tree.root())
    if path:
        with pytest.raises(ProofError):
            refuse_wrong_inclusion(LEAVES[index], index, size, path[:-1], tree.root())


@given(old=sizes, more=st.integers(0, LARGEST), data=st.data())
def test_a_grown_tree_is_proved_to_continue_the_old_one_and_no_other(old, more, data):
    size = min(LARGEST, old + more)
    before, after = tree_of(old), tree_of(size)
    proof = after.consistency(old, size)

    refuse_wrong_consistency(old, before.root(), size, after.root(), proof)

    stranger = hashlib.sha256(b"stranger").digest()
    with pytest.raises(ProofError):
        refuse_wrong_consistency(old, stranger, size, after.root(), proof)
    with pytest.raises(ProofError):
        refuse_wrong_consistency(old, before.root(), size, stranger, proof)
    if proof:
        changed = list(proof)
        changed[data.draw(st.integers(0, len(proof) - 1))] = stranger
        with pytest.raises(ProofError):
            refuse_wrong_consistency(old, before.root(), size, after.root(), changed)


@given(old=st.integers(0, LARGEST), more=st.integers(0, LARGEST))
def test_an_edge_is_all_that_is_needed_to_grow_and_to_prove(old, more):
    size = min(LARGEST, old + more)
    kept = Growth(0, [], LEAVES[:old]).edge()

    grown = Growth(old, kept, LEAVES[old:size])

    assert grown.root() == by_definition(LEAVES[:size])
    assert grown.edge() == [by_definition(LEAVES[start:end]) for start, end in parts(size)]
    assert grown.continues() == tree_of(size).consistency(old, size)


def test_a_smaller_tree_continues_nothing():
    with pytest.raises(ProofError):
        refuse_wrong_consistency(5, LEAVES[0], 4, LEAVES[1], [])
    with pytest.raises(ProofError):
        tree_of(4).consistency(5, 4)


def test_an_edge_of_another_size_is_refused():
    with pytest.raises(ProofError, match="edge of 2"):
        Growth(3, [LEAVES[0]], [])
