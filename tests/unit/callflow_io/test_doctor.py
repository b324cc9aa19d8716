"""What the doctor makes of what a switch and a folder say."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from callflow import doctor
from callflow.doctor import Verdict
from models.settings import Settings

HEALTHY = {
    "version": "FreeSWITCH Version 1.10.12",
    "module_exists mod_hash": "true",
    "module_exists mod_sofia": "true",
    "status": "0 session(s) per Sec out of max 50, peak 1, last 5min 0\n1000 session(s) max\n",
    "ringmaster_speed": "-ERR ringmaster_speed Command not found!",
    "sofia xmlstatus gateway carrier": "<gateway><status>UP</status></gateway>",
}


def verdicts(**changes: str) -> dict[str, Verdict]:
    answers = {
        **HEALTHY,
        "strepoch": str(int(time.time())),
        **{k.replace("__", " "): v for k, v in changes.items()},
    }
    return {f.check: f.verdict for f in doctor._switch(lambda line: answers[line], {"carrier"})}


def test_a_healthy_switch() -> None:
    assert set(verdicts().values()) == {Verdict.OK}


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"module_exists__mod_hash": "false"}, "mod_hash", Verdict.FAILED),
        ({"strepoch": "1000000000"}, "switch clock", Verdict.FAILED),
        ({"strepoch": "1000000000", "ringmaster_speed": "+OK 20"}, "switch clock", Verdict.OK),
        ({"status": "30 session(s) per Sec out of max 10"}, "switch limits", Verdict.WARNING),
        ({"sofia xmlstatus gateway carrier": "Invalid Gateway!"}, "gateway carrier", Verdict.FAILED),
        ({"sofia xmlstatus gateway carrier": "<status>DOWN</status>"}, "gateway carrier", Verdict.FAILED),
    ],
)
def test_what_is_wrong_with_a_switch(changes: dict[str, str], check: str, verdict: Verdict) -> None:
    assert verdicts(**changes)[check] is verdict


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
    assert doctor.show([doctor.ok("a", "fine"), doctor.warning("b", "hm", "look")], as_json=False) == 0
    capsys.readouterr()
    assert doctor.show([doctor.failed("a", "[bad]", "mend it")], as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["findings"][0]["do"] == "mend it"
