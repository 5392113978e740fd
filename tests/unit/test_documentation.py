"""What the documents name exists."""

import re
from pathlib import Path

import pytest

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
