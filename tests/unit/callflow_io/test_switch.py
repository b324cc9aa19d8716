"""The switch's face: fence before LinkUp, LinkUp before events, no call without the lease."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gevent
import pytest

from callflow import switch as module
from callflow.effects import Send
from callflow.inputs import Input, LinkDown, LinkUp, Replied, SwitchEvent
from callflow.lease import Lease
from callflow.switch import Switch, fence_name, makes_a_call
from esl import commands
from esl.codec import ApiResponse
from esl.commands import Api, Command, encode
from esl.errors import AuthenticationRefused, CommandRejected, LinkLost
from esl.events import from_headers
from esl.link import Down, LinkSettings, Up

LEG = "0190a000-0000-7000-8000-000000000001"
ORIGINATE = commands.originate(LEG, "sofia/${rm_fence_7}/carrier/12125550100", "&park()", {}, expand=True)
CORE = "11111111-2222-3333-4444-555555555555"


class Reply:
    def __init__(self, text: str) -> None:
        self.text = text

    def get(self, timeout: float | None = None) -> ApiResponse:
        return ApiResponse(self.text)


class FakeLink:
    """A link whose switch answers as told; every command is remembered."""

    def __init__(self, settings: LinkSettings, **callbacks: Callable[[Any], None]) -> None:
        self.on_event, self.on_up, self.on_down = (callbacks[k] for k in ("on_event", "on_up", "on_down"))
        self.up: Up | None = None
        self.dropped: list[str] = []
        self.sent: list[str] = []
        self.writes = 0
        self.answers = {
            "api global_getvar": "hostname=x\nrm_fence_5=gateway\nrm_fence_7=\n",
            "api ringmaster_speed": "+OK 20\n",
        }

    def _answer(self, command: Command) -> str:
        line = encode(command).decode().split("\n")[0]
        self.sent.append(line)
        return self.answers.get(line, "+OK\n")

    def drop(self, why: str) -> None:
        self.dropped.append(why)

    def send(self, command: Command) -> Reply:
        return Reply(self._answer(command))

    def call(self, command: Command) -> ApiResponse:
        if self.up is None:
            raise LinkLost("down")
        answer = ApiResponse(self._answer(command))
        if not answer.ok:
            raise CommandRejected("api", answer.text)
        return answer

    def send_many(self, batch: Sequence[Command], callback: Any = None) -> list[Reply]:
        if self.up is None:
            raise LinkLost("down")
        self.writes += 1
        replies = [Reply(self._answer(command)) for command in batch]
        for reply in replies:
            if callback is not None:
                callback(reply.get(), None)
        return replies

    def stop(self) -> None:
        if self.up is not None:
            self.up = None
            self.on_down(Down("link_lost", LinkLost("stopped")))

    def come_up(self, core: str = CORE) -> None:
        self.on_up(Up(core))
        self.up = Up(core)


class World:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "Link", FakeLink)
        self.now = 0.0
        self.told: list[Input] = []
        self.speeds: list[float | None] = []
        self.lease = Lease(self, ttl_seconds=6.0, real=lambda: self.now)
        self.lease.acquire()
        self.switch = Switch(
            LinkSettings("h", 1, "p"), self.lease, self.told.append, on_speed=self.speeds.append
        )
        self.link: FakeLink = self.switch.link  # type: ignore[assignment]

    def acquire(self) -> int:
        return 7

    def renew(self, token: int) -> bool:
        return True

    def release(self, token: int) -> None:
        pass

    def settle(self) -> None:
        for _ in range(5):
            gevent.sleep(0)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def event(name: str) -> Any:
    return from_headers({"Event-Name": name, "Unique-ID": LEG})


def test_fence_then_link_up_then_events(world: World) -> None:
    world.link.on_up(Up(CORE))
    world.link.on_event(event("CHANNEL_ANSWER"))
    world.link.up = Up(CORE)
    assert world.told == []
    world.settle()
    assert world.link.sent == [
        "api global_getvar",
        "api global_setvar rm_fence_5=",
        "api global_setvar rm_fence_7=gateway",
        "api ringmaster_speed",
    ]
    assert world.told == [LinkUp(CORE), SwitchEvent(event("CHANNEL_ANSWER"))]
    assert world.speeds == [20.0]
    assert world.switch.status() == {"state": "up", "trouble": ""}


def test_events_that_wait_for_the_fence_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HELD", 3)
    for _ in range(4):
        world.link.on_event(event("CHANNEL_ANSWER"))
    assert len(world.link.dropped) == 1
    assert not world.told


def test_a_real_switch_has_no_speed(world: World) -> None:
    world.link.answers["api ringmaster_speed"] = "-ERR ringmaster_speed Command not found!\n"
    world.link.come_up()
    world.settle()
    assert world.speeds == [None]


def test_one_write_for_all_sends_and_replies_by_token(world: World) -> None:
    world.link.come_up()
    world.settle()
    world.told.clear()
    world.link.answers["api status"] = "-ERR no\n"
    writes = world.link.writes
    world.switch.send(
        [Send(ORIGINATE, "orig:1"), Send(commands.uuid_kill(LEG)), Send(commands.status(), "s")]
    )
    assert world.link.writes == writes + 1
    assert world.told == [Replied("orig:1", True, "+OK\n"), Replied("s", False, "-ERR no\n")]


def test_without_the_lease_no_call_leaves_and_everything_else_does(world: World) -> None:
    world.link.come_up()
    world.settle()
    world.told.clear()
    world.link.sent.clear()
    world.now = 4.0
    world.switch.send([Send(ORIGINATE, "orig:1"), Send(commands.uuid_kill(LEG), "kill")])
    assert [line.split()[1] for line in world.link.sent] == ["uuid_kill"]
    assert [type(told) for told in world.told] == [Replied, Replied]
    assert world.told[0] == Replied("orig:1", False, "-ERR the lease is not ours any more\n")


def test_the_fence_waits_for_the_lease(world: World) -> None:
    world.now = 4.0
    world.link.come_up()
    world.settle()
    assert world.told == [LinkUp(CORE)]
    assert "api global_setvar rm_fence_7=gateway" not in world.link.sent
    world.lease.renew_once()
    world.switch.trust_changed(True)
    world.settle()
    assert world.link.sent[-1] == "api global_setvar rm_fence_7=gateway"
    count = len(world.link.sent)
    world.switch.trust_changed(True)  # up already on this run of the switch
    world.settle()
    assert len(world.link.sent) == count


def test_down_is_told_once_and_only_after_up(world: World) -> None:
    away = Down("switch_unreachable", LinkLost("No connection."))
    world.link.on_down(away)
    assert world.told == []
    world.link.come_up()
    world.settle()
    world.link.up = None
    world.link.on_down(away)
    world.link.on_down(away)
    assert world.told == [LinkUp(CORE), LinkDown("switch_unreachable")]
    world.switch.send([Send(commands.status(), "t")])  # lost, as everything sent before
    assert len(world.told) == 2


def test_a_link_that_goes_while_the_fence_is_raised(world: World) -> None:
    world.link.on_up(Up(CORE))
    world.link.on_down(Down("link_lost", LinkLost("gone")))
    world.settle()
    assert world.told == []


def test_a_refused_password_is_a_state_of_its_own(world: World) -> None:
    world.link.on_down(Down("authentication_refused", AuthenticationRefused("refuses the password")))
    assert world.switch.state == "refused"
    assert "Set the password" in world.switch.trouble


def test_a_clean_stop_takes_the_fence_down(world: World) -> None:
    world.link.come_up()
    world.settle()
    world.switch.stop()
    assert world.link.sent[-1] == "api global_setvar rm_fence_7="


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (ORIGINATE, True),
        (commands.originate(LEG, "sofia/gateway/g/12125550100", "&park()", {}), True),
        (commands.uuid_kill(LEG), False),
        (Api("global_setvar", f"{fence_name(1)}=gateway"), False),
    ],
)
def test_what_makes_a_call(command: Command, expected: bool) -> None:
    assert makes_a_call(command) is expected
