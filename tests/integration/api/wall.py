"""A wallboard for tests: a WebSocket on the test client, and the one who numbers events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, text
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from api import secrets
from models.ids import new_id
from tests.integration.api.conftest import Office

ORIGIN = {"Origin": "http://ringmaster.test"}
URL = "ws://ringmaster.test/v1/live"
_NUMBER = text(
    """
    WITH last AS (SELECT coalesce(max(seq), 0) AS seq FROM event),
    fresh AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM event WHERE seq IS NULL)
    UPDATE event SET seq = last.seq + fresh.place FROM last, fresh WHERE event.id = fresh.id
    """
)


def tell(engine: Engine, tenant_id: str | None, topic: str = "note", **data: Any) -> None:
    """An event of the tenant, without its place yet."""
    with engine.begin() as db:
        db.execute(
            text(
                "INSERT INTO event (id, tenant_id, topic, at, payload)"
                " VALUES (:id, :tenant, :topic, now(), CAST(:data AS jsonb))"
            ),
            {"id": new_id(), "tenant": tenant_id, "topic": topic, "data": json.dumps(data)},
        )


def number(engine: Engine) -> None:
    """What the worker's leader does: places for all that is committed, and the wake-up."""
    with engine.begin() as db:
        db.execute(_NUMBER)
        db.execute(text("SELECT pg_notify('ringmaster_feed', '')"))


def key(office: Office, *scopes: str) -> dict[str, str]:
    """The header of an API key of our tenant."""
    made = secrets.new_key()
    with office.engine.begin() as db:
        db.execute(
            text(
                "INSERT INTO api_key (id, tenant_id, name, prefix, key_hash, scopes)"
                " VALUES (:id, :tenant, 'key', :prefix, :hash, :scopes)"
            ),
            {
                "id": new_id(),
                "tenant": office.ours.id,
                "prefix": made.prefix,
                "hash": made.key_hash,
                "scopes": list(scopes),
            },
        )
    return {"Authorization": f"Bearer {made.key}"}


@dataclass
class Wall:
    """A connected wallboard: `seq` is the place it has reached, `got` its events."""

    socket: WebSocketTestSession
    seq: int = 0
    got: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)

    def next(self) -> dict[str, Any]:
        """The next message that is no ping; kept in `got` and `figures`."""
        while True:
            message: dict[str, Any] = json.loads(self.socket.receive_text())
            kind = message["type"]
            if kind == "ping":
                self.socket.send_json({"type": "pong"})
                continue
            if kind == "event":
                self.got.append(message)
            if kind == "live":
                self.figures.update({one["id"]: one for one in message["campaigns"]})
            self.seq = message.get("seq", self.seq)
            return message

    def until(self, kind: str, count: int = 1) -> dict[str, Any]:
        """The `count`th message of that type from here on."""
        while True:
            message = self.next()
            count -= message["type"] == kind
            if not count:
                return message

    def end(self) -> int:
        """Read until the server closes: its code."""
        try:
            while True:
                self.next()
        except WebSocketDisconnect as gone:
            return int(gone.code)


@contextmanager
def wall(client: TestClient, resume: int | None = None, **options: Any) -> Iterator[Wall]:
    """Connect and ask."""
    with client.websocket_connect(URL, headers={**ORIGIN, **options.pop("headers", {})}) as socket:
        socket.send_json({"resume": resume})
        yield Wall(socket)
