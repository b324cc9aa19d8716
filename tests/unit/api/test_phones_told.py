"""What phones are told: TURN credentials that expire, and settings that can't be meant."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from api.phones import IceServer, Phones
from models.errors import InvalidValue

UNTIL = datetime(2026, 1, 5, 14, tzinfo=UTC)


def test_a_turn_server_gets_a_credential_that_it_can_check() -> None:
    told = Phones(ice=("stun:stun.example:3478", "turn:turn.example:3478?transport=udp"), turn_secret="s")
    stun, turn = told.ice_servers("pabc", UNTIL)
    assert stun == IceServer(("stun:stun.example:3478",))
    assert turn.username == f"{int(UNTIL.timestamp())}:pabc"
    proof = hmac.new(b"s", turn.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(turn.credential) == proof
    assert told.ice_servers("pabd", UNTIL)[1].credential != turn.credential


def test_without_servers_there_are_none() -> None:
    assert Phones().ice_servers("pabc", UNTIL) == ()
    assert Phones().origin == ""


@pytest.mark.parametrize(
    "url", ["turn:", "http://turn.example", "turn:a b", "turn:a?transport=sctp", "stun:a'b", "stun:a\n"]
)
def test_what_is_no_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="write"):
        Phones(ice=(url,), turn_secret="s")


def test_a_turn_server_without_the_secret_is_refused() -> None:
    with pytest.raises(InvalidValue, match="RINGMASTER_TURN_SECRET"):
        Phones(ice=("turns:turn.example:5349",))


@pytest.mark.parametrize(
    ("websocket", "origin"),
    [
        ("wss://fs.example:7443", "wss://fs.example:7443"),
        ("wss://[2001:db8::1]:7443/x", "wss://[2001:db8::1]:7443"),
    ],
)
def test_a_page_may_connect_to_the_switch(websocket: str, origin: str) -> None:
    assert Phones(websocket=websocket).origin == origin


@pytest.mark.parametrize(
    "websocket",
    [
        "ws://fs.example",
        "https://fs.example",
        "fs.example:7443",
        "wss://",
        "wss://a;script-src *",
        "wss://[",
        "wss://a:x",
    ],
)
def test_what_is_no_secure_websocket_is_refused(websocket: str) -> None:
    with pytest.raises(InvalidValue, match="wss://HOST:PORT"):
        Phones(websocket=websocket)
