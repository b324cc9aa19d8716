"""`api conference NAME COMMAND ...`: lists, and what can be done to members, texts as in f04."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from esl.simulator import conference as rooms

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.conference import Conference, Member
    from esl.simulator.core import Core

_FLAGS: Final = "running|answered|enforce_min|dynamic|exit_sound|enter_sound|json_status"
_USAGE: Final = "-ERR Conference command not found\n"


def conference(core: Core, args: str) -> str:
    words = args.split(" ", 2)
    name, command, rest = [*words, "", "", ""][:3]
    if name in ("list", "json_list") and not command:
        return _lists(core, name)
    room = core.conferences.get(name)
    if room is None:
        return f"-ERR Conference {name} not found\n"
    if command == "list":
        return _lines(room)
    if command == "json_list":
        return _json([_described(core, room)])
    if command in ("play", "record", "norecord"):
        return _of_all(core, room, command, rest)
    act = MEMBER_COMMANDS.get(command)
    return _USAGE if act is None else _of_members(core, room, rest.strip(), act)


def _lists(core: Core, command: str) -> str:
    rooms_now = list(core.conferences.values())
    if command == "json_list":
        return _json([_described(core, room) for room in rooms_now])
    if not rooms_now:
        return "+OK No active conferences.\n"
    return "".join(
        f"+OK Conference {room.name} ({len(room.members)} member{'' if len(room.members) == 1 else 's'} "
        f"rate: 8000 flags: {_FLAGS})\n{_lines(room)}"
        for room in rooms_now
    )


def _lines(room: Conference) -> str:
    return "".join(f"{_line(room, member)}\n" for member in reversed(room.members))


def _line(room: Conference, member: Member) -> str:
    told = {
        "hear": member.hears,
        "speak": member.speaks,
        "talking": member.talks,
        "hold": member.held,
        "floor": room.floor is member,
    }
    flags = "|".join(name for name, is_so in told.items() if is_so)
    c = member.channel
    return f"{member.number};{c.name};{c.uuid};{c.cid_name};{c.cid_number};{flags};0;0;100"


def _described(core: Core, room: Conference) -> dict[str, Any]:
    return {
        "conference_name": room.name,
        "member_count": len(room.members),
        "ghost_count": 0,
        "rate": 8000,
        "run_time": (core.us - room.started_us) // 1_000_000,
        "conference_uuid": room.uuid,
        "locked": False,
        "running": True,
        "answered": True,
        "dynamic": True,
        "recording": bool(room.recordings),
        "variables": {},
        "members": [_member(core, room, member) for member in reversed(room.members)],
    }


def _member(core: Core, room: Conference, member: Member) -> dict[str, Any]:
    return {
        "type": "caller",
        "id": member.number,
        "flags": {
            "can_hear": member.hears,
            "can_see": True,
            "can_speak": member.speaks,
            "hold": member.held,
            "mute_detect": False,
            "talking": member.talks,
            "has_video": False,
            "has_floor": room.floor is member,
            "is_moderator": False,
            "end_conference": False,
        },
        "uuid": member.channel.uuid,
        "caller_id_name": member.channel.cid_name,
        "caller_id_number": member.channel.cid_number,
        "join_time": (core.us - member.since_us) // 1_000_000,
        "last_talking": 0,
        "energy": 100,
        "volume_in": 0,
        "volume_out": 0,
    }


def _json(found: list[dict[str, Any]]) -> str:
    return json.dumps(found, indent="\t", separators=(",", ":\t"), ensure_ascii=False)


def _of_all(core: Core, room: Conference, command: str, rest: str) -> str:
    path = rest.split(" ")[0]
    if command == "play":
        if not path or path in core.config.missing_files:
            return f"-ERR (play) File: {path or '(unspecified)'} not found.\n"
        rooms.sound(core, room, path)
        return f"+OK (play) Playing file {path}\n"
    if command == "record":
        rooms.record(core, room, path)
        return f"+OK Record file {path}\n"
    found = list(room.recordings) if path == "all" else [name for name in room.recordings if name == path]
    for name in found:
        rooms.stop_recording(core, room, name)
    told = "".join(f"Stopped recording file {name}\n" for name in found)
    return f"{told}+OK Stopped recording {0 if path == 'all' else len(found)} files\n"


def _of_members(
    core: Core, room: Conference, wanted: str, act: Callable[[Core, Conference, Member], str]
) -> str:
    """`ID`, `all` or `last`."""
    if wanted == "all":
        found = list(reversed(room.members))
    elif wanted == "last":
        found = room.members[-1:]
    else:
        one = room.member(int(wanted)) if wanted.isdigit() and len(wanted) < 10 else None
        if one is None:
            return f"-ERR Member: {wanted} not found.\n"
        found = [one]
    return "".join(act(core, room, member) for member in found)


def _switch(what: str, field: str, value: bool) -> Callable[[Core, Conference, Member], str]:
    def act(core: Core, room: Conference, member: Member) -> str:
        setattr(member, field, value)
        if field == "speaks" and not value:
            member.talks = False
        rooms.tell_of(core, room, member, f"{what}-member")
        return f"+OK {what} {member.number}\n"

    return act


def _hold(what: str, held: bool) -> Callable[[Core, Conference, Member], str]:
    def act(core: Core, room: Conference, member: Member) -> str:
        rooms.hold(core, room, member, held)
        return f"+OK {what} {member.number}\n"

    return act


def _out(done: str, action: str) -> Callable[[Core, Conference, Member], str]:
    def act(core: Core, room: Conference, member: Member) -> str:
        rooms.out(core, room, member, action)
        return f"+OK {done} {member.number}\n"

    return act


MEMBER_COMMANDS: Final[dict[str, Callable[[Core, Conference, Member], str]]] = {
    "deaf": _switch("deaf", "hears", False),
    "hold": _hold("hold", True),
    "hup": _out("hup", "hup-member"),
    "kick": _out("kicked", "kick-member"),
    "mute": _switch("mute", "speaks", False),
    "undeaf": _switch("undeaf", "hears", True),
    "unhold": _hold("unhold", False),
    "unmute": _switch("unmute", "speaks", True),
}
COMMANDS: Final[dict[str, Callable[[Core, str], str]]] = {"conference": conference}
