"""The link: up, down, back again; no test waits for a pause, `wait` is the test's own."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, cast

import gevent
import pytest
from gevent.event import Event as Flag

from esl import commands
from esl.backoff import Backoff
from esl.client import Client
from esl.codec import Request
from esl.errors import LinkLost, LinkTimeout
from esl.events import Event
from esl.link import Down, Link, LinkSettings, Up
from esl.wire import encode_api_response, encode_reply, rude_rejection
from tests.unit.esl.support import CORE, Caller, Inbox, ScriptedSwitch, friendly, wire_event

OTHER_CORE = "11111111-2222-3333-4444-555555555555"


class Owner:
    """Owns a link: all it is told, in order, in one inbox; and its pauses, ended by the test."""

    def __init__(
        self, port: int, *, pause: Callable[[Flag, float], bool] | None = None, **settings: Any
    ) -> None:
        self.told = Inbox()
        self.pauses: list[float] = []
        self._pause = pause
        self.link = Link(
            LinkSettings("127.0.0.1", port, settings.pop("password", "ClueCon"), **settings),
            on_event=self.told,
            on_up=self.told,
            on_down=self.told,
            rng=random.Random(1),
            wait=self.wait,
        )

    def wait(self, flag: Flag, seconds: float) -> bool:
        self.pauses.append(seconds)
        if self._pause is not None:
            return self._pause(flag, seconds)
        # A probe's pause ends with the connection; a pause before the next try is over at once.
        if seconds == self.link.settings.probe_seconds:
            return bool(flag.wait(10))
        gevent.sleep(0)
        return bool(flag.is_set())

    def __enter__(self) -> Owner:
        self.link.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()


def test_up_then_events_then_down_then_up_again() -> None:
    cores = [CORE, OTHER_CORE]

    def answer(caller: Caller, request: Request) -> None:
        if request.line == b"api global_getvar core_uuid":
            caller.write(wire_event("CHANNEL_CREATE", "early"), encode_api_response(cores.pop(0)))
        else:
            friendly(caller, request)

    with ScriptedSwitch(answer) as switch, Owner(switch.port) as owner:
        owner.told.wait(2)
        assert owner.link.up == Up(CORE)
        assert owner.link.call(commands.status()).ok
        switch.callers[0].write(wire_event("CHANNEL_ANSWER", "later"))
        owner.told.wait(3)
        switch.callers[0].close()
        up, early, later, down, again, early_again = owner.told.wait(6)
        assert (up, again) == (Up(CORE), Up(OTHER_CORE))
        assert (early.uuid, later.uuid, early_again.uuid) == ("early", "later", "early")
        assert isinstance(down, Down)
        assert (down.reason, type(down.error)) == ("link_lost", LinkLost)
        assert "up, core 1111" in repr(owner.link)
    assert owner.link.up is None
    assert isinstance(owner.told.items[-1], Down)
    with pytest.raises(LinkLost, match="is down"):
        owner.link.send(commands.status())


def test_it_subscribes_before_it_says_up() -> None:
    with ScriptedSwitch() as switch, Owner(switch.port, events=("CHANNEL_ANSWER", "HEARTBEAT")) as owner:
        owner.told.wait(1)
        lines = [request.text for request in switch.callers[0].requests]
        assert lines == [
            "auth ClueCon",
            "event plain CHANNEL_ANSWER HEARTBEAT",
            "api global_getvar core_uuid",
        ]


def test_pending_commands_fail_before_down_is_told() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if b"uuid_exists" in request.line:
            caller.close()
        else:
            friendly(caller, request)

    with ScriptedSwitch(answer) as switch, Owner(switch.port) as owner:
        owner.told.wait(1)
        owner.link.send(commands.uuid_exists("u"), lambda _, error: owner.told(error))
        up, failed, down = owner.told.wait(3)[:3]
        assert isinstance(up, Up)
        assert isinstance(failed, LinkLost)
        assert isinstance(down, Down)


def test_the_owner_may_send_as_soon_as_it_is_up() -> None:
    with ScriptedSwitch() as switch:
        owner = Owner(switch.port)
        replies: list[str] = []
        owner.link._on_up = lambda up: replies.append(owner.link.call(commands.status()).text)
        with owner:
            with gevent.Timeout(5):
                while not replies:
                    gevent.sleep(0)
            assert replies == ["+OK status\n"]


def test_a_wrong_password_is_said_and_tried_again_slowly(caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedSwitch() as switch, Owner(switch.port, password="wrong") as owner:
        downs = owner.told.wait(3)[:3]
        assert [down.reason for down in downs] == ["authentication_refused"] * 3
        assert all(15 <= pause <= 30 for pause in owner.pauses)
        assert "refuses the password" in caplog.text
        assert "Set the password" in caplog.text
        assert owner.link.up is None


def test_a_rejection_by_the_access_list_is_said() -> None:
    with ScriptedSwitch(greeting=rude_rejection()) as switch, Owner(switch.port) as owner:
        assert owner.told.wait(1)[0].reason == "access_denied"


def test_nobody_there_backs_off_exponentially() -> None:
    with ScriptedSwitch() as switch:
        port = switch.port
    with Owner(port) as owner:
        downs = owner.told.wait(8)[:8]
        assert {down.reason for down in downs} == {"switch_unreachable"}
    fulls = [0.5, 1, 2, 4, 8, 10, 10]
    assert all(full / 2 <= pause <= full for full, pause in zip(fulls, owner.pauses[:7], strict=True))


def test_a_refused_subscription_is_down() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if request.line.startswith(b"event"):
            caller.write(encode_reply("-ERR no keywords supplied"))
        else:
            friendly(caller, request)

    with ScriptedSwitch(answer) as switch, Owner(switch.port) as owner:
        assert owner.told.wait(1)[0].reason == "command_rejected"


def test_the_core_uuid_of_the_first_event_serves_too() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if b"global_getvar" in request.line:
            caller.write(encode_api_response("-ERR no reply\n"), wire_event("HEARTBEAT"))
        else:
            friendly(caller, request)

    with ScriptedSwitch(answer) as switch, Owner(switch.port) as owner:
        up, beat = owner.told.wait(2)[:2]
        assert up == Up(CORE)
        assert isinstance(beat, Event)


def test_a_switch_that_does_not_say_who_it_is_is_down() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if b"global_getvar" in request.line:
            caller.write(encode_api_response(""))
        else:
            friendly(caller, request)

    with ScriptedSwitch(answer) as switch, Owner(switch.port, core_uuid_seconds=0.01) as owner:
        assert owner.told.wait(1)[0].reason == "protocol_error"


def test_loss_while_it_asks_for_the_core_uuid_is_noticed_at_once() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if b"global_getvar" in request.line:
            caller.write(encode_api_response(""))
            caller.close()
        else:
            friendly(caller, request)

    with ScriptedSwitch(answer) as switch, Owner(switch.port, core_uuid_seconds=1000) as owner:
        assert owner.told.wait(1)[0].reason == "link_lost"


def probing(flag: Flag, seconds: float) -> bool:
    """Every pause is over at once."""
    gevent.sleep(0)
    return bool(flag.is_set())


def test_a_half_open_connection_is_found_by_the_probe() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if request.line != b"api status":
            friendly(caller, request)

    with ScriptedSwitch(answer) as switch, Owner(switch.port, pause=probing, probe_timeout=0.01) as owner:
        up, down = owner.told.wait(2)[:2]
        assert up == Up(CORE)
        assert "not said a word" in down.error.explain()


class Slow:
    """A client whose reply comes after `timeouts` waits, in each of which `bytes_each` arrive."""

    def __init__(self, timeouts: int, bytes_each: tuple[int, ...]) -> None:
        self.received_bytes = 0
        self.paused = False
        self.timeouts = timeouts
        self.bytes_each = list(bytes_each)

    def send(self, _: object) -> Slow:
        return self

    def get(self, _: float) -> None:
        if self.timeouts == 0:
            return
        self.timeouts -= 1
        self.received_bytes += self.bytes_each.pop(0)
        raise LinkTimeout("not yet")


def test_a_slow_switch_that_still_speaks_is_not_lost() -> None:
    link = Owner(1).link
    link._probe(cast("Client", Slow(5, (1, 0, 1, 0, 1))))
    link._probe(cast("Client", Slow(1, (0,))))
    with pytest.raises(LinkLost, match="not said a word"):
        link._probe(cast("Client", Slow(5, (1, 0, 0, 1, 1))))


def test_a_switch_that_replies_to_nothing_is_given_up_not_remembered() -> None:
    """It speaks, so the probe does not find it: the commands that wait are bounded all the same."""

    def answer(caller: Caller, request: Request) -> None:
        if request.line.startswith(b"api strepoch"):
            caller.write(wire_event("HEARTBEAT"))
        else:
            friendly(caller, request)

    with ScriptedSwitch(answer) as switch, Owner(switch.port, max_waiting=50) as owner:
        owner.told.wait(1)
        lost: list[object] = []

        def send() -> None:
            owner.link.send(commands.Api("strepoch"), lambda reply, error: lost.append(error))

        for _ in range(50):
            send()
        with pytest.raises(LinkLost, match="does not keep up"):
            send()
        while not isinstance(owner.told.items[-1], Down):
            owner.told.wait(len(owner.told.items) + 1)
        assert "does not keep up" in owner.told.items[-1].error.message
        assert len(lost) == 50
        assert all(isinstance(error, LinkLost) for error in lost)


def test_events_that_nobody_takes_stay_with_the_switch() -> None:
    """While the owner is busy nothing is read, and the link is not taken for dead; then all of it comes."""
    looked, long_busy, is_busy = [0], Flag(), [False]

    def busy() -> bool:
        looked[0] += is_busy[0]
        if looked[0] == 20:  # ten times the patience of the probe
            long_busy.set()
        return is_busy[0]

    with ScriptedSwitch() as switch:
        told = Inbox()
        settings = LinkSettings("127.0.0.1", switch.port, "ClueCon", probe_seconds=0.01, probe_timeout=0.02)
        link = Link(settings, on_event=told, on_up=told, on_down=told, busy=busy)
        link.start()
        try:
            told.wait(1)
            is_busy[0] = True
            for number in range(300):
                switch.callers[0].write(wire_event("CHANNEL_CREATE", f"leg-{number}"))
            assert long_busy.wait(10)
            assert len(told.items) < 300, "one read's worth at most"
            is_busy[0] = False
            items = told.wait(301)
            assert items[-1].uuid == "leg-299"
            assert not any(isinstance(item, Down) for item in items)
        finally:
            link.stop()


def test_events_before_the_switch_says_who_it_is_are_bounded() -> None:
    def answer(caller: Caller, request: Request) -> None:
        if request.line == b"api global_getvar core_uuid":
            for number in range(20):
                caller.write(wire_event("CHANNEL_CREATE", f"leg-{number}"))
        else:
            friendly(caller, request)

    with ScriptedSwitch(answer) as switch, Owner(switch.port, max_held=10) as owner:
        (down,) = owner.told.wait(1)
        assert isinstance(down, Down)
        assert "10 events" in down.error.message


def test_a_callback_that_fails_does_not_end_the_link(caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedSwitch() as switch:
        owner = Owner(switch.port)
        owner.link._on_up = lambda up: 1 / 0  # type: ignore[assignment]
        with owner:
            with gevent.Timeout(5):
                while owner.link.up is None or owner.link._holding:
                    gevent.sleep(0)
            switch.callers[0].write(wire_event("CHANNEL_ANSWER", "u"))
            assert owner.told.wait(1)[0].uuid == "u"
        assert "A callback failed" in caplog.text


def test_stop_before_the_greeting() -> None:
    with ScriptedSwitch(greeting=b"") as switch:
        owner = Owner(switch.port)
        owner.link.start()
        with gevent.Timeout(5):
            while not switch.callers:
                gevent.sleep(0)
        owner.link.stop()
        assert owner.told.items == []


def test_the_backoff_is_bounded_and_jittered() -> None:
    rng = random.Random(3)
    backoff = Backoff(first=1, factor=3, longest=20, refused=60)
    for tries, full in [(0, 1), (1, 3), (2, 9), (3, 20), (5000, 20)]:
        delays = [backoff.delay(tries, rng) for _ in range(200)]
        assert full / 2 <= min(delays) < max(delays) <= full
    assert 30 <= backoff.delay(0, rng, refused=True) <= 60
    for wrong in ({"first": 0.0}, {"first": 11.0}, {"factor": 0.5}, {"refused": 0.0}):
        with pytest.raises(ValueError, match="backoff"):
            Backoff(**wrong)
