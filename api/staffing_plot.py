"""A staffing plan as a picture: SVG written by hand, because three lines and some bars need no library.

Above: service level, occupancy and abandonment of the busiest interval by the number of agents. Below, for
several intervals: the agents of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from api.staffing import Plan, Row

WIDTH, PANEL, MARGIN = 720, 240, 56
# Of Okabe and Ito: told apart by colour-blind eyes.
LINES = (
    ("service level", "service_level", "#0072B2"),
    ("occupancy", "occupancy", "#E69F00"),
    ("abandonment", "abandonment", "#D55E00"),
)
INK, GRID = "#222222", "#dddddd"


def draw(plan: Plan) -> str:
    """The picture as an SVG document of fixed size; text in it is text."""
    panels = [_by_agents(plan)]
    if len(plan.intervals) > 1:
        panels.append(_by_interval(plan.intervals, top=PANEL + 2 * MARGIN))
    height = len(panels) * (PANEL + 2 * MARGIN)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12" role="img">',
            "<title>Staffing plan</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            *(element for panel in panels for element in panel),
            "</svg>\n",
        ]
    )


def _x(position: float) -> float:
    """Place between the margins for 0 to 1."""
    return round(MARGIN + position * (WIDTH - 2 * MARGIN), 2)


def _y(top: float, share: float) -> float:
    return round(top + MARGIN + (1.0 - share) * PANEL, 2)


def _text(x: float, y: float, words: str, *, anchor: str = "middle", fill: str = INK) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{fill}">{escape(words)}</text>'


def _grid(top: float, labels: Sequence[str]) -> list[str]:
    """Horizontal lines at even steps, with a label each, from the bottom up."""
    elements = []
    for step, label in enumerate(labels):
        y = _y(top, step / (len(labels) - 1))
        elements.append(f'<path d="M{_x(0)} {y}H{_x(1)}" stroke="{GRID}"/>')
        elements.append(_text(_x(0) - 6, y + 4, label, anchor="end"))
    return elements


def _by_agents(plan: Plan) -> list[str]:
    rows = plan.around
    places = [_x((i + 0.5) / len(rows)) for i in range(len(rows))]
    elements = [
        _text(
            WIDTH / 2, 20, f"{rows[0].calls:g} calls, {rows[0].load_erlang:.1f} erlang: by number of agents"
        ),
        *_grid(0, [f"{share} %" for share in range(0, 101, 20)]),
    ]
    for number, (label, name, colour) in enumerate(LINES):
        points = " ".join(f"{x},{_y(0, getattr(row, name))}" for x, row in zip(places, rows, strict=True))
        elements.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        elements.append(_text(_x(0.2 + 0.3 * number), 42, label, fill=colour))
    for x, row in zip(places, rows, strict=True):
        elements.append(_text(x, _y(0, 0) + 18, str(row.agents)))
    enough = next((i for i, row in enumerate(rows) if row.reaches_targets), None)
    if enough is not None:
        elements.append(
            f'<path d="M{places[enough]} {_y(0, 0)}V{_y(0, 1)}" stroke="{INK}" stroke-dasharray="4 4"/>'
        )
        elements.append(_text(places[enough], _y(0, 0) + 36, "enough from here on"))
    return elements


def _by_interval(rows: Sequence[Row], *, top: float) -> list[str]:
    most = max(1, *(row.agents for row in rows))
    # The next even step above the highest bar, in fifths of a round number.
    step = 10 ** (len(str(most)) - 1)
    highest = -(-most // step) * step
    elements = [
        _text(WIDTH / 2, top + 20, "Agents at work in each interval"),
        *_grid(top, [f"{highest * part / 5:g}" for part in range(6)]),
    ]
    width = (WIDTH - 2 * MARGIN) / len(rows)
    for number, row in enumerate(rows):
        y = _y(top, row.agents / highest)
        elements.append(
            f'<rect x="{round(_x(0) + (number + 0.1) * width, 2)}" y="{y}" width="{round(0.8 * width, 2)}" '
            f'height="{round(_y(top, 0) - y, 2)}" fill="{LINES[0][2]}">'
            f"<title>interval {number + 1}: {row.calls:g} calls, {row.agents} agents</title></rect>"
        )
    elements.append(_text(_x(0), _y(top, 0) + 18, "1", anchor="start"))
    elements.append(_text(_x(1), _y(top, 0) + 18, str(len(rows)), anchor="end"))
    return elements
