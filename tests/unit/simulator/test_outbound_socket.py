"""The `socket` application beyond the recordings: whose call it is when the client goes, or never came."""

from __future__ import annotations

import asyncio

from esl.codec import CommandReply, Connection, DisconnectNotice, EventMessage, Message
from esl.simulator import Softswitch, SwitchConfig
from esl.simulator.dialplan import Extension
from esl.simulator.inbound import Invite
from esl.simulator.server import ScaledClock, SoftswitchServer
from tests.unit.simulator.driver import EPOCH_US, Driver

FALLBACK = (("playback", "fallback.wav"), ("hangup", ""))


class Outbound(Driver):
    """A driver of the switch beside the client that the switch connects to."""

    def __init__(self, options: str, *before: tuple[str, str]) -> None:
        plan = Extension("^800$", (*before, ("socket", f"127.0.0.1:9 {options}"), *FALLBACK))
        super().__init__(SwitchConfig(epoch_offset_us=EPOCH_US, profile="corpus", dialplan=(plan,)))
        uuid = self.switch.call(Invite("800"), self.now)
        assert uuid is not None
        self.leg = uuid
        self.said: list[Message] = []
        self.left = False
        self.dials = self.switch.take_dials()
        self._outer: Connection[Message] = Connection("client")

    def accept(self) -> None:
        (self.own, host, port), *others = self.dials
        assert (host, port, others) == ("127.0.0.1", 9, [])
        self.switch.dialed(self.own, self.now)
        self.tell("connect")

    def tell(self, text: str) -> str:
        """The reply, if it comes at once."""
        before = len(self.said)
        self.switch.receive(self.own, f"{text}\n\n".encode(), self.now)
        self._take()
        replies = [m.text for m in self.said[before:] if isinstance(m, CommandReply)]
        return replies[0] if replies else ""

    def execute(self, app: str, data: str = "", **headers: str) -> str:
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        message = ["sendmsg", "call-command: execute", f"execute-app-name: {app}", f"execute-app-arg: {data}"]
        return self.tell("\n".join([*message, *lines]))

    def heard(self, name: str) -> list[str]:
        mine = [m.event for m in self.said if isinstance(m, EventMessage)]
        return [e.get("Application") or "" for e in mine if e.name == name]

    def notices(self) -> list[DisconnectNotice]:
        return [m for m in self.said if isinstance(m, DisconnectNotice)]

    def _take(self) -> None:
        output = self.switch.take_output()
        for cid, data in output:
            if cid == getattr(self, "own", None):
                self.left = self.left or data is None
                self.said += self._outer.receive(data) if data is not None else []
            elif data is not None:
                self.messages += self._codec.receive(data)


def test_nobody_listening_leaves_the_caller_to_the_dialplan() -> None:
    call = Outbound("async full")
    call.switch.undialed(call.dials[0][0], call.now)
    ended = call.run_until("CHANNEL_HANGUP_COMPLETE", call.leg)
    assert call.events(call.leg, "PLAYBACK_START")[0].get("Playback-File-Path") == "fallback.wav"
    assert ended.get("variable_socket_host") == "127.0.0.1"


def test_the_next_address_is_tried() -> None:
    call = Outbound("async full")
    plan = Extension("^801$", (("socket", "127.0.0.1:1|127.0.0.1:2 async"),))
    switch = Softswitch(SwitchConfig(dialplan=(plan,)), 1, 0.0)
    switch.call(Invite("801"), 0.0)
    tried = []
    while dials := switch.take_dials():
        tried.append(dials[0][2])
        switch.undialed(dials[0][0], 0.0)
    assert tried == [1, 2]
    assert call.leg in call.switch.live_uuids()


def test_a_client_that_goes_leaves_the_call_parked_and_with_socket_resume_to_the_dialplan() -> None:
    for before, goes_on in (((), False), ((("set", "socket_resume=true"),), True)):
        call = Outbound("async full", *before)
        call.accept()
        call.execute("answer")
        call.execute("playback", "local_stream://moh")
        call.run(1.0)
        call.switch.disconnect(call.own, call.now)
        call.run(1.0)
        names = [e.get("Playback-File-Path") for e in call.events(call.leg, "PLAYBACK_START")]
        assert names[-1] == ("fallback.wav" if goes_on else "local_stream://moh")
        assert call.leg in call.switch.live_uuids()


def test_a_client_without_async_gives_the_call_back_when_it_exits() -> None:
    call = Outbound("full")
    call.accept()
    assert call.execute("answer") == "+OK"
    assert call.execute("sleep", "500") == ""  # the reply comes when it is over
    call.run(1.0)
    assert call.tell("getvar socket_host") == "127.0.0.1"
    assert call.tell("exit") == "+OK bye"
    assert call.left
    assert call.notices()[0].headers[1] == ("Controlled-Session-UUID", call.leg)
    call.run(0.1)
    assert call.events(call.leg, "PLAYBACK_START")[0].get("Playback-File-Path") == "fallback.wav"


def test_commands_queue_and_what_is_interrupted_goes_on() -> None:
    call = Outbound("async full")
    call.accept()
    assert call.tell("myevents") == "+OK Events Enabled"
    assert call.tell("myevents") == "-ERR aready enabled."
    call.execute("answer")
    call.execute("playback", "tone_stream://%(1000,0,400)")
    call.execute("sleep", "500", event_lock="true", event_uuid="e-1")
    call.execute("set", "x=1")
    call.run(0.3)
    assert call.heard("CHANNEL_EXECUTE") == ["answer", "playback", "sleep"]  # the lock keeps `set` out
    call.run(0.4)
    assert call.heard("CHANNEL_EXECUTE_COMPLETE") == ["answer", "sleep", "set"]
    call.run(1.0)
    assert call.heard("CHANNEL_EXECUTE_COMPLETE")[-1] == "playback"


def test_a_lingering_connection_keeps_the_leg_until_it_leaves() -> None:
    call = Outbound("async full")
    call.accept()
    assert call.tell("linger 2") == "+OK will linger 2 seconds"
    call.switch.hang_up(call.leg, call.now)
    call.run(0.2)
    notice = call.notices()[0]
    assert notice.lingers
    assert not call.left
    assert call.execute("playback", "x") == "+OK"
    assert not call.events(call.leg, "CHANNEL_DESTROY")
    call.run(3.0)
    assert call.left
    assert call.events(call.leg, "CHANNEL_DESTROY")


def test_a_client_that_never_says_a_word_is_hung_up_on() -> None:
    call = Outbound("async full")
    call.own = call.dials[0][0]
    call.switch.dialed(call.own, call.now)
    call.run(24.0)
    assert not call.left
    call.run(2.0)
    assert call.left


def test_the_queue_of_a_leg_is_bounded() -> None:
    call = Outbound("async full")
    call.accept()
    replies = {call.execute("set", "x=1") for _ in range(1100)}
    assert replies == {"+OK", "-ERR memory error"}


def test_a_value_with_a_line_end_goes_out_as_freeswitch_writes_it() -> None:
    call = Outbound("async full")
    call.accept()
    call.api(f"uuid_setvar {call.leg} long {'x' * 2000}")
    assert len(call.tell("getvar long")) == 511


async def _serve_one(speed: float) -> list[bytes]:
    """A client that listens, over TCP: what it got."""
    got: list[bytes] = []
    done = asyncio.Event()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"connect\n\nmyevents\n\nsendmsg\ncall-command: execute\nexecute-app-name: answer\n\n")
        while piece := await reader.read(65536):
            got.append(piece)
            if b"CHANNEL_ANSWER" in piece:
                writer.write(b"sendmsg\ncall-command: hangup\n\n")
        writer.close()
        done.set()

    listener = await asyncio.start_server(client, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    plan = Extension("^800$", (("socket", f"127.0.0.1:{port} async full"),))
    switch = Softswitch(SwitchConfig(profile="corpus", dialplan=(plan,)), 1, 0.0)
    server = SoftswitchServer(switch, ScaledClock(speed))
    await server.start()
    switch.call(Invite("800"), server.clock.now())
    server.work()
    await asyncio.wait_for(done.wait(), 10)
    await server.close()
    listener.close()
    return got


def test_over_tcp() -> None:
    said = b"".join(asyncio.run(_serve_one(1.0)))
    assert said.startswith(b"Event-Name: CHANNEL_DATA\n")
    assert b"CHANNEL_HANGUP_COMPLETE" in said
    assert said.endswith(b"http://www.cluecon.com/\n")
