"""What the demo shows: a live board on a terminal, plain lines elsewhere, and the summary at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from models.repository.reporting import Report

PLAIN_EVERY_SECONDS = 5.0
SHOWN_PROBLEMS = 10
AGENT_WORDS = {
    "ready": "ready",
    "reserved": "reserved",
    "talking": "talking",
    "on_hold": "on hold",
    "wrap_up": "wrapping up",
    "connecting": "connecting",
    "paused": "paused",
    "logged_out": "logged out",
}
LIMITS = {
    "": "nothing yet",
    "none": "nothing: as many calls as asked for",
    "agents": "agents: none idle or about to be",
    "abandon_budget": "the abandon budget",
    "lines": "the number of lines",
    "calls_per_second": "calls per second",
    "hopper_empty": "no lead is due",
    "hours": "calling hours",
    "rules": "the rules: every due lead was refused",
    "paused": "the campaign is paused",
    "switch_lag": "the switch answers slowly",
    "switch_sessions": "the sessions of the switch",
    "gateway_lines": "the gateways' calls at once",
    "gateway_rate": "the gateways' calls per second",
    "gateway_down": "no gateway can be dialed",
    "switch_away": "the switch is away",
    "database_away": "the database is away",
    "lease": "the lease is another dialer's",
    "winding_down": "winding down: calls in hand finish",
    "recovering": "recovering: asking the switch about open calls",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything shown at one moment. `seconds` are real, since the first dial."""

    seconds: float
    phase: str
    live: Mapping[str, Any] = field(default_factory=dict)
    report: Report | None = None

    @property
    def agents(self) -> dict[str, int]:
        return {str(state): int(count) for state, count in dict(self.live.get("agents", {})).items()}

    @property
    def calls(self) -> dict[str, int]:
        return {str(state): int(count) for state, count in dict(self.live.get("calls", {})).items()}

    @property
    def speed(self) -> float:
        return float(self.live.get("speed", 1.0))

    @property
    def lag_p99_ms(self) -> float:
        return float(self.live.get("lag_p99_ms", 0.0))

    @property
    def limited_by(self) -> str:
        """The reason in words, of the one campaign."""
        for campaign in dict(self.live.get("campaigns", {})).values():
            code = str(campaign.get("limited_by", ""))
            return LIMITS.get(code, code)
        return LIMITS[""]


def per_cent(share: float) -> str:
    return f"{100 * share:.1f} %"


def abandon(report: Report) -> str:
    """Rate, its 95 % interval, numerator and denominator: never one without the others."""
    return (
        f"{per_cent(report.abandon_rate)} ({per_cent(report.abandon_low)} to "
        f"{per_cent(report.abandon_high)}): {report.abandoned} of {report.live_answers} answered"
    )


def line(moment: Moment) -> str:
    """One plain line."""
    agents = ", ".join(
        f"{moment.agents[k]} {word}" for k, word in AGENT_WORDS.items() if moment.agents.get(k)
    )
    parts = [f"{moment.seconds:5.0f} s", moment.phase, f"agents: {agents or 'none'}"]
    parts.append(f"in flight: {sum(moment.calls.values())}")
    if moment.report is not None:
        parts.append(f"dialed: {moment.report.attempts}")
        parts.append(f"abandoned: {abandon(moment.report)}")
        parts.append(f"occupancy: {per_cent(moment.report.occupancy)}")
        parts.append(f"talk: {moment.report.talk_minutes_per_agent_hour:.1f} min per agent hour")
    parts.append(f"limited by {moment.limited_by}")
    parts.append(f"speed {moment.speed:g}, lag p99 {moment.lag_p99_ms:.0f} ms")
    return " | ".join(parts)


def board(moment: Moment, title: str) -> RenderableType:
    """The live board."""
    table = Table(box=box.SIMPLE_HEAD, show_header=False, title=title, title_justify="left", pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    table.add_row("Phase", f"{moment.phase}, {moment.seconds:.0f} s, speed {moment.speed:g}")
    table.add_row("Agents", _bars(moment.agents))
    stages = ", ".join(f"{count} {stage}" for stage, count in sorted(moment.calls.items()))
    table.add_row("Calls in flight", f"{sum(moment.calls.values())}" + (f" ({stages})" if stages else ""))
    if moment.report is not None:
        report = moment.report
        table.add_row("Dialed", f"{report.attempts}, answered {per_cent(report.contact_rate)}")
        table.add_row("Abandon rate", abandon(report))
        table.add_row("Occupancy", per_cent(report.occupancy))
        table.add_row("Talk", f"{report.talk_minutes_per_agent_hour:.1f} min per agent hour")
    table.add_row("Limited by", moment.limited_by)
    table.add_row("Lag", f"p99 {moment.lag_p99_ms:.0f} ms of the dialer's time")
    return Group(table, Text("Ctrl-C stops dialing and lets the calls finish.", style="dim"))


def _bars(agents: Mapping[str, int]) -> Text:
    text = Text()
    colours = {
        "talking": "green",
        "on_hold": "magenta",
        "wrap_up": "cyan",
        "ready": "yellow",
        "reserved": "yellow",
    }
    for state, word in AGENT_WORDS.items():
        count = agents.get(state, 0)
        if count:
            text.append(f"{word} {count} ", style=colours.get(state, "dim"))
            text.append("█" * count + "  ", style=colours.get(state, "dim"))
    return text


def summary(figures: Mapping[str, Any], report: Report, problems: list[str]) -> str:
    """The end, as text."""
    lines = [
        f"Dialed {report.attempts} numbers in {report.until - report.since:.0f} s of campaign time "
        f"(speed {figures['speed']:g}): {report.live_answers} people answered, {report.connected} spoke with "
        "an agent.",
        f"Abandon rate {abandon(report)}; {report.ended_before_agent} hung up before an agent came.",
        f"Occupancy {per_cent(report.occupancy)}, {report.talk_minutes_per_agent_hour:.1f} minutes of talk "
        "per agent hour.",
        f"Lag p99 {figures['lag_p99_ms']:.0f} ms of campaign time.",
    ]
    if problems:
        lines.append(f"{figures['invariant_violations']} invariant violations found in the database:")
        lines.extend(f"  {problem}" for problem in problems[:SHOWN_PROBLEMS])
        if len(problems) > SHOWN_PROBLEMS:
            lines.append(f"  ... and {len(problems) - SHOWN_PROBLEMS} more: `ringmaster verify` shows them.")
    else:
        lines.append("Checked from the database alone: no invariant is violated.")
    return "\n".join(lines)


class Display:
    """Shows moments on a console: live if it is a terminal, else a line now and then."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._live: Live | None = None
        self._next_line = 0.0
        self._phase = ""

    def __enter__(self) -> Display:
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=4, transient=False)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, sentence: str) -> None:
        """A line that stays, above the live board."""
        self._console.print(sentence, highlight=False, markup=False, soft_wrap=True)

    def show(self, moment: Moment) -> None:
        """The newest moment."""
        if self._live is not None:
            self._live.update(board(moment, self._title))
        elif moment.seconds >= self._next_line or moment.phase != self._phase:
            self._phase, self._next_line = moment.phase, moment.seconds + PLAIN_EVERY_SECONDS
            self._console.print(line(moment), highlight=False, markup=False, soft_wrap=True)
