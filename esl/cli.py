"""`ringmaster softswitch`: the simulated switch as a process."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
import uuid
from pathlib import Path
from typing import IO, Annotated, NoReturn

import typer

from esl.simulator import CalleeProfile, CallTruth, Fault, Softswitch, SwitchConfig
from esl.simulator.callees import Talk
from esl.simulator.config import Profile
from esl.simulator.corpus import MISSING, SOUNDS
from esl.simulator.faults import parse as parse_fault
from esl.simulator.server import ScaledClock, SoftswitchServer


def softswitch(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8021,
    password: Annotated[str, typer.Option(help="Password of the event socket.")] = "ClueCon",  # noqa: S107
    speed: Annotated[float, typer.Option(help="How many times as fast as real its clock runs.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same callees.")] = 1,
    answer_probability: Annotated[float, typer.Option(min=0, max=1, help="Share of dials answered.")] = 0.3,
    profile: Annotated[Profile, typer.Option(help="normal: carrier and agents; corpus: the recordings'.")] = (
        "normal"
    ),
    talk: Annotated[
        Talk, typer.Option(help="Talk times: lognormal (mean 120 s) or empirical.")
    ] = "lognormal",
    agents_hang_up_after: Annotated[
        float | None, typer.Option(help="Robot phones hang up at random, after this mean, in seconds.")
    ] = None,
    busy_at_once: Annotated[float, typer.Option(min=0, max=1, help="Share of dials 486 at once.")] = 0.0,
    not_found: Annotated[float, typer.Option(min=0, max=1, help="Share of dials 404 at once.")] = 0.0,
    unavailable: Annotated[float, typer.Option(min=0, max=1, help="Share of dials 503 at once.")] = 0.0,
    max_sessions: Annotated[int, typer.Option(min=1, help="Legs at a time.")] = 1000,
    sps: Annotated[int, typer.Option(min=1, help="sessions_per_second of the switch.")] = 30,
    epoch: Annotated[float | None, typer.Option(help="Epoch seconds at its start; default: now.")] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME[=ARGUMENT]@SECONDS: cut, stall, delay, dropevents, reorder, crash, restart, refuse."
        ),
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="Append every ended leg to this file, as JSONL.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it listens as one JSON line.")] = False,
) -> None:
    """A simulated FreeSWITCH for a dialer: Event Socket, seeded callees, robot agents, faults."""
    try:
        callees = CalleeProfile(
            answer_probability=answer_probability,
            talk=talk,
            agent_hangs_up_after_mean=agents_hang_up_after,
            busy_at_once=busy_at_once,
            not_found=not_found,
            unavailable=unavailable,
        )
        faults = [parse_fault(text) for text in fault or []]
        clock = ScaledClock(speed)
    except ValueError as error:
        _give_up(f"{error}")
    start = time.time() if epoch is None else epoch
    config = SwitchConfig(
        callees=callees,
        profile=profile,
        password=password,
        sessions_per_second=sps,
        max_sessions=max_sessions,
        epoch_offset_us=round(start * 1e6),
        sound_seconds=SOUNDS if profile == "corpus" else {},
        missing_files=MISSING if profile == "corpus" else frozenset(),
        forgets=True,  # --truth has them
        core_uuid=str(uuid.uuid4()),  # another process is another core, whatever the seed
    )
    switch = Softswitch(config, seed, clock.now())
    try:
        book = truth.open("a", encoding="utf-8") if truth is not None else None
    except OSError as error:
        _give_up(f"Can't write {truth}: {error.strerror}. Give --truth a file in a folder that is writable.")
    try:
        asyncio.run(_serve(SoftswitchServer(switch, clock), host, port, faults, book, as_json))
    except OSError as error:
        _give_up(
            f"Can't listen on {host}:{port}: {error.strerror or error}. Stop what uses the port, or give "
            "another with --port (0 takes a free one)."
        )
    finally:
        if book is not None:
            book.close()


async def _serve(
    server: SoftswitchServer,
    host: str,
    port: int,
    faults: list[tuple[float, Fault]],
    book: IO[str] | None,
    as_json: bool,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if book is not None:
        server.switch.on_leg_ended(lambda record: _note(book, record))
    server.schedule(faults)
    got = await server.start(host, port)
    if as_json:
        said = {"event": "listening", "host": host, "port": got, "epoch_us": server.switch.epoch_us}
        line = json.dumps({**said, "speed": server.clock.speed})
    else:
        line = f"listening on {host}:{got}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    await stop.wait()
    await server.close()


def _note(book: IO[str], record: CallTruth) -> None:
    """Flushed: a test compares it after a kill."""
    book.write(record.to_json() + "\n")
    book.flush()


def _give_up(sentence: str) -> NoReturn:
    sys.stderr.write(sentence + "\n")
    raise typer.Exit(2)
