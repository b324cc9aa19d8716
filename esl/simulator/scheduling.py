"""sched_hangup, sched_transfer, sched_broadcast, sched_api, sched_del: what the switch does later.

Times are whole seconds of the epoch; the scheduler looks twice a second what is due (f11), so `+2` is between
one and two and a half seconds. A leg's tasks are a group of its uuid and are deleted with the leg.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import api_uuid, legs
from esl.simulator.causes import known_cause
from esl.simulator.clock import TICKS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.core import Core
    from esl.simulator.text import Pairs

_HALF: Final = TICKS_PER_SECOND // 2


class Task:
    """One entry of the scheduler."""

    __slots__ = ("action", "desc", "group", "number", "runtime")

    def __init__(self, number: int, desc: str, group: str, runtime: int, action: Callable[[], None]) -> None:
        self.number = number
        self.desc = desc
        self.group = group
        self.runtime = runtime
        self.action: Callable[[], None] | None = action

    def pairs(self) -> Pairs:
        return [
            ("Task-ID", str(self.number)),
            ("Task-Desc", self.desc),
            ("Task-Group", self.group),
            ("Task-Runtime", str(self.runtime)),
        ]


def add(core: Core, desc: str, group: str, runtime: int, action: Callable[[], None]) -> Task:
    core.next_task += 1
    task = Task(core.next_task, desc, group, runtime, action)
    core.tasks[task.number] = task
    core.emit_plain("ADD_SCHEDULE", task.pairs())
    wait = max(1, runtime * TICKS_PER_SECOND - core.tick)
    core.after(_to_next_look(core, wait), partial(_look, core, task))
    return task


def forget(core: Core, group: str) -> int:
    """Tasks of a leg that is gone, or that somebody deleted; the scheduler notices at its next look."""
    found = [task for task in core.tasks.values() if task.group == group or str(task.number) == group]
    for task in found:
        del core.tasks[task.number]
        task.action = None
        core.after(_to_next_look(core, 1), partial(core.emit_plain, "DEL_SCHEDULE", task.pairs()))
    return len(found)


def _to_next_look(core: Core, ticks: int) -> int:
    """The least wait of `ticks` or more that ends with a look of the scheduler."""
    phase = core.config.scheduler_phase_us // 20_000
    return ticks + (phase - core.tick - ticks) % _HALF


def _look(core: Core, task: Task) -> None:
    if core.tasks.pop(task.number, None) is None or task.action is None:
        return
    task.action()
    core.emit_plain("DEL_SCHEDULE", task.pairs())


def _runtime(core: Core, when: str) -> int:
    """`+N` seconds from now, `@N` the same (for ever, in FreeSWITCH), or seconds of the epoch."""
    now = core.us // 1_000_000
    if when[:1] in ("+", "@"):
        return now + (int(when[1:]) if when[1:].isdigit() else 0)
    return int(when) if when.isdigit() else 0


def sched_hangup(core: Core, args: str) -> str:
    words = args.split()
    if len(words) < 2:
        return "-USAGE: [+]<time> <uuid> [<cause>]\n"
    channel = core.find(words[1])
    if channel is None:
        return api_uuid.NO_CHANNEL
    cause = known_cause(words[2] if len(words) > 2 else "ALLOTTED_TIMEOUT")
    hang_up = partial(legs.hang_up, core, channel, cause, "command")
    if words[0] == "+0":
        hang_up()
    else:
        add(core, "switch_ivr_schedule_hangup", channel.uuid, _runtime(core, words[0]), hang_up)
    return api_uuid.OK


def sched_transfer(core: Core, args: str) -> str:
    words = args.split()
    if not 3 <= len(words) <= 5:
        return "-USAGE: [+]<time> <uuid> <extension> [<dialplan>] [<context>]\n"
    channel = core.find(words[1])
    if channel is None:
        return api_uuid.NO_CHANNEL
    extension, plan, context = [*words[2:], *("XML", "default")[len(words) - 3 :]]

    def move() -> None:
        if channel.alive:
            api_uuid.move(core, channel, "", (extension, plan, context))

    add(core, "switch_ivr_schedule_transfer", channel.uuid, _runtime(core, words[0]), move)
    return api_uuid.OK


def sched_broadcast(core: Core, args: str) -> str:
    """The leg is looked for when it is time, not now."""
    words = args.split()
    if not 3 <= len(words) <= 4:
        return "-USAGE: [[+]<time>|@time] <uuid> <path> [aleg|bleg|both]\n"
    later = partial(api_uuid.uuid_broadcast, core, " ".join(words[1:]))

    def play() -> None:
        later()

    add(core, "switch_ivr_schedule_broadcast", words[1], _runtime(core, words[0]), play)
    return "+OK Message scheduled\n"


def sched_api(core: Core, args: str) -> str:
    """`@N` runs once here."""
    when, _, rest = args.partition(" ")
    group, _, command = rest.partition(" ")
    if not command:
        return "-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n"
    name, _, arguments = command.removesuffix("&").partition(" ")

    def run() -> None:
        if core.run_api is not None:
            core.run_api(name, arguments)

    task = add(core, "sched_api_function", group, _runtime(core, when), run)
    return f"+OK Added: {task.number}\n"


def sched_del(core: Core, args: str) -> str:
    """By task id, or by group, which is the leg's uuid."""
    wanted = args.strip()
    if not wanted:
        return "-ERR Invalid syntax\n"
    return f"+OK Deleted: {forget(core, wanted)}\n"


def unsched_api(core: Core, args: str) -> str:
    wanted = args.strip()
    if not wanted:
        return "-ERR Invalid syntax. USAGE: <task_id>\n"
    return "+OK\n" if wanted.isdigit() and forget(core, wanted) else "-ERR No such id\n"


COMMANDS: Final[dict[str, Callable[[Core, str], str]]] = {
    "sched_api": sched_api,
    "sched_broadcast": sched_broadcast,
    "sched_del": sched_del,
    "sched_hangup": sched_hangup,
    "sched_transfer": sched_transfer,
    "unsched_api": unsched_api,
}
