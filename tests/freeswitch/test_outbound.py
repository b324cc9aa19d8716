"""Outbound mode on a real FreeSWITCH: its `socket` application calls our server. No far end is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent.event import AsyncResult

from esl import commands as c
from esl.client import Client
from esl.errors import SessionEnded
from esl.outbound import OutboundServer, OutboundSettings, Session
from models.ids import new_id
from tests.freeswitch.switch import LOOPBACK, TestSwitch
from tests.integration.dialer.site import wait_for

pytestmark = [pytest.mark.freeswitch, pytest.mark.timeout(60)]

TONE = "tone_stream://%(300,0,400)"
LONG = "tone_stream://%(30000,0,400)"


@pytest.fixture
def leg() -> str:
    """A uuid of its own: the switch frees one a while after its leg is gone, and gives the next another."""
    return new_id()


@pytest.fixture
def client(test_switch: TestSwitch, leg: str) -> Iterator[Client]:
    if test_switch.address.host != LOOPBACK:
        pytest.skip("the switch under test is on another machine: it could not call back")
    client = test_switch.connect()
    client.call(c.SubscribeEvents(("BACKGROUND_JOB",)))
    yield client
    client.send(c.uuid_kill(leg)).get()
    client.close()
    wait_for("no channel is left", lambda: test_switch.channels() == 0, 10)


def served(client: Client, leg: str, mode: str, script: Callable[[Session], Any]) -> Any:
    """What `script` brings for a leg whose dialplan is one `socket`."""
    outcome: AsyncResult[Any] = AsyncResult()

    def handler(session: Session) -> None:
        try:
            outcome.set(script(session))
        except BaseException as error:
            outcome.set_exception(error)
            raise

    with gevent.Timeout(30), OutboundServer(OutboundSettings(host=LOOPBACK, port=0), handler) as server:
        steps = c.inline([("socket", f"{LOOPBACK}:{server.port}{mode}"), ("park", "")])
        client.job(c.originate(leg, "null/1", steps, {})).get()
        return outcome.get()


def test_a_call_is_ours_to_its_end(client: Client, leg: str) -> None:
    def script(session: Session) -> dict[str, Any]:
        session.my_events()
        session.linger(2)
        session.divert_events()
        said: dict[str, Any] = {
            "full": (session.full, session.asynchronous),
            "set": session.run("set", "foo=it's Bob's", seconds=5).application_response,
            "foo": session.call(c.uuid_getvar(session.uuid, "foo")).text,
            "missing": session.run("playback", "/no such/file.wav", seconds=5).application_response,
            "tone": session.run("playback", TONE, seconds=5).application_response,
        }
        playing = session.execute("playback", LONG)
        session.call(c.hangup("", "USER_BUSY"))
        said["cut"] = _fate(playing)
        session.over.wait(5)
        said["over"] = (session.over.is_set(), session.uuid)
        with pytest.raises(SessionEnded):
            session.execute("sleep", "1")
        return said

    said = served(client, leg, " async full", script)
    assert said["full"] == (True, True)
    assert (said["set"], said["foo"]) == ("_none_", "it's Bob's")
    assert (said["missing"], said["tone"]) == ("FILE NOT FOUND", "FILE PLAYED")
    assert said["cut"]
    assert said["over"] == (True, leg)


def _fate(playing: Any) -> str:
    try:
        return str(playing.get(5).application_response)
    except SessionEnded as error:
        return error.code


def test_the_call_goes_on_when_we_let_go_of_it(client: Client, leg: str) -> None:
    def script(session: Session) -> str:
        session.my_events()
        session.execute("playback", LONG)
        return session.uuid

    assert served(client, leg, " async full", script) == leg
    assert client.call(c.uuid_exists(leg)).text == "true"


def test_without_async_an_execution_is_answered_at_its_end(client: Client, leg: str) -> None:
    def script(session: Session) -> tuple[bool, bool, str]:
        session.my_events()
        ended = session.run("playback", TONE, seconds=5)
        return session.full, session.asynchronous, ended.application_response

    assert served(client, leg, "", script) == (False, False, "FILE PLAYED")
