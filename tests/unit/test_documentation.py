"""What the documents name exists."""

import re
from pathlib import Path

import pytest

from tests import compliance

ROOT = Path(__file__).parent.parent.parent
CHECKS = (ROOT / "docs" / "checks.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", CHECKS)))
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_each_test_that_the_page_of_checks_names_exists(file: str, test: str) -> None:
    content = (ROOT / file).read_text("utf-8")

    assert not test or re.search(rf"^\s*def {test}\(", content, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_to_a_file_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_page_of_compliance_says_what_the_tests_are_marked_with():
    assert compliance.PAGE.read_text("utf-8") == compliance.page(), "Run ./dev compliance."


# The clauses of 21 CFR 211, 11 and 1271 and of the European texts that bear on production.
PRODUCTION = [
    "21 CFR 211.22", "21 CFR 211.25", "21 CFR 211.68", "21 CFR 211.100", "21 CFR 211.101", "21 CFR 211.103",
    "21 CFR 211.105", "21 CFR 211.110", "21 CFR 211.111", "21 CFR 211.125", "21 CFR 211.130", "21 CFR 211.134",
    "21 CFR 211.182", "21 CFR 211.186", "21 CFR 211.188(a)", "21 CFR 211.188(b)(1)", "21 CFR 211.188(b)(2)",
    "21 CFR 211.188(b)(3)", "21 CFR 211.188(b)(4)", "21 CFR 211.188(b)(5)", "21 CFR 211.188(b)(6)",
    "21 CFR 211.188(b)(7)", "21 CFR 211.188(b)(8)", "21 CFR 211.188(b)(9)", "21 CFR 211.188(b)(10)",
    "21 CFR 211.188(b)(11)", "21 CFR 211.188(b)(12)", "21 CFR 211.188(b)(13)", "21 CFR 211.192", "21 CFR 211.204",
]  # fmt: skip


@pytest.mark.parametrize("clause", PRODUCTION)
def test_each_clause_about_production_has_a_test_that_names_it(clause: str) -> None:
    assert any(one.clause == clause for one in compliance.shown_by_tests())
