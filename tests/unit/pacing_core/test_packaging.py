"""The stub says what the extension is."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pacing_core


def test_stubtest_agrees() -> None:
    allowed = Path(__file__).with_name("stubtest_allowlist.txt")
    command = [sys.executable, "-m", "mypy.stubtest", "pacing_core", "--allowlist", str(allowed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_installed_module_is_typed() -> None:
    package = files(pacing_core)
    assert (package / "py.typed").is_file()
    stub = Path(__file__).parents[3] / "pacing_core.pyi"
    assert (package / "__init__.pyi").read_text() == stub.read_text(), "reinstall: the stub has changed"
