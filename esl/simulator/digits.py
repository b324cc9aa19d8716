"""play_and_get_digits: a prompt, and the digits that answer it (f10)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import apps, playback
from esl.simulator.clock import ticks
from esl.simulator.text import split_arguments

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

_MOST_DIGITS: Final = 128


class _Question:
    """`min max tries timeout terminators file invalid-file variable regex digit-timeout`, times in ms."""

    def __init__(self, core: Core, channel: Channel, run: Run, words: list[str]) -> None:
        self.core, self.channel, self.run = core, channel, run
        self.least, self.most, self.tries, self.timeout = (_number(word) for word in words[:4])
        self.most = min(self.most, _MOST_DIGITS)
        self.ends, self.prompt, self.invalid, self.variable = words[4:8]
        self.pattern = words[8] if len(words) > 8 else ""
        self.between = _number(words[9]) if len(words) > 9 else self.timeout
        self.digits = ""
        self.prompting = False
        channel.vars.set("read_result", None)
        channel.reads_digits = self._digit
        run.on_leave = self._over
        self._ask()

    def _over(self) -> None:
        self.channel.reads_digits = None

    def _ask(self) -> None:
        if not self.tries:
            self._finish("failure", None)
            return
        self.tries -= 1
        self.digits = ""
        self.prompting = True
        if not playback.play(self.core, self.channel, self.run, self.prompt, self._listen):
            self._listen()

    def _listen(self) -> None:
        self.prompting = False
        self._wait(self.between if self.digits else self.timeout)

    def _wait(self, milliseconds: int) -> None:
        self._stop_waiting()
        self.run.timer = self.core.after(ticks(milliseconds / 1000), self._judge)

    def _stop_waiting(self) -> None:
        if self.run.timer is not None and not self.run.playing:
            self.run.timer.cancel()

    def _digit(self, digit: str) -> None:
        if self.run.playing and not self.prompting:  # while it says that the answer is not valid
            return
        ended = digit in self.ends
        if ended:
            self.channel.vars.set("read_terminator_used", digit)
        else:
            self.digits += digit
        if self.run.playing:
            playback.end(self.core, self.channel, self.run, "break")
        self._stop_waiting()
        if ended or len(self.digits) >= self.most:
            self._judge()
        else:
            self._wait(self.between)

    def _judge(self) -> None:
        if len(self.digits) >= self.least and self._matches():
            self._finish("success", self.digits)
            return
        self.channel.vars.set("read_result", "failure")
        if not playback.play(self.core, self.channel, self.run, self.invalid, self._ask):
            self._ask()

    def _matches(self) -> bool:
        try:
            return not self.pattern or re.search(self.pattern, self.digits) is not None
        except re.error:
            return False

    def _finish(self, result: str, digits: str | None) -> None:
        self.channel.vars.set("read_result", result)
        self.channel.vars.set(self.variable, digits)
        self.core.after(0, partial(apps.finish, self.core, self.channel, self.run))


def _number(word: str) -> int:
    return int(word) if word.isdigit() and len(word) < 10 else 0


def play_and_get_digits(core: Core, channel: Channel, run: Run) -> None:
    words = split_arguments(run.data)
    if words is None or len(words) < 8:
        apps.finish(core, channel, run)
        return
    _Question(core, channel, run, words)


APPLICATIONS: Final[dict[str, Callable[[Core, Channel, Run], None]]] = {
    "play_and_get_digits": play_and_get_digits,
}
