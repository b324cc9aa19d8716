"""Rooms of mod_conference: joining, dialing in, members, what is played and recorded."""

from __future__ import annotations

from typing import Final, Literal

from esl.checks import CONFERENCE, DIAL_STRING, PROFILE, WORD, matches, media_path, one_line, quoted
from esl.commands.frames import Api, SendMsg
from esl.commands.media import execute
from esl.errors import UnencodableValue

MemberVerb = Literal["kick", "hup", "mute", "unmute", "deaf", "undeaf", "hold", "unhold"]
_VERBS: Final = ("kick", "hup", "mute", "unmute", "deaf", "undeaf", "hold", "unhold")
_FLAGS: Final = ("mute", "deaf", "moderator", "endconf", "mintwo", "nomoh", "ghost", "join-only")
# Words of the command that may stand where a room's name does.
_RESERVED: Final = ("list", "count", "xml_list", "json_list", "help", "commands")


def conference(
    uuid: str, name: str, profile: str = "default", flags: tuple[str, ...] = (), *, event_uuid: str = ""
) -> SendMsg:
    """Let a leg join the room `name`, which is made if there is none."""
    unknown = [flag for flag in flags if flag not in _FLAGS]
    if unknown:
        raise UnencodableValue(f"Unknown flags {unknown}", f"Use some of {', '.join(_FLAGS)}.")
    tail = f"+flags{{{'|'.join(flags)}}}" if flags else ""
    room = f"{_room(name)}@{matches(PROFILE, profile, 'A profile')}{tail}"
    return execute(uuid, "conference", room, event_uuid=event_uuid)


def conference_dial(name: str, dial_string: str, caller_number: str, caller_name: str = "") -> Api:
    """Dial someone into a room, in the background; ``+OK Job-UUID: ...`` at once."""
    matches(DIAL_STRING, dial_string, "A dial string")
    number = matches(WORD, caller_number, "A caller's number")
    if caller_name:
        one_line(caller_name, "A caller's name", limit=128)
    words = (_room(name), "bgdial", dial_string, number, *([quoted(caller_name)] if caller_name else []))
    return Api("conference", " ".join(words))


def conference_member(
    name: str, verb: MemberVerb, member: int | Literal["all", "last", "non_moderator"]
) -> Api:
    """Do `verb` to a member, by the Member-ID of conference::maintenance."""
    if verb not in _VERBS:
        raise UnencodableValue(f"Unknown verb {verb!r}", f"Use one of {', '.join(_VERBS)}.")
    named = member in ("all", "last", "non_moderator")
    if not named and (isinstance(member, bool) or not isinstance(member, int) or not 1 <= member < 2**31):
        raise UnencodableValue(f"Not a member: {member!r}", "Use a Member-ID, all, last or non_moderator.")
    return Api("conference", f"{_room(name)} {verb} {member}")


def conference_list(name: str = "") -> Api:
    """A room (or every room) and its members, as json; ``-ERR Conference NAME not found`` when it is none."""
    return Api("conference", f"{_room(name)} json_list" if name else "json_list")


def conference_play(name: str, path: str, member: int | None = None) -> Api:
    """Play a file to a room, or to one member of it."""
    tail = "" if member is None else f" {member:d}"
    return Api("conference", f"{_room(name)} play {quoted(media_path(path))}{tail}")


def conference_record(name: str, path: str, *, stop: bool = False) -> Api:
    """Record a room into a file, or stop that (`path` ``all``: every recording of it)."""
    verb = "norecord" if stop else "record"
    return Api("conference", f"{_room(name)} {verb} {quoted(media_path(path, 'A path to record'))}")


def _room(name: str) -> str:
    if name.lower() in _RESERVED:
        raise UnencodableValue(f"A room can't be named {name!r}: it is a word of the command")
    return matches(CONFERENCE, name, "A room")
