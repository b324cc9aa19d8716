"""What agents' phones are told: where to register, and by which servers a browser finds a way for sound.

A TURN server relays for whoever has a credential, so each phone gets one of its own that expires: the way of
coturn's `use-auth-secret` (draft-uberti-behave-turn-rest), in which no user and password is kept anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from models.errors import InvalidValue

_ICE = re.compile(r"(stun|turns?):[A-Za-z0-9.\[\]:-]{1,255}(\?transport=(udp|tcp))?", re.ASCII)

_WEBSOCKET = re.compile(
    r"(wss://([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[1-9][0-9]{0,4})?)(/[\w./-]*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server, as RTCPeerConnection takes it."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Phones:
    """What agents' phones are told.

    Attributes:
        seconds: how long a phone's login holds.
        server: where a phone registers, HOST:PORT.
        websocket: where a browser registers, wss://HOST:PORT.
        ice: STUN and TURN servers, `stun:HOST:PORT`, `turn:HOST:PORT?transport=tcp`.
        turn_secret: shared with the TURN servers.
    """

    seconds: float = 12 * 3600.0
    server: str = ""
    websocket: str = ""
    ice: tuple[str, ...] = ()
    turn_secret: str = ""

    def __post_init__(self) -> None:
        wrong = [url for url in self.ice if _ICE.fullmatch(url) is None]
        if wrong:
            raise InvalidValue(
                "ice_servers", f"write {wrong[0][:80]!r} like stun:HOST:PORT or turn:HOST:PORT"
            )
        if self._turn and not self.turn_secret:
            raise InvalidValue("turn_secret", "a TURN server needs RINGMASTER_TURN_SECRET, which it has too")
        if self.websocket and self.origin == "":
            raise InvalidValue("phone_websocket", "write RINGMASTER_PHONE_WEBSOCKET like wss://HOST:PORT")

    @property
    def _turn(self) -> tuple[str, ...]:
        return tuple(url for url in self.ice if not url.startswith("stun:"))

    @property
    def origin(self) -> str:
        """The WebSocket's place as a page's policy names it; empty if it is none."""
        found = _WEBSOCKET.fullmatch(self.websocket)
        return "" if found is None else found[1]

    def ice_servers(self, name: str, until: datetime) -> tuple[IceServer, ...]:
        """The servers for one phone, with a credential of its own until then."""
        stun = tuple(url for url in self.ice if url.startswith("stun:"))
        made = [IceServer(stun)] if stun else []
        if self._turn:
            user = f"{int(until.timestamp())}:{name}"
            proof = hmac.new(self.turn_secret.encode(), user.encode(), hashlib.sha1).digest()
            made.append(IceServer(self._turn, user, base64.b64encode(proof).decode()))
        return tuple(made)
