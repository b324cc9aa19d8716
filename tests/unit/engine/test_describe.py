"""docs/reference/callflow.md shows the tables that the engine uses."""

from __future__ import annotations

from pathlib import Path

from callflow.engine.describe import markdown


def test_the_reference_shows_the_tables() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "callflow.md"
    assert page.read_text(encoding="utf-8").endswith(markdown()), (
        "the tables changed: put the output of callflow.engine.describe.markdown() at the end of the page"
    )
