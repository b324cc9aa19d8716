"""Gateways as FreeSWITCH's XML: nothing of a carrier's words is there for its pre-processor to read."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from api import carrier_xml
from models.carrier_keys import Vault, new_carrier_key
from models.carriers import CARRIER_DOMAIN, CarrierAccount
from models.repository.carriers import SealedAccount

VAULT = Vault((new_carrier_key(),))
ACCOUNT = CarrierAccount(
    proxy="sip.carrier.example:5080",
    register=True,
    username="acme",
    realm="carrier.example",
    ping_seconds=30,
    codecs=("PCMA", "PCMU"),
)


def sealed(password: str | None, *, name: str = "north", vault: Vault = VAULT) -> SealedAccount:
    return SealedAccount(
        gateway_id="id-of-north",
        gateway=name,
        account=ACCOUNT,
        password=None if password is None else vault.seal("id-of-north", password),
        revision="0" * 32,
    )


def gateways(told: bytes) -> dict[str, dict[str, str]]:
    root = ElementTree.fromstring(told)
    domain = root.find(".//domain")
    assert domain is not None
    assert domain.get("name") == CARRIER_DOMAIN
    return {
        found.get("name", ""): {one.get("name", ""): one.get("value", "") for one in found.iter("param")}
        for found in domain.iter("gateway")
    }


def test_a_gateway_has_what_its_account_says() -> None:
    told = carrier_xml.document([sealed("secret")], VAULT)
    assert gateways(told) == {
        "north": {
            "proxy": "sip.carrier.example:5080",
            "register": "true",
            "register-transport": "udp",
            "caller-id-in-from": "true",
            "expire-seconds": "3600",
            "contact-params": "rm=" + "0" * 32,
            "password": "secret",
            "ping": "30",
            "username": "acme",
            "realm": "carrier.example",
        }
    }
    variables = {one.get("name"): one.attrib for one in ElementTree.fromstring(told).iter("variable")}
    assert variables["absolute_codec_string"]["value"] == "PCMA,PCMU"
    assert variables["rm_revision"] == {"name": "rm_revision", "value": "0" * 32, "direction": "inbound"}


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=128))
def test_any_password_arrives_and_none_is_read_by_the_pre_processor(password: str) -> None:
    for hostile in (
        password,
        f'{password}"/><X-PRE-PROCESS cmd="exec" data="id"/>$${{switch_key}}<!--<include>',
    ):
        told = carrier_xml.document([sealed(hostile)], VAULT)
        assert gateways(told)["north"]["password"] == hostile
        assert re.search(rb"\$|x-pre-process|<include|<!|<\?", told, re.IGNORECASE) is None


def test_names_alone_have_no_password_and_no_address() -> None:
    told = carrier_xml.document([sealed("secret")], VAULT, names_only=True)
    assert gateways(told) == {"north": {}}
    assert b"secret" not in told
    assert b"carrier.example" not in told


def test_a_gateway_whose_password_can_t_be_opened_is_kept_back_and_the_others_are_told() -> None:
    lost = sealed("x", name="lost", vault=Vault((new_carrier_key(),)))
    for names_only in (False, True):
        told = carrier_xml.document([lost, sealed(None)], VAULT, names_only=names_only)
        assert set(gateways(told)) == {"north"}


def test_nobody_is_the_user_under_which_the_gateways_stand() -> None:
    """FreeSWITCH lets a user in who has neither password nor hash."""
    found = [
        ElementTree.fromstring(carrier_xml.document([], VAULT)).find(".//user/params/param[@name='a1-hash']")
        for _ in range(2)
    ]
    hashes = {one.get("value") for one in found if one is not None}
    assert len(hashes) == 2


def test_the_kept_file_is_an_include_by_whole_lines() -> None:
    first, domain, last = carrier_xml.kept([sealed("a$${b}")], VAULT).decode().splitlines()
    assert (first, last) == ("<include>", "</include>")
    assert gateways(f"<x>{domain}</x>".encode())["north"]["password"] == "a$${b}"
