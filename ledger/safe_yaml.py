"""YAML with everything left out that could say more than it shows.

(1) Every scalar is text: `yes`, `1.50` and `2026-11-14` are read as they are written.
(2) A key stands once in its map, and is text.
(3) No anchors, aliases, merges, tags or second documents.
(4) UTF-8 of at most 1 MiB, at most 32 levels deep.

Errors say the line.
"""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from yaml import Event, MarkedYAMLError, SafeLoader, YAMLError, parse
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

Yaml = str | Sequence["Yaml"] | Mapping[str, "Yaml"]

LARGEST_BYTES = 1024 * 1024
DEEPEST_LEVEL = 32


class UnsafeYamlError(ValueError):
    """The text is not YAML, or not of the plain kind that is read here."""


def read(source: bytes | str) -> Yaml:
    """The one document of the source, as maps, lists and texts."""
    return _Reader(_decoded(source)).document()


def _decoded(source: bytes | str) -> str:
    size = len(source) if isinstance(source, bytes) else len(source.encode("utf-8", "surrogatepass"))
    if size > LARGEST_BYTES:
        raise UnsafeYamlError(f"The file has {size:,} bytes; at most {LARGEST_BYTES:,} are read.")
    if isinstance(source, str):
        return source
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise UnsafeYamlError(f"Line {line}: the file is not UTF-8.") from None


class _Reader:
    """Builds the document from the events of the parser, so that nothing is ever constructed by tag."""

    def __init__(self, text: str) -> None:
        self._text = text

    def document(self) -> Yaml:
        try:
            # The parser looks at the characters at once, and at the rest event by event.
            self._events = parse(self._text, Loader=SafeLoader)
            return self._only_document()
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise UnsafeYamlError(f"Line {line}: {error.problem or 'this is not YAML'}.") from None
        except YAMLError as error:
            raise UnsafeYamlError(f"The file is not YAML: {error}") from None

    def _only_document(self) -> Yaml:
        next(self._events)  # the stream starts
        start = next(self._events)
        if not isinstance(start, DocumentStartEvent):
            raise UnsafeYamlError("The file is empty.")
        if start.tags:
            _refuse(start, "tags are not read")
        document = self._value(next(self._events), level=1)
        next(self._events)  # the document ends
        after = next(self._events)
        if isinstance(after, DocumentStartEvent):
            _refuse(after, "a second document starts; write one document in a file")
        return document

    def _value(self, event: Event, *, level: int) -> Yaml:
        if level > DEEPEST_LEVEL:
            _refuse(event, f"more than {DEEPEST_LEVEL} levels are not read")
        if isinstance(event, AliasEvent):
            _refuse(event, "aliases (*) are not read; write the value out")
        if isinstance(event, NodeEvent) and event.anchor is not None:
            _refuse(event, "anchors (&) are not read")
        if isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent) and event.tag is not None:
            _refuse(event, "tags (!) are not read")
        if isinstance(event, ScalarEvent):
            return str(event.value)
        if isinstance(event, SequenceStartEvent):
            return self._list(level)
        return self._map(level)

    def _list(self, level: int) -> list[Yaml]:
        found: list[Yaml] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            found.append(self._value(event, level=level + 1))
        return found

    def _map(self, level: int) -> dict[str, Yaml]:
        found: dict[str, Yaml] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._value(event, level=level + 1)
            if not isinstance(key, str):
                _refuse(event, "a key must be text")
            if key == "<<":
                _refuse(event, "merges (<<) are not read; write the values out")
            if key in found:
                _refuse(event, f"the key {key} stands twice in one map")
            found[key] = self._value(next(self._events), level=level + 1)
        return found


def _refuse(event: Event, why: str) -> NoReturn:
    line = event.start_mark.line + 1 if event.start_mark else 1
    raise UnsafeYamlError(f"Line {line}: {why}.")
