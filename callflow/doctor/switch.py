"""What is asked of the switch: version, modules, limits, clock, gateways, messages, bridges."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from callflow.doctor import legs
from callflow.doctor.config import check_config
from callflow.doctor.findings import Finding, failed, ok, skew, warning
from callflow.doctor.local import Wanted
from esl.client import Client
from esl.commands import Api
from esl.errors import EslError
from models.settings import Settings

Ask = Callable[[str], str]
"""Sends one api command; its answer without line ends."""

OLDEST_VERSION = (1, 10)
SESSIONS_PER_SECOND_WANTED = 30
WELL_KNOWN_PASSWORD = "ClueCon"  # noqa: S105 - the one of FreeSWITCH's sample configuration
MODULES = {
    "mod_commands": "it has the commands that make and bridge calls",
    "mod_dptools": "it has sleep, playback and hangup, by which the switch itself ends a wait",
    "mod_hash": "it keeps each call's end for recovery",
    "mod_sofia": "it is the SIP endpoint",
}


def check_switch(settings: Settings, wanted: Wanted) -> Iterator[Finding]:
    """Every check of the switch that the settings name."""
    if not settings.switch_host:
        yield warning("switch", "none is named", "give --switch esl://:PASSWORD@HOST:PORT, or run the demo")
        return
    password = settings.switch_password.get_secret_value()
    client = Client(settings.switch_host, settings.switch_port, password)
    try:
        client.connect()
    except EslError as error:
        yield failed("switch", error.message, error.what_to_do)
        return

    def ask(line: str) -> str:
        return client.send(Api(*line.split(" ", 1))).get().text.strip()

    try:
        yield from examine(ask, wanted, well_known=password == WELL_KNOWN_PASSWORD)
    except EslError as error:
        yield failed("switch", error.message, error.what_to_do)
    finally:
        client.close()


def examine(ask: Ask, wanted: Wanted, *, well_known: bool = False) -> Iterator[Finding]:
    """The checks of a switch that answers. `well_known`: its password is FreeSWITCH's own.

    Raises:
        EslError: it does not answer any more.
    """
    simulated = "not found" not in ask("ringmaster_speed")
    yield _version(ask("version"))
    if well_known and not simulated:
        yield warning(
            "switch password",
            f"it is {WELL_KNOWN_PASSWORD}, as everywhere",
            "set another in event_socket.conf.xml: whoever reaches the port can call anybody at your cost",
        )
    for module, why in MODULES.items():
        if ask(f"module_exists {module}") == "true":
            yield ok(module, "loaded")
        else:
            yield failed(module, "not loaded", f"load {module} in modules.conf.xml: {why}")
    yield _limits(ask("status"), wanted.sessions)
    if ask("fsctl pause_check outbound") == "true":
        yield failed("outbound calls", "paused", "`fsctl resume` on the switch: it refuses every call")
    yield _clock(ask("strepoch"), simulated)
    for gateway in sorted(wanted.gateways):
        yield _gateway(gateway, ask(f"sofia xmlstatus gateway {gateway}"))
    if simulated:
        yield ok("bridge", "not measured: the simulator's is what it was told to be")
        return
    yield from check_config(ask, wanted)
    for message in sorted(wanted.messages):
        yield legs.message(ask, message)
    yield legs.bridge(ask)


def _version(text: str) -> Finding:
    found = re.search(r"Version (\d+)\.(\d+)", text)
    if found is None:
        return warning("switch", text or "does not say what it is", "see that it is a FreeSWITCH")
    if (int(found[1]), int(found[2])) < OLDEST_VERSION:
        return warning("switch", text, "install FreeSWITCH 1.10 or later: Ringmaster was tried with 1.11")
    return ok("switch", text)


def _limits(status: str, sessions_wanted: int) -> Finding:
    rate = re.search(r"out of max (\d+)", status)
    sessions = re.search(r"(\d+) session\(s\) max", status)
    found = f"{sessions[1] if sessions else '?'} sessions, {rate[1] if rate else '?'} new ones per second"
    if rate is not None and int(rate[1]) < SESSIONS_PER_SECOND_WANTED:
        return warning(
            "switch limits",
            found,
            f"raise sessions-per-second to {SESSIONS_PER_SECOND_WANTED} in switch.conf.xml, or give the "
            "dialer a lower --legs-per-second",
        )
    if sessions is not None and int(sessions[1]) < sessions_wanted:
        return warning(
            "switch limits",
            found,
            f"raise max-sessions to {sessions_wanted} in switch.conf.xml, four for each agent: a bridged "
            "call is two, and others ring meanwhile",
        )
    return ok("switch limits", found)


def _clock(epoch: str, simulated: bool) -> Finding:
    if simulated:
        return ok("switch clock", "the simulator's own, which may run fast")
    if not epoch.isdecimal():
        return warning("switch clock", f"strepoch answers {epoch[:40]!r}", "load mod_commands")
    return skew("switch clock", int(epoch) - time.time())


def _gateway(name: str, answer: str) -> Finding:
    check = f"gateway {name}"
    status = re.search(r"<status>(\w+)</status>", answer)
    state = re.search(r"<state>(\w+)</state>", answer)
    if status is None:
        return failed(check, "the switch does not have it", f"add the gateway {name} to a SIP profile")
    if status[1] == "UP":
        return ok(check, "UP")
    if state is not None and state[1] != "NOREG":
        return failed(
            check, f"{status[1]}, {state[1]}", "see user, password and address: the far end lets it not in"
        )
    return failed(check, status[1], "see `sofia status` on the switch: the far end does not answer")
