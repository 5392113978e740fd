"""The page of compliance, made from the tests: `python -m tests.compliance` writes docs/compliance.md.

A test that shows a clause of a regulation to be kept bears `@pytest.mark.clause("21 CFR 211.103", "what holds")`. The
marks are read from the text of the tests, so that the page needs no run of them.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "compliance.md"
HEAD = """# Clauses, behaviour, tests

Which behaviour of Cellwright answers which clause of a regulation, and the test that shows it on every run. The page is
made from the marks of the tests (`./dev compliance`); a test keeps it true. It claims nothing beyond what stands here:
software makes no site compliant. Procedures, training, validation on site and the duties of the Qualified Person remain
with its user. The behaviours stand here in our own words; read the texts of the clauses themselves before you rely on
a row.
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One test that shows one behaviour a clause asks for."""

    clause: str
    behaviour: str
    file: str
    test: str


def shown_by_tests() -> list[Shown]:
    """Give every marked test, by clause."""
    found = [shown for path in sorted((ROOT / "tests").rglob("test_*.py")) for shown in _in(path)]
    return sorted(found, key=lambda one: (_in_order(one.clause), one.behaviour, one.file, one.test))


def _in(path: Path) -> Iterator[Shown]:
    text = path.read_text(encoding="utf-8")
    if "mark.clause(" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.clause":
                    clause, behaviour = (ast.literal_eval(argument) for argument in mark.args)
                    yield Shown(clause, behaviour, path.relative_to(ROOT).as_posix(), node.name)


def _in_order(clause: str) -> list[tuple[int, str]]:
    """Sort clauses as people count: 211.9 before 211.103."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", clause)]


def page() -> str:
    """Give the page."""
    rows = "".join(
        f"| {one.clause} | {one.behaviour} | `{one.file}::{one.test}` |\n" for one in shown_by_tests()
    )  # fmt: skip
    return f"{HEAD}\n| Clause | Behaviour | Test |\n|---|---|---|\n{rows}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
