"""deploy/freeswitch is well-formed, closed to strangers, and asks the environment for what is secret."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from callflow.doctor.switch import MODULES, SESSIONS_PER_SECOND_WANTED
from callflow.process import DialerOptions, link_settings

FOLDER = Path(__file__).parents[3] / "deploy" / "freeswitch"
FILES = sorted(FOLDER.rglob("*.xml"))
DOCS = Path(__file__).parents[3] / "docs" / "how-to" / "freeswitch.md"


def parameters(name: str) -> dict[str, str]:
    root = ElementTree.parse(FOLDER / name).getroot()
    return {p.get("name", ""): p.get("value", "") for p in root.iter("param")}


def variables() -> dict[str, str]:
    root = ElementTree.parse(FOLDER / "vars.xml").getroot()
    pairs = [x.get("data", "").partition("=") for x in root if x.get("cmd") == "set"]
    return {name: value for name, _, value in pairs}


def set_somewhere() -> set[str]:
    root = ElementTree.parse(FOLDER / "vars.xml").getroot()
    return {x.get("data", "").partition("=")[0] for x in root if str(x.get("cmd")).endswith("set")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_well_formed_and_holds_no_secret(path: Path) -> None:
    ElementTree.parse(path)
    assert "ClueCon" not in path.read_text()


def test_every_variable_is_set_before_it_is_used() -> None:
    used = {name for path in FILES for name in re.findall(r"\$\$\{(\w+)\}", path.read_text())}
    # What somebody on hold hears is FreeSWITCH's own variable.
    assert used == set_somewhere() - {"hold_music"}


def test_the_event_socket_is_closed_to_strangers() -> None:
    socket = parameters("autoload_configs/event_socket.conf.xml")
    assert socket["password"] == "$${switch_password}"
    assert socket["listen-ip"] == "$${switch_listen}"
    assert variables()["switch_listen"] == "127.0.0.1"
    assert variables()["dialer_cidr"] == "127.0.0.1/32"
    lists = ElementTree.parse(FOLDER / "autoload_configs" / "acl.conf.xml").getroot()
    default = {one.get("name"): one.get("default") for one in lists.iter("list")}
    assert default[socket["apply-inbound-acl"]] == "deny"


def test_without_a_password_in_the_environment_nobody_knows_it() -> None:
    """An empty one would be FreeSWITCH's own: so a random one comes first, and the environment's after it."""
    lines = [x.get("data", "") for x in ElementTree.parse(FOLDER / "vars.xml").getroot()]
    ours = [line for line in lines if line.startswith("switch_password=")]
    assert "urandom" in ours[0]
    assert ours[1] == "switch_password=$RINGMASTER_SWITCH_PASSWORD"


def test_it_has_what_the_doctor_wants() -> None:
    modules = ElementTree.parse(FOLDER / "autoload_configs" / "modules.conf.xml").getroot()
    loaded = {one.get("module") for one in modules.iter("load")}
    assert loaded >= {*MODULES, "mod_event_socket", "mod_loopback", "mod_sndfile", "mod_tone_stream"}
    assert int(variables()["sessions_per_second"]) >= SESSIONS_PER_SECOND_WANTED
    dialer = DialerOptions(
        database_url="", data_directory=FOLDER, switch_name="", link=link_settings("h", 1, "p")
    )
    assert int(variables()["sessions_per_second"]) > dialer.legs_per_second


def test_the_page_names_every_variable_of_the_environment() -> None:
    taken = set(re.findall(r"\$(RINGMASTER_\w+)", (FOLDER / "vars.xml").read_text()))
    page = DOCS.read_text()
    assert not [name for name in sorted(taken) if f"`{name}`" not in page]
