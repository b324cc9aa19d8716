"""What the builders take arrives on a real FreeSWITCH as the same bytes; no far end is needed (null legs)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from gevent.event import AsyncResult

from esl import commands as c
from esl.client import Client
from esl.commands import Command
from esl.errors import UnencodableValue
from tests.freeswitch.switch import TestSwitch
from tests.integration.dialer.site import wait_for

pytestmark = [pytest.mark.freeswitch, pytest.mark.timeout(60)]

LEG = "rm-test-values"
VALUES = [
    "it's Bob's",
    "a\\nb \\t \\s \\' \\\"",
    "  outer blanks  ",
    "\ttabs\t",
    "ends in \\",
    "''",
    "'quoted'",
    'say "hi"',
    "a;b=c,d{e}[f]<g>|h&i!",
    "${uuid} $${domain} \\${x}",
    "100% %0A%41",
    "caf\u00e9 \u260e",
    "_undef_",
    "x" * 8192,
    "^^:a:b",
    "ARRAY",
]


@pytest.fixture(scope="module")
def client(test_switch: TestSwitch) -> Iterator[Client]:
    """A connection, and the leg `LEG` parked."""
    client = test_switch.connect()
    client.call(c.SubscribeEvents(("BACKGROUND_JOB",)))
    assert client.job(c.originate(LEG, "null/1", "&park()", {})).get().ok
    yield client
    client.send(c.uuid_kill(LEG)).get()
    client.close()
    wait_for("no channel is left", lambda: test_switch.channels() == 0, 10)


def variable(client: Client, name: str) -> str:
    """By uuid_dump as json, where unset and ``_undef_`` differ; empty when unset."""
    found: str = json.loads(client.call(c.uuid_dump(LEG)).text).get(f"variable_{name}", "")
    return found


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value[:20])
def test_uuid_setvar(client: Client, value: str) -> None:
    client.call(c.uuid_setvar(LEG, "v", value))
    assert variable(client, "v") == value
    client.call(c.uuid_setvar(LEG, "v", ""))
    assert variable(client, "v") == ""


def test_uuid_setvar_multi(client: Client) -> None:
    short = [value for value in VALUES if "{" not in value and len(value) < 99]
    values = {f"v{place}": value for place, value in enumerate(short)}
    client.call(c.uuid_setvar_multi(LEG, values))
    found = json.loads(client.call(c.uuid_dump(LEG)).text)
    assert {name: found.get(f"variable_{name}") for name in values} == values


def test_variables_of_an_originate(client: Client) -> None:
    """One leg for each value that can be carried there; its own end is not waited for."""
    carried = 0
    for place, value in enumerate(VALUES):
        try:
            command = c.originate(f"{LEG}-{place}", "null/1", "&park()", {"v": value, "last": "9"})
        except UnencodableValue:
            continue
        assert client.job(command).get().ok
        dump = json.loads(client.call(c.uuid_dump(f"{LEG}-{place}")).text)
        client.call(c.uuid_kill(f"{LEG}-{place}"))
        assert (dump["variable_v"], dump["variable_last"]) == (value, "9")
        carried += 1
    assert carried >= 5


@pytest.mark.parametrize(
    ("build", "event", "header", "expected"),
    [
        (
            lambda: c.playback(LEG, "/no such/caf\u00e9 1.wav"),
            "CHANNEL_EXECUTE",
            "Application-Data",
            "/no such/caf\u00e9 1.wav",
        ),
        (
            lambda: c.uuid_broadcast(LEG, "/no such/a  b.wav"),
            "CHANNEL_EXECUTE",
            "Application-Data",
            "/no such/a  b.wav",
        ),
        (
            lambda: c.play_and_get_digits(LEG, "/no such/p.wav", "d1", timeout_ms=1000, pattern=r"^\d+$"),
            "CHANNEL_EXECUTE",
            "Application-Data",
            r"1 1 1 1000 # '/no such/p.wav' silence_stream://250 d1 ^\d+$ 2000",
        ),
        (lambda: c.bridge(LEG, "null/2", {"note": "a, b c"}), "CHANNEL_CREATE", "variable_note", "a, b c"),
        (
            lambda: c.execute(LEG, "set", "x=it's Bob's"),
            "CHANNEL_EXECUTE",
            "Application-Data",
            "x=it's Bob's",
        ),
        (lambda: c.uuid_recv_dtmf(LEG, "7@200"), "DTMF", "DTMF-Digit", "7"),
    ],
    ids=["playback", "broadcast", "digits", "bridge", "set", "dtmf"],
)
def test_arguments_of_applications(
    client: Client, build: Callable[[], Command], event: str, header: str, expected: str
) -> None:
    heard: AsyncResult[bool] = AsyncResult()
    client.on_event = lambda each: heard.set(True) if each.get(header) == expected else None
    client.call(c.SubscribeEvents((event,)))
    assert client.send(build()).get().ok
    assert heard.get(timeout=5)


def test_a_recording_s_path(client: Client) -> None:
    path = "/tmp/rm test it/rec 1.wav"
    reply = client.send(c.uuid_record(LEG, path, limit_seconds=5)).get()
    heard = client.send(c.uuid_record(LEG, path, "stop")).get()
    assert (reply.ok, heard.ok) in {(True, True), (False, False)}  # a null leg may have no media to record
