"""The api commands of the switch itself, and the dispatcher. Texts as recorded (b01, b02)."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from esl.simulator import acd, api_uuid, listing, scheduling
from esl.simulator.api_fsctl import fsctl
from esl.simulator.clock import stamp
from esl.simulator.inbound import Invite, arrives
from esl.simulator.text import encode_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.core import Core

MODULES: Final = frozenset({"mod_commands", "mod_dptools", "mod_event_socket", "mod_hash", "mod_sofia"})
VERSION: Final = "1.11.1-release~64bit"
_SECONDS: Final = r"(\d{1,6}(?:\.\d{1,6})?)"
_CALL: Final = re.compile(
    rf"([^\s=]+)(?: +([^\s=]+))?(?: +gives_up_after={_SECONDS})?(?: +hangs_up_after={_SECONDS})?"
)


def run(core: Core, name: str, args: str) -> str:
    """The body of the response; FreeSWITCH's own words where a command returns nothing or is not there."""
    command = COMMANDS.get(name.lower())
    if command is None:
        return f"-ERR {name} Command not found!\n"
    return command(core, args) or "-ERR no reply\n"


def uptime_text(core: Core) -> str:
    micro = core.us - core.started_us
    seconds, rest = divmod(micro, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    years, day = divmod(days, 365)
    parts = [
        *((years, "year"), (day, "day"), (hour, "hour"), (minute, "minute"), (second, "second")),
        *((rest // 1000, "millisecond"), (rest % 1000, "microsecond")),
    ]
    return ", ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts)


def _status(core: Core, args: str) -> str:
    core.roll_second()
    return (
        f"UP {uptime_text(core)}\n"
        "FreeSWITCH (Version 1.11.1-release  64bit) is ready\n"
        f"{core.session_ids} session(s) since startup\n"
        f"{len(core.channels)} session(s) - peak {core.peak}, last 5min {core.peak} \n"
        f"{core.this_second} session(s) per Sec out of max {core.sps}, peak {core.peak_second}, "
        f"last 5min {core.peak_second} \n"
        f"{core.max_sessions} session(s) max\n"
        "min idle cpu 0.00/0.10\n"
        "Current Stack Size/Max 240K/8192K\n"
    )


def _show(core: Core, args: str) -> str:
    words = args.split()
    what = words[0].lower() if words else ""
    found = listing.rows(core)
    if what in ("calls", "bridged_calls", "detailed_calls"):
        found = listing.calls(core, found, bridged_only=what == "bridged_calls")
    elif what in ("registrations", "tasks"):
        found = []
    elif what != "channels":
        return (
            "-USAGE: codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels [count|like "
            "<match string>]|calls|detailed_calls|bridged_calls|detailed_bridged_calls|aliases|complete|chat|"
            "management|modules|nat_map|say|interfaces|interface_types|tasks|limits|status\n"
        )
    if len(words) > 2 and words[1] == "like":
        found = [line for line in found if any(words[2] in value for value in line.values())]
    if "count" in words:
        return f"\n{len(found)} total.\n"
    return listing.as_json(found) if args.endswith("as json") else listing.as_text(found)


def _hash(core: Core, args: str) -> str:
    """`insert/REALM/KEY/VALUE`: the value may hold slashes. A `select` of nothing gives an empty body."""
    action, _, rest = args.partition("/")
    realm, _, rest = rest.partition("/")
    if action in ("insert", "insert_ifempty"):
        key, slash, value = rest.partition("/")
        if not slash:
            return "-USAGE: [insert|delete|select]/<realm>/<key>/<value>\n"
        if action == "insert_ifempty" and f"{realm}_{key}" in core.hashes:
            return "-ERR key already exists\n"
        core.hashes[f"{realm}_{key}"] = value
        return "+OK\n"
    if action == "select":
        return core.hashes.get(f"{realm}_{rest}", "")
    if action == "delete":
        gone = core.hashes.pop(f"{realm}_{rest}", None)
        return "+OK\n" if gone is not None else "-ERR Not found\n"
    return "-USAGE: [insert|delete|select]/<realm>/<key>/<value>\n"


def _hash_dump(core: Core, args: str) -> str:
    return "".join(f"D/{key}/{value}\n" for key, value in core.hashes.items())


def _db(core: Core, args: str) -> str:
    action, _, rest = args.partition("/")
    realm, _, rest = rest.partition("/")
    if action == "insert":
        key, _, value = rest.partition("/")
        core.database[f"{realm}/{key}"] = value
        return "+OK"
    if action == "select":
        return core.database.get(f"{realm}/{rest}", "")
    if action == "delete":
        core.database.pop(f"{realm}/{rest}", None)
        return "+OK"
    return "-USAGE: [insert|delete|select|exists|count|list]/<realm>/<key>/<value>\n"


def _global_getvar(core: Core, args: str) -> str:
    if not args.strip():
        return "".join(f"{name}={value}\n" for name, value in core.globals.items())
    return core.globals.get(args.strip(), "")


def _global_setvar(core: Core, args: str) -> str:
    """`name=value`; an empty value unsets."""
    name, separator, value = args.partition("=")
    if not name.strip():
        return "-USAGE: <var>=<value> [=<value2>]\n"
    if separator and value:
        core.globals[name.strip()] = value
    else:
        core.globals.pop(name.strip(), None)
    return "+OK"


def expand_globals(core: Core, text: str) -> str:
    """`${name}` by global variables; an unset one is nothing (FACTS section 14)."""
    return re.sub(r"\$\{([^}]*)\}", lambda m: core.globals.get(m[1], ""), text)


def _expand(core: Core, args: str) -> str:
    name, _, rest = expand_globals(core, args).partition(" ")
    return run(core, name, rest) if name else "-USAGE: [uuid:<uuid> ]<cmd> <args>\n"


def _sofia(core: Core, args: str) -> str:
    words = args.split()
    if len(words) == 3 and words[:2] in (["xmlstatus", "gateway"], ["status", "gateway"]):
        gateway = core.gateways.get(words[2])
        if gateway is None:
            return "Invalid Gateway!\n"
        made = core.made[gateway.name]
        status = "UP" if gateway.up else "DOWN"
        if words[0] == "status":
            return f"Name    \t{gateway.name}\nProfile \tinternal\nState   \tNOREG\nStatus  \t{status}\n"
        return (
            '<?xml version="1.0" encoding="ISO-8859-1"?>\n  <gateway>\n'
            f"    <name>{gateway.name}</name>\n    <profile>internal</profile>\n    <scheme>Digest</scheme>\n"
            f"    <realm>127.0.0.1:{gateway.port}</realm>\n    <state>NOREG</state>\n"
            f"    <status>{status}</status>\n    <calls-in>0</calls-in>\n    <calls-out>{made}</calls-out>\n"
            "    <failed-calls-in>0</failed-calls-in>\n    <failed-calls-out>0</failed-calls-out>\n"
            "  </gateway>\n"
        )
    return "-ERR the simulator answers `sofia status gateway NAME` and `sofia xmlstatus gateway NAME` only\n"


def _ringmaster_call(core: Core, args: str) -> str:
    """Ours: somebody calls in, and answers with the leg's uuid."""
    found = _CALL.fullmatch(args.strip())
    if found is None:
        return "-USAGE: <number> [<caller>] [gives_up_after=<seconds>] [hangs_up_after=<seconds>]\n"
    number, caller, gives_up, hangs_up = found.groups()
    uuid = arrives(
        core,
        Invite(
            number,
            caller or "anonymous",
            gives_up_after=float(gives_up) if gives_up else None,
            hangs_up_after=float(hangs_up) if hangs_up else None,
        ),
    )
    return f"+OK {uuid}\n" if uuid is not None else "-ERR the switch takes no call now\n"


def _ringmaster_speed(core: Core, args: str) -> str:
    """Ours: a switch without a clock of its own (the pure model) has no speed."""
    if core.speed_command is None:
        return "-ERR this switch's clock is its caller's\n"
    return core.speed_command(args.strip())


COMMANDS: Final[dict[str, Callable[[Core, str], str]]] = {
    **api_uuid.COMMANDS,
    **scheduling.COMMANDS,
    **acd.COMMANDS,
    "create_uuid": lambda core, args: core.new_uuid(),
    "db": _db,
    "echo": lambda core, args: args,
    "eval": expand_globals,
    "expand": _expand,
    "fsctl": fsctl,
    "global_getvar": _global_getvar,
    "global_setvar": _global_setvar,
    "hash": _hash,
    "hash_dump": _hash_dump,
    "hostname": lambda core, args: core.config.hostname,
    "log": lambda core, args: "+OK\n",
    "md5": lambda core, args: hashlib.md5(args.encode()).hexdigest(),  # noqa: S324 - the switch's own
    "module_exists": lambda core, args: "true" if args.strip() in MODULES else "false",
    "reloadacl": lambda core, args: "+OK acl reloaded\n",
    "reloadxml": lambda core, args: "+OK [Success]\n",
    "ringmaster_call": _ringmaster_call,
    "ringmaster_clock": lambda core, args: str(core.now_us),
    "ringmaster_speed": _ringmaster_speed,
    "show": _show,
    "sofia": _sofia,
    "status": _status,
    "strepoch": lambda core, args: str(core.us // 1_000_000),
    "strftime": lambda core, args: stamp(core.us),
    "switchname": lambda core, args: core.config.hostname,
    "uptime": lambda core, args: f"{(core.us - core.started_us) // 1_000_000}\n",
    "url_decode": lambda core, args: unquote(args),
    "url_encode": lambda core, args: encode_value(args),
    "version": lambda core, args: f"FreeSWITCH Version {VERSION} ( 64bit)\n",
}
