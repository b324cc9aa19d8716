"""What the switch keeps, held to what the database says: carriers' gateways, phones' logins that are over.

The switch asks the api for both and keeps the answers; the dialer, which alone commands the switch, sees that
they are old and has it ask again. A connection of its own: asking takes the switch up to 4 s, and a command
holds back everything on its connection meanwhile.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from xml.etree import ElementTree

import gevent
from gevent.event import Event
from sqlalchemy.exc import DBAPIError

from callflow.writer import Begin
from esl.client import Client
from esl.commands import Api
from esl.errors import EslError
from models.carriers import CARRIER_DOMAIN, CARRIER_PROFILE, REVISION
from models.phones import PHONE_DOMAIN
from models.repository import carriers, phones

log = logging.getLogger(__name__)

Ask = Callable[[str], str]
"""Sends one api command; its answer without line ends."""

EVERY_SECONDS = 5.0
AGAIN_SECONDS = 30.0
"""Until what failed is tried again, where nothing has changed meanwhile."""
_QUERY_SECONDS = 10.0
_ANSWER_SECONDS = 15.0
_REVISION = re.compile(r"[0-9a-f]{32}")


def settle_gateways(ask: Ask, wanted: Mapping[str, str]) -> dict[str, str]:
    """Make the profile's gateways those that are wanted, each in its revision. Calls go on: those that are up
    need no gateway any more.

    A gateway is taken away only when the api has the new one for the switch, so that it is never lost to an
    api that is away. What the switch's own configuration has is left alone.

    Returns:
        What is not as wanted, by gateway, as a sentence.

    Raises:
        EslError: the switch does not answer any more.
    """
    profile = f"sofia profile {CARRIER_PROFILE}"
    listed = f"{ask(f'{profile} gwlist up')} {ask(f'{profile} gwlist down')}"
    if "-ERR" in listed or "Invalid Profile" in listed:
        return dict.fromkeys(wanted, f"the switch has no SIP profile {CARRIER_PROFILE}")
    has = {name: _revision(ask, name) for name in sorted({*listed.split(), *wanted})}
    for name, revision in has.items():
        if revision and name not in wanted:
            ask(f"{profile} killgw {name}")
            log.info("a gateway is taken from the switch", extra={"gateway": name})
    open_ = [name for name, revision in wanted.items() if has[name] != revision]
    trouble = {
        name: "the switch's own configuration has a gateway of that name"
        for name in open_
        if not has[name] and "Invalid Gateway" not in ask(f"sofia xmlstatus gateway {name}")
    }
    open_ = [name for name in open_ if name not in trouble]
    if open_:
        offered = _offered(ask(f"xml_locate directory domain name {CARRIER_DOMAIN}"))
        ready = [name for name in open_ if offered.get(name) == wanted[name]]
        for name in ready:
            if has[name]:
                ask(f"{profile} killgw {name}")
        if ready:
            ask(f"{profile} rescan")
        for name in open_:
            if name not in ready:
                trouble[name] = "the switch does not get it from the api: see its log and the api's"
            elif _revision(ask, name) != wanted[name]:
                trouble[name] = "the switch was told of it and did not take it: see its log"
            else:
                log.info("the switch has a gateway", extra={"gateway": name, "revision": wanted[name]})
    return trouble


def forget_logins(ask: Ask, profile: str, ended: Mapping[str, str], holding: Mapping[str, str]) -> None:
    """Have the switch forget logins (name to agent) that are over, and where the phones are of agents that
    have none left.

    Raises:
        EslError: the switch does not answer any more.
    """
    for name in sorted(ended):
        ask(f"xml_flush_cache id {name} {PHONE_DOMAIN}")
    for agent_id in sorted(set(ended.values()) - set(holding.values())):
        ask(f"sofia profile {profile} flush_inbound_reg {agent_id}@{PHONE_DOMAIN}")


def _revision(ask: Ask, name: str) -> str:
    """The revision of a gateway that the api gave; empty for others and none."""
    found = ask(f"sofia_gateway_data {name} ivar {REVISION}")
    return found if _REVISION.fullmatch(found) else ""


def _offered(answer: str) -> dict[str, str]:
    """The gateways' revisions in the api's answer; empty if it is none."""
    try:
        domain = ElementTree.fromstring(answer)  # noqa: S314 - the switch, which has parsed it, wrote it
    except ElementTree.ParseError:
        return {}
    return {
        gateway.get("name", ""): variable.get("value", "")
        for gateway in domain.iter("gateway")
        for variable in gateway.iter("variable")
        if variable.get("name") == REVISION
    }


class Provision:
    """One greenlet's work: `run`. `ready`: which run of the switch may be spoken to now; empty: none."""

    def __init__(
        self,
        begin: Begin,
        switch_id: str,
        connect: Callable[[], Client],
        *,
        ready: Callable[[], str],
        phone_profile: str = "",
        failed: Callable[[BaseException], None],
        real: Callable[[], float] = time.monotonic,
    ) -> None:
        self._begin = begin
        self._switch_id = switch_id
        self._connect = connect
        self._ready = ready
        self._phone_profile = phone_profile
        self._failed = failed
        self._real = real
        self._stopping = Event()
        self._settled: tuple[str, Mapping[str, str]] = ("", {})
        self._again_at = 0.0
        self._logins: dict[str, str] | None = None
        self.trouble: dict[str, str] = {}

    def stop(self) -> None:
        """End `run` at its next wake-up."""
        self._stopping.set()

    def status(self) -> dict[str, str]:
        """Gateways that the switch does not have as the database says, and why."""
        return dict(self.trouble)

    def run(self) -> None:
        """Look every few seconds, until stopped."""
        while not self._stopping.wait(EVERY_SECONDS):
            self.once()

    def once(self) -> None:
        """Look, and tell the switch what it has to forget."""
        core = self._ready()
        if not core:
            self._logins = None  # what ends now is not seen: afterwards all are asked for again
            return
        try:
            with gevent.Timeout(_QUERY_SECONDS), self._begin() as session:
                wanted = carriers.revisions(session, self._switch_id)
                holding = phones.holding(session) if self._phone_profile else {}
        except (DBAPIError, gevent.Timeout) as error:
            self._failed(error)
            return
        gateways_due = (core, wanted) != self._settled or (self.trouble and self._real() >= self._again_at)
        logins = self._logins
        ended = {} if logins is None else {k: v for k, v in logins.items() if k not in holding}
        first = logins is None and bool(self._phone_profile)
        if gateways_due or ended or first:
            self._tell(core, wanted, holding, ended, first=first, gateways_due=bool(gateways_due))
        elif logins is not None:
            logins.update(holding)

    def _tell(
        self,
        core: str,
        wanted: Mapping[str, str],
        holding: Mapping[str, str],
        ended: Mapping[str, str],
        *,
        first: bool,
        gateways_due: bool,
    ) -> None:
        try:
            client = self._connect()
            client.connect()
        except EslError as error:
            log.debug("the switch can't be told: %s", error.explain())
            return

        def ask(line: str) -> str:
            return client.send(Api(*line.split(" ", 1))).get(_ANSWER_SECONDS).text.strip()

        try:
            if first:  # which logins ended before is not known: all are asked for again
                ask("xml_flush_cache")
            forget_logins(ask, self._phone_profile, ended, holding)
            self._logins = dict(holding)
            if gateways_due:
                self._gateways(ask, core, wanted)
        except EslError as error:
            log.warning("the switch could not be told what has changed: %s", error.explain())
        finally:
            client.close()

    def _gateways(self, ask: Ask, core: str, wanted: Mapping[str, str]) -> None:
        trouble = settle_gateways(ask, wanted)
        for name, sentence in trouble.items():
            if self.trouble.get(name) != sentence:
                log.warning("the switch does not have a gateway: %s", sentence, extra={"gateway": name})
        self.trouble = trouble
        self._settled = (core, dict(wanted))
        self._again_at = self._real() + AGAIN_SECONDS
