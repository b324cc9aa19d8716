"""Outbound mode: FreeSWITCH's side is played from its recordings against our server."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.event import AsyncResult

from esl import commands as c
from esl.codec import Connection, Request
from esl.commands import MyEvents
from esl.errors import CommandRejected, EslError, LinkTimeout, SessionEnded
from esl.events import Event
from esl.outbound import OutboundServer, OutboundSettings, Session
from tests.unit.esl.support import Line, recording

G01 = "g01_outbound_async_full.jsonl.gz"
G02 = "g02_outbound_caller_hangs_up_linger3_json.jsonl"
G03 = "g03_outbound_caller_hangs_up_no_linger.jsonl"
G05 = "g05_outbound_client_closes_mid_call.jsonl"
G06 = "g06_outbound_sync_not_full.jsonl"
NOT_OURS = (b"getvar ", b"nosuch\n")
"""Recorded commands that we have no builder for; the switch's answer to each is left out with it."""
EVENT_UUID = re.compile(rb"event-uuid: (\S+)")


class PlayedSwitch:
    """Plays the recorded switch: reads our commands, which must be the recorded ones, and answers in order.

    The event-uuids of the recording are replaced by those that we gave.
    """

    def __init__(self, port: int, name: str, sends: int | None = None) -> None:
        self.lines = list(recording(name))
        self.sends = sends
        self.sock = socket.create_connection(("127.0.0.1", port), 5)
        self.rest: list[Request] = []
        self._codec = Connection("server")
        self._requests: list[Request] = []
        self._ids: list[tuple[bytes, bytes]] = []

    def play(self) -> None:
        """All of it, or up to the answers of the `sends`-th command; what we send then is in `rest`."""
        skipping, sent = False, 0
        for line in self.lines:
            if line.direction == "send":
                skipping = line.raw.startswith(NOT_OURS)
                if skipping:
                    continue
                if sent == self.sends:
                    break
                self._expect(line)
                sent += 1
            elif line.direction == "recv":
                if not skipping:
                    self.sock.sendall(self._renamed(line.raw))
                skipping = False
        if self.sends is None:
            self.sock.shutdown(socket.SHUT_WR)
        while (request := self._next()) is not None:
            self.rest.append(request)
        self.sock.close()

    def _expect(self, line: Line) -> None:
        (recorded,) = Connection("server").receive(line.raw)
        request = self._next()
        assert request is not None, f"we closed before {recorded}"
        assert request.line == recorded.line
        ours, theirs = dict(request.headers), dict(recorded.headers)
        if "event-uuid" in theirs:
            self._ids.append((theirs.pop("event-uuid").encode(), ours.pop("event-uuid").encode()))
        assert ours == theirs

    def _next(self) -> Request | None:
        while not self._requests:
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._requests += self._codec.receive(data)
        return self._requests.pop(0)

    def _renamed(self, raw: bytes) -> bytes:
        for theirs, ours in self._ids:
            raw = raw.replace(theirs, ours)
        return raw


def played(name: str, script: Callable[[Session], Any], sends: int | None = None) -> tuple[Any, PlayedSwitch]:
    """What `script` brought, against the recorded switch."""
    outcome: AsyncResult[Any] = AsyncResult()

    def handler(session: Session) -> None:
        try:
            outcome.set(script(session))
        except BaseException as error:
            outcome.set_exception(error)
            raise

    with gevent.Timeout(20), OutboundServer(OutboundSettings(port=0), handler) as server:
        switch = PlayedSwitch(server.port, name, sends)
        playing = gevent.spawn(switch.play)
        result = outcome.get()
        playing.get()
        assert not server.sessions
    return result, switch


def test_a_call_from_connect_to_a_lingering_end() -> None:
    """g01: async full; ends by an application that does not exist."""

    def script(session: Session) -> dict[str, Any]:
        heard: list[Event] = []
        session.on_event = heard.append
        assert (session.full, session.asynchronous) == (True, True)
        assert session.channel.get("Caller-Destination-Number")
        session.my_events()
        session.linger()
        session.divert_events()
        said: dict[str, Any] = {"answer": session.run("answer", seconds=5).application_response}
        session.run("set", "foo=bar baz", seconds=5)
        said["here"] = session.run("playback", "/var/lib/freeswitch/sounds/prompt.wav", seconds=5)
        said["missing"] = session.run("playback", "/var/lib/freeswitch/sounds/nosuch.wav", seconds=5)
        digits = session.execute(
            "play_and_get_digits",
            r"1 3 1 1500 # tone_stream://%(200,0,400) silence_stream://100 d1 \d+ 800",
        )
        session.call(c.uuid_recv_dtmf(session.uuid, "7#"))
        said["digits"] = digits.get().variable("d1")
        session.call(c.Filter("Event-Name", "CHANNEL_EXECUTE_COMPLETE"))
        session.call(c.FilterDelete("all"))
        queued = [
            session.execute("playback", "tone_stream://%(400,0,400)"),
            session.execute("playback", "tone_stream://%(300,0,600)"),
        ]
        session.execute("sleep", "200", lock=True).get()
        assert not any(each.ready for each in queued)
        bridged = session.execute("bridge", "sofia/gateway/agent/a1")
        other = next_of(heard, "CHANNEL_BRIDGE")
        session.call(c.Api("uuid_kill", other.get("Other-Leg-Unique-ID", "")))
        bridged.get()
        unknown = session.execute("nosuchapp")
        with pytest.raises(SessionEnded):
            unknown.get()
        said["queued"] = [each.get().application_response for each in queued]
        assert session.connected  # lingering
        with pytest.raises(SessionEnded):
            session.execute("log", "INFO hello!")
        said["cause"] = next_of(heard, "CHANNEL_HANGUP_COMPLETE").get("Hangup-Cause")
        return said

    sends = sum(line.direction == "send" for line in recording(G01)) - len(NOT_OURS) - 3
    said, switch = played(G01, script, sends)
    assert said["here"].application_response == "FILE PLAYED"
    assert said["missing"].application_response == "FILE NOT FOUND"
    assert said["digits"] == "7"
    assert said["queued"] == ["FILE PLAYED", "FILE PLAYED"]
    assert said["cause"] == "DESTINATION_OUT_OF_ORDER"
    assert [request.text for request in switch.rest] == ["exit"]


def next_of(heard: list[Event], name: str) -> Event:
    while not (found := [event for event in heard if event.name == name]):
        gevent.sleep(0)
    return found[0]


def test_the_caller_hangs_up_while_something_plays_and_the_socket_lingers() -> None:
    """g02, in json."""

    def script(session: Session) -> str:
        session.call(MyEvents(fmt="json"))
        session.linger(3)
        session.run("answer", seconds=5)
        ended = session.run("playback", "tone_stream://%(5000,0,400)", seconds=5)
        session.over.wait()
        return ended.application_response

    assert played(G02, script)[0] == "PLAYBACK ERROR"


def test_the_caller_hangs_up_without_linger() -> None:
    """g03: every pending execution settles, and the fate is the call's end, not a broken link."""

    def script(session: Session) -> EslError | None:
        session.my_events()
        session.execute("answer")
        playing = session.execute("playback", "tone_stream://%(5000,0,400)")
        assert playing.get().application_response == "PLAYBACK ERROR"
        session.over.wait()
        return session.fate

    assert isinstance(played(G03, script)[0], SessionEnded)


def test_who_returns_in_mid_call_leaves_the_call_to_itself() -> None:
    """g05."""

    def script(session: Session) -> bool:
        session.my_events()
        answered = session.execute("answer")
        playing = session.execute("playback", "tone_stream://%(6000,0,400)")
        answered.get()
        return playing.ready

    ready, switch = played(G05, script, sends=4)
    assert ready is False
    assert [request.text for request in switch.rest] == ["exit"]


def test_without_async_and_full_a_reply_is_the_application_s_end() -> None:
    """g06."""

    def script(session: Session) -> list[str]:
        assert (session.full, session.asynchronous) == (False, False)
        with pytest.raises(CommandRejected):
            session.call(c.status())
        session.my_events()
        session.run("answer", seconds=5)
        first = session.run("playback", "/var/lib/freeswitch/sounds/prompt.wav", seconds=5)
        reply = session.call(c.playback("", "tone_stream://%(1500,0,400)"))
        return [first.application_response, reply.text]

    said, switch = played(G06, script, sends=6)
    assert said == ["FILE PLAYED", "+OK"]
    assert [request.text for request in switch.rest] == ["exit"]


# --- what is not a well-behaved switch ---


def answered(port: int) -> Any:
    """A peer that has answered `connect`."""
    sock = socket.create_connection(("127.0.0.1", port), 5)
    data = next(line.raw for line in recording(G05) if line.direction == "recv")
    assert sock.recv(9) == b"connect\n\n"
    sock.sendall(data)
    return sock


def test_more_than_the_bound_are_let_go_at_once() -> None:
    entered: AsyncResult[Session] = AsyncResult()

    def handler(session: Session) -> None:
        entered.set(session)
        session.over.wait()

    with gevent.Timeout(5), OutboundServer(OutboundSettings(port=0, max_sessions=1), handler) as server:
        with answered(server.port):
            entered.get()
            with socket.create_connection(("127.0.0.1", server.port), 5) as second:
                assert second.recv(1) == b""
            assert server.refused == 1
        entered.get().over.wait()
        while server.sessions:
            gevent.sleep(0)
        answered(server.port).close()  # there is room again


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"Content-Type: command/reply\nReply-Text: -ERR command not found\n\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"Content-Type: auth/request\n\n",
        b"Content-Type: command/reply\nContent-Length: 99999999999\n\n",
    ],
)
def test_who_does_not_answer_connect_is_given_up(says: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    called: list[Session] = []
    settings = OutboundSettings(port=0, handshake_seconds=0.05)
    with gevent.Timeout(5), OutboundServer(settings, called.append) as server:
        with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
            sock.sendall(says)
            received = b""
            while data := sock.recv(100):
                received += data
        assert received.startswith(b"connect\n\n")
        while server.sessions:
            gevent.sleep(0)
        assert server.refused == 1
    assert called == []


def test_the_handler_s_mistake_ends_its_call_s_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)

    def handler(session: Session) -> None:
        raise KeyError(session.uuid)

    with gevent.Timeout(5), OutboundServer(OutboundSettings(port=0), handler) as server:
        for _ in range(2):
            with answered(server.port) as sock:
                assert sock.recv(99) == b"exit\n\n"


def test_stopping_closes_what_is_open_and_a_cut_ends_what_runs() -> None:
    entered: AsyncResult[Session] = AsyncResult()
    failed: AsyncResult[EslError] = AsyncResult()

    def handler(session: Session) -> None:
        entered.set(session)
        running = session.execute("playback", "x")
        with pytest.raises(SessionEnded) as caught:
            running.get(10)
        failed.set(caught.value)

    with gevent.Timeout(5), OutboundServer(OutboundSettings(port=0), handler) as server:
        answered(server.port).close()
        assert isinstance(failed.get(), SessionEnded)
        entered = AsyncResult()
        failed = AsyncResult()
        with answered(server.port) as still:
            entered.get()
            server.stop()
            assert isinstance(failed.get(), SessionEnded)
            received = b""
            while data := still.recv(999):
                received += data
            assert received.endswith(b"exit\n\n")


def test_a_time_limit_for_an_application_leaves_it_running() -> None:
    def script(session: Session) -> bool:
        session.my_events()
        session.execute("answer")
        playing = session.execute("playback", "tone_stream://%(6000,0,400)")
        with pytest.raises(LinkTimeout):
            playing.get(0.01)
        return session.connected

    assert played(G05, script, sends=4)[0]


def test_who_may_connect() -> None:
    settings = OutboundSettings(allow=("127.0.0.0/8", "10.1.0.0/16", "::1/128"))
    assert all(map(settings.lets_in, ("127.0.0.1", "10.1.2.3", "::1", "::ffff:10.1.2.3")))
    assert not any(map(settings.lets_in, ("10.2.0.1", "192.0.2.1", "fe80::1%eth0", "", "nonsense")))
    for wrong in ({"allow": ("x",)}, {"max_sessions": 0}, {"handshake_seconds": 0}, {"timeout": -1.0}):
        with pytest.raises(ValueError):
            OutboundSettings(**wrong)
    with OutboundServer(OutboundSettings(port=0, allow=("10.1.0.0/16",)), lambda session: None) as server:
        with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
            assert sock.recv(9) == b""
        assert server.refused == 1
