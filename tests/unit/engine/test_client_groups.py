"""The budget of a client's campaigns together: which campaigns, at which target, and what each pacer is
told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callflow.inputs import ClientsTold
from models.enums import CommandKind
from models.records import CampaignSettings, ClientBudget, DialerSnapshot, OtherLedger
from pacing_core import Pacer
from tests.unit.engine.bench import CAMPAIGN, Bench

HOUSE = replace(CAMPAIGN, client_id="house")


def campaigns(*settings: CampaignSettings) -> tuple[CampaignSettings, ...]:
    return tuple(
        replace(one, campaign_id=f"c{number}", name=f"Test {number}")
        for number, one in enumerate(settings, start=1)
    )


def other(answered: int, abandoned: int, *, cap: float = 0.03, expected: float = 0.0) -> OtherLedger:
    return OtherLedger(campaign_id="far", cap=cap, answered=answered, abandoned=abandoned, expected=expected)


def pacer(bench: Bench, campaign_id: str) -> Pacer:
    bench.now += 0.2
    bench.fire("tick")
    return bench.engine.board.campaigns[campaign_id].pacer


def group(bench: Bench, campaign_id: str) -> dict[str, object] | None:
    pacer(bench, campaign_id)
    found: dict[str, object] | None = bench.engine.status()["campaigns"][campaign_id]["group"]
    return found


def test_campaigns_of_one_client_share_a_ledger_and_others_do_not() -> None:
    bench = Bench(
        DialerSnapshot(
            campaigns=campaigns(HOUSE, HOUSE, replace(HOUSE, client_id="guest")),
            ledger={"c1": (1000, 60), "c2": (500, 1), "c3": (10, 10)},
        )
    )
    assert pacer(bench, "c1").group_ledger() == (1500, 61)
    assert pacer(bench, "c2").group_ledger() == (1500, 61)
    assert pacer(bench, "c3").group_ledger() is None


def test_a_surplus_of_the_time_before_is_not_spent_now() -> None:
    bench = Bench(
        DialerSnapshot(campaigns=campaigns(HOUSE, HOUSE), ledger={"c1": (1000, 6), "c2": (1000, 0)})
    )
    assert pacer(bench, "c2").group_ledger() == (200, 6)


def test_what_one_campaign_does_counts_in_the_other_at_once() -> None:
    bench = Bench(DialerSnapshot(campaigns=campaigns(HOUSE, HOUSE)))
    bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    bench.command(CommandKind.AGENT_PAUSE, agent_id="a1")
    answered = bench.answer(leg)
    assert pacer(bench, "c2").group_ledger() == (1, 0)
    bench.event("CHANNEL_EXECUTE", leg, Application="hangup", Caller_Channel_Answered_Time=answered)
    assert pacer(bench, "c2").group_ledger() == (1, 1)
    assert bench.engine.board.campaigns["c2"].pacer.ledger() == (0, 0)


def test_calls_in_flight_elsewhere_count_at_their_expected_abandons() -> None:
    bench = Bench(DialerSnapshot(campaigns=campaigns(HOUSE, HOUSE)))
    bench.log_in()
    bench.dial()
    bench.command(CommandKind.AGENT_PAUSE, agent_id="a1")  # whoever answers now finds nobody
    expected = bench.engine.status()["campaigns"]["c1"]["expected_abandons"]
    assert expected > 0.05
    told = group(bench, "c2")
    assert told is not None
    assert told["expected_elsewhere"] == pytest.approx(expected, abs=0.05)
    own = group(bench, "c1")
    assert own is not None
    assert own["expected_elsewhere"] == 0.0


def test_another_switch_s_campaigns_count_as_last_told() -> None:
    there = ClientBudget(client_id="house", elsewhere=(other(400, 40),))
    bench = Bench(DialerSnapshot(campaigns=campaigns(HOUSE), clients=(there,)))
    assert pacer(bench, "c1").group_ledger() == (400, 40)
    bench.give(ClientsTold((replace(there, elsewhere=(other(410, 40, expected=2.5),)),)))
    assert group(bench, "c1") == {"target": 0.03, "ledger": [410, 40], "expected_elsewhere": 2.5}
    # Their legal window ended: what they had before is no more.
    bench.give(ClientsTold((replace(there, elsewhere=(other(5, 1),)),)))
    assert pacer(bench, "c1").group_ledger() == (5, 1)


def test_a_client_s_own_target_binds_even_one_campaign_alone() -> None:
    bench = Bench(
        DialerSnapshot(campaigns=campaigns(HOUSE), clients=(ClientBudget(client_id="house", target=0.01),))
    )
    assert group(bench, "c1") == {"target": 0.01, "ledger": [0, 0], "expected_elsewhere": 0.0}
    bench.give(ClientsTold((ClientBudget(client_id="house"),)))
    assert group(bench, "c1") is None
    assert pacer(bench, "c1").group_ledger() is None


def test_a_laxer_law_elsewhere_is_not_held_against_a_stricter_campaign() -> None:
    strict, lax = replace(HOUSE, target=0.01, cap=0.01), HOUSE
    bench = Bench(
        DialerSnapshot(campaigns=campaigns(strict, strict, lax), ledger={"c2": (100, 2), "c3": (100, 9)})
    )
    found = group(bench, "c1"), group(bench, "c3")
    assert found[0] == {"target": 0.01, "ledger": [100, 2], "expected_elsewhere": 0.0}
    assert found[1] == {"target": 0.03, "ledger": [200, 11], "expected_elsewhere": 0.0}
    # Laxer than the strict campaign's cap, the client's target does not bind it.
    bench.give(ClientsTold((ClientBudget(client_id="house", target=0.02),)))
    found = group(bench, "c1"), group(bench, "c3")
    assert found[0] == {"target": 0.01, "ledger": [100, 2], "expected_elsewhere": 0.0}
    assert found[1] == {"target": 0.02, "ledger": [200, 11], "expected_elsewhere": 0.0}


def test_no_client_no_group() -> None:
    bench = Bench(DialerSnapshot(campaigns=campaigns(CAMPAIGN, CAMPAIGN)))
    assert group(bench, "c1") is None
