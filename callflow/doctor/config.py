"""How the switch is configured, as it tells itself (`xml_locate`): who may reach its Event Socket, what its
SIP profiles refuse, ports for sound, phones, music, room for recordings. Of the answers nothing is read but
names and values of settings, and no password is shown.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from callflow.doctor import legs
from callflow.doctor.findings import Finding, failed, ok, warning
from callflow.doctor.local import Wanted
from models.phones import PHONE_DOMAIN

Ask = Callable[[str], str]
STRANGER = "203.0.113.77"
"""An address of nobody (RFC 5737): what lets it in lets in anybody."""
MIN_RECORDING_BYTES = 5 << 30
"""A stereo recording of an hour is 115 MB."""
_TRUE = {"true", "yes", "on", "enable", "enabled", "active", "1"}
_PARAM = re.compile(r'<param name="([^"<>]*)" value="([^"<>]*)"')
_PROFILE = re.compile(r'<profile name="([^"<>]*)"')
_PATH = re.compile(r"/[A-Za-z0-9_./-]{0,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Profile:
    """A SIP profile's settings."""

    name: str
    settings: Mapping[str, str]

    def has(self, setting: str) -> bool:
        """Whether a setting is switched on."""
        return self.settings.get(setting, "").lower() in _TRUE


def check_config(ask: Ask, wanted: Wanted) -> Iterator[Finding]:
    """The checks of a real switch's configuration.

    Raises:
        EslError: it does not answer any more.
    """
    if socket := _settings(_located(ask, "event_socket.conf")):
        yield _event_socket(ask, socket)
    profiles = _profiles(_located(ask, "sofia.conf"))
    for profile in profiles:
        yield _transfers(profile)
    yield from _sound_ports(_settings(_located(ask, "switch.conf")), ask("status"))
    if wanted.phone_profile:
        yield from _phones(ask, wanted.phone_profile, profiles)
    yield from _music(ask)
    yield from _recordings(ask)


def _located(ask: Ask, name: str) -> str:
    """A part of the configuration as the switch writes it; without settings if it does not tell it."""
    return ask(f"xml_locate configuration configuration name {name}")


def _settings(text: str) -> dict[str, str]:
    return dict(_PARAM.findall(text))


def _profiles(text: str) -> list[Profile]:
    """The profiles, without their gateways' settings."""
    _, *named = _PROFILE.split(text)
    pairs = zip(named[::2], named[1::2], strict=True)
    return [Profile(name, _settings(body.rpartition("<settings>")[2])) for name, body in pairs]


def _event_socket(ask: Ask, settings: Mapping[str, str]) -> Finding:
    check, where = "event socket", settings.get("listen-ip", "127.0.0.1")
    try:
        alone = ipaddress.ip_address(where).is_loopback
    except ValueError:
        alone = False
    if alone:
        return ok(check, f"listens on {where}, for the switch's own machine")
    acl = settings.get("apply-inbound-acl", "")
    if acl and ask(f"acl {STRANGER} {acl}") != "false":
        return failed(
            check,
            f"listens on {where}, and its ACL {acl[:40]} lets anybody in",
            "name the dialers' addresses in the ACL (acl.conf.xml), or listen on 127.0.0.1: whoever connects "
            "and guesses the password can call anybody at your cost",
        )
    return ok(check, f"listens on {where}, for the addresses of its ACL {acl or 'loopback.auto'}")


def _transfers(profile: Profile) -> Finding:
    check = f"profile {profile.name}"
    if not profile.has("disable-transfer"):
        return failed(
            check,
            "takes REFER: whoever is called can send the call on to any number, at your cost",
            f'put <param name="disable-transfer" value="true"/> into the profile {profile.name}',
        )
    if profile.has("accept-blind-reg") or profile.has("accept-blind-auth"):
        return failed(
            check,
            "lets anybody register",
            f"take accept-blind-reg and accept-blind-auth out of the profile {profile.name}",
        )
    if not profile.has("auth-calls") and "apply-inbound-acl" not in profile.settings:
        return failed(
            check,
            "takes calls from anybody",
            f'put <param name="auth-calls" value="true"/> into the profile {profile.name}',
        )
    return ok(check, "refuses REFER, and asks who calls")


def _sound_ports(core: Mapping[str, str], status: str) -> Iterator[Finding]:
    first, last = (core.get(f"rtp-{end}-port", "") for end in ("start", "end"))
    sessions = re.search(r"(\d+) session\(s\) max", status)
    if not (first.isdecimal() and last.isdecimal() and sessions):
        return
    calls, wanted = (int(last) - int(first)) // 2, int(sessions[1])
    found = f"{first} to {last}: {max(0, calls)} calls"
    if calls < wanted:
        yield warning(
            "sound ports",
            found,
            f"widen rtp-start-port to rtp-end-port in switch.conf.xml to {2 * wanted} ports, as max-sessions "
            f"is {wanted}",
        )
    else:
        yield ok("sound ports", found)


def _phones(ask: Ask, name: str, profiles: list[Profile]) -> Iterator[Finding]:
    check = "phones"
    if ask("module_exists mod_xml_curl") != "true":
        yield failed(check, "mod_xml_curl is not loaded", "load it: the api is asked for phones by it")
        return
    if ask(f"sofia xmlstatus profile {name}").startswith("Invalid Profile"):
        yield failed(
            check,
            f"the switch has no profile {name}",
            "start it with RINGMASTER_PHONES_PORT or RINGMASTER_WSS_PORT (deploy/freeswitch)",
        )
        return
    for profile in profiles:
        forced = {profile.settings.get(f"force-register-{end}") for end in ("domain", "db-domain")}
        if profile.name == name and forced != {PHONE_DOMAIN}:
            yield failed(
                check,
                f"the profile {name} takes the domain that a phone names",
                f"set force-register-domain and force-register-db-domain to {PHONE_DOMAIN} in it",
            )
            return
    found = re.search(r"Total items returned: (\d+)", ask(f"sofia status profile {name} reg"))
    yield ok(check, f"the profile {name} has {found[1] if found else 'no'} registered")


def _music(ask: Ask) -> Iterator[Finding]:
    path = ask("global_getvar hold_music")
    if not path or path.startswith("-ERR"):
        yield warning("music", "none", "set the variable hold_music: who is on hold hears nothing")
    elif path.startswith("local_stream://") and ask("module_exists mod_local_stream") != "true":
        yield failed("music", f"{path[:80]} needs mod_local_stream", "load it, or name another hold_music")
    elif path.startswith(("tone_stream://", "silence_stream://")):
        # Tones have commas, with which no list of applications can be written: the module is what they need.
        if ask("module_exists mod_tone_stream") == "true":
            yield ok("music", "tones")
        else:
            yield failed("music", f"{path[:80]} needs mod_tone_stream", "load it, or name another hold_music")
    else:
        yield legs.message(ask, path, check="music")


def _recordings(ask: Ask) -> Iterator[Finding]:
    """Room where recordings are written, by `df` on the switch's own machine."""
    folder = ask("eval ${recordings_dir}")
    if _PATH.fullmatch(folder) is None:  # nothing else goes to a shell
        return
    found = re.search(r"^\S+\s+\d+\s+\d+\s+(\d+)\s+\d+%", ask(f"system df -Pk {folder}"), re.MULTILINE)
    if found is None:
        yield warning("recordings", f"{folder} is not there", "make the directory, or start with -recordings")
        return
    room = f"{int(found[1]) / (1 << 20):.1f} GiB free in {folder}"
    if int(found[1]) << 10 < MIN_RECORDING_BYTES:
        yield warning(
            "recordings", room, "make room, or start with -recordings elsewhere: an hour in stereo is 115 MB"
        )
    else:
        yield ok("recordings", room)
