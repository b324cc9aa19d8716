"""A carrier over UDP: registrar and far end, both behind a digest that it checks."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass, field
from typing import Self

from tests.freeswitch.phone import Message, Phone

REALM = "carrier.test"
_NONCE = "5c1b2a90"


@dataclass
class Carrier:
    """Takes REGISTER and INVITE of one account. `contacts`: where it was told to call; `invites`: what it
    answered 200; `refused`: requests whose digest was wrong."""

    username: str
    password: str
    phone: Phone = field(default_factory=lambda: Phone(0))
    contacts: list[str] = field(default_factory=list)
    farewells: list[str] = field(default_factory=list)
    invites: list[Message] = field(default_factory=list)
    refused: list[Message] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.phone.__enter__()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(5)
        self.phone.__exit__()

    @property
    def address(self) -> str:
        return self.phone.address

    def heard(self) -> str:
        """For a failure's words."""
        return "\n".join([*self.contacts, *(one.raw for one in (*self.refused, *self.invites))])

    def _work(self) -> None:
        while not self._over.is_set():
            try:
                data, (_, self.phone.server_port) = self._receive()
            except TimeoutError:
                continue
            request = Message.read(data)
            if request.method == "REGISTER":
                self._register(request)
            elif request.method == "INVITE":
                self._invite(request)
            elif request.method in ("OPTIONS", "BYE", "CANCEL"):
                self.phone.answer(request, "200 OK")

    def _receive(self) -> tuple[bytes, tuple[str, int]]:
        self.phone.socket.settimeout(0.1)
        data, (host, port) = self.phone.socket.recvfrom(65535)
        return data, (host, port)

    def _register(self, request: Message) -> None:
        if not self._knows(request, "authorization", "401 Unauthorized", "WWW-Authenticate"):
            return
        contact = request.headers["contact"]
        leaves = re.search(r"expires=0\b", contact) is not None or request.headers.get("expires") == "0"
        (self.farewells if leaves else self.contacts).append(contact)
        self.phone.answer(request, "200 OK", more=f"Contact: {contact}\r\nExpires: 3600\r\n")

    def _invite(self, request: Message) -> None:
        if self._knows(
            request, "proxy-authorization", "407 Proxy Authentication Required", "Proxy-Authenticate"
        ):
            self.invites.append(request)
            self.phone.answer(request, "200 OK", sdp=True)

    def _knows(self, request: Message, header: str, line: str, asks: str) -> bool:
        """Whether the digest is right; else the request is answered."""
        shown = dict(re.findall(r'(\w+)="?((?:\\.|[^",\\])*)"?', request.headers.get(header, "")))
        if not shown:
            challenge = f'{asks}: Digest realm="{REALM}", nonce="{_NONCE}", algorithm=MD5, qop="auth"\r\n'
            self.phone.answer(request, line, more=challenge)
            return False

        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        account = md5(f"{self.username}:{REALM}:{self.password}")
        asked = md5(f"{request.method}:{shown['uri']}")
        right = md5(f"{account}:{_NONCE}:{shown['nc']}:{shown['cnonce']}:auth:{asked}")
        if shown["username"] == self.username and shown["response"] == right:
            return True
        self.refused.append(request)
        self.phone.answer(request, "403 Forbidden")
        return False
