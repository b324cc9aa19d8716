"""What the doctor makes of a switch's configuration, as the switch itself tells it."""

from __future__ import annotations

import pytest

from callflow.doctor.findings import Verdict
from tests.unit.callflow_io.test_doctor import CONFIG, HEALTHY, PROFILES, Scripted, verdicts

LOCATE = "xml_locate configuration configuration name "
OPEN = CONFIG.format(
    '<settings><param name="listen-ip" value="0.0.0.0"/>'
    '<param name="apply-inbound-acl" value="dialers"/></settings>'
)
NO_ACL = CONFIG.format('<settings><param name="listen-ip" value="0.0.0.0"/></settings>')


def test_a_switch_with_phones_is_well() -> None:
    found = verdicts(Scripted(), phone_profile="phones")
    assert {f.verdict for f in found.values()} == {Verdict.OK}
    assert found["phones"].found == "the profile phones has 3 registered"
    assert {"event socket", "profile ringmaster", "profile phones", "sound ports", "music"} <= set(found)


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({f"{LOCATE}event_socket.conf": OPEN, "acl": "true"}, "event socket", Verdict.FAILED),
        ({f"{LOCATE}event_socket.conf": OPEN, "acl": "-ERR"}, "event socket", Verdict.FAILED),
        ({f"{LOCATE}event_socket.conf": OPEN}, "event socket", Verdict.OK),
        ({f"{LOCATE}event_socket.conf": NO_ACL}, "event socket", Verdict.OK),
        (
            {f"{LOCATE}sofia.conf": CONFIG.format(PROFILES.replace("disable-transfer", "x", 1))},
            "profile ringmaster",
            Verdict.FAILED,
        ),
        (
            {f"{LOCATE}sofia.conf": CONFIG.format(PROFILES.replace("auth-calls", "accept-blind-reg", 1))},
            "profile ringmaster",
            Verdict.FAILED,
        ),
        (
            {f"{LOCATE}sofia.conf": CONFIG.format(PROFILES.replace("auth-calls", "x", 1))},
            "profile ringmaster",
            Verdict.FAILED,
        ),
        (
            {f"{LOCATE}sofia.conf": CONFIG.format(PROFILES.replace("force-register-domain", "x"))},
            "phones",
            Verdict.FAILED,
        ),
        (
            {"status": "0 session(s) per Sec out of max 50\n9000 session(s) max"},
            "sound ports",
            Verdict.WARNING,
        ),
        ({"module_exists mod_xml_curl": "false"}, "phones", Verdict.FAILED),
        ({"sofia xmlstatus profile": "Invalid Profile!"}, "phones", Verdict.FAILED),
        ({"global_getvar hold_music": ""}, "music", Verdict.WARNING),
        (
            {"global_getvar hold_music": "local_stream://moh", "module_exists mod_local_stream": "false"},
            "music",
            Verdict.FAILED,
        ),
        ({"system df": "Filesystem\n/dev/x 9 9 1000 34% /"}, "recordings", Verdict.WARNING),
        ({"system df": "df: /recordings: No such file"}, "recordings", Verdict.WARNING),
    ],
)
def test_what_is_wrong_with_a_configuration(changes: dict[str, str], check: str, verdict: Verdict) -> None:
    finding = verdicts(Scripted(**changes), phone_profile="phones")[check]
    assert finding.verdict is verdict
    assert bool(finding.do) is (verdict is not Verdict.OK)


@pytest.mark.parametrize("told", ["", "-ERR not found", "<configuration>", "<a/>" * 3, "<x>&y;</x>"])
def test_a_switch_that_tells_nothing_of_it_is_not_judged(told: str) -> None:
    changes = {name: told for name in HEALTHY if name.startswith(LOCATE)}
    assert {"event socket", "profile phones", "sound ports"}.isdisjoint(verdicts(Scripted(**changes)))


@pytest.mark.parametrize("folder", ["/x; reboot", "$(reboot)", "", "relative", "/a b", "/x\nreboot"])
def test_no_name_of_a_folder_reaches_a_shell_that_could_be_more(folder: str) -> None:
    ask = Scripted(**{"eval ${recordings_dir}": folder})
    assert "recordings" not in verdicts(ask)
    assert not any(line.startswith("system") for line in ask.asked)
