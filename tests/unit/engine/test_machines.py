"""An agent says that an answering machine had answered: nobody was there, so nobody was answered."""

from __future__ import annotations

import pytest

from models.enums import CommandKind, CommandStatus, Outcome
from models.records import AttemptClosed, CommandFinished
from tests.unit.engine.bench import Bench


def talking(wait_seconds: float = 0.0) -> tuple[Bench, str, int, int]:
    """A bench with a call bridged so long after its answer; its leg, and the switch's times."""
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    answered = bench.answer(leg)
    bench.now += wait_seconds
    return bench, leg, answered, bench.bridge(leg, standing)


def say(bench: Bench, word: str) -> None:
    attempt = next(iter(bench.engine.board.attempts))
    bench.command(
        CommandKind.DISPOSITION, agent_id="a1", payload={"disposition": word, "attempt_id": attempt}
    )
    assert bench.records(CommandFinished)[-1].status is CommandStatus.DONE


def counted(bench: Bench) -> tuple[tuple[int, int], int]:
    campaign = bench.engine.board.campaigns["c1"]
    return campaign.pacer.ledger(), campaign.live_answers


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ((), 1),
        (("success",), 1),
        (("answering_machine",), 0),
        (("answering_machine", "success"), 1),
        (("success", "answering_machine"), 0),
    ],
)
def test_the_last_word_in_the_call_says_whether_a_person_answered(
    words: tuple[str, ...], answers: int
) -> None:
    bench, leg, answered, bridged = talking()
    assert counted(bench) == ((1, 0), 0)
    for word in words:
        say(bench, word)
    bench.now += 12.0
    bench.hang_up(leg, answered=answered, bridged=bridged)
    assert counted(bench) == ((answers, 0), answers)
    assert bench.records(AttemptClosed)[0].outcome is Outcome.CONNECTED


def test_whom_an_agent_came_too_late_for_was_a_person_for_all_anybody_can_know() -> None:
    bench, leg, answered, bridged = talking(wait_seconds=2.5)
    say(bench, "answering_machine")
    bench.hang_up(leg, answered=answered, bridged=bridged)
    assert bench.records(AttemptClosed)[0].abandoned
    assert counted(bench) == ((1, 1), 1)


def test_after_the_call_the_pacer_knows_it_no_more() -> None:
    bench, leg, answered, bridged = talking()
    attempt = next(iter(bench.engine.board.attempts))
    bench.hang_up(leg, answered=answered, bridged=bridged)
    bench.command(
        CommandKind.DISPOSITION,
        agent_id="a1",
        payload={"disposition": "answering_machine", "attempt_id": attempt},
    )
    assert counted(bench) == ((1, 0), 1)
    assert bench.engine.board.campaigns["c1"].pacer.ignored_events() == 0
