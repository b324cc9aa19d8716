"""The runner's face towards one switch: sends in one write, replies into the inbox, the fence, the link's
news.

**The fence.** Every originate is sent as `expand originate … sofia/${rm_fence_TOKEN}/NAME/NUMBER`, and only
the holder of the lease keeps `rm_fence_TOKEN=gateway` set on the switch. It is raised before the engine
hears LinkUp, and the fences of earlier holders are taken down first, so that an originate of theirs that is
still under way (in a socket buffer, in a process that was stopped) finds an empty variable and is refused by
the switch itself.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence

import gevent

from callflow.effects import Send
from callflow.greenlets import spawn
from callflow.inputs import Input, LinkDown, LinkUp, Replied, SwitchEvent
from callflow.lease import Lease
from esl import commands
from esl.commands import Api, BgApi, Command
from esl.errors import AuthenticationRefused, EslError, LinkLost
from esl.events import Event
from esl.link import Down, Link, LinkSettings, Up
from esl.pending import Reply

log = logging.getLogger(__name__)

EVENTS = (
    "CHANNEL_CREATE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "CHANNEL_EXECUTE",
    "CHANNEL_PARK",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "CHANNEL_HANGUP_COMPLETE",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "RECORD_START",
    "RECORD_STOP",
    "BACKGROUND_JOB",
    "HEARTBEAT",
    "SHUTDOWN",
)
FENCE_PREFIX = "rm_fence_"
MAX_HELD = 20_000
"""Events that wait until the engine has heard of the link."""
_REFUSED = "-ERR the lease is not ours any more\n"


def fence_name(token: int) -> str:
    """The switch's global variable that stands for a lease."""
    return f"{FENCE_PREFIX}{token}"


def makes_a_call(command: Command) -> bool:
    """Whether a command may make a phone ring."""
    return isinstance(command, BgApi) and (
        command.name == "originate" or (command.name == "expand" and command.args.startswith("originate"))
    )


class Switch:
    """One switch. `tell` is the runner's inbox; while it is full (`busy`) nothing is read from the switch.

    `on_speed` hears at each LinkUp how fast the simulator's clock runs; None from a switch that is none.
    """

    def __init__(
        self,
        settings: LinkSettings,
        lease: Lease,
        tell: Callable[[Input], None],
        *,
        on_speed: Callable[[float | None], None] = lambda speed: None,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._lease = lease
        self._tell = tell
        self._on_speed = on_speed
        self._held: list[Event] | None = []
        self._announced = False
        self._generation = 0
        self._fenced_core = ""
        self._stopped = False
        self.state = "connecting"
        self.trouble = ""
        self.link = Link(settings, on_event=self._event, on_up=self._up, on_down=self._down, busy=busy)

    def start(self) -> None:
        """Begin to connect."""
        self.link.start()

    def stop(self) -> None:
        """Take the fence down and close the link."""
        if self.link.up is not None and self._lease.token:
            try:
                self.link.call(commands.global_setvar(fence_name(self._lease.token), ""))
            except EslError as error:
                log.warning(
                    "the fence stays on the switch until the next dialer clears it: %s", error.explain()
                )
        self.close()

    def close(self) -> None:
        """Close the link, and leave the switch as it is."""
        self._stopped = True
        self.link.stop()

    def status(self) -> dict[str, object]:
        """Live figures."""
        return {"state": self.state, "trouble": self.trouble}

    # --- sending --------------------------------------------------------------------------------------------

    def send(self, sends: Sequence[Send]) -> None:
        """Write all in one piece. A command that makes a call leaves only while the lease is trusted."""
        if not self._lease.trusted():
            for refused in (send for send in sends if makes_a_call(send.command)):
                if refused.token is not None:
                    self._tell(Replied(refused.token, False, _REFUSED))
            sends = [send for send in sends if not makes_a_call(send.command)]
        if not sends:
            return
        tokens = iter([send.token for send in sends])

        def replied(reply: Reply | None, error: EslError | None) -> None:
            token = next(tokens)  # replies come in the order of their commands
            if token is not None and reply is not None:
                self._tell(Replied(token, reply.ok, reply.text))

        try:
            self.link.send_many([send.command for send in sends], replied)
        except LinkLost:
            log.debug("not sent, the link is down: %d commands", len(sends))  # the engine hears LinkDown

    def set_speed(self, speed: float) -> bool:
        """Ask the simulator to run at `speed`; False if it did not."""
        try:
            return self.link.call(Api("ringmaster_speed", f"{speed:g}")).ok
        except EslError as error:
            log.warning("the simulator did not change its speed: %s", error.explain())
            return False

    def _ask_speed(self) -> float | None:
        reply = self.link.send(Api("ringmaster_speed")).get()
        word, _, speed = reply.text.strip().partition(" ")
        return float(speed) if word == "+OK" and re.fullmatch(r"[0-9.]+", speed) else None

    # --- the fence ------------------------------------------------------------------------------------------

    def trust_changed(self, trusted: bool) -> None:
        """The lease is trusted again: raise the fence if that was not possible when the link came up."""
        if (
            trusted
            and self._announced
            and (up := self.link.up) is not None
            and up.core_uuid != self._fenced_core
        ):
            spawn("fence", self._raise_fence, up.core_uuid)

    def _raise_fence(self, core_uuid: str) -> None:
        """Take down the fences of others, put up ours. Raises EslError."""
        ours = fence_name(self._lease.token)
        listed = self.link.call(Api("global_getvar")).text
        others = set(re.findall(rf"^({FENCE_PREFIX}\d+)=", listed, re.MULTILINE)) - {ours}
        batch = [commands.global_setvar(name, "") for name in sorted(others)]
        for pending in self.link.send_many(batch) if batch else ():
            pending.get()
        if not self._lease.trusted():
            log.warning("the fence is not raised: the lease could not be renewed")
            return
        self.link.call(commands.global_setvar(ours, "gateway"))
        self._fenced_core = core_uuid

    # --- the link's news ------------------------------------------------------------------------------------

    def _event(self, event: Event) -> None:
        if self._held is not None:
            if len(self._held) >= MAX_HELD:
                self.link.drop("The fence could not be raised, and too many events wait for it.")
                return
            self._held.append(event)
        else:
            self._tell(SwitchEvent(event))

    def _up(self, up: Up) -> None:
        self._generation += 1
        self._held = []
        spawn("link-up", self._announce, up, self._generation)

    def _announce(self, up: Up, generation: int) -> None:
        """Fence first, then the engine hears LinkUp, then what happened meanwhile."""
        while generation == self._generation:
            try:
                self._raise_fence(up.core_uuid)
                self._on_speed(self._ask_speed())
                break
            except LinkLost:
                gevent.sleep(0.05)  # either Down follows, or Up is being announced still
            except EslError as error:
                log.warning("the fence could not be raised: %s", error.explain())
                gevent.sleep(1.0)
        if generation != self._generation or self._held is None:
            return
        self.state, self.trouble, self._announced = "up", "", True
        log.info(
            "the switch is up", extra={"core_uuid": up.core_uuid, "fence": fence_name(self._lease.token)}
        )
        self._tell(LinkUp(up.core_uuid))
        held, self._held = self._held, None
        for event in held:
            self._tell(SwitchEvent(event))

    def _down(self, down: Down) -> None:
        self._generation += 1
        self._held = []
        refused = isinstance(down.error, AuthenticationRefused)
        state = "refused" if refused else "away"
        if self._stopped:
            log.info("the link is closed")
        elif self.state != state or self.trouble != down.error.explain():
            log.error(
                "the switch %s: dialing stops until it is back. %s",
                "refuses us" if refused else "is away",
                down.error.explain(),
                extra={"code": down.reason},
            )
        self.state, self.trouble = state, down.error.explain()
        if self._announced:
            self._announced = False
            self._tell(LinkDown(down.reason))
