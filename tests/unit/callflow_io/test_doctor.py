"""What the doctor makes of what a switch and a folder say."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from callflow import doctor
from callflow.doctor import legs, switch
from callflow.doctor.findings import Finding, Verdict, failed, ok, warning
from callflow.doctor.local import Wanted, database
from esl.simulator import SwitchConfig
from models.enums import CampaignState
from models.records import CampaignSettings, GatewayLimits, Route
from models.repository import agents, campaigns, gateways, live, setup
from models.session import sync_engine
from models.settings import Settings
from tests.unit.simulator.driver import Driver

CONFIG = "<configuration>{}</configuration>"
PROFILES = """<profiles><profile name="ringmaster"><settings><param name="disable-transfer" value="true"/>
<param name="auth-calls" value="true"/></settings></profile><profile name="phones"><settings>
<param name="disable-transfer" value="true"/><param name="auth-calls" value="true"/>
<param name="force-register-domain" value="phones.gateway.invalid"/>
<param name="force-register-db-domain" value="phones.gateway.invalid"/></settings></profile></profiles>"""
HEALTHY = {
    "version": "FreeSWITCH Version 1.10.12",
    "module_exists": "true",
    "status": "0 session(s) per Sec out of max 50, peak 1, last 5min 0\n1000 session(s) max\n",
    "ringmaster_speed": "-ERR ringmaster_speed Command not found!",
    "fsctl pause_check outbound": "false",
    "sofia xmlstatus gateway": "<gateway><state>NOREG</state><status>UP</status></gateway>",
    "originate": "+OK",
    "uuid_bridge": "+OK",
    "uuid_kill": "+OK",
    "uuid_dump": "bridged",
    "eval ${sounds_dir}": "/sounds",
    "xml_locate configuration configuration name event_socket.conf": CONFIG.format(
        '<settings><param name="listen-ip" value="127.0.0.1"/></settings>'
    ),
    "xml_locate configuration configuration name sofia.conf": CONFIG.format(PROFILES),
    "xml_locate configuration configuration name switch.conf": CONFIG.format(
        '<settings><param name="rtp-start-port" value="16384"/>'
        '<param name="rtp-end-port" value="32768"/></settings>'
    ),
    "acl": "false",
    "global_getvar hold_music": "tone_stream://%(200,3800,440);loops=-1",
    "eval ${recordings_dir}": "/recordings",
    "system df": "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 9 9 99999999 34% /",
    "sofia xmlstatus profile": "<profile/>",
    "sofia status profile": "Total items returned: 3",
}
ANSWERED_US = 1_795_564_739_251_280
DUMPS: dict[str, str | dict[str, str]] = {
    "gone": "-ERR No such channel!",
    "alone": {"Caller-Channel-Answered-Time": str(ANSWERED_US), "Caller-Channel-Bridged-Time": "0"},
    "bridged": {"Caller-Channel-Answered-Time": str(ANSWERED_US), "Caller-Channel-Bridged-Time": "x"},
    "slow": {"Caller-Channel-Answered-Time": str(ANSWERED_US), "Caller-Channel-Bridged-Time": "x"},
    "playing": {"variable_current_application": "playback"},
    "played": {"variable_current_application": "sleep", "variable_playback_ms": "1440"},
    "not found": {"variable_current_application": "sleep"},
    "empty": {"variable_current_application": "sleep", "variable_playback_ms": "0"},
}


class Scripted:
    """A switch that answers as told: the longest beginning of the command that is known decides."""

    def __init__(self, **changes: str) -> None:
        self.asked: list[str] = []
        self.answers = {**HEALTHY, "strepoch": str(int(time.time()))}
        self.answers |= {name.replace("__", " "): answer for name, answer in changes.items()}

    def __call__(self, line: str) -> str:
        self.asked.append(line)
        answer = self.answers[max((known for known in self.answers if line.startswith(known)), key=len)]
        return self._dump(answer) if line.startswith("uuid_dump") else answer

    @staticmethod
    def _dump(what: str) -> str:
        dump = DUMPS[what]
        if isinstance(dump, str):
            return dump
        took_us = {"bridged": 60_000, "slow": 400_000}.get(what, 0)
        joined = {"Caller-Channel-Bridged-Time": str(ANSWERED_US + took_us)} if took_us else {}
        return json.dumps({**dump, **joined})


def verdicts(
    ask: Scripted, *, sessions: int = 0, well_known: bool = False, phone_profile: str = ""
) -> dict[str, Finding]:
    wanted = Wanted({"carrier"}, sessions=sessions, phone_profile=phone_profile)
    return {f.check: f for f in switch.examine(ask, wanted, well_known=well_known)}


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legs, "PAUSE_SECONDS", 0.0)


def test_a_healthy_switch() -> None:
    ask = Scripted()
    found = verdicts(ask, sessions=1000)
    assert {f.verdict for f in found.values()} == {Verdict.OK}
    assert found["bridge"].found == "median 60 ms, longest 60 ms of 5"
    made = sum(line.startswith("originate") for line in ask.asked)
    assert made == sum(line.startswith("uuid_kill") for line in ask.asked) == 10
    assert all("sleep:5000,hangup" in line for line in ask.asked if line.startswith("originate"))


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"version": "FreeSWITCH Version 1.8.7"}, "switch", Verdict.WARNING),
        ({"version": "Asterisk"}, "switch", Verdict.WARNING),
        ({"module_exists__mod_hash": "false"}, "mod_hash", Verdict.FAILED),
        ({"module_exists__mod_dptools": "false"}, "mod_dptools", Verdict.FAILED),
        ({"strepoch": "1000000000"}, "switch clock", Verdict.FAILED),
        ({"strepoch": "1000000000", "ringmaster_speed": "+OK 20"}, "switch clock", Verdict.OK),
        ({"fsctl pause_check outbound": "true"}, "outbound calls", Verdict.FAILED),
        ({"status": "30 session(s) per Sec out of max 10"}, "switch limits", Verdict.WARNING),
        (
            {"status": "0 session(s) per Sec out of max 50\n900 session(s) max"},
            "switch limits",
            Verdict.WARNING,
        ),
        ({"sofia xmlstatus gateway": "Invalid Gateway!"}, "gateway carrier", Verdict.FAILED),
        ({"sofia xmlstatus gateway": "<status>DOWN</status>"}, "gateway carrier", Verdict.FAILED),
        (
            {"sofia xmlstatus gateway": "<state>FAIL_WAIT</state><status>DOWN</status>"},
            "gateway carrier",
            Verdict.FAILED,
        ),
        ({"originate": "-ERR CHAN_NOT_IMPLEMENTED"}, "bridge", Verdict.WARNING),
        ({"originate": "-ERR DESTINATION_OUT_OF_ORDER"}, "bridge", Verdict.FAILED),
        ({"uuid_dump": "slow"}, "bridge", Verdict.WARNING),
        ({"uuid_dump": "gone"}, "bridge", Verdict.FAILED),
        ({"uuid_dump": "alone"}, "bridge", Verdict.FAILED),
    ],
)
def test_what_is_wrong_with_a_switch(
    changes: dict[str, str], check: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legs, "PATIENCE_SECONDS", 0.05)
    finding = verdicts(Scripted(**changes), sessions=1000)[check]
    assert finding.verdict is verdict
    assert bool(finding.do) is (verdict is not Verdict.OK)


@pytest.mark.parametrize(
    ("message", "dump", "verdict"),
    [
        ("sorry.wav", "playing", Verdict.OK),
        ("sorry.wav", "played", Verdict.OK),
        ("sorry.wav", "not found", Verdict.FAILED),
        ("tone_stream://%(nonsense)", "empty", Verdict.FAILED),
        ("a,b.wav", "playing", Verdict.FAILED),
    ],
)
def test_a_message_is_played_to_nobody(message: str, dump: str, verdict: Verdict) -> None:
    ask = Scripted(uuid_dump=dump)
    finding = legs.message(ask, message)
    assert finding.verdict is verdict
    assert (verdict is Verdict.OK) or finding.do
    if "," not in message:
        assert f"'playback:{message},sleep:5000,hangup:NORMAL_CLEARING' inline" in ask.asked[0]


def test_a_password_that_the_world_knows() -> None:
    assert verdicts(Scripted(), well_known=True)["switch password"].verdict is Verdict.WARNING
    assert "switch password" not in verdicts(Scripted(ringmaster_speed="+OK 1"), well_known=True)


def test_the_simulator_makes_no_false_alarm() -> None:
    """As the demo runs it, through the model's own commands."""
    driver = Driver(SwitchConfig())
    found = {f.check: f for f in switch.examine(driver.api, Wanted({"carrier", "agents"}, {"x.wav"}, 200))}
    wrong = {check: f for check, f in found.items() if f.verdict is not Verdict.OK}
    assert not wrong


def test_what_the_campaigns_want_is_asked_of_the_switch(database_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=database_url, data_directory=tmp_path)
    engine = sync_engine(database_url)
    with engine.begin() as db:
        home = setup.switch(db, settings.switch_name)
        for name, state in (("on", CampaignState.RUNNING), ("over", CampaignState.STOPPED)):
            made = CampaignSettings(
                campaign_id="", name=name, state=state, gateway=f"gw-{name}", message=f"{name}.wav"
            )
            campaigns.create(db, made, switch_id=home)
        agents.create(db, name="one", extension="1001", switch_id=home)
    engine.dispose()
    wanted = Wanted()
    list(database(settings, wanted))
    assert wanted == Wanted({"gw-on"}, {"on.wav"}, 4)


def test_routes_come_before_a_campaigns_gateway_and_trouble_is_shown(
    database_url: str, tmp_path: Path
) -> None:
    settings = Settings(database_url=database_url, data_directory=tmp_path)
    engine = sync_engine(database_url)
    figures = {"calls": 0, "taken": 9, "failed": 30}
    with engine.begin() as db:
        home, tenant = setup.switch(db, settings.switch_name), setup.tenant(db)
        made = CampaignSettings(campaign_id="", name="on", state=CampaignState.RUNNING, gateway="gw-on")
        campaigns.create(db, made, switch_id=home)
        for name in ("north", "south"):
            gateways.add(db, home, GatewayLimits(name=name), by="test")
            gateways.set_route(db, home, Route(gateway=name), tenant_id=tenant, campaign_id=None, by="test")
        shown = {"north": {**figures, "standing": "out"}, "south": {**figures, "standing": "up"}}
        live.put(db, "dialer", {"gateways": shown}, 1_800_000_000.0)
    engine.dispose()
    wanted = Wanted()
    found = {finding.check: finding for finding in database(settings, wanted)}
    assert wanted.gateways == {"north", "south"}
    assert found["calls by north"].verdict is Verdict.WARNING
    assert found["calls by south"].verdict is Verdict.OK


def test_every_failure_says_what_to_do(tmp_path: Path) -> None:
    findings = doctor.examine(
        Settings(
            database_url="postgresql://nobody@127.0.0.1:1/x",
            data_directory=tmp_path,
            switch_host="127.0.0.1",
            switch_port=1,
        )
    )
    failures = {f.check: f for f in findings if f.verdict is Verdict.FAILED}
    assert set(failures) == {"database", "switch"}
    assert all(f.do for f in failures.values())


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    (finding,) = doctor.data_directory(tmp_path / "x")
    assert finding.verdict is Verdict.FAILED


def test_records_that_were_set_aside_are_named(tmp_path: Path) -> None:
    path = tmp_path / "journal" / "switch" / "0"
    path.mkdir(parents=True)
    (path / "rejected.jsonl").write_text("{}\n")
    assert any(f.check == "journal" and "rejected" in f.found for f in doctor.data_directory(tmp_path))


def test_the_exit_code_and_the_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.show([ok("a", "fine"), warning("b", "hm", "look")], as_json=False) == 0
    capsys.readouterr()
    assert doctor.show([failed("a", "[bad]", "mend it")], as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["findings"][0]["do"] == "mend it"
