"""Carriers' accounts: what no switch is told, and passwords that only the key opens."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.carrier_keys import NoCarrierKey, Vault, new_carrier_key
from models.carriers import CarrierAccount, check_password
from models.errors import InvalidValue

FULL = CarrierAccount(
    proxy="sip.carrier.example:5080",
    outbound_proxy="[2001:db8::1]:5060",
    transport="tcp",
    register=True,
    username="acme-1",
    auth_username="acme-1@carrier.example",
    realm="carrier.example",
    from_user="acme",
    from_domain="from.example",
    caller_id_in_from=False,
    ping_seconds=30,
    expire_seconds=600,
    codecs=("PCMA", "PCMU"),
)
HOSTILE = (
    '"',
    "<",
    ">",
    "&",
    "'",
    "\n",
    "\r",
    "\0",
    "$${switch_key}",
    "${x}",
    " ",
    ";",
    "ä",
    "\u2028",
    "x" * 300,
)
TEXTS = (
    "proxy",
    "outbound_proxy",
    "from_domain",
    "username",
    "auth_username",
    "from_user",
    "realm",
    "transport",
)


def test_an_account_comes_back_from_the_database_as_it_went_in() -> None:
    assert CarrierAccount.from_json(FULL.to_json()) == FULL
    assert CarrierAccount.from_json({"proxy": "192.0.2.1"}) == CarrierAccount(proxy="192.0.2.1")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("mark", HOSTILE)
def test_no_field_takes_what_xml_or_sip_would_read_otherwise(name: str, mark: str) -> None:
    if (name, mark) == ("realm", " "):
        return  # a realm is quoted, and may have spaces
    given = asdict(FULL)
    with pytest.raises(InvalidValue, match=name):
        CarrierAccount(**{**given, name: f"{given[name]}{mark}"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"proxy": ""},
        {"proxy": "host:0"},
        {"proxy": "host:65536"},
        {"proxy": "[::g]"},
        {"proxy": "-host"},
        {"register": True, "username": ""},
        {"ping_seconds": 4},
        {"expire_seconds": 59},
        {"codecs": ("PCMU,PCMA",)},
        {"codecs": ("PCMU", "PCMU")},
    ],
)
def test_what_is_no_account_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        CarrierAccount(**{**asdict(FULL), **wrong})


@given(
    st.text(
        st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=":"),
        min_size=1,
        max_size=128,
    )
)
def test_a_password_is_kept_whole(password: str) -> None:
    assert check_password(password) == password


@pytest.mark.parametrize("password", ["", "a\n", "a\nb", "pä", " a", "a ", "x" * 129, "a\0", "a:b"])
def test_what_a_sip_header_can_t_carry_is_no_password(password: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_password(password)
    assert len(password) < 100 or password not in str(refused.value)


def test_a_sealed_password_opens_for_its_gateway_with_its_key_alone() -> None:
    old, new = new_carrier_key(), new_carrier_key()
    sealed = Vault((old,)).seal("one", 'p"a$${x}')
    assert 'p"a' not in sealed
    assert Vault((new, old)).open("one", sealed) == 'p"a$${x}'
    for vault, gateway in (
        (Vault((new,)), "one"),
        (Vault((old,)), "two"),
        (Vault(), "one"),
        (Vault(("x",)), "one"),
    ):
        with pytest.raises(NoCarrierKey):
            vault.open(gateway, sealed)
    with pytest.raises(NoCarrierKey):
        Vault((old,)).open("one", sealed[:-4] + "AAA=")


def test_the_key_s_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "carrier.key"
    with pytest.raises(NoCarrierKey):
        Vault((), file).open("one", "x")
    assert not file.exists()
    sealed = Vault((), file).seal("one", "secret")
    assert file.stat().st_mode & 0o777 == 0o600
    kept = file.read_text()
    Vault((), file).seal("two", "other")
    assert file.read_text() == kept
    assert Vault((), file).open("one", sealed) == "secret"
    assert [path.name for path in file.parent.iterdir()] == ["carrier.key"]
