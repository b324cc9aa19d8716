"""The sections of the page about time: events per second, staffing calls, decisions, a policy in Python."""

from __future__ import annotations

from benchmarks.kept import Kept
from benchmarks.render.markdown import folded, number, table
from benchmarks.render.policies import command


def cost(kept: Kept, level: str) -> str:
    """Time of a decision, and of a day."""
    parts = [
        "One decision in a running campaign, five times a second beside all its events: the least of several "
        f"equal runs, decision by decision, and in the last column as they came. {command('cost', level)}"
    ]
    for entry in kept:
        both = (entry["value"]["decisions"], entry["value"]["days"])
        parts += [table(list(rows[0]), [list(row.values()) for row in rows]) for rows in both]
    return "\n\n".join(parts)


def engines(kept: Kept, level: str) -> str:
    """The same queue in three simulators."""
    head = ["system", "callers", "engine", "mean wait, s", "events/s", "ringmaster's, times as many"]
    lines, notes = [], []
    for entry in kept:
        value = entry["value"]
        ours = value["rows"][0]["events_per_second"]
        lines += [
            [
                f"M/M/{value['servers']}, {value['load']:g} erlang",
                f"{row['customers']:,}",
                f"{row['engine']} {row['version']}",
                f"{row['mean_wait']:.9f}",
                f"{row['events_per_second']:,.0f}",
                number(ours / row["events_per_second"], 1),
            ]
            for row in value["rows"]
        ]
        mean, half = value["simulated"]
        notes.append(f"M/M/{value['servers']}: {mean:.4f} ±{half:.4f} s, Erlang C {value['theory']:.4f} s.")
    about = (
        "The same callers at the same moments with the same service times (mean 1 s), so the waits must be "
        "the same; an event is an arrival or an end of service; CPU seconds of one thread, best of three. "
        f"{command('engines', level)}"
    )
    checked = "Ours over ten seeds, mean wait: " + " ".join(notes)
    return f"{about}\n\n{table(head, lines)}\n\n{checked}"


def overhead(kept: Kept, level: str) -> str:
    """What Python costs."""
    head = ["agents", "decisions", "Rust, µs", "Python, µs", "times", "the same run", "answers/s in Python"]
    lines = [
        [
            str(value["agents"]),
            f"{value['decisions']:,}",
            number(value["rust"], 2),
            number(value["python"], 2),
            number(value["python"] / value["rust"], 0),
            "yes" if value["same"] else "**no**",
            f"{value['answers_per_second']:,.0f}",
        ]
        for value in (entry["value"] for entry in kept)
    ]
    about = (
        "[Ten lines of Python](SOURCE/policies/careful.py) beside the built-in `progressive`, which does "
        "the same: CPU time of the whole run by decision, events and snapshots included. "
        f"{command('overhead', level)}"
    )
    return f"{about}\n\n{table(head, lines)}"


def staffing(kept: Kept, level: str) -> str:
    """Right or wrong, and microseconds."""
    parts = [
        "Figures right to 1e-9 of those told by a package (largest error of those), against reference "
        "values, overloaded queues and sums over states at 50 digits; then the time of a call and "
        "how many times ours that is. More in "
        f"[staffing](SOURCE/results/staffing.md). {command('staffing', level)}"
    ]
    for entry in kept:
        value = entry["value"]
        lines = []
        wrong = []
        for name, models in value["right"].items():
            cells = []
            for model in "BCA":
                right, told, worst, examples = models.get(model, (0, 0, 0.0, ()))
                cells.append(f"{right} / {told} ({worst:.0e})" if told else "–")
                wrong += [f"- {name}, Erlang {model}, {example}" for example in examples]
            lines.append([name, *cells])
        parts.append(table(["package", "Erlang B", "Erlang C", "Erlang A"], lines))
        if wrong:
            parts.append(folded("some of what is not right", "\n".join(wrong)))
        names = list(value["right"])
        times = []
        for timed in value["times"]:
            ours = timed["microseconds"][names[0]]
            cells = [_time(timed["microseconds"][name], ours) for name in names]
            times.append([timed["what"], f"{timed['servers'] or '–'}, {timed['load']:g}", *cells])
        parts.append(table(["µs a call (times ours)", "servers, load", *names], times))
        parts.append(f"A call that takes longer than {value['limit']:g} s is given up and counts as wrong.")
    return "\n\n".join(parts)


def _time(spent: float | None, ours: float | None) -> str:
    if spent is None:
        return "–"
    return f"{spent:.3g}" if not ours or spent == ours else f"{spent:.3g} ({spent / ours:.0f})"
