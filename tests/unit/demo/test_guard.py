from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from callflow.demo_guard import alive, end_groups, read_will
from callflow.demo_processes import ChildDied, Family

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("lines", "will"),
    [
        ([], ([], None)),
        (["group 5\n", "group 6\n", "gone 5\n"], ([6], None)),
        (["group 5\n", "postgres /a folder\n"], ([5], Path("/a folder"))),
        (["group 5\n", "postgres /x\n", "done\n"], None),
        (["gone 7\n"], ([], None)),
    ],
)
def test_the_will(lines: list[str], will: tuple[list[int], Path | None] | None) -> None:
    assert read_will(lines) == will


def _child(script: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, process_group=0
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def test_who_does_not_end_is_killed() -> None:
    process = _child(STUBBORN)
    assert alive(process.pid)
    end_groups([process.pid], grace_seconds=0.1)
    assert process.wait(10) == -9
    assert not alive(process.pid)
    assert process.stdout is not None
    process.stdout.close()


def test_nobody_outlives_a_demo_that_is_killed(tmp_path: Path) -> None:
    """A stand-in for the demo starts a guard and a child, and is killed: the guard ends the child."""
    script = f"""
import os, signal, sys
from pathlib import Path
from callflow.demo_processes import Family
family = Family(Path({str(tmp_path)!r}), dict(os.environ))
family.start_guard()
child, line = family.start("sleeper", ["tests.unit.demo.sleeper"], first_line=True)
print(child.process.pid, flush=True)
signal.pause()
"""
    demo = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert demo.stdout is not None
    pid = int(demo.stdout.readline())
    assert alive(pid)
    pidfd = os.pidfd_open(pid)
    demo.kill()
    demo.wait(10)
    demo.stdout.close()
    import select

    try:
        assert select.select([pidfd], [], [], 20)[0], "the child outlived the demo"
    finally:
        os.close(pidfd)


def test_a_child_that_dies_is_reported_with_the_tail_of_its_log(tmp_path: Path) -> None:
    family = Family(tmp_path, dict(os.environ))
    child, _ = family.start("broken", ["tests.unit.demo.no_such_module"])
    child.process.wait(20)
    with pytest.raises(ChildDied) as caught:
        family.check()
    assert "The broken ended with exit code 1" in str(caught.value)
    assert "no_such_module" in str(caught.value)
    family.end_all()


def test_a_child_that_dies_before_its_first_line(tmp_path: Path) -> None:
    family = Family(tmp_path, dict(os.environ))
    with pytest.raises(ChildDied, match="no_such_module"):
        family.start("broken", ["tests.unit.demo.no_such_module"], first_line=True)
    family.kill_all()


def test_a_killed_child_is_named_by_its_signal(tmp_path: Path) -> None:
    family = Family(tmp_path, dict(os.environ))
    child, line = family.start("sleeper", ["tests.unit.demo.sleeper"], first_line=True)
    assert line == "up\n"
    child.process.kill()
    child.process.wait(20)
    with pytest.raises(ChildDied, match="was killed by SIGKILL"):
        family.check()
    family.kill_all()
    assert family.children == []
