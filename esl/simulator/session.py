"""The event socket's own commands: a request of a client and its exact reply (FACTS sections 1 and 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.codec import disconnect_notice, encode_api_response, encode_reply
from esl.simulator import api_core, outbound_socket, sendevent, sendmsg
from esl.simulator.connection import MY_EVENTS
from esl.simulator.event_names import EVENT_NAMES
from esl.simulator.originate import originate

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.codec import Request
    from esl.simulator.connection import Client
    from esl.simulator.core import Core

NOT_FOUND: Final = "-ERR command not found"
NO_KEYWORDS: Final = "-ERR no keywords supplied"
_LOG_NAMES: Final = ("console", "alert", "crit", "err", "warning", "notice", "info", "debug")
LOG_LEVELS: Final = {
    **{name: level for level, name in enumerate(_LOG_NAMES)},
    **{str(level): level for level in range(11)},
}


def handle(core: Core, client: Client, request: Request) -> None:
    """One request. While `api originate` runs, later ones of the connection wait (FACTS section 1)."""
    if client.closing:
        return
    if client.blocked:
        client.waiting.append(request)
        return
    line = request.text
    name, _, rest = line.partition(" ")
    name = name.lower()
    if client.control is not None and outbound_socket.handle(core, client, name, rest, request):
        return
    if name == "exit":
        _bye(core, client)
    elif not client.authenticated:
        _before_auth(core, client, name, rest)
    elif name == "sendevent":
        _reply(core, client, f"+OK {sendevent.fire(core, rest.strip(), request)}")
    elif name == "api" and rest:
        _api(core, client, rest)
    elif name == "bgapi" and rest:
        _bgapi(core, client, rest, request.get("Job-UUID"))
    elif name == "sendmsg":
        channel = core.find(rest.strip())
        unknown = f"-ERR invalid session id [{rest.strip()}]"
        _reply(core, client, unknown if channel is None else sendmsg.queue(core, channel, request))
    else:
        command = COMMANDS.get(name)
        text = NOT_FOUND if command is None else command(core, client, rest.strip())
        _reply(core, client, text)


def _reply(core: Core, client: Client, text: str) -> None:
    core.send(client, encode_reply(text))


def _bye(core: Core, client: Client) -> None:
    _reply(core, client, "+OK bye")
    core.send(client, disconnect_notice())
    core.close(client)


def _before_auth(core: Core, client: Client, name: str, rest: str) -> None:
    if name != "auth":
        _reply(core, client, NOT_FOUND)
    elif rest.strip() == core.config.password:
        client.authenticated = True
        _reply(core, client, "+OK accepted")
    else:  # one try
        _reply(core, client, "-ERR invalid")
        core.send(client, disconnect_notice())
        core.close(client)


def _api(core: Core, client: Client, text: str) -> None:
    name, _, args = text.strip().partition(" ")
    number, at_us = core.number(), core.us

    def answer(body: str) -> None:
        if core.dying:  # `fsctl shutdown now`: no reply, no event (FACTS section 1)
            return
        core.send(client, encode_api_response(body))
        _api_event(core, name, args, number, at_us)
        unblock(core, client)

    client.blocked = True  # the listener's thread is busy: what the command causes comes after its reply
    if is_originate(name, args):
        originate(core, _originate_arguments(core, name, args), answer)
    else:
        answer(api_core.run(core, name, args))


def unblock(core: Core, client: Client, reply: bytes = b"") -> None:
    """The waiting commands are answered first, then the events that were held (b03)."""
    client.blocked = False
    if reply:
        core.send(client, reply)
    waiting, client.waiting = client.waiting, []
    for request in waiting:
        handle(core, client, request)
    if client.blocked:
        return
    held, client.held = client.held, []
    for message in held:
        core.send(client, message)


def _bgapi(core: Core, client: Client, text: str, job_uuid: str | None) -> None:
    name, _, args = text.strip().partition(" ")
    job = job_uuid or core.new_uuid()
    core.send(client, encode_reply(f"+OK Job-UUID: {job}", [("Job-UUID", job)]))
    number, at_us = core.number(), core.us

    def done(body: str) -> None:
        _api_event(core, name, args, number, at_us)
        pairs = [("Job-UUID", job), ("Job-Command", name)]
        if args:
            pairs.append(("Job-Command-Arg", args))
        core.emit_plain("BACKGROUND_JOB", pairs, body=body)

    if is_originate(name, args):
        originate(core, _originate_arguments(core, name, args), done)
    else:
        done(api_core.run(core, name, args))


def is_originate(name: str, args: str) -> bool:
    return name.lower() == "originate" or (name.lower() == "expand" and args.lower().startswith("originate "))


def _originate_arguments(core: Core, name: str, args: str) -> str:
    if name.lower() == "originate":
        return args
    return api_core.expand_globals(core, args)[len("originate ") :]


def _api_event(core: Core, name: str, args: str, number: int, at_us: int) -> None:
    pairs = [("API-Command", name)]
    if args:
        pairs.append(("API-Command-Argument", args))
    core.emit_plain("API", pairs, sequence=number, at_us=at_us)


def _event(core: Core, client: Client, rest: str) -> str:
    words = rest.split()
    fmt = "plain"
    if words and words[0].lower() in ("plain", "json", "xml"):
        fmt = words.pop(0).lower()
    if not words:
        return NO_KEYWORDS
    events, subclasses, everything = _names(words)
    if not (events or subclasses or everything):
        return NO_KEYWORDS
    client.fmt = fmt
    client.events |= events
    client.subclasses |= subclasses
    client.all_events = client.all_events or everything
    core.subscribers.clear()
    return f"+OK event listener enabled {fmt}"


def _names(words: list[str]) -> tuple[set[str], set[str], bool]:
    """Names after CUSTOM are subclasses (FACTS section 3)."""
    events: set[str] = set()
    subclasses: set[str] = set()
    for index, word in enumerate(words):
        name = word.upper()
        if name == "ALL":
            return events, subclasses, True
        if name == "CUSTOM":
            subclasses |= set(words[index + 1 :])
            events.add("CUSTOM")  # those without a subclass
            break
        if name in EVENT_NAMES:
            events.add(name)
    return events, subclasses, False


def _nixevent(core: Core, client: Client, rest: str) -> str:
    words = rest.split()
    if not words:
        return NO_KEYWORDS
    events, subclasses, everything = _names(words)
    if everything:
        client.forget_events()
    if client.all_events and events:
        client.all_events = False
        client.events = set(EVENT_NAMES)
    client.events -= events
    client.subclasses -= subclasses
    core.subscribers.clear()
    return "+OK events nixed"


def _noevents(core: Core, client: Client, rest: str) -> str:
    if not client.listening:
        return "-ERR not listening for events"
    core.forget(client)
    return "+OK no longer listening for events"


def _filter(core: Core, client: Client, rest: str) -> str:
    words = rest.split(" ", 1)
    if not words[0]:
        return NOT_FOUND
    if words[0] == "delete":
        header, _, value = (words[1] if len(words) > 1 else "").partition(" ")
        if not header:
            return "-ERR invalid syntax"
        client.delete_filter(header, value)
        return f"+OK filter deleted. [{header}][{value}]"
    if words[0] == "add":
        words = words[1].split(" ", 1) if len(words) > 1 else [""]
    if len(words) < 2:
        return "-ERR invalid syntax"
    client.add_filter(words[0], words[1])
    return f"+OK filter added. [{words[0]}]=[{words[1]}]"


def _myevents(core: Core, client: Client, rest: str) -> str:
    words = rest.split()
    if not words:
        return NOT_FOUND
    if client.tied_to is not None:
        return "-ERR aready enabled."
    if words[0].lower() in ("plain", "json", "xml"):
        return "-ERR invalid uuid"
    # `myevents UUID json` cuts the format off before it looks for it: it stays as it was (c07, source)
    # FACTS section 3: a uuid that does not exist gets the events of every other channel
    client.tied_to = words[0] if words[0] in core.channels else ""
    client.events |= MY_EVENTS
    core.subscribers.clear()
    return "+OK Events Enabled"


def _log(core: Core, client: Client, rest: str) -> str:
    level = LOG_LEVELS.get(rest.lower() or "debug")
    if level is None:
        return "-ERR invalid log level"
    return f"+OK log level {rest or 'debug'} [{level}]"


def _not_controlling(core: Core, client: Client, rest: str) -> str:
    return "-ERR not controlling a session"


COMMANDS: Final[dict[str, Callable[[Core, Client, str], str]]] = {
    "divert_events": lambda core, client, rest: "-ERR not controlling a session.",
    "event": _event,
    "filter": _filter,
    "linger": _not_controlling,
    "log": _log,
    "myevents": _myevents,
    "nixevent": _nixevent,
    "noevents": _noevents,
    "nolinger": _not_controlling,
    "nolog": lambda core, client, rest: "+OK no longer logging",
}
