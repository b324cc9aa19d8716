"""docs/reference/softswitch.md shows the list that the tests run."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.coverage import as_markdown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "softswitch.md"
BEGIN, END = "<!-- conformance: begin -->\n", "\n<!-- conformance: end -->"


def test_the_page_has_the_lists() -> None:
    text = PAGE.read_text("utf-8")
    shown = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
    assert shown == as_markdown(), (
        "replace what is between the markers with tests.conformance.coverage.as_markdown()"
    )
