"""The switch's directory: what it asks for a phone, and the XML that it is answered with.

FreeSWITCH's mod_xml_curl posts a form. Its first fields are not encoded (`key_value` is the domain as the
phone sent it), so that a phone can write further fields into it: a field that is there twice is believed by
nobody. The rest is what a stranger's phone said: only what has the form of a phone's login gets as far as the
database.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, tostring

from models.carriers import CARRIER_DOMAIN
from models.phones import PHONE_DOMAIN, is_phone_name
from models.repository.identity import KnownPhone

MAX_BYTES: Final = 1 << 16
MAX_FIELDS: Final = 400
CACHE_SECONDS: Final = 900.0
"""How long the switch answers from what it was told. In 1.11.1 it can be at most 2,147 s (an int of µs)."""

MISSES: Final = 30
MISS_SECONDS: Final = 60.0
_MOST_ADDRESSES: Final = 4096


@dataclass(frozen=True, slots=True)
class Asked:
    """The login that a phone at `address` gave."""

    user_name: str
    address: str


@dataclass(frozen=True, slots=True)
class AskedCarriers:
    """The switch's gateways: by a SIP profile that makes them, or by somebody who wants to know which."""

    for_profile: bool


def read(body: bytes) -> Asked | AskedCarriers | None:
    """What is asked for; None where there can be no such phone."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)

    def one(name: str) -> str:
        values = found.get(name, [])
        return values[0] if len(values) == 1 else ""

    if set(found.get("section", [])) != {"directory"}:
        return None
    if one("key_value") == CARRIER_DOMAIN and one("key_name") == "name" and "user" not in found:
        return AskedCarriers(one("purpose") == "gateways")  # `xml_locate` says the section twice
    if one("section") != "directory" or one("domain") != PHONE_DOMAIN or not is_phone_name(one("user")):
        return None
    return Asked(one("user"), one("ip")[:64])


def answer(phone: KnownPhone | None) -> bytes:
    """The directory's entry of a phone, or that there is none.

    It always has an `a1-hash`: FreeSWITCH lets a user in who has neither hash nor password. The phone is
    registered under its agent's id, whatever name it gives itself.
    """
    document = Element("document", type="freeswitch/xml")
    if phone is None:
        section = SubElement(document, "section", name="result")
        SubElement(section, "result", status="not found")
        return tostring(document)
    section = SubElement(document, "section", name="directory")
    domain = SubElement(section, "domain", name=PHONE_DOMAIN)
    milliseconds = max(1, round(1000 * min(CACHE_SECONDS, phone.seconds)))
    user = SubElement(domain, "user", id=phone.user_name, cacheable=str(milliseconds))
    params = SubElement(user, "params")
    for name, value in (("a1-hash", phone.a1_hash), ("allow-empty-password", "false")):
        SubElement(params, "param", name=name, value=value)
    variables = SubElement(user, "variables")
    for name, value in (("sip-force-user", phone.agent_id), ("sip-allow-multiple-registrations", "false")):
        SubElement(variables, "variable", name=name, value=value)
    return tostring(document)


class Misses:
    """How often each address asked in vain lately: after `MISSES` within a minute it is answered unasked.

    Of this process, in memory; of the addresses that are not heard of any more the oldest are forgotten.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def too_many(self, address: str, now: float | None = None) -> bool:
        """Whether that address is not worth a look into the database now."""
        now = time.monotonic() if now is None else now
        began, count = self._seen.get(address, (now, 0))
        return now - began < MISS_SECONDS and count >= MISSES

    def count(self, address: str, now: float | None = None) -> None:
        """One more in vain."""
        now = time.monotonic() if now is None else now
        began, count = self._seen.pop(address, (now, 0))
        self._seen[address] = (began, count + 1) if now - began < MISS_SECONDS else (now, 1)
        if len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)
