"""The `socket` application: the switch connects to a client and lets it run the call (FACTS 9, g01-g07).

`socket HOST:PORT [async] [full]`. The model does not connect by itself: it names the address in
`Softswitch.take_dials`, and its owner says `dialed` or `undialed`. A leg that nobody answers goes on in its
dialplan, and so does one whose client leaves: at once without `async`, with it only after `resume` or when
the leg has `socket_resume`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.codec import disconnect_notice, encode_reply
from esl.simulator import apps, sendmsg
from esl.simulator.channel import profile_pairs
from esl.simulator.clock import TICKS_PER_SECOND, ticks
from esl.simulator.connection import MY_EVENTS, Client
from esl.simulator.render import ChannelEvent
from esl.wire import plain_block, to_bytes

if TYPE_CHECKING:
    from esl.codec import Request
    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core
    from esl.simulator.text import Pairs

CONNECT_SECONDS: Final = 25  # for the client's first command
DEFAULT_PORT: Final = 8084
LINGERS_FOR_EVER: Final = -1
_REPLY_BYTES: Final = 511  # of FreeSWITCH's buffer for a reply


class Control:
    """A connection that the switch made for one leg, and how the client wants it."""

    __slots__ = (
        "channel",
        "diverts",
        "full",
        "greeted",
        "hosts",
        "linger",
        "lingering",
        "over",
        "resumes",
        "run",
    )

    def __init__(self, channel: Channel, run: Run, hosts: list[tuple[str, int]], *, full: bool) -> None:
        self.channel = channel
        self.run = run
        self.hosts = hosts
        self.full = full
        self.diverts = False
        self.greeted = self.resumes = self.lingering = self.over = False
        self.linger: int | None = None

    @property
    def parked(self) -> bool:
        """With `async` the leg's thread is parked and does what is sent to it; without, the client has it."""
        return self.run.parked


def socket(core: Core, channel: Channel, run: Run) -> None:
    """The application."""
    words = run.data.split()
    hosts = [_address(word) for word in words[0].split("|")] if words else []
    options = {word.lower() for word in words[1:]}
    run.parked = "async" in options
    if hosts:
        channel.vars.set("socket_host", hosts[0][0])
    _try(core, Control(channel, run, hosts, full="full" in options))


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, DEFAULT_PORT
    return host, int(port) if port.isdigit() and int(port) < 65536 else DEFAULT_PORT


def _try(core: Core, control: Control) -> None:
    """The next address; none left: the call goes on without a client."""
    if not control.hosts:
        apps.finish(core, control.channel, control.run)
        return
    host, port = control.hosts.pop(0)
    client = Client(core.new_cid())
    client.control = control
    core.dialing[client.cid] = client
    core.dials.append((client.cid, host, port))


def dialed(core: Core, cid: int) -> None:
    """The connection is there: the client has the first word."""
    client = core.dialing.pop(cid, None)
    if client is None or client.control is None:
        return
    control = client.control
    core.clients[cid] = client
    if not control.channel.alive or control.run not in control.channel.runs:
        core.close(client)
        return
    client.authenticated = True
    control.channel.listener = client
    core.after(ticks(CONNECT_SECONDS), partial(_no_word, core, client))


def undialed(core: Core, cid: int) -> None:
    """Nobody listens there."""
    client = core.dialing.pop(cid, None)
    if client is not None and client.control is not None:
        control = client.control
        if control.channel.alive and control.run in control.channel.runs:
            _try(core, control)


def _no_word(core: Core, client: Client) -> None:
    control = client.control
    if control is not None and not control.greeted and not client.closing:
        ended(core, client)


# what the client says -----------------------------------------------------------------------------------


def handle(core: Core, client: Client, name: str, rest: str, request: Request) -> bool:
    """Whether this was a command of a controlled call, or one that such a client has not; False: an ordinary
    command of a client with `full` control."""
    control = client.control
    if control is None:
        return False
    first, control.greeted = not control.greeted, True
    if name == "connect":
        _connect(core, client, control, first=first)
    elif name == "exit":
        core.send(client, encode_reply("+OK bye"))
        ended(core, client)
    elif name == "sendmsg":
        _sendmsg(core, client, control, rest.strip(), request)
    elif (text := _own(core, client, control, name, rest.strip())) is not None:
        if not first:  # the reply to a first command other than connect is never sent (source)
            _reply(core, client, text)
    elif control.full or name == "filter":
        return False
    else:
        _reply(core, client, "-ERR command not found")
    return True


def _reply(core: Core, client: Client, text: str) -> None:
    """As FreeSWITCH writes it: a value with a line end in it ends the header."""
    cut = to_bytes(text)[:_REPLY_BYTES]
    core.send(client, b"Content-Type: command/reply\nReply-Text: %b\n\n" % cut)


def _connect(core: Core, client: Client, control: Control, *, first: bool) -> None:
    channel = control.channel
    pairs = [
        *core.identity.pairs("CHANNEL_DATA", "CHANNEL_DATA/connect", core.us, core.number()),
        *profile_pairs("Channel", channel),
        *channel.pairs(variables=True),
        ("Content-Type", "command/reply"),
        ("Reply-Text", "+OK\n"),
        ("Socket-Mode", "async" if control.parked else "static"),
        ("Control", "full" if control.full else "single-channel"),
    ]
    core.send(client, plain_block(pairs))
    if first and control.parked and channel.alive:
        core.emit(channel, "CHANNEL_PARK")


def _own(core: Core, client: Client, control: Control, name: str, rest: str) -> str | None:
    if name == "getvar":
        return control.channel.vars.get(rest.split(" ")[0]) or "" if rest else "-ERR command not found"
    if name == "resume":
        control.resumes = True
        control.channel.vars.set("socket_resume", "true")
        return "+OK"
    if name == "myevents":
        return _myevents(core, client, control, rest)
    if name == "divert_events":
        if not rest:
            return "-ERR missing value."
        control.diverts = rest.lower() == "on"
        return "+OK events diverted" if control.diverts else "+OK events not diverted"
    if name in ("linger", "nolinger") and control.full:
        return _linger(control, name, rest)
    return None


def _myevents(core: Core, client: Client, control: Control, rest: str) -> str:
    if client.tied_to is not None:
        return "-ERR aready enabled."
    for fmt in ("xml", "json"):
        if fmt in rest.lower():
            client.fmt = fmt
    client.tied_to = control.channel.uuid
    client.events |= MY_EVENTS
    core.subscribers.clear()
    return "+OK Events Enabled"


def _linger(control: Control, name: str, rest: str) -> str:
    if name == "nolinger":
        control.linger = None
        return "+OK will not linger"
    if not rest:
        control.linger = LINGERS_FOR_EVER
        return "+OK will linger"
    control.linger = int(rest) if rest.isdigit() and len(rest) < 9 else 0
    return f"+OK will linger {control.linger} seconds"


def _sendmsg(core: Core, client: Client, control: Control, uuid: str, request: Request) -> None:
    channel = control.channel
    if uuid and uuid != channel.uuid:
        other = core.find(uuid)
        text = f"-ERR invalid session id [{uuid}]" if other is None else sendmsg.queue(core, other, request)
        _reply(core, client, text)
    elif not channel.alive:
        _reply(core, client, "+OK")
    elif control.parked:
        _reply(core, client, sendmsg.queue(core, channel, request))
    else:  # the client's own thread does it: no reply and no event before it is over
        client.blocked = True
        sendmsg.order(core, channel, request, after=partial(core.unblock, client, encode_reply("+OK")))


def diverted(core: Core, channel: Channel, name: str, tail: Pairs) -> bool:
    """`divert_events on`: a digit is for the client that has the call, and for nobody else. It goes through
    the leg's own queue, which is looked into later: it comes after what the digit caused (g01)."""
    client = channel.listener
    if client is None or client.control is None or not client.control.diverts:
        return False
    args = (name, name, core.us, core.number())
    message = client.event(ChannelEvent(core.identity, args, channel, [], tail, core.verbose_events))

    def look() -> None:
        """The listener's thread: after whatever else this tick brings."""
        core.after(0, partial(core.send_event, client, message))

    core.after(0, look)
    return True


# the end ------------------------------------------------------------------------------------------------


def leg_ended(core: Core, client: Client) -> bool:
    """The leg has reported. Whether it is kept for a client that lingers: destroyed when that leaves."""
    control = client.control
    if control is None or control.linger is None:
        ended(core, client)
        return False
    control.lingering = True
    headers = [
        ("Controlled-Session-UUID", control.channel.uuid),
        ("Content-Disposition", "linger"),
        ("Channel-Name", control.channel.name),
        ("Linger-Time", str(control.linger)),
    ]
    core.send(client, disconnect_notice(headers, ""))
    if control.linger != LINGERS_FOR_EVER:  # whole seconds of the wall clock are counted
        seconds = core.tick // TICKS_PER_SECOND + control.linger + 1
        core.agenda.at(seconds * TICKS_PER_SECOND, partial(ended, core, client))
    return True


def ended(core: Core, client: Client) -> None:
    """The switch ends the connection."""
    control = client.control
    if client.closing or control is None:
        return
    headers = [("Controlled-Session-UUID", control.channel.uuid), ("Content-Disposition", "disconnect")]
    core.send(client, disconnect_notice(headers))
    core.close(client)
    lost(core, client)


def lost(core: Core, client: Client) -> None:
    """The connection is over. The call goes on (g05), in its dialplan if it may."""
    control = client.control
    if control is None or control.over:
        return
    control.over = True
    channel = control.channel
    if channel.listener is client:
        channel.listener = None
    if control.lingering:
        core.bury(channel)
        return
    resumes = not control.parked or control.resumes or channel.vars.true("socket_resume")
    if resumes and channel.alive and control.run in channel.runs:
        apps.leave(core, channel, control.run)
