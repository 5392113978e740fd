"""The tree over the entries (RFC 6962, section 2.1): roots, proofs and their checking; no framework.

(1) MTH of one leaf is its leaf digest; of more, SHA-256(0x01 ‖ left ‖ right), split at the largest power of two below
    their number. Of none it is SHA-256 of nothing.
(2) An edge is the list of complete subtrees that make up a tree, the largest first. It is all that must be kept of a
    tree to go on growing it and to prove that the grown one continues it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

HASH_BYTES = 32

# Gives the hash of the leaves from one place up to, not with, another.
Subtree = Callable[[int, int], bytes]


class ProofError(ValueError):
    """A proof does not prove what it claims."""


def node(left: bytes, right: bytes) -> bytes:
    """Give the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(leaves: int) -> int:
    """Give the largest power of two below a number of at least two."""
    return 1 << (leaves - 1).bit_length() - 1


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the root of a tree of leaf digests."""
    return Growth(0, [], leaves).root()


def parts(size: int) -> list[tuple[int, int]]:
    """Give where the complete subtrees of a tree begin and end, the largest first."""
    found: list[tuple[int, int]] = []
    at = 0
    for power in reversed(range(size.bit_length())):
        if size >> power & 1:
            found.append((at, at + (1 << power)))
            at += 1 << power
    return found


class Growth:
    """A tree of which the first leaves are known by their edge alone and the new ones each."""

    def __init__(self, old_size: int, old_edge: Sequence[bytes], new_leaves: Sequence[bytes]) -> None:
        places = parts(old_size)
        if len(places) != len(old_edge):
            raise ProofError(f"A tree of {old_size} leaves has an edge of {len(places)} subtrees.")
        self.old_size = old_size
        self.size = old_size + len(new_leaves)
        self._known = dict(zip(places, old_edge, strict=True))
        self._new = new_leaves

    def root(self) -> bytes:
        """Give the root."""
        return self.subtree(0, self.size) if self.size else hashlib.sha256(b"").digest()

    def edge(self) -> list[bytes]:
        """Give the complete subtrees that make up the tree."""
        return [self.subtree(start, end) for start, end in parts(self.size)]

    def continues(self) -> list[bytes]:
        """Give the proof that this tree continues the old one; empty for an old tree of no leaves or the same size."""
        return consistency(self.old_size, self.size, self.subtree)

    def subtree(self, start: int, end: int) -> bytes:
        """Give the hash of the leaves from `start` up to `end`; known or made of new leaves alone."""
        known = self._known.get((start, end))
        if known is not None:
            return known
        if end - start == 1:
            return self._new[start - self.old_size]
        if start >= self.old_size:
            made = _of_whole(self._new, start - self.old_size, end - self.old_size)
        else:
            middle = start + split(end - start)
            made = node(self.subtree(start, middle), self.subtree(middle, end))
        self._known[start, end] = made
        return made


def _of_whole(leaves: Sequence[bytes], start: int, end: int) -> bytes:
    """Hash a run of leaves level by level, which is several times quicker than by recursion."""
    level = list(leaves[start:end])
    while len(level) > 1:
        paired = [node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        # The last of an odd level rises as it is: the split at a power of two leaves it alone on the right.
        level = paired + level[len(level) // 2 * 2 :]
    return level[0]


class Leaves:
    """All leaves of a tree, 32 bytes each in one buffer, with the hashes of its complete subtrees."""

    def __init__(self, digests: bytes) -> None:
        if len(digests) % HASH_BYTES:
            raise ProofError("Leaf digests have 32 bytes each.")
        self.size = len(digests) // HASH_BYTES
        self._levels = [digests]
        while len(below := self._levels[-1]) >= 2 * HASH_BYTES:
            pair = 2 * HASH_BYTES
            whole = len(below) // pair * pair
            self._levels.append(
                b"".join(hashlib.sha256(b"\x01" + below[at : at + pair]).digest() for at in range(0, whole, pair))
            )

    def subtree(self, start: int, end: int) -> bytes:
        """Give the hash of a run of leaves as the tree splits them."""
        width = end - start
        if width & (width - 1) == 0 and start % width == 0:
            at = start // width * HASH_BYTES
            return self._levels[width.bit_length() - 1][at : at + HASH_BYTES]
        middle = start + split(width)
        return node(self.subtree(start, middle), self.subtree(middle, end))

    def root(self, size: int | None = None) -> bytes:
        """Give the root of the first `size` leaves, of all by default."""
        size = self.size if size is None else size
        return self.subtree(0, size) if size else hashlib.sha256(b"").digest()

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Give the audit path of the leaf at an index, from 0, in the tree of the first `size` leaves."""
        if not 0 <= index < size <= self.size:
            raise ProofError(f"There is no leaf {index} in a tree of {size}.")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + split(end - start)
            if index < middle:
                path.append(self.subtree(middle, end))
                end = middle
            else:
                path.append(self.subtree(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int, size: int) -> list[bytes]:
        """Give the proof that the tree of `size` leaves continues that of `old`."""
        if not 0 <= old <= size <= self.size:
            raise ProofError(f"A tree of {size} leaves does not continue one of {old}.")
        return consistency(old, size, self.subtree)


def consistency(old: int, size: int, subtree: Subtree) -> list[bytes]:
    """Give the consistency proof of RFC 6962, section 2.1.2, out of subtree hashes."""
    if old in (0, size):
        return []
    proof: list[bytes] = []
    start, end, whole = 0, size, True
    while start + old != end:
        middle = split(end - start)
        if old <= middle:
            proof.append(subtree(start + middle, end))
            end = start + middle
        else:
            proof.append(subtree(start, start + middle))
            old -= middle
            start += middle
            whole = False
    if not whole:
        proof.append(subtree(start, end))
    return proof[::-1]


def _climbed(place: int, last: int, steps: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Give each step of a proof and whether it stands to the left; raise ProofError unless it ends at the top."""
    for step in steps:
        if last == 0:
            raise ProofError("The proof is too long.")
        is_left = bool(place & 1) or place == last
        yield step, is_left
        if is_left:
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("The proof is too short.")


def refuse_wrong_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise ProofError unless the path leads from the leaf to the root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofError(f"There is no leaf {index} in a tree of {size}.")
    found = leaf
    for step, is_left in _climbed(index, size - 1, path):
        found = node(step, found) if is_left else node(found, step)
    if found != root:
        raise ProofError("The path does not lead to the root.")


def refuse_wrong_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise ProofError unless the proof shows that the larger tree continues the smaller (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= size:
        raise ProofError(f"A tree of {size} leaves does not continue one of {old}.")
    if old in (0, size):
        if proof or (old == size and old_root != root):
            raise ProofError("Two trees of one size differ.")
        return
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    if not steps:
        raise ProofError("The proof is empty.")
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for step, is_left in _climbed(place, last, steps[1:]):
        first = node(step, first) if is_left else first
        second = node(step, second) if is_left else node(second, step)
    if first != old_root or second != root:
        raise ProofError("The larger tree does not continue the smaller one.")
