"""Live figures: of the whole dialer, and of each campaign its own."""

from __future__ import annotations

from dataclasses import replace

from models.records import DialerSnapshot
from tests.unit.engine.bench import CAMPAIGN, Bench


def test_calls_and_agents_are_counted_for_their_campaign_and_in_sum() -> None:
    other = replace(CAMPAIGN, campaign_id="c2", name="other")
    bench = Bench(snapshot=DialerSnapshot(campaigns=(CAMPAIGN, other)))
    bench.log_in()
    bench.ring(bench.dial())
    shown = bench.engine.status()
    mine, others = shown["campaigns"]["c1"], shown["campaigns"]["c2"]
    assert mine["calls"] == shown["calls"] == {"ringing": 1}
    assert mine["agents"] == shown["agents"] == {"ready": 1}
    assert (others["calls"], others["agents"]) == ({}, {})
