"""How the api asks the dialer for something: a row of the command table, and the wait for its end.

The api never talks to a switch. A wish is written only while a dialer commands the switch: an order to the
dead would be obeyed by whoever is started within the next minute, to everybody's surprise.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Header, Response

from api.principal import Principal
from api.problems import Problem
from api.shapes import Command
from api.state import State
from models.enums import CommandKind, CommandStatus
from models.repository import commands, lease
from models.repository.commands import Asked
from models.repository.db import object_json

STATUSES = (401, 403, 404, 409, 422, 503)
ANSWERS: dict[int | str, dict[str, Any]] = {202: {"model": Command, "description": "Not answered yet."}}

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="The same key with the same content is the same command: it is carried out once.",
    ),
]

_NO_DIALER = "No dialer commands this switch: start one (`ringmaster dialer`), then ask again."
_LOOK_SECONDS = 0.5  # a look at least so often, should an announcement be lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. `switch_id` None: nobody could carry it out."""

    switch_id: str | None
    kind: CommandKind
    agent_id: str | None = None
    campaign_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)

    def is_what(self, asked: Asked) -> bool:
        """Whether that command asked for the same. Of a stop the payload only lists what there was."""
        same = (asked.kind, asked.agent_id, asked.campaign_id) == (self.kind, self.agent_id, self.campaign_id)
        kept = json.loads(object_json(self.payload))
        return same and (self.kind is CommandKind.STOP_ALL or dict(asked.payload) == kept)


async def ask(
    state: State, who: Principal, wish: Wish, response: Response, *, route: str, key: str | None
) -> Command:
    """Write the wish, wait for what the dialer did, and answer so.

    Raises:
        Problem: `no_dialer`, `refused` with the dialer's own sentence, `conflict` of an idempotency key.
    """
    asked = await write(state, who, wish, route=route, key=key)
    return answer([await wait(state, who, asked)], response)[0]


async def write(state: State, who: Principal, wish: Wish, *, route: str, key: str | None) -> Asked:
    """Write the wish unless it was written before with this key.

    Raises:
        Problem: `no_dialer`, `refused`, `conflict`.
    """
    if wish.switch_id is None:
        raise Problem(409, "refused", "No switch is named for this: give the campaign or agent a switch.")
    scoped = None if key is None else f"{who.tenant_id}:{route}:{key}"
    async with state.database.tenant(who.tenant_id) as tx:
        known = None if scoped is None else await tx.run(commands.by_key, scoped, tenant_id=tx.only)
        if known is None:
            if not await tx.run(lease.is_held, wish.switch_id):
                raise Problem(503, "no_dialer", _NO_DIALER)
            command_id = await tx.run(
                commands.insert,
                switch_id=wish.switch_id,
                kind=wish.kind,
                agent_id=wish.agent_id,
                campaign_id=wish.campaign_id,
                payload=wish.payload,
                requested_by=who.label,
                idempotency_key=scoped,
                tenant_id=tx.tenant_id,
            )
            known = await tx.run(commands.get, command_id, tenant_id=tx.only)
    if not wish.is_what(known):
        raise Problem(409, "conflict", "This Idempotency-Key was used for something else: take a new one.")
    return known


async def wait(state: State, who: Principal, asked: Asked) -> Asked:
    """The command as it stands once the dialer has answered, or after `state.command_seconds`."""
    until = time.monotonic() + state.command_seconds
    while asked.is_open:
        seen = state.hub.arrivals  # before the look: what is announced after it is heard
        async with state.database.tenant(who.tenant_id) as tx:
            asked = await tx.run(commands.get, asked.id, tenant_id=tx.only)
        left = until - time.monotonic()
        if left <= 0:
            break
        if asked.is_open:
            await state.hub.event_arrived(seen, timeout_seconds=min(left, _LOOK_SECONDS))
    return asked


def answer(asked: Sequence[Asked], response: Response) -> list[Command]:
    """The commands as the route's answer: 202 while the dialer owes one.

    Raises:
        Problem: `refused` or `no_dialer`, for the first that was not done.
    """
    for one in asked:
        if one.status is CommandStatus.REFUSED:
            raise Problem(409, "refused", _sentence(one.detail) or "The dialer refused it.")
        if one.status is CommandStatus.EXPIRED:
            raise Problem(503, "no_dialer", f"{_sentence(one.detail)} {_NO_DIALER}")
        if one.status is CommandStatus.UNKNOWN:
            raise Problem(503, "no_dialer", f"{_sentence(one.detail)} Look what is, then ask again.")
    if any(one.is_open for one in asked):
        response.status_code = 202
    return [Command.of(one) for one in asked]


def _sentence(detail: str) -> str:
    ended = detail if not detail or detail.endswith((".", "!", "?")) else f"{detail}."
    return ended[:1].upper() + ended[1:]
