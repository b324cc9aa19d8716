"""The commands campaign, db, import and verify: what they print, what they change, how they fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from models import cli, migrate, postgres
from models.importing import sample
from models.session import sync_engine


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runner:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return Runner(database_url)


class Runner:
    """Runs a command as a person would."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, command: str, *arguments: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(getattr(cli, command), list(arguments))
        assert (result.exit_code != 0) == fails, result.output
        assert not isinstance(result.exception, Exception), result.exception
        return result

    def value(self, question: str) -> object:
        engine = sync_engine(self.url)
        with engine.connect() as db:
            found: object = db.execute(text(question)).scalar()
        engine.dispose()
        return found


def test_a_campaign_from_its_making_to_its_leads(run: Runner, tmp_path: Path) -> None:
    assert "campaign create" in run("campaign", "list").output
    assert "Not legal advice" in run("campaign", "create", "spring", "--rules", "us_debt").output
    assert "spring" in run("campaign", "list").output
    path, told = tmp_path / "people.csv", tmp_path / "refused.csv"
    dirty = sample.write_sample(path, leads=40, dirty=9)
    output = run("import_leads", str(path), "--campaign", "spring", "--report", str(told)).output
    assert f"40 leads imported, {dirty} rows refused" in output
    assert len(told.read_text(encoding="utf-8-sig").splitlines()) == dirty + 1
    assert "imported before" in run("import_leads", str(path), "--campaign", "spring").output
    shown = json.loads(run("campaign", "show", "spring").output)
    assert (shown["leads"], shown["rules"]["name"]) == ({"new": 40}, "us_debt")
    assert run.value("SELECT count(*) FROM lead") == 40


def test_campaigns_of_a_client_and_its_target(run: Runner) -> None:
    run("campaign", "create", "spring", "--client", "Acme")
    run("campaign", "create", "autumn", "--client", "Acme")
    run("campaign", "create", "winter")
    assert run.value("SELECT count(DISTINCT client_id) FROM campaign") == 2
    assert "0.02" in run("campaign", "client", "Acme", "--target", "0.02").output
    target = "SELECT abandon_target FROM client WHERE name = 'Acme'"
    assert run.value(target) == 0.02
    shown = json.loads(run("campaign", "show", "spring").output)
    assert shown["client_id"] == run.value("SELECT id::text FROM client WHERE name = 'Acme'")
    assert "at most 1" in run("campaign", "client", "Acme", "--target", "1.5", fails=True).output
    assert run.value(target) == 0.02
    assert "0.02" in run("campaign", "client", "Acme").output
    assert run.value(target) == 0.02
    both = run("campaign", "client", "Acme", "--target", "0.01", "--no-target", fails=True)
    assert "not both" in both.output
    assert "no abandon target" in run("campaign", "client", "Acme", "--no-target").output
    assert run.value(target) is None
    assert "no client Acmee" in run("campaign", "client", "Acmee", "--target", "0.02", fails=True).output
    assert run.value("SELECT count(*) FROM client WHERE name = 'Acmee'") == 0


def test_a_campaign_is_steered_by_commands(run: Runner) -> None:
    run("campaign", "create", "spring")
    for verb in ("start", "pause", "stop"):
        assert f"campaign_{verb}" in run("campaign", verb, "spring").output
    run("campaign", "target", "spring", "0.02")
    assert run.value("SELECT string_agg(kind, ' ' ORDER BY id) FROM command") == (
        "campaign_start campaign_pause campaign_stop campaign_target"
    )
    assert run.value("SELECT payload->>'target' FROM command WHERE kind = 'campaign_target'") == "0.02"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("campaign", "show", "nothing"), "campaign list"),
        (("campaign", "create", "x", "--rules", "mars"), "us_debt"),
        (("campaign", "create", "x", "--target", "0.5"), "cap"),
        (("campaign", "target", "nothing", "0.02"), "campaign list"),
        (("import_leads", "nothing.csv", "--campaign", "spring"), "nothing.csv"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_exit_code_1(
    run: Runner, arguments: tuple[str, ...], says: str
) -> None:
    run("campaign", "create", "spring")
    result = run(*arguments, fails=True)
    assert result.exit_code == 1
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_target_above_the_cap_is_not_even_asked(run: Runner) -> None:
    run("campaign", "create", "spring")
    assert "cap" in run("campaign", "target", "spring", "0.2", fails=True).output
    assert run.value("SELECT count(*) FROM command") == 0


def test_the_database_is_migrated_checked_and_named(
    run: Runner, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert migrate.head() in run("db", "check").output
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    assert "db migrate" in run("db", "check", fails=True).output
    assert migrate.head() in run("db", "migrate").output
    assert migrate.head() in run("db", "check").output
    assert run("db", "url").output.startswith("postgresql://")
    assert "yours to start" in run("db", "start", fails=True).output


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", "mysql://host/db", "needs PostgreSQL"),
        ("DATABASE_URL", "::", "no address"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "can't be reached"),
        ("RINGMASTER_POSTGRES_PORT", "many", "RINGMASTER_POSTGRES_PORT"),
    ],
)
def test_wrong_settings_are_said_plainly(
    run: Runner, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    result = run("db", "check", fails=True)
    assert says in result.output
    assert result.exit_code == 1


def test_verify_finds_nothing_then_something(run: Runner) -> None:
    run("campaign", "create", "spring")
    assert "0 violations" in run("verify").output
    engine = sync_engine(run.url)
    with engine.begin() as db:
        db.execute(text("UPDATE campaign SET state = 'running'"))
        db.execute(
            text("INSERT INTO team (id, tenant_id, name) SELECT gen_random_uuid(), id, 'a' FROM tenant")
        )
        db.execute(
            text(
                "INSERT INTO agent (id, tenant_id, name, extension, state, state_since)"
                " SELECT gen_random_uuid(), id, 'a', '1', 'ready', now() FROM tenant"
            )
        )
    engine.dispose()
    told = json.loads(run("verify", "--json", fails=True).output)
    assert told["invariant_violations"] == 1
    assert told["violations"][0]["code"] == "agent_log_gap"
    assert "agent_log_gap" in run("verify", fails=True).output


def test_a_private_database_is_used_without_a_setting(
    run: Runner, monkeypatch: pytest.MonkeyPatch, fast_directory: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("RINGMASTER_DATA_DIRECTORY", str(fast_directory))
    assert "does not run" in run("db", "url", fails=True).output
    url = run("db", "start").output.strip()
    try:
        assert run("db", "url").output.strip() == url
        run("campaign", "create", "spring")
        assert "spring" in run("campaign", "list").output
        assert "Stopped" in run("db", "stop").output
        assert "did not run" in run("db", "stop").output
        assert "spring" in run("campaign", "list").output  # started for this command alone
        assert postgres.find_running(fast_directory) is None
    finally:
        postgres.stop(fast_directory)
