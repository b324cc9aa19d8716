"""The client against a scripted switch on a real socket: pairing, loss, refusal, hostile ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import pytest

from esl import commands
from esl.client import Client
from esl.codec import ApiResponse, CommandReply, Request
from esl.commands import BgApi, SubscribeEvents
from esl.errors import (
    AccessDenied,
    AuthenticationRefused,
    CommandRejected,
    EslError,
    LinkLost,
    LinkTimeout,
    ProtocolError,
    SwitchUnreachable,
)
from esl.wire import (
    auth_request,
    disconnect_notice,
    encode_api_response,
    encode_event,
    encode_reply,
    rude_rejection,
)
from tests.unit.esl.support import Caller, Inbox, ScriptedSwitch, friendly, wire_event


class Client1(Client):
    """A client with its inboxes."""

    def __init__(self, port: int, password: str = "ClueCon", timeout: float = 5.0) -> None:
        self.events = Inbox()
        self.lost = Inbox()
        super().__init__("127.0.0.1", port, password, timeout, on_event=self.events, on_lost=self.lost)


@contextmanager
def connected(
    answer: Callable[[Caller, Request], None] = friendly, **options: Any
) -> Iterator[tuple[Any, Client1]]:
    with ScriptedSwitch(answer) as switch:
        client = Client1(switch.port, **options)
        client.connect()
        try:
            yield switch, client
        finally:
            client.close()


def silent_on(line: bytes) -> Callable[[Caller, Request], None]:
    """A switch that never answers this line."""
    return lambda caller, request: None if request.line == line else friendly(caller, request)


def test_replies_are_paired_in_order_with_events_between() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if request.line.startswith(b"api"):
            caller.write(wire_event("CHANNEL_CREATE", request.text[-1]))
        friendly(caller, request)

    with connected(answer) as (_, client):
        assert client.send(SubscribeEvents(("ALL",))).get().text == "+OK event listener enabled plain"
        pending = client.send_many([commands.uuid_exists(letter) for letter in "abc"])
        assert [each.get() for each in pending] == [
            ApiResponse(f"+OK uuid_exists {letter}\n") for letter in "abc"
        ]
        assert [event.uuid for event in client.events.items] == ["a", "b", "c"]
        assert client.call(commands.status()) == ApiResponse("+OK status\n")
        assert repr(client).endswith("connected, 0 waiting>")


def test_many_commands_are_one_write() -> None:
    seen = []

    def answer(caller: Caller, request: Request) -> None:
        seen.append(request.line)
        friendly(caller, request)

    with connected(answer) as (_, client):
        seen.clear()
        pending = client.send_many([commands.uuid_exists(f"u{number}") for number in range(500)])
        assert [each.get().text for each in pending] == [
            f"+OK uuid_exists u{number}\n" for number in range(500)
        ]
        assert len(seen) == 500


def test_writers_do_not_mix_their_bytes() -> None:
    with connected() as (switch, client):
        greenlets = [
            gevent.spawn(client.call, commands.uuid_setvar(f"u{n}", "note", f"{n}" * 2000)) for n in range(50)
        ]
        gevent.joinall(greenlets, timeout=5, raise_error=True)
        lines = [request.text for request in switch.callers[0].requests[1:]]
        assert sorted(lines) == sorted(f"api uuid_setvar u{n} note {str(n) * 2000}" for n in range(50))


def test_a_refusal_is_raised_by_call_only() -> None:
    with connected(
        lambda caller, request: (
            friendly(caller, request)
            if b"auth" in request.line
            else caller.write(encode_api_response("-ERR No such channel!\n"))
        )
    ) as (_, client):
        assert not client.send(commands.uuid_kill("u")).get().ok
        with pytest.raises(CommandRejected, match="No such channel") as caught:
            client.call(commands.uuid_kill("u"))
        assert (caught.value.code, caught.value.command) == ("command_rejected", "Api uuid_kill")


def test_callbacks_get_the_reply_or_the_error_in_order() -> None:
    told: list[tuple[str, str]] = []

    def note(reply: CommandReply | ApiResponse | None, error: EslError | None) -> None:
        told.append((reply.text if reply else "", error.code if error else ""))

    with connected(silent_on(b"api uuid_exists c")) as (switch, client):
        client.send_many([commands.uuid_exists("a"), commands.uuid_exists("b")], note)
        client.call(commands.status())
        last = client.send(commands.uuid_exists("c"), note)
        switch.callers[0].close()
        client.lost.wait(1)
        assert told == [("+OK uuid_exists a\n", ""), ("+OK uuid_exists b\n", ""), ("", "link_lost")]
        assert last.ready


def test_a_late_reply_does_not_shift_the_others() -> None:
    held: list[Caller] = []

    def answer(caller: Caller, request: Request) -> None:
        if request.line == b"api uuid_exists slow":
            held.append(caller)
        else:
            friendly(caller, request)

    with connected(answer) as (_, client):
        slow = client.send(commands.uuid_exists("slow"))
        with pytest.raises(LinkTimeout) as caught:
            slow.get(timeout=0)
        assert caught.value.code == "link_timeout"
        with gevent.Timeout(5):
            while not held:
                gevent.sleep(0)
        held[0].write(encode_api_response("late"))
        assert client.call(commands.status()).text == "+OK status\n"
        assert slow.get().text == "late"


def test_jobs_are_paired_by_job_uuid() -> None:
    with connected() as (switch, client):
        jobs = [client.job(BgApi("originate", "x", f"j{n}")) for n in range(2)]
        client.call(commands.status())
        for n in (1, 0):
            pairs = [("Event-Name", "BACKGROUND_JOB"), ("Job-UUID", f"j{n}")]
            switch.callers[0].write(encode_event(pairs, "plain", f"+OK leg{n}\n"))
        assert [job.get().text for job in jobs] == ["+OK leg0\n", "+OK leg1\n"]
        assert [event.get("Job-UUID") for event in client.events.wait(2)] == ["j1", "j0"]


def test_a_refused_job_fails_and_a_lost_one_too() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if b"refuse" in request.line:
            caller.write(encode_reply("-ERR command not found"))
        else:
            friendly(caller, request)

    with connected(answer) as (switch, client):
        with pytest.raises(CommandRejected):
            client.job(BgApi("refuse", "x", "j1")).get()
        lost = client.job(BgApi("originate", "x", "j2"))
        client.call(commands.status())
        switch.callers[0].close()
        with pytest.raises(LinkLost):
            lost.get()
        client.lost.wait(1)
        with pytest.raises(LinkLost):
            client.job(BgApi("originate", "x", "j3"))


def test_loss_fails_everything_pending_and_is_told_once() -> None:
    with connected(silent_on(b"api status")) as (switch, client):
        arrived = switch.expect(b"api status")
        pending = client.send_many([commands.status()] * 3)
        arrived.get(timeout=5).close()
        for each in pending:
            with pytest.raises(LinkLost):
                each.get()
        (error,) = client.lost.wait(1)
        assert error.code == "link_lost"
        assert "closed the connection" in error.explain()
        with pytest.raises(LinkLost, match="Not connected"):
            client.send(commands.status())
    assert len(client.lost.items) == 1


def test_a_cut_inside_a_body_does_not_spin() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if b"status" not in request.line:
            friendly(caller, request)
            return
        caller.write(b"Content-Type: api/response\nContent-Length: 1000\n\nhalf")
        caller.close()

    with connected(answer) as (_, client):
        with pytest.raises(LinkLost):
            client.call(commands.status())
        client.lost.wait(1)


def test_events_before_the_end_are_delivered_before_the_loss() -> None:
    order = Inbox()
    with ScriptedSwitch() as switch:
        client = Client("127.0.0.1", switch.port, "ClueCon", on_event=order, on_lost=order)
        client.connect()
        caller = switch.callers[0]
        caller.write(
            *[wire_event("CHANNEL_HANGUP_COMPLETE", f"u{n}") for n in range(200)], disconnect_notice()
        )
        caller.close()
        items = order.wait(201)
        assert [event.uuid for event in items[:200]] == [f"u{n}" for n in range(200)]
        assert "goodbye" in str(items[200])


def test_wrong_password() -> None:
    with ScriptedSwitch() as switch:
        client = Client1(switch.port, password="wrong")
        with pytest.raises(AuthenticationRefused, match="refuses the password") as caught:
            client.connect()
        assert (caught.value.code, type(caught.value)) == ("authentication_refused", AuthenticationRefused)
        assert "wrong" not in caught.value.explain()
        assert not client.connected


def test_rejected_by_the_access_list() -> None:
    with ScriptedSwitch(greeting=rude_rejection() + disconnect_notice()) as switch:
        client = Client1(switch.port)
        with pytest.raises(AccessDenied) as caught:
            client.connect()
        assert caught.value.code == "access_denied"
        assert "apply-inbound-acl" in caught.value.explain()


def test_nobody_there() -> None:
    with ScriptedSwitch() as switch:
        port = switch.port
    with pytest.raises(SwitchUnreachable) as caught:
        Client1(port).connect()
    assert caught.value.code == "switch_unreachable"
    with pytest.raises(LinkLost):
        Client1(port).send(commands.status())


def test_somebody_who_never_greets() -> None:
    with ScriptedSwitch(greeting=b"") as switch, pytest.raises(LinkTimeout):
        Client1(switch.port, timeout=0.01).connect()


def test_another_service_on_the_port() -> None:
    with (
        ScriptedSwitch(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as switch,
        pytest.raises(ProtocolError) as caught,
    ):
        Client1(switch.port).connect()
    assert "another service" in caught.value.explain()


def test_a_reply_to_no_command_is_a_protocol_error() -> None:
    with connected() as (switch, client):
        switch.callers[0].write(encode_reply("+OK for whom?"))
        (error,) = client.lost.wait(1)
        assert isinstance(error, ProtocolError)


def test_a_protocol_error_fails_what_is_pending_after_what_was_whole() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if b"status" not in request.line:
            friendly(caller, request)
            return
        caller.write(
            encode_api_response("first"), b"Content-Type: api/response\nContent-Length: nonsense\n\n"
        )

    with connected(answer) as (_, client):
        first, second = client.send_many([commands.status(), commands.show_channels()])
        assert first.get().text == "first"
        with pytest.raises(ProtocolError):
            second.get()


def test_undecodable_bytes_do_not_end_the_link() -> None:
    with connected() as (switch, client):
        body = b'{"Event-Name":"CHANNEL_CREATE","Unique-ID":"u","variable_x":"\xe9\xff"}'
        switch.callers[0].write(
            b"Content-Length: %d\nContent-Type: text/event-json\n\n%b" % (len(body), body)
        )
        (event,) = client.events.wait(1)
        assert event.variable("x").encode("utf-8", "surrogateescape") == b"\xe9\xff"
        assert client.call(commands.status()).ok


def test_a_callback_that_fails_is_logged_and_the_reading_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    with connected() as (switch, client):
        client.on_event = lambda event: 1 / 0  # type: ignore[assignment]
        switch.callers[0].write(wire_event("HEARTBEAT"))
        assert client.call(commands.status()).ok
        assert client.failed_callbacks == 1
        assert "A callback failed" in caplog.text


def test_closing_fails_what_is_pending_and_is_not_a_loss() -> None:
    with connected(silent_on(b"api status")) as (switch, client):
        goodbye = switch.expect(b"exit")
        pending = client.send(commands.status())
        client.close()
        with pytest.raises(LinkLost, match="We closed"):
            pending.get()
        goodbye.get(timeout=5)
        client.close()
        assert client.lost.items == []
        with pytest.raises(LinkLost, match="closed before"):
            client.connect()


def test_a_switch_that_takes_nothing_loses_the_link() -> None:
    stuck = gevent.event.Event()

    def answer(caller: Caller, request: Request) -> None:
        friendly(caller, request)
        if b"status" in request.line:
            stuck.wait()

    with connected(answer, timeout=0.05) as (_, client):
        client.send(commands.status())
        pending = [client.send_many([commands.uuid_setvar("u", "a", "x" * 8000)] * 1000)[-1]]
        (error,) = client.lost.wait(1)
        assert "takes nothing" in error.explain()
        with pytest.raises(LinkLost):
            pending[0].get()
        stuck.set()


def test_a_flood_does_not_starve_the_others() -> None:
    turns = 0

    def count() -> None:
        nonlocal turns
        while True:
            gevent.sleep(0)
            turns += 1

    with connected() as (switch, client):
        other = gevent.spawn(count)
        flood = wire_event("CHANNEL_CREATE", "u", variable_x="y" * 4000) * 3000
        writer = gevent.spawn(switch.callers[0].write, flood)
        client.events.wait(3000, 20)
        writer.join()
        other.kill()
        assert turns >= len(flood) // (64 * 1024)


def test_importing_does_not_patch() -> None:
    code = "import socket, esl.client, esl.link; assert socket.socket.__module__ == 'socket', socket.socket"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_greeting_in_pieces() -> None:
    def answer(caller: Caller, request: Request) -> None:
        for byte in encode_reply("+OK accepted"):
            caller.write(bytes([byte]))
            gevent.sleep(0)

    with ScriptedSwitch(answer, greeting=b"\n\n" + auth_request()) as switch:
        client = Client1(switch.port)
        client.connect()
        client.close()
