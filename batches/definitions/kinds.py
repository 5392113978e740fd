"""The kinds of definition there are, and how each is read from its file.

A room to the right adds its own kind when it starts. What was read is kept by the digest of its text, since a text
that was signed never changes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from batches.definitions.bindings import faults_between_master_and_product
from batches.definitions.master import MasterDefinition
from batches.definitions.parts import FaultyDefinitionError
from batches.definitions.product import ProductDefinition
from batches.definitions.reading import read_master, read_product
from batches.definitions.warning import unfilled_limits, warnings_of_master, warnings_of_product
from ledger.canonical import digest
from ledger.safe_yaml import UnsafeYamlError, read


class ReadDefinition(Protocol):
    """What every definition says of itself."""

    @property
    def code(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def title(self) -> str: ...


@dataclass(frozen=True, slots=True)
class DefinitionKind:
    """One kind of definition: its code, its reader, which product one is about (if any), and where it disagrees."""

    code: str
    read: Callable[[object], ReadDefinition]
    product_of: Callable[[ReadDefinition], str]
    # Given a definition of this kind and those of other kinds, by kind: the sentences that say where they disagree.
    disagreements: Callable[[ReadDefinition, Mapping[str, ReadDefinition]], Iterable[str]] = lambda _one, _others: ()
    # The names of the limits that the site has still to set: while there is one, the definition is not approved.
    unfilled: Callable[[ReadDefinition], Sequence[str]] = lambda _one: ()
    # What may be wrong, given the version before where there is one: shown to whoever checks or approves.
    warnings: Callable[[ReadDefinition, ReadDefinition | None], Iterable[str]] = lambda _one, _before: ()
    # What it names and is not approved here: shown beside the warnings; asks the database, as the others do not.
    not_here: Callable[[ReadDefinition], Iterable[str]] = lambda _one: ()


KEPT = 128
_kinds: dict[str, DefinitionKind] = {}
_already_read: dict[tuple[str, str], ReadDefinition] = {}


def register_kind(kind: DefinitionKind) -> None:
    """Put a kind on the list; the same code again replaces nothing."""
    _kinds.setdefault(kind.code, kind)


def kind_called(code: str) -> DefinitionKind | None:
    """Give the kind of a code, if there is one."""
    return _kinds.get(code)


def read_text(kind: str, source: str) -> ReadDefinition:
    """Read a definition from the text of its file; raise FaultyDefinitionError with everything that is wrong."""
    content = source.encode("utf-8")
    key = kind, digest(content)
    if key not in _already_read:
        definition = _read(kind, content)
        if len(_already_read) >= KEPT:
            _already_read.clear()
        _already_read[key] = definition
    return _already_read[key]


def _read(kind: str, content: bytes) -> ReadDefinition:
    known = kind_called(kind)
    if known is None:
        raise FaultyDefinitionError([f"There is no kind of definition called {kind}."])
    try:
        data = read(content)
    except UnsafeYamlError as error:
        raise FaultyDefinitionError([str(error)]) from None
    return known.read(data)


def product_of(kind: str, definition: ReadDefinition) -> str:
    """Give the code of the product that a definition is about; nothing for one that belongs to the site."""
    known = kind_called(kind)
    if known is None:
        raise FaultyDefinitionError([f"There is no kind of definition called {kind}."])
    return known.product_of(definition)


def disagreements_among(definitions: Mapping[str, ReadDefinition]) -> list[str]:
    """Give every sentence that says where definitions that are to be used together disagree."""
    return [
        says for kind, definition in definitions.items() for says in _kinds[kind].disagreements(definition, definitions)
    ]


def unfilled(kind: str, definition: ReadDefinition) -> list[str]:
    """Give the names of the limits that are still to be set."""
    return list(_kinds[kind].unfilled(definition))


def warnings_of(kind: str, definition: ReadDefinition, before: ReadDefinition | None) -> list[str]:
    """Give the sentences that say what may be wrong with a definition, also against the version before."""
    return list(_kinds[kind].warnings(definition, before))


def not_here(kind: str, definition: ReadDefinition) -> list[str]:
    """Give the sentences that say what a definition names and is not approved at this site."""
    return list(_kinds[kind].not_here(definition))


def _own_code(definition: ReadDefinition) -> str:
    return definition.code


def _its_product(definition: ReadDefinition) -> str:
    if not isinstance(definition, MasterDefinition):
        raise TypeError(f"{definition.code} is not a master batch record.")
    return definition.product


def _master_against_product(definition: ReadDefinition, others: Mapping[str, ReadDefinition]) -> Iterable[str]:
    if "product" not in others:
        return ()
    return faults_between_master_and_product(as_master(definition), as_product(others["product"]))


def as_product(definition: ReadDefinition) -> ProductDefinition:
    """Give a definition as the product that it is."""
    if not isinstance(definition, ProductDefinition):
        raise TypeError(f"{definition.code} is not a product.")
    return definition


def as_master(definition: ReadDefinition) -> MasterDefinition:
    """Give a definition as the master batch record that it is."""
    if not isinstance(definition, MasterDefinition):
        raise TypeError(f"{definition.code} is not a master batch record.")
    return definition


def _unfilled_in_product(definition: ReadDefinition) -> Sequence[str]:
    return [f"Profile, the words for the decision {each}" for each in as_product(definition).profile.unworded]


def _unfilled_in_master(definition: ReadDefinition) -> Sequence[str]:
    return unfilled_limits(as_master(definition))


def _warnings_of_master(definition: ReadDefinition, before: ReadDefinition | None) -> Iterable[str]:
    return warnings_of_master(as_master(definition), None if before is None else as_master(before))


def _warnings_of_product(definition: ReadDefinition, before: ReadDefinition | None) -> Iterable[str]:
    return warnings_of_product(as_product(definition), None if before is None else as_product(before))


register_kind(
    DefinitionKind("product", read_product, _own_code, unfilled=_unfilled_in_product, warnings=_warnings_of_product)
)
register_kind(
    DefinitionKind(
        "master", read_master, _its_product, _master_against_product, _unfilled_in_master, _warnings_of_master
    )
)
