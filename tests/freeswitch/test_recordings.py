"""The recordings' client against a real switch: the same writes, and what it says now.

Compared as the simulator is (tests.conformance.compare), header names, values and moments too. What may
differ besides is what the configuration decides: `LEEWAY`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from esl.simulator.gateways import corpus_gateways
from tests.conformance.compare import MACHINE, RACING, Leeway, differences, event_differences
from tests.conformance.coverage import EVENTS_ONLY, FULL, NOT_LIVE
from tests.conformance.replay import asked_for, load, recorded
from tests.conformance.test_recordings import sends_of
from tests.freeswitch.far_ends import scenario
from tests.freeswitch.live import SOUND, play_live
from tests.freeswitch.sipp import deaf, sipp
from tests.freeswitch.switch import TestSwitch
from tests.integration.dialer.site import wait_for

pytestmark = [pytest.mark.freeswitch, pytest.mark.timeout(180)]

LEEWAY = Leeway(
    replies=re.compile(
        MACHINE.pattern
        + r"|^api (version|conference|switchname|db |global_getvar domain|fsctl (sps|last_sps)|"
        r"show (channels|registrations|\w*calls)|"
        r"uuid_getvar \S+ channel_name)"
    ),
    # Our gateways' From has the port of the carrier in it.
    variables=RACING | {"variable_sip_from_port"},
    renamed=((SOUND[1].decode(), SOUND[0].decode()),),
    # Of a call that is hung up the listener's leg ends the listening, before or after HANGUP_COMPLETE (f05).
    elsewhere=frozenset({"MEDIA_BUG_STOP"}),
)
SILENT = frozenset({"closed", "dead", "pingdown", "nosuchgw"})
"""Gateways at whose far end no SIPp stands: nothing is there, or (`dead`) nothing that ever replies."""
LIVE = [name for name in (*FULL, *EVENTS_ONLY) if name not in NOT_LIVE]


@pytest.fixture
def far_ends(sipp_port: Callable[[str], int], tmp_path: Path) -> Iterator[Callable[[set[str]], None]]:
    """Starts what is at the other end of the named gateways."""
    table = corpus_gateways()
    with ExitStack() as stack:

        def start(names: set[str]) -> None:
            for place, name in enumerate(sorted(names)):
                port = sipp_port(name) if name != "nosuchgw" else 0
                if name == "dead":
                    stack.enter_context(deaf(port))
                if name in SILENT:
                    continue
                path = tmp_path / f"{name}.xml"
                path.write_text(scenario(table[name].behaviour(None, "")))  # type: ignore[arg-type]
                stack.enter_context(sipp(path, port, tmp_path, media_port=14000 + 10 * place))

        yield start


@pytest.fixture
def limits(test_switch: TestSwitch) -> Iterator[None]:
    """The switch as it was in the recordings, and afterwards as it was before."""
    before = {
        what: (re.findall(r"[\d.]+", test_switch.ask(f"fsctl {what}")) or ["0"])[-1]  # 0: "DISABLED"
        for what in ("sps", "max_sessions", "min_idle_cpu")
    }
    test_switch.ask("fsctl sps 200")
    yield
    for what, value in before.items():
        test_switch.ask(f"fsctl {what} {value}")
    for line in ("fsctl resume", "fsctl verbose_events off", "fsctl hupall"):
        test_switch.ask(line)
    wait_for("no channel is left", lambda: test_switch.channels() == 0, 10)


@pytest.mark.parametrize("name", LIVE)
def test_recording(
    name: str, test_switch: TestSwitch, far_ends: Callable[[set[str]], None], limits: None
) -> None:
    lines = load(name)
    music = "local_stream" in asked_for(lines)
    if music and test_switch.ask("module_exists mod_local_stream") != "true":
        pytest.skip("the switch has no music on hold: start it with RINGMASTER_MUSIC")
    far_ends(set(re.findall(r"sofia/gateway/(\w+)/", asked_for(lines))))
    heard = play_live(test_switch.address, lines)
    compare = event_differences if name in EVENTS_ONLY else differences
    assert compare(recorded(lines), heard, sends_of(lines), LEEWAY) == []
