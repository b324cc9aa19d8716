"""A switch's gateways as FreeSWITCH's directory has them.

FreeSWITCH pre-processes what mod_xml_curl fetches as if it were its own file: `$${…}` is replaced, a line
with X-PRE-PROCESS is obeyed or dropped. So nothing but letters, digits and a few marks is ever written as it
is; everything else is a character reference, which only the XML's parser undoes, after that.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterable, Iterator

from models.carrier_keys import NoCarrierKey, Vault
from models.carriers import CARRIER_DOMAIN, REVISION
from models.repository.carriers import SealedAccount

log = logging.getLogger(__name__)

_PLAIN = re.compile(r"[A-Za-z0-9_.:@/,]", re.ASCII)


def document(accounts: Iterable[SealedAccount], vault: Vault, *, names_only: bool = False) -> bytes:
    """What mod_xml_curl is answered. `names_only`: names and revisions, for who asks what could be had.

    A gateway whose password can't be opened is left out of both.
    """
    inner = _domain(accounts, vault, names_only=names_only)
    return f'<document type="freeswitch/xml"><section name="directory">{inner}</section></document>'.encode()


def kept(accounts: Iterable[SealedAccount], vault: Vault) -> bytes:
    """The same as a file that the switch's own configuration includes."""
    return f"<include>\n{_domain(accounts, vault, names_only=False)}\n</include>\n".encode()


def _domain(accounts: Iterable[SealedAccount], vault: Vault, *, names_only: bool) -> str:
    body = "".join(_gateway(one, vault, names_only=names_only) for one in accounts)
    # The user has a hash that nobody knows: FreeSWITCH would let one in that has none.
    params = _param("a1-hash", secrets.token_hex(16)) + _param("allow-empty-password", "false")
    return (
        f'<domain name="{CARRIER_DOMAIN}"><user id="carriers"><params>{params}</params>'
        f"<gateways>{body}</gateways></user></domain>"
    )


def _gateway(one: SealedAccount, vault: Vault, *, names_only: bool) -> str:
    try:
        params = "".join(_param(name, value) for name, value in _values(one, vault))
    except NoCarrierKey as error:
        log.error("a gateway is kept from the switch: %s", error, extra={"gateway": one.gateway})
        return ""
    variables = _variable(REVISION, one.revision, "inbound")
    if one.account.codecs:
        variables += _variable("absolute_codec_string", ",".join(one.account.codecs), "outbound")
    shown = "" if names_only else params
    return f'<gateway name="{_quoted(one.gateway)}">{shown}<variables>{variables}</variables></gateway>'


def _values(one: SealedAccount, vault: Vault) -> Iterator[tuple[str, str]]:
    account = one.account
    yield "proxy", account.proxy
    yield "register", _word(account.register)
    yield "register-transport", account.transport
    yield "caller-id-in-from", _word(account.caller_id_in_from)
    yield "expire-seconds", str(account.expire_seconds)
    # Each revision is another contact: the last one's farewell to the registrar does not end this one's stay.
    yield "contact-params", f"rm={one.revision}"
    if one.password is not None:
        yield "password", vault.open(one.gateway_id, one.password)
    if account.ping_seconds is not None:
        yield "ping", str(account.ping_seconds)
    given = {
        "outbound-proxy": account.outbound_proxy,
        "username": account.username,
        "auth-username": account.auth_username,
        "realm": account.realm,
        "from-user": account.from_user,
        "from-domain": account.from_domain,
    }
    yield from ((name, value) for name, value in given.items() if value)


def _word(value: bool) -> str:
    return "true" if value else "false"


def _param(name: str, value: str) -> str:
    return f'<param name="{_quoted(name)}" value="{_quoted(value)}"/>'


def _variable(name: str, value: str, direction: str) -> str:
    return f'<variable name="{name}" value="{_quoted(value)}" direction="{direction}"/>'


def _quoted(text: str) -> str:
    return "".join(char if _PLAIN.match(char) else f"&#{ord(char)};" for char in text)
