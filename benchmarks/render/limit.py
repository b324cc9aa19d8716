"""The section of the page where the exact optimum is known, and whether the figures are where theory is."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.render import equal
from benchmarks.render.demands import BLIND, EXACT, ONE_EACH, Verdict, judged
from benchmarks.render.markdown import mean, number, table
from benchmarks.render.policies import command
from benchmarks.render.rows import Mean, Row, Rows
from benchmarks.stages.policies import DITHERED
from callflow.lab import FLOOR, LIMIT

# A threshold that leaves more of the cap than this can't spend it: its rate moves in steps.
UNSPENT = 0.001
NEAR = 0.004
BELOW = 0.003


def limit(rows: Rows, level: str) -> str:
    """Exponential times, beside the table of the design."""
    found = {(row.asked if row.named == LIMIT else row.named, row.agents): row for row in rows.of("limit")}
    teams = sorted({agents for _, agents in found})
    head = [
        "agents",
        "oracle",
        "its rate",
        "dithered",
        "its rate",
        "at the cap",
        "exact optimum",
        "progressive",
        "exact",
        "constant",
        "its rate",
        "Erlang B",
    ]
    lines = []
    for team in teams:
        top, mixed, low, blind = (found.get((p, team)) for p in (LIMIT, DITHERED, FLOOR, "constant"))
        spends = spending(rows, team)
        lines.append(
            [
                str(team),
                _occupancy(top),
                _rate(top),
                _occupancy(mixed),
                _rate(mixed),
                "–" if spends is None else mean(at_the_cap(spends), 4),
                number(EXACT.get(team, float("nan")), 4),
                _occupancy(low),
                number(ONE_EACH),
                _occupancy(blind),
                _rate(blind),
                number(BLIND.get(team, float("nan"))),
            ]
        )
    about = (
        "Exponential times, no grace, mean ring 13 s, mean handling 135 s. The optimum of small teams mixes "
        "two policies, and the rate of a threshold moves in steps there: dithered, it goes from theta to "
        "twice theta, another every ten minutes. At the cap: on the line between two thresholds, of the "
        f"dithered one where the plain one leaves more than {UNSPENT} of the rate. `constant` dials the load "
        f"of which Erlang B loses the cap, and is not tuned. {command('limit', level)}"
    )
    return f"{about}\n\n{table(head, lines)}"


def _occupancy(row: Row | None) -> str:
    return "–" if row is None else mean(row.occupancy, 4)


def _rate(row: Row | None) -> str:
    return "–" if row is None else mean(row.rate, 4)


def spending(rows: Rows, team: int) -> Row | None:
    """The threshold policy of this team that can spend the cap: the plain one if it does."""
    plain, dithered = (
        next((r for r in rows.of("limit") if r.asked == asked and r.agents == team), None)
        for asked in (LIMIT, DITHERED)
    )
    if plain is None or (dithered is not None and plain.cap - plain.rate.value > UNSPENT):
        return dithered
    return plain


def at_the_cap(row: Row) -> Mean:
    """Its occupancy at the cap, or as it came out where nothing was run beside it."""
    return equal.at_the_cap(row) or row.occupancy


def verdicts(rows: Rows) -> Iterator[Verdict]:
    """Where the exact values are known."""
    yield from _one_each(rows)
    yield from _blind(rows)
    yield from _threshold(rows)


def _one_each(rows: Rows) -> Iterator[Verdict]:
    offs = [(row, row.occupancy.value - ONE_EACH) for row in rows.of("limit") if row.asked == FLOOR]
    if offs:
        row, off = max(offs, key=lambda pair: abs(pair[1]))
        yield Verdict(
            "one dial per idle agent gives .757, exponential times",
            f"furthest {off:+.4f} ±{row.occupancy.half:.4f} at {row.agents} agents",
            judged(abs(off) <= NEAR, all(abs(o) <= NEAR + 2 * r.occupancy.error for r, o in offs)),
        )


def _blind(rows: Rows) -> Iterator[Verdict]:
    known = [row for row in rows.of("limit") if row.named == "constant" and row.agents in BLIND]
    if not known:
        return

    def off(row: Row) -> float:
        return abs(row.occupancy.value - BLIND[row.agents])

    def lost(row: Row) -> float:
        return abs(row.rate.value - row.cap) / max(row.rate.half, 1e-12)

    far, apart = max(known, key=off), max(known, key=lost)
    yield Verdict(
        "the blind constant rate matches Erlang B's row, exponential times: occupancy within .004 or its "
        "95 % interval, abandon rate at the cap within its own",
        f"furthest {far.occupancy.value - BLIND[far.agents]:+.4f} ±{far.occupancy.half:.4f} at {far.agents} "
        f"agents; rate furthest from the cap, by its interval, {100 * apart.rate.value:.2f} ±"
        f"{100 * apart.rate.half:.2f} % at {apart.agents} agents; widest ±"
        f"{100 * max(row.rate.half for row in known):.2f} %",
        judged(
            all(off(row) <= max(NEAR, row.occupancy.half) and lost(row) <= 1.0 for row in known),
            all(off(row) <= NEAR + 2 * row.occupancy.error and lost(row) <= 1.5 for row in known),
        ),
    )


def _threshold(rows: Rows) -> Iterator[Verdict]:
    rows_by_team = [row for team in sorted(EXACT) if (row := spending(rows, team)) is not None]
    offs = [(row, found := at_the_cap(row), found.value - EXACT[row.agents]) for row in rows_by_team]
    if not offs:
        return
    outside = [
        f"{row.agents} agents: {off:+.4f} ±{2 * found.error:.4f} at {100 * row.rate.value:.2f} %"
        for row, found, off in offs
        if not _inside(off, 2 * found.error)
    ]
    (low, _, least), (high, _, most) = (of(offs, key=lambda case: case[2]) for of in (min, max))
    mixed = ", ".join(str(row.agents) for row, _, _ in offs if row.asked == DITHERED)
    yield Verdict(
        "the threshold policy lies 0 to .003 below the exact optimum, within two standard errors",
        f"at the cap from {least:+.4f} at {low.agents} agents to {most:+.4f} at {high.agents}; two standard "
        f"errors at most {max(2 * found.error for _, found, _ in offs):.4f}"
        + (f"; dithered, as the plain threshold can't spend the cap, at {mixed} agents" if mixed else "")
        + (f"; outside: {', '.join(outside)}" if outside else ""),
        judged(all(_inside(off, 0.0) for _, _, off in offs), not outside),
    )


def _inside(off: float, error: float) -> bool:
    return -BELOW - error <= off <= error
