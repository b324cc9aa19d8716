"""`ringmaster replay` and `ringmaster what-if`: what a campaign's own log tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from callflow.lab_policy import policy_of
from pacing_core import (
    Explanation,
    PacingValueError,
    Replay,
    ReplayDifference,
    ShadowFigures,
    WhatIf,
    WhatIfPoint,
)
from pacing_core import explain as explain_log
from pacing_core import replay as replay_log
from pacing_core import what_if as simulate_targets

_FROZEN = (Replay, ReplayDifference, Explanation, ShadowFigures, WhatIf, WhatIfPoint)
_OPEN_LOOP = (
    "The other's dials were not made, so no answers came of them and it may have asked for them again: "
    "compare the calls wanted in flight, and how often it wanted more or fewer."
)


def read(paths: list[Path]) -> bytes:
    """Files, and the files of folders in the order of their names, as one log.

    Raises:
        ValueError: a folder without logs.
        OSError: a file can't be read.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.rmlog")) if path.is_dir() else [path]
        if not found:
            raise ValueError(f"{path} holds no .rmlog")
        files += found
    return b"".join(file.read_bytes() for file in files)


def second(text: str, wall: float | None) -> float:
    """A time as a second of the pacer's clock: a plain number is one, else ISO 8601 (UTC unless it says so).

    Raises:
        ValueError: it is neither, or the log does not tell the time of day.
    """
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    if wall is None:
        raise ValueError("the log does not tell the time of day: give a second of the pacer's clock")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - wall


def clock(at: float, wall: float | None) -> str:
    """A second of the pacer's clock as people read it."""
    if wall is None:
        return f"{at:.3f}"
    return datetime.fromtimestamp(at + wall, UTC).isoformat(sep=" ", timespec="milliseconds")


def replay(
    logs: Annotated[list[Path], typer.Argument(help="Files of one log, or its folder.")],
    target: Annotated[
        float | None, typer.Option(help="What would have been decided at this abandon rate?")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="... by this policy: 'ratio(k=2)', or mine.py:Policy.")
    ] = None,
    begin: Annotated[str | None, typer.Option("--from", help="Compare from this time on.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Compare up to this time.")] = None,
    at: Annotated[str | None, typer.Option(help="Explain the decision at this time instead.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Decide everything in a log once more, to the last bit; exit code 1 if anything differs.

    Times are ISO 8601, UTC unless they say otherwise, or seconds of the pacer's clock.
    """
    try:
        data = read(logs)
        wall = None
        if any(text is not None for text in (begin, end, at)):
            wall = replay_log(data).wall
        if at is not None:
            _tell(explain_log(data, second(at, wall)), _explanation, as_json)
            return
        seen = replay_log(
            data,
            target=target,
            policy=None if policy is None else policy_of(policy),
            start=None if begin is None else second(begin, wall),
            end=None if end is None else second(end, wall),
        )
    except (PacingValueError, ValueError, TypeError, OSError) as error:
        typer.echo(f"ringmaster: {error}", err=True)
        raise typer.Exit(2) from error
    _tell(seen, _report, as_json)
    if not seen.exact:
        raise typer.Exit(1)


def what_if(
    logs: Annotated[list[Path], typer.Argument(help="Files of one log, or its folder.")],
    target: Annotated[
        list[float] | None,
        typer.Option(help="An abandon rate to try; more than once. Default: 1/4 to 2 times the present one."),
    ] = None,
    hours: Annotated[float, typer.Option(min=0.01, help="Fit the last hours of the log.")] = 4.0,
    effort: Annotated[
        float, typer.Option(min=0.01, help="Simulate so many times as long; 4 halves the intervals.")
    ] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Simulate a campaign, fitted to its own log, at other targets: talk time against abandon rate."""
    try:
        found = simulate_targets(read(logs), target, within=3600.0 * hours, effort=effort)
    except (PacingValueError, ValueError, OSError) as error:
        typer.echo(f"ringmaster: {error}", err=True)
        raise typer.Exit(2) from error
    _tell(found, _curve, as_json)


def _curve(found: WhatIf) -> str:
    lines = [
        f"{found.seconds / 3600:.2f} h of dialing with {found.agents:.1f} agents, {found.answered} answers; "
        f"as it was, at a target of {100 * found.target:g} %: {found.talk_minutes_per_agent_hour:.2f} talk "
        f"minutes per agent hour, {100 * found.abandon_rate:.2f} % abandoned",
        "",
        "| target | talk min/h | abandoned % | occupancy | dials/contact |",
        "| --- | --- | --- | --- | --- |",
    ]
    for point in found.points:
        cells = [
            f"{100 * point.target:g} %",
            _with_half(point.talk_minutes_per_agent_hour, 1.0, 2),
            _with_half(point.abandon_rate, 100.0, 2),
            _with_half(point.occupancy, 1.0, 4),
            _with_half(point.dials_per_contact, 1.0, 2),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "± is half the 95 % interval of the simulation; how far a few hours tell the truth comes on top.",
    ]
    return "\n".join(lines)


def _with_half(value: tuple[float, float], times: float, digits: int) -> str:
    return f"{times * value[0]:.{digits}f} ±{times * value[1]:.{digits}f}"


def _tell(found: Any, text: Callable[[Any], str], as_json: bool) -> None:
    typer.echo(json.dumps(_plain(found)) if as_json else text(found))


def _plain(value: Any) -> Any:
    """What a frozen class of pacing_core says, as JSON."""
    if isinstance(value, _FROZEN):
        names = (name for name in dir(type(value)) if not name.startswith("_"))
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _explanation(e: Explanation) -> str:
    lines = [
        f"{clock(e.at, e.wall)}: {e.dials} dials, limited by {e.limited_by}"
        + (f", {len(e.give_up)} calls to give up" if e.give_up else ""),
        "",
        f"agents   {e.idle} idle, {e.reserved} reserved, {e.talking} talking, {e.wrapping} in wrap-up, "
        f"{e.away} away; {e.leaving} of them leaving",
        f"calls    {e.in_flight} in flight, {e.waiting} answered and waiting, {e.pending} asked for",
        f"limits   {e.lines_free} lines free, {e.rate_tokens} calls per second left, {e.leads} leads",
        f"learned  a person answers {100 * e.answer_probability:.2f} % of the dials",
        f"budget   {e.abandoned} abandoned of {e.answered} answered at a target of {100 * e.target:g} %"
        + (f" (cap {100 * e.cap:g} %)" if e.cap is not None else "")
        + f": {e.surplus:+.2f} abandons left",
        f"ahead    {e.expected_answers:.2f} answers expected, {e.free_agents:.2f} agents free when a dial of "
        "now is answered",
        f"risk     the last call dialed (the next, if none) finds nobody with {100 * e.abandon_risk:.3f} %",
    ]
    if not e.as_recorded:
        lines += ["", "The log has another decision here: see `ringmaster replay` without --at."]
    return "\n".join(lines)


def _report(seen: Replay) -> str:
    lines = [
        f"{seen.about or 'a log'}: {seen.decisions} decisions on {seen.inputs} inputs"
        + (
            f", {clock(seen.start, seen.wall)} to {clock(seen.end, seen.wall)}"
            if seen.start is not None and seen.end is not None
            else ""
        )
    ]
    lines += [f"damaged: {size} bytes at {offset}: {reason}" for offset, size, reason in seen.damage]
    difference = seen.first_difference
    if difference is None:
        lines.append("every decision comes out again, to the last bit")
    else:
        lines.append(
            f"first difference at {clock(difference.at, seen.wall)} ({difference.reason}): "
            f"{difference.dials_then} dials ({difference.limited_then}) then, "
            f"{difference.dials_now} ({difference.limited_now}) now; {seen.differing} decisions differ"
        )
        if seen.pacer_version != seen.own_version:
            lines.append(
                f"the log is of version {seen.pacer_version} of the pacer, this is {seen.own_version}"
            )
    if seen.total is not None:
        lines += ["", *_comparison(seen, seen.total)]
    return "\n".join(lines)


def _comparison(seen: Replay, total: ShadowFigures) -> list[str]:
    rows = [
        f"What {total.name} would have decided on the same inputs. {_OPEN_LOOP}",
        "",
        "| minute | decisions | in flight then | now | more | fewer | dials then | now |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    named = [(clock(at, seen.wall)[:16], figures) for at, figures in seen.minutes]
    for name, f in [*named, ("all", total)]:
        cells = [f.decisions, f"{f.in_flight_then:.2f}", f"{f.in_flight_now:.2f}"]
        cells += [f.more, f.fewer, f.dials_then, f.dials_now]
        rows.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    for when, reasons in (("then", total.limited_then), ("now", total.limited_now)):
        if reasons:
            rows.append(f"limited {when}: " + ", ".join(f"{reason} {count}" for reason, count in reasons))
    return rows
