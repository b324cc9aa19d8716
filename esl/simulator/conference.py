"""Conferences: who is in one, who may speak and hear, who has the floor, and its events (f04).

Without sound, members talk only where a phone echoes what is played to all; such an echo goes on.
PRESENCE_IN events are not made.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import apps, hearing, legs, playback
from esl.simulator.clock import ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core
    from esl.simulator.text import Pairs

SUBCLASS: Final = "conference::maintenance"
_TALK_TICKS: Final = 2  # from a sound to the echo that counts as talking
_ENERGY: Final = "6435"


def _yes(flag: bool) -> str:
    return "true" if flag else "false"


class Member:
    __slots__ = ("channel", "hears", "held", "number", "run", "since_us", "speaks", "talks")

    def __init__(self, number: int, channel: Channel, run: Run, since_us: int) -> None:
        self.number = number
        self.channel = channel
        self.run = run
        self.since_us = since_us
        self.hears = self.speaks = True
        self.talks = self.held = False


class Conference:
    """`members` in the order they came. `alone_us`: since when there is one only, who hears music."""

    __slots__ = (
        "alone_us",
        "floor",
        "loud",
        "members",
        "name",
        "profile",
        "recordings",
        "started_us",
        "uuid",
    )

    def __init__(self, name: str, profile: str, uuid: str, started_us: int) -> None:
        self.name = name
        self.profile = profile
        self.uuid = uuid
        self.started_us = started_us
        self.members: list[Member] = []
        self.floor: Member | None = None
        self.recordings: dict[str, int] = {}
        self.alone_us = 0
        self.loud = False

    def head(self) -> Pairs:
        return [
            ("Conference-Name", self.name),
            ("Conference-Domain", "127.0.0.1"),
            ("Conference-Size", str(len(self.members))),
            ("Conference-Ghosts", "0"),
            ("Conference-Profile-Name", self.profile),
            ("Conference-Unique-ID", self.uuid),
        ]

    def member(self, number: int) -> Member | None:
        return next((member for member in self.members if member.number == number), None)


def tell(core: Core, conference: Conference, action: str, *extra: tuple[str, str]) -> None:
    """An event of the conference itself."""
    pairs = [*conference.head(), ("Action", action), *extra]
    core.emit_custom(SUBCLASS, pairs, site=f"conference/{action}")


def tell_of(core: Core, conference: Conference, member: Member, action: str) -> None:
    """An event of a member."""
    if core.interested("CUSTOM", SUBCLASS):
        pairs = [*conference.head(), *_member(conference, member), ("Action", action)]
        core.emit_custom(SUBCLASS, pairs, site=f"conference/{action}")
    else:
        core.number()


def _member(conference: Conference, member: Member) -> Pairs:
    return [
        ("Floor", _yes(conference.floor is member)),
        *member.channel.pairs(variables=False),
        ("Video", "false"),
        ("Hear", _yes(member.hears)),
        ("See", "true"),
        ("Speak", _yes(member.speaks)),
        ("Talking", _yes(member.talks)),
        ("Mute-Detect", "false"),
        ("Hold", _yes(member.held)),
        ("Member-ID", str(member.number)),
        ("Member-Type", "member"),
        ("Member-Ghost", "false"),
        ("Energy-Level", "100"),
        ("Current-Energy", _ENERGY if member.talks else "0"),
    ]


def join(core: Core, channel: Channel, run: Run) -> None:
    """The application: `NAME@PROFILE`, what follows a `+` (pin, flags) is not looked at."""
    name, _, profile = run.data.split("+")[0].partition("@")
    if not name or not channel.answered:
        apps.finish(core, channel, run)
        return
    conference = core.conferences.get(name)
    if conference is None:
        conference = Conference(name, profile or "default", core.new_uuid(), core.us)
        core.conferences[name] = conference
        tell(core, conference, "conference-create")
    core.next_member += 1
    member = Member(core.next_member, channel, run, core.us)
    conference.members.append(member)
    run.on_leave = partial(_leave, core, conference, member)
    legs.reads(core, channel, "L16")
    channel.vars.update(
        {
            "app_session_uuid": conference.uuid,
            "conference_name": name,
            "conference_member_id": str(member.number),
            "conference_moderator": "false",
            "conference_ghost": "false",
            "conference_uuid": conference.uuid,
        }
    )
    tell_of(core, conference, member, "add-member")
    if len(conference.members) == 1:
        conference.alone_us = core.us
        hearing.hears(core, channel)
        return
    conference.alone_us = 0
    for one in conference.members:
        hearing.talks(core, one.channel)
    core.after(1, partial(_look_for_floor, core, conference))
    if conference.loud:
        core.after(_TALK_TICKS, partial(_echo, core, conference))


def _look_for_floor(core: Core, conference: Conference) -> None:
    """Nobody has the floor: who came last gets it."""
    if conference.floor is None and len(conference.members) > 1:
        _give_floor(core, conference, conference.members[-1])


def _give_floor(core: Core, conference: Conference, member: Member | None) -> None:
    old = str(conference.floor.number) if conference.floor is not None and member is not None else "none"
    conference.floor = member
    pairs = [*conference.head(), ("Action", "floor-change"), ("Old-ID", old)]
    if member is not None:
        pairs += [*conference.head(), *_member(conference, member)]
    pairs.append(("New-ID", str(member.number) if member is not None else "none"))
    core.emit_custom(SUBCLASS, pairs, site="conference/floor-change")


def sound(core: Core, conference: Conference, path: str) -> None:
    """A file is played to all."""
    tell(core, conference, "play-file", ("File", path), ("Async", "false"))
    duration = playback.seconds(core, path)
    core.after(_TALK_TICKS, partial(_echo, core, conference))
    if duration is not None:
        core.after(ticks(duration) + 1, partial(_sounded, core, conference, path, duration))


def _sounded(core: Core, conference: Conference, path: str, duration: float) -> None:
    if core.conferences.get(conference.name) is conference:
        _file_done(core, conference, path, round(duration * 1000))


def _file_done(
    core: Core, conference: Conference, path: str, milliseconds: int, *extra: tuple[str, str]
) -> None:
    played = [
        ("seconds", str(milliseconds // 1000)),
        ("milliseconds", str(milliseconds)),
        ("samples", str(milliseconds * 8)),
    ]
    pairs = [*conference.head(), *played, ("Action", "play-file-done"), ("File", path), *extra]
    core.emit_custom(SUBCLASS, pairs, site="conference/play-file-done")


def _echo(core: Core, conference: Conference) -> None:
    """Phones that echo speak; the first of them takes the floor from who is silent."""
    for member in conference.members:
        end = member.channel.far_end
        can = member.speaks and not member.held and not member.talks
        if not can or end is None or not end.echoes:
            continue
        conference.loud = member.talks = True
        tell_of(core, conference, member, "start-talking")
        if conference.floor is None or not conference.floor.talks:
            _give_floor(core, conference, member)


def hold(core: Core, conference: Conference, member: Member, held: bool) -> None:
    member.held, member.talks = held, False
    tell_of(core, conference, member, "hold-member" if held else "unhold-member")
    if not held and conference.loud:
        core.after(_TALK_TICKS, partial(_echo, core, conference))


def out(core: Core, conference: Conference, member: Member, action: str) -> None:
    """`kick-member`: its application ends; `hup-member`: the leg does."""
    tell_of(core, conference, member, action)

    def go() -> None:
        if member.run in member.channel.runs:
            if action == "hup-member":
                member.channel.apps.clear()
            apps.finish(core, member.channel, member.run)

    core.after(1, go)


def _leave(core: Core, conference: Conference, member: Member) -> None:
    if conference.floor is member:
        _give_floor(core, conference, None)
        core.after(1, partial(_look_for_floor, core, conference))
    conference.members.remove(member)
    tell_of(core, conference, member, "del-member")
    legs.reads(core, member.channel, "PCMU")
    hearing.left(core, member.channel)
    if len(conference.members) == 1:
        conference.alone_us = core.us
        hearing.hears(core, conference.members[0].channel)
    if not conference.members:
        core.after(1, partial(_end, core, conference))


def _end(core: Core, conference: Conference) -> None:
    if conference.members or core.conferences.get(conference.name) is not conference:
        return
    del core.conferences[conference.name]
    if conference.alone_us and core.us - conference.alone_us > 40_000:
        _file_done(core, conference, core.globals.get("hold_music", ""), 0, ("Async", "true"))
    tell(core, conference, "conference-destroy")


def record(core: Core, conference: Conference, path: str) -> None:
    conference.recordings[path] = core.us
    tell(core, conference, "start-recording", ("Path", path))


def stop_recording(core: Core, conference: Conference, path: str) -> None:
    milliseconds = (core.us - conference.recordings.pop(path)) // 1000
    fields = [
        ("Path", path),
        ("Samples-Out", str(milliseconds * 8)),
        ("Samplerate", "8000"),
        ("Milliseconds-Elapsed", str(milliseconds)),
        ("Record-File-Size", str(44 + milliseconds * 16)),
    ]
    tell(core, conference, "stop-recording", *fields)


APPLICATIONS: Final[dict[str, Callable[[Core, Channel, Run], None]]] = {"conference": join}
