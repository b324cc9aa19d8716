"""The look ahead into the hopper: which leads a claim asks for, and what the pacer is told."""

from __future__ import annotations

import random

from callflow.engine.ahead import FEW, LARGEST_TEAM, LOOK, Ahead
from callflow.engine.leads import features
from callflow.engine.outlook import FIRST_DIALS, LEARNED_CALLS
from callflow.inputs import Claimed
from models.records import ClaimedAttempt, DueLead, LeadFacts
from models.rules import RuleInputs
from pacing_core import Pacer
from tests.unit.engine.bench import ALWAYS, WALL, Bench

SHARES = {"seldom": 0.1, "often": 0.6}


def due(first: int, count: int) -> tuple[DueLead, ...]:
    lists = list(SHARES)
    return tuple(DueLead(f"l-{n}", LeadFacts(list_id=lists[n % 2])) for n in range(first, first + count))


def by_list(facts: LeadFacts) -> float:
    return SHARES[facts.list_id]


def test_alike_leads_are_asked_for_together_and_none_twice() -> None:
    ahead = Ahead()
    assert ahead.runs_low
    assert ahead.look(1) == LOOK
    assert not ahead.runs_low, "one look at a time"
    ahead.claimed(1, [])
    ahead.found(due(0, 40), by_list)
    assert not ahead.runs_low
    first = ahead.wanted(2, 5)
    assert first == ("l-1", "l-3", "l-5", "l-7", "l-9")
    ahead.found(due(0, 44), by_list)
    rest = ahead.wanted(3, 100)
    assert sorted([*first, *rest]) == sorted(one.lead_id for one in due(0, 44))
    # Down to the unlikely ones, and up again from there.
    assert rest[:15] == tuple(f"l-{n}" for n in range(11, 41, 2))
    assert rest[-4:] == ("l-40", "l-42", "l-41", "l-43")
    assert ahead.runs_low


def test_the_pacer_hears_of_those_asked_for_first() -> None:
    ahead, pacer = Ahead(), Pacer()
    pacer.start_log("c1")
    ahead.found(due(0, 4), by_list)
    assert ahead.wanted(7, 1) == ("l-1",)
    ahead.tell(pacer)
    assert not ahead.claimed(7, ["l-1"]), "as the pacer was told"
    ahead.wanted(8, 2)
    assert ahead.claimed(8, ["l-0", "l-3"]), "others than it was told"
    assert not Ahead().claimed(9, ["l-9"]), "it was told of none"


def test_what_nobody_knows_is_not_asked_for() -> None:
    ahead = Ahead()
    ahead.found(due(0, 40), lambda facts: None)
    assert ahead.wanted(1, 5) == ()


def attempts(names: list[str], seed: int) -> tuple[ClaimedAttempt, ...]:
    made = []
    for at, name in enumerate(names):
        number = f"+1555{seed:03d}{at:04d}"
        which = list(SHARES)[int(name.split("-")[1]) % 2]
        made.append(
            ClaimedAttempt(
                attempt_id=f"t-{seed}-{at}",
                campaign_id="c1",
                lead_id=name,
                number=number,
                claimed_at=WALL,
                rule_inputs=RuleInputs(number=number, rules=ALWAYS, timezones=("Europe/Rome",)),
                facts=LeadFacts(list_id=which),
            )
        )
    return tuple(made)


def believed(team: int) -> Bench:
    """A bench whose campaign has learned that lists differ, with agents logged in."""
    bench = Bench()
    campaign = bench.engine.board.campaigns["c1"]
    rng = random.Random(1)
    for n in range(max(LEARNED_CALLS, FIRST_DIALS) + 500):
        which = list(SHARES)[n % 2]
        lead = features(LeadFacts(list_id=which), WALL)
        campaign.leads.probability(lead, campaign.pacer)
        campaign.leads.learn(lead, answered=rng.random() < SHARES[which])
    for agent in range(team):
        bench.log_in(f"a{agent}")
    return bench


def test_a_claim_looks_ahead_and_the_next_ones_ask_by_name() -> None:
    bench = believed(1)
    claim = bench.claims.pop(0)
    assert (claim.leads, claim.look) == ((), LOOK)
    bench.log_in("b1")
    assert [(other.leads, other.look) for other in bench.claims] == [((), 0)], "one looks"
    bench.claims.clear()
    bench.give(Claimed(claim.batch, attempts(["l-100"], 1), "", due(0, 60)))
    for agent in range(2, 8):
        bench.log_in(f"b{agent}")
    assert bench.claims
    named = [lead for claim in bench.claims for lead in claim.leads]
    assert len(named) == sum(claim.count for claim in bench.claims) <= 60 - FEW
    assert named == [f"l-{n}" for n in range(1, 2 * len(named), 2)], "the likely list first"
    assert all(claim.look == 0 for claim in bench.claims), "enough are known"


def test_a_large_team_does_not_look() -> None:
    bench = believed(LARGEST_TEAM)
    looking = next(claim for claim in bench.claims if claim.look)
    bench.give(Claimed(looking.batch, (), "rules"))
    bench.claims.clear()
    bench.now += 5.0
    for agent in range(5):
        bench.log_in(f"b{agent}")
    assert bench.claims
    assert all(claim.look == 0 for claim in bench.claims)
