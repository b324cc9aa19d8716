"""The switch on a TCP port: the clock, one conversation, faults by the clock, the command line."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from esl.simulator import Crash, Softswitch, SwitchConfig
from esl.simulator.server import ScaledClock, SoftswitchServer

RUN = (
    "import sys, typer\nfrom esl.cli import softswitch\napp = typer.Typer()\napp.command()(softswitch)\n"
    "app(sys.argv[1:])"
)


def test_a_new_speed_makes_no_jump() -> None:
    real = [100.0]
    clock = ScaledClock(10.0, lambda: real[0])
    real[0] += 1.0
    assert clock.now() == 10.0
    clock.set_speed(2.0)
    assert clock.now() == 10.0
    real[0] += 1.0
    assert clock.now() == 12.0
    assert clock.real_seconds_until(13.0) == 0.5
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="speed"):
            clock.set_speed(wrong)


async def _until(reader: asyncio.StreamReader, what: bytes) -> bytes:
    said = b""
    while what not in said:
        piece = await reader.read(65536)
        assert piece, f"closed before {what!r}"
        said += piece
    return said


async def _conversation() -> None:
    switch = Softswitch(SwitchConfig(profile="corpus"), 1, 0.0)
    server = SoftswitchServer(switch, ScaledClock(50.0))
    port = await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await _until(reader, b"auth/request")
    writer.write(b"auth ClueCon\n\nevent plain CHANNEL_PARK\n\napi ringmaster_speed 200\n\n")
    await _until(reader, b"+OK 200")
    writer.write(b"bgapi originate {origination_uuid=a}sofia/gateway/carrier/1 &park()\n\n")
    assert b"Unique-ID: a\n" in await _until(reader, b"CHANNEL_PARK")
    writer.write(b"api ringmaster_speed -1\n\n")
    await _until(reader, b"-ERR A speed of -1.0 is not possible")
    server.schedule([(server.clock.now() + 1.0, Crash(1.0))])
    server.work()
    assert await reader.read() == b""
    writer.close()
    await server.close()


def test_one_conversation_over_tcp() -> None:
    asyncio.run(asyncio.wait_for(_conversation(), 20))


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _stop(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    return process.returncode


def test_the_command_says_where_it_listens_and_writes_the_truth(tmp_path: Path) -> None:
    book = tmp_path / "truth.jsonl"
    process = _start("--port", "0", "--json", "--truth", str(book), "--fault", "crash@60")
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["event"] == "listening"
        taken = _start("--port", str(said["port"]))
        _, error = taken.communicate(timeout=30)
        assert taken.returncode == 2
        assert "--port" in error
        assert "Traceback" not in error
        with socket.create_connection(("127.0.0.1", said["port"]), timeout=20) as link:
            link.sendall(b"auth ClueCon\n\n")
            link.sendall(b"bgapi originate {origination_uuid=a}sofia/gateway/agents/1 &park()\n\n")
            link.sendall(b"api ringmaster_speed 200\n\n")  # not before: a process may take seconds to start
            while link.recv(65536):
                pass
        record = json.loads(book.read_text().splitlines()[0])
        assert (record["uuid"], record["kind"], record["ended_by"]) == ("a", "agent", "crash")
    finally:
        code = _stop(process)
    assert code == 0


WRONG = [["--fault", "nosuch@1"], ["--speed", "0"], ["--truth", "/nosuch/folder/x"]]


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_options_are_said_in_one_sentence(wrong: list[str]) -> None:
    process = _start("--port", "0", *wrong)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 2
    assert len(error.strip().splitlines()) == 1
