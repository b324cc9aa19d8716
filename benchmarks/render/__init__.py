"""From kept results to the page benchmarks/results/pacing.md and its pictures."""

from __future__ import annotations

from benchmarks.render.page import pages

__all__ = ["pages"]
