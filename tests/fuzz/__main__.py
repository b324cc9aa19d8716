"""Coverage-guided: `python -m tests.fuzz -runs=100000 [CORPUS_DIRECTORY]`; libFuzzer's options."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["esl"]):
    import esl.codec  # noqa: F401 - instrumented here, before the harness imports it

from tests.fuzz.codec import chew


def one_input(data: bytes) -> None:
    """The first byte says how the rest is cut."""
    if data:
        chew(data[1:4096], 1 + data[0] % 97)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
