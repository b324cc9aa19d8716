"""The decision log through the public door: exact replay, damage, other policies on the same inputs."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pacing_core import Event, Pacer, PacingValueError, Scenario, Snapshot, replay

ROOM: dict[str, Any] = {"lines_free": 200, "rate_tokens": 50, "leads": 1_000_000}


def story(pacer: Pacer, seed: int, steps: int, begin: float = 1000.0) -> float:
    """A small call centre at work, dialed as the pacer wants; the second at which it ends."""
    rng = random.Random(seed)
    now, call = begin, 0
    due: list[tuple[float, int, str]] = []
    waiting: list[int] = []
    busy: dict[int, tuple[float, int]] = {}
    for agent in range(12):
        pacer.agent(now, agent, "idle")
    idle = list(range(12))
    for _ in range(steps):
        now += 0.2 + rng.random() * 0.003
        for item in sorted(d for d in due if d[0] <= now):
            due.remove(item)
            at, who, what = item
            if what == "answer":
                pacer.answered(at, who)
                waiting.append(who)
            else:
                pacer.ended(at, who, "no_answer")
        for agent, (until, who) in list(busy.items()):
            if until <= now:
                pacer.ended(now, who, "done")
                pacer.agent(now, agent, "idle")
                del busy[agent]
                idle.append(agent)
        while waiting and idle:
            agent, who = idle.pop(0), waiting.pop(0)
            pacer.connected(now, who, agent)
            busy[agent] = (now + rng.expovariate(1 / 40), who)
        for who in list(waiting):
            if rng.random() < 0.1:
                waiting.remove(who)
                pacer.abandoned(now, who)
        for _ in range(pacer.decide(now, **ROOM).dials):
            call += 1
            pacer.dialed(now, call, 0.3 if call % 5 == 0 else None)
            ring = rng.uniform(6.0, 20.0)
            due.append((now + ring, call, "answer") if rng.random() < 0.3 else (now + 25.0, call, "rest"))
    return now


def logged(seed: int = 1, steps: int = 2000, **options: Any) -> bytes:
    pacer = Pacer(**options)
    pacer.start_log("campaign-1", 1.79e9)
    story(pacer, seed, steps)
    return pacer.drain_log()


def test_every_decision_comes_out_again() -> None:
    seen = replay(logged())
    assert seen.exact
    assert (seen.differing, seen.first_difference, seen.damage) == (0, None, [])
    assert (seen.about, seen.wall, seen.decisions, seen.keyframes) == ("campaign-1", 1.79e9, 2000, 1)
    assert seen.inputs > 500
    assert seen.start == 1000.0
    assert seen.own_version == seen.pacer_version


def test_a_log_changes_no_decision() -> None:
    plain, recorded = Pacer(), Pacer()
    recorded.start_log()
    ends = story(plain, 3, 800), story(recorded, 3, 800)
    assert ends[0] == ends[1]
    assert plain.decide(ends[0], **ROOM) == recorded.decide(ends[0], **ROOM)
    assert plain.snapshot() == recorded.snapshot()


def test_files_of_one_log_replay_alone_and_joined() -> None:
    pacer = Pacer()
    pacer.start_log("c")
    now = story(pacer, 5, 500)
    first = pacer.drain_log()
    pacer.cut_log()
    story(pacer, 6, 500, now)
    second = pacer.drain_log()
    alone = [replay(first), replay(second)]
    assert all(seen.exact and seen.decisions == 500 for seen in alone)
    joined = replay(first + second)
    assert joined.exact
    assert (joined.decisions, joined.keyframes) == (1000, 2)
    # The second part is no continuation of another log: that is found at its keyframe.
    assert not replay(logged(steps=100) + second).exact


def test_a_torn_tail_is_told_and_loses_only_the_tail() -> None:
    pacer = Pacer()
    pacer.start_log()
    now = story(pacer, 1, 300)
    whole = pacer.drain_log()
    story(pacer, 2, 300, now)
    torn = whole + pacer.drain_log()[:-7]
    seen = replay(torn)
    assert seen.exact
    assert seen.decisions == 300
    assert [damage[0] for damage in seen.damage] == [len(whole)]


@pytest.mark.parametrize("data", [b"", b"garbage", b"RMLOG\x09 of another format", bytes(5000)])
def test_what_is_no_log_is_refused(data: bytes) -> None:
    with pytest.raises(PacingValueError, match="the decision log cannot be used") as caught:
        replay(data)
    assert caught.value.code == "bad_log"


def test_another_target_on_the_same_inputs() -> None:
    data = logged(target=0.03, budget_answered=300)
    total = replay(data, target=0.3).total
    assert total is not None
    assert total.name == "ringmaster at 0.3"
    assert total.more > total.fewer
    assert total.in_flight_now > total.in_flight_then > 0
    assert sum(count for _, count in total.limited_now) == total.decisions == 2000
    same = replay(data, target=0.03).total
    assert same is not None
    assert (same.more, same.fewer) == (0, 0)
    assert same.limited_now == same.limited_then
    part = replay(data, target=0.3, start=1100.0, end=1160.0)
    assert part.exact
    assert part.total is not None
    assert 250 <= part.total.decisions <= 300
    assert [row[0] for row in part.minutes] == [1080.0, 1140.0]


class Two:
    """Wants two more than there are."""

    name = "two"
    version = "1"

    def __init__(self, fail_after: int = 1_000_000) -> None:
        self.left = fail_after
        self.events: list[str] = []

    def reset(self, scenario: Scenario, seed: int) -> None:
        assert scenario.target == 0.03

    def on_event(self, event: Event) -> None:
        self.events.append(event.kind)

    def decide(self, s: Snapshot) -> int:
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("had enough")
        assert s.idle + s.talking + s.wrapping <= 12
        return 2


def test_a_policy_in_python_beside_a_live_pacer_and_on_its_log() -> None:
    live, watched = Two(), Pacer()
    watched.set_shadow(live)
    watched.start_log()
    story(watched, 9, 600)
    beside = watched.shadow()
    assert beside is not None
    assert (beside.name, beside.on, beside.failure) == ("two", True, None)
    assert (beside.decisions, beside.dials_now) == (600, 1200)
    assert {"agent", "dialed", "answered", "connected", "ended"} <= set(live.events)
    offline = replay(watched.drain_log(), policy=Two())
    assert offline.exact
    assert offline.total == beside
    alone = Pacer()
    story(alone, 9, 600)
    assert alone.snapshot() == watched.snapshot()


def test_a_policy_that_raises_is_switched_off_and_disturbs_nobody() -> None:
    alone, watched = Pacer(), Pacer()
    watched.set_shadow(Two(fail_after=50))
    watched.start_log()
    assert story(alone, 9, 300) == story(watched, 9, 300)
    assert alone.snapshot() == watched.snapshot()
    beside = watched.shadow()
    assert beside is not None
    assert (beside.on, beside.failure, beside.decisions) == (False, "RuntimeError: had enough", 50)
    with pytest.raises(RuntimeError, match="had enough"):
        replay(watched.drain_log(), policy=Two(fail_after=50))
    watched.set_shadow(None)
    assert watched.shadow() is None


def test_a_policy_by_name() -> None:
    data = logged()
    total = replay(data, policy="ratio(k=4)").total
    assert total is not None
    assert (total.name, total.limited_now) == ("ratio(k=4)", [])
    assert total.dials_now > 0
    for wrong in ("oracle", "nobody", "ratio(k=-1)"):
        with pytest.raises(PacingValueError):
            replay(data, policy=wrong)
    with pytest.raises(TypeError, match="a target is for the policy 'ringmaster' alone"):
        replay(data, policy="ratio", target=0.02)
    with pytest.raises(TypeError, match="has no reset"):
        replay(data, policy=object())  # type: ignore[arg-type]


def test_bytes_per_decision() -> None:
    """The bound of docs/reference/decision-log.md: 16 bytes a decision, the inputs before it included."""
    data = logged(steps=5000)
    assert len(data) / replay(data).decisions < 16
