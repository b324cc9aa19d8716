"""Our own outbound mode (esl.outbound) is given calls by `ringmaster softswitch` as by a FreeSWITCH."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent.event import AsyncResult

from esl.client import Client
from esl.commands import Api
from esl.errors import SessionEnded
from esl.outbound import OutboundServer, OutboundSettings, Session
from tests.unit.simulator.test_server import RUN

HOST = "127.0.0.1"
LEG = "11111111-0000-4000-8000-000000000001"


@pytest.fixture
def client() -> Iterator[Client]:
    command = [sys.executable, "-c", RUN, "--profile", "corpus", "--port", "0", "--json", "--speed", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as switch:
        try:
            assert switch.stdout is not None
            client = Client(HOST, json.loads(switch.stdout.readline())["port"], "ClueCon")
            client.connect()
            yield client
            client.close()
        finally:
            switch.terminate()


def served(client: Client, options: str, script: Callable[[Session], Any]) -> Any:
    """What `script` brings for a call that the switch hands over."""
    outcome: AsyncResult[Any] = AsyncResult()

    def handler(session: Session) -> None:
        try:
            outcome.set(script(session))
        except BaseException as error:
            outcome.set_exception(error)
            raise

    with gevent.Timeout(30), OutboundServer(OutboundSettings(host=HOST, port=0), handler) as server:
        to = f"{{origination_uuid={LEG}}}sofia/gateway/ans0/1"
        client.send(Api("originate", f"{to} '&socket({HOST}:{server.port}{options})'")).get(10)
        return outcome.get()


def test_a_call_is_ours_to_its_end(client: Client) -> None:
    def script(session: Session) -> list[object]:
        session.my_events()
        session.linger(2)
        said: list[object] = [session.full, session.asynchronous, session.uuid]
        said.append(session.run("set", "foo=it's Bob's", seconds=5).application_response)
        said.append(session.run("playback", "tone_stream://%(300,0,400)", seconds=5).application_response)
        said.append(session.run("playback", "/var/lib/freeswitch/sounds/nosuch.wav", seconds=5))
        said[-1] = said[-1].application_response  # type: ignore[attr-defined]
        playing = session.execute("playback", "tone_stream://%(30000,0,400)")
        session.call(Api("uuid_kill", session.uuid))
        session.over.wait(5)
        try:
            said.append(playing.get(5).application_response)
        except SessionEnded as error:
            said.append(error.code)
        return said

    said = served(client, " async full", script)
    assert said[:6] == [True, True, LEG, "_none_", "FILE PLAYED", "FILE NOT FOUND"]
    assert said[6] in ("FILE PLAYED", "session_ended")


def test_without_async_an_execution_is_answered_at_its_end(client: Client) -> None:
    def script(session: Session) -> tuple[bool, bool, str]:
        session.my_events()
        ended = session.run("playback", "tone_stream://%(300,0,400)", seconds=5)
        return session.full, session.asynchronous, ended.application_response

    assert served(client, "", script) == (False, False, "FILE PLAYED")
