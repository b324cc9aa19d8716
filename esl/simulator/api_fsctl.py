"""`fsctl`: limits, pause, hang up all, shut down. Texts as recorded (b01, d43, d44)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator import legs

if TYPE_CHECKING:
    from esl.simulator.core import Core

USAGE: Final = (
    "-ERR Invalid command\nUSAGE: fsctl [api_expansion [on|off]|recover|send_sighup|hupall|pause "
    "[inbound|outbound]|resume [inbound|outbound]|shutdown [cancel|elegant|asap|now|restart]|uuid_version "
    "[4|7]|sps|sps_peak_reset|sync_clock|sync_clock_when_idle|reclaim_mem|max_sessions|min_dtmf_duration "
    "[num]|max_dtmf_duration [num]|default_dtmf_duration [num]|min_idle_cpu|loglevel [level]|debug_level "
    "[level]|mdns_resolve [enable|disable]]\n"
)


def fsctl(core: Core, args: str) -> str:
    words = args.split()
    what = words[0].lower() if words else ""
    value = words[1] if len(words) > 1 else ""
    if what == "sps":
        core.roll_second()
        if value.isdigit():  # in force from the next whole second (FACTS section 8)
            core.sps = int(value)
        return f"+OK sessions per second: {core.sps}\n"
    if what == "last_sps":
        core.roll_second()
        return f"+OK last sessions per second: {core.last_second}\n"
    if what == "max_sessions":
        if value.isdigit():
            core.max_sessions = int(value)
        return f"+OK max sessions: {core.max_sessions}\n"
    if what in ("pause", "resume"):
        if value != "inbound":
            core.paused_out = what == "pause"
        return "+OK\n"
    if what == "pause_check":
        return "true" if core.paused_out and value != "inbound" else "false"
    return _more(core, what, value)


def _more(core: Core, what: str, value: str) -> str:
    if what == "hupall":  # MANAGER_REQUEST whatever cause is given (FACTS section 7)
        for channel in list(core.channels.values()):
            legs.hang_up(core, channel, "MANAGER_REQUEST", "command")
        return "+OK\n"
    if what == "min_idle_cpu":
        if value.replace(".", "", 1).isdigit():
            core.min_idle_cpu = float(value)
        return (
            f"+OK min idle cpu: {core.min_idle_cpu:.2f}"
            if core.min_idle_cpu
            else ("+OK min idle cpu: DISABLED\n")
        )
    if what == "default_dtmf_duration":
        return "+OK default dtmf duration: 2000\n"
    if what == "loglevel":
        if value.lstrip("-").isdigit():
            core.loglevel = int(value)
        name = "DISABLE" if core.loglevel < 0 else "DEBUG"
        return f"+OK log level: {name} [{core.loglevel}]\n"
    if what == "verbose_events":
        if value in ("on", "off"):
            core.verbose_events = value == "on"
        return f"+OK verbose_events is {'on' if core.verbose_events else 'off'} \n"
    if what == "shutdown":
        now = value == "now"
        core.dying = now
        core.after(1 if now else 20, lambda: core.shut_down(now=now))
        return "+OK\n"
    return USAGE
