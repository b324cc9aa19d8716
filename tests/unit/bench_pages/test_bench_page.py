"""The benchmark's page says what the figures say: scores seed by seed, verdicts either way, pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kept import ROOT, Kept
from benchmarks.render import days, equal, leads, limit, machines, plots, policies, verdicts
from benchmarks.render import whatif as whatif_page
from benchmarks.render import windows as windows_page
from benchmarks.render.markdown import folded, mean, number, table
from benchmarks.render.rows import Mean, Row, Rows
from benchmarks.stages import calibration, cost, whatif, windows
from benchmarks.stages.simulated import scenario

FIELDS = ("answered", "abandoned", "worst_quarter", "total_answered", "total_abandoned", "worst_hour")


def row(
    asked: str,
    occupancy: list[float],
    rate: float = 0.02,
    *,
    stage: str = "score",
    name: str = "base",
    agents: int = 10,
    tuned: bool = False,
    recovered: float = 600.0,
    beside: tuple[tuple[float, float], ...] = (),
) -> Row:
    """A made-up result: so much occupancy by seed, everywhere the same abandon rate of 10,000 answers.

    beside: occupancy and rate of neighbours on the first seed.
    """
    count = len(occupancy)
    columns: dict[str, list[float]] = {
        "seed": list(range(1, count + 1)),
        "occupancy": occupancy,
        "abandon_rate": [rate] * count,
        "answered": [10_000] * count,
        "abandoned": [10_000 * rate] * count,
        "total_answered": [11_000] * count,
        "total_abandoned": [11_000 * rate] * count,
        "worst_quarter": [2 * rate] * count,
        "worst_hour": [rate] * count,
        "talk_minutes_per_agent_hour": [40.0] * count,
        "dials_per_contact": [3.3] * count,
    }
    text = scenario(name, agents, None).to_toml()
    others = [{"runs": [[1, u, 10_000, 10_000 * a, a]]} for u, a in beside]
    fields = ["seed", "occupancy", "answered", "abandoned", "abandon_rate"]
    value = {"recovered": [300.0, recovered], "beside": others, "fields": fields}
    when = [[900.0, 3600.0], [1800.0, 3600.0]] if stage == "shocks" else []
    quarters = [[100, share, 1.0, 2.0] for share in (1, 5, 7, 1)]
    entry = {"value": value, "what": {"shocks": when}}
    return Row(stage, text, asked, tuned, asked, columns, quarters, entry)


ENDS = [row("progressive", [0.60, 0.62]), row("oracle", [0.80, 0.82], 0.03, tuned=True)]


def outcomes(rows: list[Row], part: str) -> list[str]:
    found = verdicts.all_of(Rows(rows), {stage: Kept(Path("none")) for stage in ("cost", "engines")})
    return [v.outcome for v in found if part in v.demand]


def test_the_score_is_of_the_same_seeds() -> None:
    ours = row("ringmaster", [0.80, 0.80])
    score = Rows([*ENDS, ours]).score(ours)
    assert score is not None
    assert score.value == pytest.approx((1.0 + 0.9) / 2)
    assert score.error == pytest.approx(0.05)
    first = row("ratio", [0.70])
    alone = Rows([*ENDS, first]).score(first)
    assert alone is not None
    assert alone.value == pytest.approx(0.5)
    assert math.isinf(alone.half)


def test_there_is_no_score_without_both_ends_on_those_seeds() -> None:
    ours = row("ringmaster", [0.8, 0.8, 0.8])
    assert Rows([*ENDS, ours]).score(ours) is None
    assert Rows([ours]).score(ours) is None
    other = row("ringmaster", [0.8, 0.8], agents=11)
    assert Rows([*ENDS, other]).score(other) is None


def test_the_limit_is_taken_at_the_cap_and_at_our_own_rate() -> None:
    # Seven thousandths of occupancy for ten of the rate below, six above; the cap is .03.
    beside = ((0.786, 0.012), (0.806, 0.042))
    limit = row("oracle", [0.80, 0.82], 0.032, tuned=True, beside=beside)
    ours = row("ringmaster", [0.79, 0.81], 0.029)
    rows = Rows([ENDS[0], limit, ours])
    assert equal.slope(limit, 0.03) == pytest.approx(0.7)
    assert equal.slope(limit, 0.04) == pytest.approx(0.6)
    at_the_cap, at_ours = (equal.score(rows, ours, at_cap) for at_cap in (True, False))
    assert at_the_cap is not None
    assert at_the_cap.value == pytest.approx(0.19 / (0.2 - 0.7 * 0.002))
    assert at_ours is not None
    assert at_ours.value == pytest.approx(0.19 / (0.2 - 0.7 * 0.003))
    shown = policies.score(rows, "full")
    assert f"| {at_the_cap.value:.3f} ±0.000 | {at_ours.value:.3f} ±0.000 |" in shown


def test_only_few_seeds_are_enough_and_no_neighbour_means_no_figure() -> None:
    limit = row("oracle", [0.80, 0.82], 0.032, tuned=True, beside=((0.786, 0.012),))
    first = row("ratio", [0.70], 0.012)
    rows = Rows([ENDS[0], limit, first])
    found = equal.score(rows, first, at_cap=False)
    assert found is not None
    assert found.value == pytest.approx((0.70 - 0.60) / (0.786 - 0.60))
    assert equal.score(Rows([*ENDS, first]), first, at_cap=True) is None
    same = row("oracle", [0.80], 0.032, tuned=True, beside=((0.79, 0.0315),))
    assert equal.slope(same, 0.03) is None
    above = row("oracle", [0.80], 0.032, tuned=True, beside=((0.79, 0.0315), (0.806, 0.042)))
    assert equal.slope(above, 0.03) == pytest.approx(0.6)


def test_a_score_that_falls_short_says_what_the_limit_spent() -> None:
    limit = row("oracle", [0.80, 0.82], 0.04, tuned=True, beside=((0.79, 0.03), (0.81, 0.05)))
    ours = row("ringmaster", [0.789, 0.809], 0.029)
    found = list(verdicts.scores(Rows([ENDS[0], limit, ours])))
    assert found[0].outcome == "**does not hold**"
    assert (
        "10 agents: 0.945 ±0.000, where `oracle` abandoned 4.00 % and ringmaster 2.90 %" in found[0].measured
    )
    assert "with `oracle` at the cap 0.995 ±0.000, at equal rate 1.000 ±0.000" in found[0].measured
    assert "2 seeds of 10,000 answers or more" in found[1].measured


@pytest.mark.parametrize(
    ("occupancy", "outcome"),
    [
        ([0.80, 0.82], "holds"),
        ([0.79, 0.815], "holds within the error"),
        ([0.78, 0.80], "**does not hold**"),
    ],
)
def test_a_score_is_judged(occupancy: list[float], outcome: str) -> None:
    assert outcomes([*ENDS, row("ringmaster", occupancy)], "score of base") == [outcome]


@pytest.mark.parametrize(("rate", "outcome"), [(0.03, "holds"), (0.031, "**does not hold**")])
def test_a_rate_is_judged(rate: float, outcome: str) -> None:
    ours = row("ringmaster", [0.8, 0.8], rate)
    assert outcomes([*ENDS, ours], "abandon rate of base") == [outcome]
    assert ours.over == (rate > 0.03)


def test_the_limit_is_held_to_the_designs_table() -> None:
    near = row("oracle", [0.832, 0.836], tuned=True)
    far = row("oracle", [0.843, 0.843], tuned=True)
    spent = row("oracle", [0.843, 0.843], 0.04, tuned=True, beside=((0.833, 0.03),))
    assert outcomes([near], "design's limit table") == ["holds"]
    assert outcomes([far], "design's limit table") == ["**does not hold**"]
    assert outcomes([spent], "design's limit table") == ["holds"]


def test_shocks_are_held_to_twice_the_cap_the_best_opponent_and_the_ledger() -> None:
    def case(ours: float, other: float) -> list[str]:
        rows = [
            row("ringmaster", [0.8, 0.8], ours, stage="shocks", name="shock-talk"),
            row("ratio", [0.7, 0.7], other, stage="shocks", name="shock-talk", tuned=True),
        ]
        return outcomes(rows, "shock-talk")

    assert case(0.02, 0.025) == ["holds"] * 3
    slow = row("ringmaster", [0.8, 0.8], stage="shocks", name="shock-talk", recovered=660.0)
    assert outcomes([slow], "10 minutes") == ["**does not hold**"]
    assert case(0.026, 0.025) == ["**does not hold**", "holds", "holds"]
    assert case(0.031, 0.029) == ["**does not hold**", "holds", "**does not hold**"]


def test_who_spends_little_of_the_cap_is_told_but_not_the_measure() -> None:
    rows = [
        row(asked, [0.8, 0.8], rate, stage="shocks", name="shock-talk", tuned=tuned)
        for asked, rate, tuned in (
            ("ringmaster", 0.026, False),
            ("ratio", 0.028, True),
            ("webitel", 0.01, True),
        )
    ]
    found = next(v for v in days.verdicts(Rows(rows)) if "worst quarter" in v.demand)
    assert found.outcome == "holds"
    assert found.measured.startswith("5.2 % (5.0 and 7.0 % in the quarter after the shock), cap 3 %")
    assert "best tuned opponent ratio 5.6 % (" in found.measured
    assert (
        "webitel 2.0 % (5.0 and 7.0 % in the quarter after the shock), spent 1.00 % in the day"
        in found.measured
    )
    assert "| 0.050, 0.070 | 5, 10 |" in days.shocks(Rows(rows), "full")


def test_the_cold_start_is_held_to_the_steady_occupancy() -> None:
    steady = row("ringmaster", [0.80, 0.80])
    good = row("ringmaster", [0.73, 0.74], stage="cold")
    bad = row("ringmaster", [0.60, 0.61], 0.05, stage="cold")
    assert outcomes([steady, good], "first 500 answers") == ["holds", "holds"]
    assert outcomes([steady, bad], "first 500 answers") == ["**does not hold**"] * 2


def exponential(asked: str, value: float, rate: float, **others: Any) -> Row:
    return row(asked, [value, value], rate, stage="limit", name="exponential", **others)


def test_exponential_times_are_held_to_the_exact_optimum() -> None:
    def case(asked: str, value: float, rate: float = 0.03) -> list[str]:
        found = [exponential(asked, value, rate, tuned=asked == "oracle")]
        return outcomes(found, "exponential") + outcomes(found, "exact optimum")

    assert case("oracle", 0.849) == ["holds"]
    assert case("oracle", 0.845) == ["**does not hold**"]
    assert case("oracle", 0.852) == ["**does not hold**"]
    assert case("constant(rate=47)", 0.536) == ["holds"]
    assert case("constant(rate=47)", 0.541) == ["**does not hold**"]
    assert case("constant(rate=47)", 0.536, 0.031) == ["**does not hold**"]
    assert case("progressive", 0.757) == ["holds"]
    assert case("progressive", 0.762) == ["**does not hold**"]


def test_a_threshold_in_steps_is_held_by_its_dithered_self_at_the_cap() -> None:
    steps = exponential("oracle", 0.840, 0.02, tuned=True)
    mixed = exponential("oracle(dither=1)", 0.852, 0.033, tuned=True, beside=((0.849, 0.03),))
    assert limit.spending(Rows([steps, mixed]), 10) is mixed
    assert limit.spending(Rows([steps]), 10) is steps
    assert outcomes([steps], "exact optimum") == ["**does not hold**"]
    assert outcomes([steps, mixed], "exact optimum") == ["holds"]
    shown = limit.limit(Rows([steps, mixed]), "full")
    assert "| 10 | 0.8400 ±0.0000 | 0.0200 ±0.0000 | 0.8520 ±0.0000 | 0.0330 ±0.0000 | 0.8490 ±" in shown


def test_a_number_and_its_interval() -> None:
    assert mean(Mean(0.5, 0.01, 0.02), 2) == "0.50 ±0.02"
    assert mean(Mean(0.5, math.inf, math.inf), 2) == "0.50"
    assert mean(None) == number(math.nan) == "–"
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert folded("more", "text").startswith("<details><summary>more</summary>")


def test_sections_show_what_is_over_and_how_to_repeat_it() -> None:
    rows = Rows([*ENDS, row("ringmaster", [0.8, 0.8]), row("ratio", [0.79, 0.79], 0.08)])
    shown = policies.score(rows, "full")
    assert "| ratio | 0.900 (8.0 %) **over** |" in shown
    assert '`make bench BENCH_ARGS="--full --stage score"`' in shown
    assert "ringmaster simulate base --agents 10 --seeds 2 --set 'decide_seconds = 0.2'" in shown
    shocked = row("ringmaster", [0.8, 0.8], 0.04, stage="shocks", name="shock-talk")
    assert "| shock-talk | 10 | ringmaster |" in days.shocks(Rows([shocked]), "full")
    assert days.days_over(shocked) == 2
    exact = row("oracle", [0.8502, 0.8502], stage="limit", name="exponential", tuned=True)
    assert "| 10 | 0.8502 ±0.0000 |" in limit.limit(Rows([exact]), "full")


def test_times_are_beside_a_peer(tmp_path: Path) -> None:
    def kept(value: Mapping[str, object]) -> Kept:
        return Kept(tmp_path / "x.json", {"key": {"value": value}})

    rows = [
        {"engine": engine, "version": "1", "customers": 10, "mean_wait": 0.5, "events_per_second": speed}
        for engine, speed in (("ringmaster", 1e6), ("simpy", 2e4), ("ciw", 1e4))
    ]
    engines = kept({"servers": 3, "load": 2.0, "theory": 0.5, "simulated": [0.5, 0.01], "rows": rows})
    assert "| simpy 1 | 0.500000000 | 20,000 | 50.0 |" in machines.engines(engines, "quick")
    judged = list(verdicts.machines(engines))
    assert [v.outcome for v in judged] == ["**does not hold**", "holds"]
    value = {
        "agents": 5,
        "decisions": 10,
        "rust": 0.5,
        "python": 5.0,
        "same": False,
        "answers_per_second": 1e3,
    }
    assert "| 10 | **no** |" in machines.overhead(kept(value), "quick")
    staffing = {
        "right": {"ours": {"B": [2, 2, 1e-15, []]}, "peer": {"B": [1, 2, 0.0, ["B1: wrong"]]}},
        "times": [{"what": "B", "servers": 1, "load": 1.0, "microseconds": {"ours": 1.0, "peer": None}}],
        "limit": 1.0,
    }
    shown = machines.staffing(kept(staffing), "quick")
    assert "| peer | 1 / 2 (0e+00) | – | – |" in shown
    assert "peer, Erlang B, B1: wrong" in shown


def test_decisions_are_held_to_their_bounds(tmp_path: Path) -> None:
    printed = (
        "| agents | in flight | policy | p99 us | p99 as it came |\n| --- | --- | --- | --- | --- |\n"
        "| 300 | 990 | ringmaster | 49.0 | 70.0 |\n| 2000 | 8100 | ringmaster | 260.0 | 300.0 |\n"
        "\n| day of 8 h, 100 agents | seconds |\n| --- | --- |\n| ringmaster | 0.90 |\n"
    )
    decisions, days = cost.tables(printed)
    kept = Kept(tmp_path / "x.json", {"key": {"value": {"decisions": decisions, "days": days}}})
    assert [v.outcome for v in verdicts.cost(kept)] == ["holds", "**does not hold**", "holds"]
    assert "| 2000 | 8100 | ringmaster |" in machines.cost(kept, "quick")


def test_what_knowing_leads_gains_is_beside_knowing_nothing(tmp_path: Path) -> None:
    found = Rows(
        [
            row("ringmaster", [0.80, 0.82], stage="mixed", name="mixed-unknown"),
            row("ringmaster(mix=0)", [0.81, 0.825], stage="mixed", name="mixed"),
            row("ringmaster", [0.82, 0.841], stage="mixed", name="mixed"),
            row("ringmaster(leads=0)", [0.80, 0.82], stage="mixed", name="mixed-features"),
            row("ringmaster", [0.79, 0.80], stage="mixed", name="mixed-features"),
        ]
    )
    known = [leads.ALIKE, leads.TOLD, leads.TOLD, leads.ALIKE, leads.LEARNED]
    assert [leads.knows(r) for r in found.all] == known
    ours, mixed = "in the list's order", "alike leads together"
    assert [leads.order(r) for r in found.all] == [ours, ours, mixed, ours, mixed]
    value = calibration.measure(scenario("mixed-features", None, None), 1)
    kept = Kept(tmp_path / "x.json", {"1": {"value": value}, "2": {"value": value}})
    judged = [v.outcome for v in leads.verdicts(found, kept)]
    assert judged[1:] == ["holds", "**does not hold**", "holds"]
    assert "0.0205 ±" in leads.mixed(found, "full")
    assert "| learned | 0.17" in leads.calibration(kept, "full")
    curve = leads.pooled(kept, "learned")
    assert len(curve) == 10
    assert all(abs(p - share) < 0.06 for p, share in curve)


def test_a_what_if_is_held_to_a_longer_simulation(tmp_path: Path) -> None:
    value = whatif.measure(1, 2_000, 2, 1)
    kept = Kept(tmp_path / "x.json", {"key": {"value": value}})
    assert "| 3% |" in whatif_page.whatif(kept, "quick")
    assert [v.outcome for v in whatif_page.verdicts(kept)][-1] == "holds"
    value["seconds"], value["exact"] = 2.5, False
    value["points"][0]["rate"] = (0.5, 0.001)
    assert [v.outcome for v in whatif_page.verdicts(kept)] == ["**does not hold**"] * 3


def test_windows_are_counted_over_all_tasks(tmp_path: Path) -> None:
    day = scenario("day", 5, None, "seconds = 1800.0")
    entries = {
        str(seed): {
            "what": {"scenario": day.to_toml(), "days": windows.DAYS},
            "value": windows.measure(day, [seed], 1),
            "level": "quick",
        }
        for seed in (1, 2)
    }
    kept = Kept(tmp_path / "x.json", entries)
    (team,) = windows_page.teams(kept)
    assert (team.agents, team.cap, len(team.rates)) == (5, 0.03, 2)
    assert 0.0 < team.mean < 0.06
    assert "| 5 | 2 of 30 days |" in windows_page.windows(kept, "quick")
    together, alone = windows_page.verdicts(kept)
    assert together.measured.startswith("0 of 2 (")
    assert together.outcome == alone.outcome == "**not shown yet**"
    team.columns["abandoned"][:] = [9e9, 9e9]
    assert team.over == 2
    kept.entries["again"] = entries["2"]
    (team,) = windows_page.teams(kept)
    assert len(team.rates) == 2


@pytest.mark.parametrize(
    ("windows", "over", "outcome"),
    [
        (1000, 1, "holds"),
        (1000, 2, "**does not hold**"),
        (999, 0, "**not shown yet**"),
        (12, 2, "**does not hold**"),
    ],
)
def test_a_thousand_windows_of_all_teams_are_judged_together(windows: int, over: int, outcome: str) -> None:
    fields = ["seed", "answered", "abandoned"]

    def entry(agents: int, count: int, over: int) -> dict[str, Any]:
        text = f"agents = {agents}\ncap = 0.03"
        ends = [[seed, 1000.0, 31.0 if seed <= over else 29.0] for seed in range(1, count + 1)]
        return {"what": {"scenario": text, "days": 30}, "value": {"fields": fields, "windows": ends}}

    kept = Kept(Path("none"), {"a": entry(5, windows - windows // 3, over), "b": entry(100, windows // 3, 0)})
    together, *each = windows_page.verdicts(kept)
    assert together.outcome == outcome
    assert together.measured.startswith(f"{over} of {windows:,} (")
    assert len(each) == 2


def test_pictures_come_out_the_same_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / ".make" / "peers")
    pytest.importorskip("matplotlib", reason="only make bench installs it")
    rows = Rows([*ENDS, row("ringmaster", [0.8, 0.8])])
    for name in ("one", "two"):
        plots.score(rows, tmp_path / f"{name}.svg")
    assert (tmp_path / "one.svg").read_text() == (tmp_path / "two.svg").read_text()
