"""What the switch needs to know of a carrier to make a gateway of it: address, account, how it is checked.

Values go into FreeSWITCH's XML and from there into SIP headers, so each is held to its own alphabet here, and
the XML's writer (api/carrier_xml.py) trusts none of them all the same. The password is not among them: it is
kept apart (models/carrier_keys.py, docs/decisions/0033-carriers-accounts.md).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from models.errors import InvalidValue

CARRIER_DOMAIN: Final = "carriers.invalid"
"""The domain of FreeSWITCH's directory under which a profile finds its gateways; a name, not an address."""
CARRIER_PROFILE: Final = "ringmaster"
"""The SIP profile that has the gateways."""
REVISION: Final = "rm_revision"
"""The gateway's variable by which a dialer sees which account the switch has."""

CODECS: Final = ("PCMU", "PCMA", "G722", "G729", "OPUS")
TRANSPORTS: Final = ("udp", "tcp")
MOST_PASSWORD: Final = 128

_USER = re.compile(r"[A-Za-z0-9_.+~*!=-]{1,64}", re.ASCII)
_AUTH_USER = re.compile(r"[A-Za-z0-9_.+~*!=@-]{1,128}", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
_REALM = re.compile(r"[A-Za-z0-9_.:@ *-]{1,128}", re.ASCII)
_FORMS = {"username": _USER, "auth_username": _AUTH_USER, "from_user": _USER, "realm": _REALM}
# FreeSWITCH 1.11.1 hands user and password on with a colon between: it ends the password at the next one.
_PASSWORD = re.compile(rf"(?! )[\x20-\x39\x3b-\x7e]{{1,{MOST_PASSWORD}}}(?<! )", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierAccount:
    """A carrier as the switch reaches it. Empty: the switch's own way.

    Attributes:
        proxy: where calls go, `HOST` or `HOST:PORT`. outbound_proxy: a session border controller before it.
        register: tell the carrier where we are, with user name and password.
        username, auth_username, realm, from_user, from_domain: as the carrier's contract names them.
        caller_id_in_from: the caller's number in From, not the account's.
        ping_seconds: ask by OPTIONS so often whether it is there; None: never.
        expire_seconds: how long a registration is asked to last.
        codecs: offered to this carrier, the best first; none: those of the profile.

    Raises:
        InvalidValue: `carrier`, with the field's name in the sentence.
    """

    proxy: str
    outbound_proxy: str = ""
    transport: str = "udp"
    register: bool = False
    username: str = ""
    auth_username: str = ""
    realm: str = ""
    from_user: str = ""
    from_domain: str = ""
    caller_id_in_from: bool = True
    ping_seconds: int | None = None
    expire_seconds: int = 3600
    codecs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _need(_is_address(self.proxy), "proxy", "is written like sip.carrier.example or 192.0.2.1:5060")
        for name in ("outbound_proxy", "from_domain"):
            value = getattr(self, name)
            _need(value == "" or _is_address(value), name, "is written like sbc.carrier.example:5060")
        for name, form in _FORMS.items():
            value = getattr(self, name)
            _need(
                value == "" or form.fullmatch(value) is not None, name, "has a character that it may not have"
            )
        _need(self.transport in TRANSPORTS, "transport", f"is one of {', '.join(TRANSPORTS)}")
        _need(not self.register or self.username != "", "username", "is needed to register")
        ping = self.ping_seconds
        _need(ping is None or 5 <= ping <= 3600, "ping_seconds", "is 5 to 3600 s, or none")
        _need(60 <= self.expire_seconds <= 86_400, "expire_seconds", "is 60 to 86400 s")
        known = set(self.codecs) <= set(CODECS) and len(set(self.codecs)) == len(self.codecs)
        _need(known, "codecs", f"are some of {', '.join(CODECS)}")

    def to_json(self) -> dict[str, Any]:
        """For the database."""
        return {**asdict(self), "codecs": list(self.codecs)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> CarrierAccount:
        """As the database has it. Raises InvalidValue."""
        names = {field.name for field in fields(cls)}
        values = {name: value for name, value in kept.items() if name in names}
        return cls(**{**values, "codecs": tuple(values.get("codecs", ()))})


def check_password(password: str) -> str:
    """The same password, if one can be kept and sent.

    Raises:
        InvalidValue: `carrier_password`; the sentence does not hold it.
    """
    if _PASSWORD.fullmatch(password) is None:
        raise InvalidValue(
            "carrier_password",
            f"a carrier's password has 1 to {MOST_PASSWORD} printable ASCII characters, none a colon, "
            "at which FreeSWITCH would end it, nor a space at an end",
        )
    return password


def _need(holds: bool, name: str, sentence: str) -> None:
    if not holds:
        raise InvalidValue("carrier", f"{name} {sentence}")


def _is_address(text: str) -> bool:
    """`HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT`."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^:\[\]]+)(?::([0-9]{1,5}))?", text, re.ASCII)
    if found is None or (found[2] is not None and not 1 <= int(found[2]) <= 65_535):
        return False
    if not found[1].startswith("["):
        return _HOST.fullmatch(found[1]) is not None
    try:
        ipaddress.IPv6Address(found[1][1:-1])
    except ValueError:
        return False
    return True
