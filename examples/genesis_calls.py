"""An Event Socket client that is not ours against `ringmaster softswitch`: genesis, in both modes.

    ringmaster softswitch --profile corpus --port 8021 --speed 20
    python examples/genesis_calls.py 127.0.0.1 8021 ClueCon

It needs what `requirements-genesis.lock` has, in an environment of its own: `make genesis` makes one and
tries this. Prints one JSON line a call. It runs against a FreeSWITCH with gateways `ans0`, `busy486`, too.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from typing import Any

from genesis import Inbound, Outbound, Session

EVENTS = "CHANNEL_ANSWER CHANNEL_HANGUP_COMPLETE"


async def dial(client: Inbound, to: str, application: str = "&park()", leg: str = "") -> str:
    """Starts a call and gives its uuid; what becomes of it is said by events."""
    leg = leg or str(uuid.uuid4())
    where = f"{{origination_uuid={leg},ignore_early_media=true}}sofia/gateway/{to}"
    reply = await client.send(f"bgapi originate {where} {application}")
    assert reply["Reply-Text"].startswith("+OK Job-UUID"), reply
    return leg


async def play_and_hang_up(session: Session) -> None:
    """What genesis does with a call that the switch hands over to it."""
    played = await session.sendmsg("execute", "playback", "silence_stream://400", block=True)
    say(mode="outbound", uuid=session.uuid, answer=played["Application-Response"])
    await session.sendmsg("hangup", "hangup", "NORMAL_CLEARING")


async def main(host: str, port: int, password: str) -> None:
    ended: dict[str, asyncio.Future[dict[str, Any]]] = {}
    answered: set[str] = set()
    handed_over: set[str] = set()
    loop = asyncio.get_running_loop()
    async with Inbound(host, port, password) as client:

        async def on_answer(event: Any) -> None:
            answered.add(event["Unique-ID"])
            if event["Unique-ID"] not in handed_over:
                await client.send(f"api uuid_kill {event['Unique-ID']}")

        async def on_end(event: Any) -> None:
            future = ended.setdefault(event["Unique-ID"], loop.create_future())
            future.set_result(dict(event))

        client.on("CHANNEL_ANSWER", on_answer)
        client.on("CHANNEL_HANGUP_COMPLETE", on_end)
        await client.send(f"event plain {EVENTS}")
        for to in ("ans0/5550100", "busy486/5550101"):
            leg = await dial(client, to)
            last = await ended.setdefault(leg, loop.create_future())
            say(mode="inbound", uuid=leg, to=to, answered=leg in answered, cause=_cause(last))
        server = Outbound(play_and_hang_up, "127.0.0.1", 0, linger=False)
        await server.start(block=False)
        assert server.server is not None
        listens = server.server.sockets[0].getsockname()[1]
        leg = str(uuid.uuid4())
        handed_over.add(leg)
        await dial(client, "ans0/5550102", f"'&socket(127.0.0.1:{listens} async full)'", leg)
        last = await ended.setdefault(leg, loop.create_future())
        say(mode="inbound", uuid=leg, to="ans0/5550102", answered=leg in answered, cause=_cause(last))
        await server.stop()


def _cause(event: dict[str, Any]) -> str:
    """The header comes twice in this event, and genesis makes a list of it."""
    cause = event["Hangup-Cause"]
    return str(cause[0] if isinstance(cause, list) else cause)


def say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]), 30))
