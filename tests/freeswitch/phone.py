"""A SIP phone over UDP that does what a test tells it: registers, answers, sends what a phone should not."""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import ssl
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import ClassVar, Self

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from models.phones import PHONE_DOMAIN
from tests.freeswitch.switch import LOOPBACK

PATIENCE = 5.0
_SDP = (
    "v=0\r\no=phone 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


@dataclass(frozen=True)
class Message:
    """A request or an answer. Names of headers are in lower case; of repeated ones the first counts."""

    line: str
    headers: dict[str, str]
    raw: str

    @classmethod
    def read(cls, data: bytes) -> Message:
        text = data.decode("utf-8", "replace")
        line, *rest = text.partition("\r\n\r\n")[0].split("\r\n")
        headers: dict[str, str] = {}
        for one in rest:
            name, _, value = one.partition(":")
            headers.setdefault(name.strip().lower(), value.strip())
        return cls(line, headers, text)

    @property
    def status(self) -> int:
        """Of an answer; 0 of a request."""
        return int(self.line.split()[1]) if self.line.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        return "" if self.status else self.line.split()[0]


def digest(challenge: str, user: str, password: str, method: str, uri: str) -> str:
    """The header that answers a challenge (RFC 2617, MD5, qop auth)."""
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    realm, nonce, client, count = given["realm"], given["nonce"], secrets.token_hex(8), "00000001"
    response = md5(
        f"{md5(f'{user}:{realm}:{password}')}:{nonce}:{count}:{client}:auth:{md5(f'{method}:{uri}')}"
    )
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}",'
        f' algorithm=MD5, qop=auth, cnonce="{client}", nc={count}'
    )


@dataclass
class Phone:
    """One phone. `server_port`: where the switch's profile listens, on loopback; `heard`: every status."""

    server_port: int
    socket: socket.socket = field(init=False)
    heard: list[int] = field(default_factory=list)
    via: ClassVar[str] = "UDP"
    _sequence: int = 0

    def __enter__(self) -> Self:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((LOOPBACK, 0))
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    @property
    def address(self) -> str:
        """Where it says that it is, as in `sip:NAME@ADDRESS`."""
        return f"{LOOPBACK}:{self.port}"

    def receive(self, seconds: float) -> bytes:
        """Raises TimeoutError."""
        self.socket.settimeout(seconds)
        return self.socket.recv(65535)

    def send(self, text: str) -> None:
        self.socket.sendto(text.encode(), (LOOPBACK, self.server_port))

    @property
    def sdp(self) -> str:
        """What the phone offers and answers: PCMU."""
        return _SDP.format(host=LOOPBACK, port=self.port + 1)

    def hear(self, seconds: float = PATIENCE) -> Message:
        """The next message; the switch's own OPTIONS are answered on the way. Raises TimeoutError."""
        while True:
            found = Message.read(self.receive(seconds))
            if found.method != "OPTIONS":
                return found
            self.answer(found, "200 OK")

    def is_called(self, seconds: float = PATIENCE) -> Message | None:
        """The next INVITE; None if none comes in time."""
        try:
            while (found := self.hear(seconds)).method != "INVITE":
                pass
            return found
        except TimeoutError:
            return None

    def answer(
        self, request: Message, line: str, *, more: str = "", sdp: bool = False, body: str = ""
    ) -> None:
        """Answer a request of the switch; with the phone's own SDP, or with another."""
        kept = [
            one
            for one in request.raw.partition("\r\n\r\n")[0].split("\r\n")[1:]
            if re.match(r"(?i)(via|from|call-id|cseq)\s*:", one)
        ]
        body = body or (self.sdp if sdp else "")
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = "\r\n".join(
            [
                f"SIP/2.0 {line}",
                *kept,
                f"To: {request.headers['to']};tag=phone",
                f"Contact: <sip:phone@{self.address}>",
            ]
        )
        self.send(f"{text}\r\n{more}{kind}Content-Length: {len(body)}\r\n\r\n{body}")

    def ask(
        self,
        method: str,
        uri: str,
        headers: dict[str, str],
        *,
        login: tuple[str, str] | None = None,
        body: str = "",
    ) -> int:
        """Send a request, prove the login if that is asked for; the status of the last answer."""
        dialog = {"Call-ID": secrets.token_hex(12), **headers}
        found = self._ask(method, uri, dialog, body)
        if login is not None and found.status in (401, 407):
            side = "" if found.status == 401 else "Proxy-"
            name = "www-authenticate" if found.status == 401 else "proxy-authenticate"
            proof = digest(found.headers[name], *login, method, uri)
            found = self._ask(method, uri, {**dialog, f"{side}Authorization": proof}, body)
        return found.status

    def register(
        self,
        login: tuple[str, str] | None,
        *,
        user: str = "",
        domain: str = PHONE_DOMAIN,
        contact: str = "",
        expires: int = 300,
    ) -> int:
        """REGISTER as `user` (the login's own name without one); the status of the last answer."""
        user = user or (login[0] if login else "anybody")
        own = f"<sip:{user}@{domain}>"
        return self.ask(
            "REGISTER",
            f"sip:{domain}",
            {
                "From": f"{own};tag={secrets.token_hex(4)}",
                "To": own,
                "Contact": f"<{contact or f'sip:{user}@{self.address}'}>",
                "Expires": str(expires),
            },
            login=login,
        )

    def _ask(self, method: str, uri: str, headers: dict[str, str], body: str) -> Message:
        self._sequence += 1
        host, branch = self.address.partition(";")[0], secrets.token_hex(8)
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.via} {host};rport;branch=z9hG4bK{branch}",
            "Max-Forwards: 70",
            f"CSeq: {self._sequence} {method}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        if not any(line.startswith("Contact:") for line in lines):
            lines.append(f"Contact: <sip:phone@{self.address}>")
        if body:
            lines.append("Content-Type: application/sdp")
        self.send("\r\n".join(lines) + f"\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        while True:
            found = self.hear()
            if found.status:
                self.heard.append(found.status)
            if found.status >= 200 and found.headers["cseq"] == f"{self._sequence} {method}":
                if method == "INVITE":
                    self._acknowledge(uri, headers, found)
                return found

    def _acknowledge(self, uri: str, headers: dict[str, str], found: Message) -> None:
        kept = {**headers, "To": found.headers["to"]}
        lines = [
            f"ACK {uri} SIP/2.0",
            f"Via: {found.headers['via']}",
            f"CSeq: {self._sequence} ACK",
            *(f"{name}: {value}" for name, value in kept.items() if name in ("From", "To", "Call-ID")),
        ]
        self.send("\r\n".join(lines) + "\r\nContent-Length: 0\r\n\r\n")


class WebPhone(Phone):
    """A browser's phone: SIP over a secure WebSocket (RFC 7118). Any certificate is taken."""

    via = "WSS"
    _web: ClientConnection

    def __init__(self, server_port: int) -> None:
        super().__init__(server_port)
        self._end = ExitStack()

    def __enter__(self) -> Self:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        opened = connect(
            f"wss://{LOOPBACK}:{self.server_port}",
            ssl=trusting,
            subprotocols=[Subprotocol("sip")],
            compression=None,
        )
        self._web = self._end.enter_context(opened)
        return self

    def __exit__(self, *error: object) -> None:
        self._end.close()

    @property
    def address(self) -> str:
        return "browser.invalid;transport=ws"

    def receive(self, seconds: float) -> bytes:
        found = self._web.recv(timeout=seconds)
        return found.encode() if isinstance(found, str) else found

    def send(self, text: str) -> None:
        self._web.send(text)
