"""What a switch asks for a phone and is told: hostile fields, the XML, addresses that ask in vain."""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import directory
from api.directory import Asked, Misses
from models.phones import PHONE_DOMAIN, NewPhone, is_phone_name, new_phone
from models.repository.identity import KnownPhone

NAME = "pabcdefghijkmnpq"
AGENT = "0190d3f0-0000-7000-8000-000000000001"
RIGHT = {
    "hostname": "fs1",
    "section": "directory",
    "tag_name": "domain",
    "key_name": "name",
    "key_value": PHONE_DOMAIN,
    "action": "sip_auth",
    "sip_auth_username": NAME,
    "key": "id",
    "user": NAME,
    "domain": PHONE_DOMAIN,
    "ip": "192.0.2.7",
}


def test_a_phone_s_login_is_read() -> None:
    assert directory.read(urlencode(RIGHT).encode()) == Asked(NAME, "192.0.2.7")


@pytest.mark.parametrize(
    "changed",
    [
        {"section": "dialplan"},
        {"domain": "other.invalid"},
        {"domain": "phones..invalid"},
        {"user": "1001"},
        {"user": NAME.upper()},
        {"user": f"{NAME}\0"},
        {"user": f"{NAME}\n"},
        {"user": f'"/><user id="{NAME}'},
        {"user": "p" * 65536},
        {"user": AGENT},
        {"user": ""},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_what_is_no_phone_s_login_is_not_looked_up(changed: dict[str, str]) -> None:
    assert directory.read(urlencode(RIGHT | changed).encode()) is None


def test_a_phone_can_write_fields_into_the_domain_and_is_not_believed() -> None:
    """mod_xml_curl does not encode `key_value`: what stands there first comes before the true fields."""
    for more in (f"user={NAME}", f"domain={PHONE_DOMAIN}", "section=directory"):
        body = f"section=directory&key_value=x&{more}&{urlencode({**RIGHT, 'key_value': 'x'})}"
        assert directory.read(body.encode()) is None


def test_more_fields_than_any_phone_has_are_not_read() -> None:
    assert directory.read(b"a=1&" * 500 + urlencode(RIGHT).encode()) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_not_but_never_fail(body: bytes) -> None:
    found = directory.read(body)
    assert not isinstance(found, directory.Asked) or is_phone_name(found.user_name)


def test_the_answer_lets_nobody_in_without_the_password() -> None:
    made = NewPhone(NAME, "s3cret")
    text = directory.answer(KnownPhone(NAME, AGENT, made.a1_hash, 60.0))
    root = ElementTree.fromstring(text)
    user = root.find("section[@name='directory']/domain[@name='phones.gateway.invalid']/user")
    assert user is not None
    assert user.attrib == {"id": NAME, "cacheable": "60000"}
    params = {one.get("name"): one.get("value") for one in user.iter("param")}
    expected = hashlib.md5(f"{NAME}:{PHONE_DOMAIN}:s3cret".encode(), usedforsecurity=False).hexdigest()
    assert params == {"a1-hash": expected, "allow-empty-password": "false"}
    variables = {one.get("name"): one.get("value") for one in user.iter("variable")}
    assert variables["sip-force-user"] == AGENT
    assert b"s3cret" not in text


@pytest.mark.parametrize(("left", "kept"), [(1e9, 900_000), (12.5, 12_500), (0.0, 1), (-5.0, 1)])
def test_the_switch_keeps_an_answer_no_longer_than_the_login_holds(left: float, kept: int) -> None:
    """And never so long that FreeSWITCH's microseconds run over an int."""
    user = ElementTree.fromstring(directory.answer(KnownPhone(NAME, AGENT, "0" * 32, left))).find(".//user")
    assert user is not None
    assert user.get("cacheable") == str(kept)
    assert kept * 1000 < 1 << 31


def test_there_is_no_such_phone() -> None:
    result = ElementTree.fromstring(directory.answer(None)).find("section[@name='result']/result")
    assert result is not None
    assert result.get("status") == "not found"


def test_logins_are_all_different_and_of_the_one_form() -> None:
    made = [new_phone() for _ in range(200)]
    assert len({one.user_name for one in made}) == len({one.password for one in made}) == 200
    assert all(is_phone_name(one.user_name) and len(one.password) == 24 for one in made)


def test_an_address_that_asks_in_vain_is_not_looked_up_for_a_while() -> None:
    misses = Misses()
    for _ in range(directory.MISSES):
        assert not misses.too_many("192.0.2.7", 100.0)
        misses.count("192.0.2.7", 100.0)
    assert misses.too_many("192.0.2.7", 100.0 + directory.MISS_SECONDS - 1)
    assert not misses.too_many("192.0.2.8", 100.0)
    assert not misses.too_many("192.0.2.7", 100.0 + directory.MISS_SECONDS)


def test_the_memory_of_addresses_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "_MOST_ADDRESSES", 3)
    monkeypatch.setattr(directory, "MISSES", 1)
    misses = Misses()
    for number in range(5):
        misses.count(str(number), 0.0)
    assert [misses.too_many(str(number), 1.0) for number in range(5)] == [False, False, True, True, True]


def test_gateways_are_asked_for_by_a_profile_or_by_who_wants_their_names() -> None:
    """As FreeSWITCH 1.11.1 asks: `xml_locate` says the section twice."""
    asked = b"hostname=fs1&section=directory&tag_name=domain&key_name=name&key_value=carriers.invalid"
    profile = asked + b"&Event-Name=REQUEST_PARAMS&purpose=gateways&profile=ringmaster"
    assert directory.read(profile) == directory.AskedCarriers(for_profile=True)
    located = asked + b"&section=directory&tag=domain&tag_attr_name=name&tag_attr_val=carriers.invalid"
    assert directory.read(located) == directory.AskedCarriers(for_profile=False)
    for wrong in (b"&user=x", b"&user=", b"&section=dialplan", b"&key_value=x"):
        assert directory.read(profile + wrong) is None
