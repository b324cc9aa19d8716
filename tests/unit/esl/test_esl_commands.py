"""Commands: golden text, and what must never be sent."""

from __future__ import annotations

import pytest

from esl import commands as c
from esl.commands import (
    Api,
    Auth,
    BgApi,
    Exit,
    Filter,
    FilterDelete,
    NixEvent,
    NoEvents,
    SendEvent,
    SendMsg,
    SubscribeEvents,
    encode,
)
from esl.errors import UnencodableValue

U = "0190b3a8-0000-7000-8000-000000000001"
W = "0190b3a8-0000-7000-8000-000000000002"

HOOK = f"hash insert/rm_outcome/{U}/${{hangup_cause}}|${{sip_term_status}}"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Auth("ClueCon"), "auth ClueCon"),
        (Exit(), "exit"),
        (
            SubscribeEvents(("CHANNEL_CREATE", "CUSTOM", "sofia::register")),
            "event plain CHANNEL_CREATE CUSTOM sofia::register",
        ),
        (SubscribeEvents(("ALL",), "json"), "event json ALL"),
        (NixEvent(("CUSTOM", "a::b")), "nixevent CUSTOM a::b"),
        (NoEvents(), "noevents"),
        (Filter("Caller-Destination-Number", "/^5550/"), "filter Caller-Destination-Number /^5550/"),
        (FilterDelete("all"), "filter delete all"),
        (FilterDelete("Unique-ID", U), f"filter delete Unique-ID {U}"),
        (Api("version"), "api version"),
        (BgApi("status", "", "j"), "bgapi status\nJob-UUID: j"),
        (c.uuid_bridge(U, W), f"api uuid_bridge {U} {W}"),
        (c.uuid_kill(U), f"api uuid_kill {U} NORMAL_CLEARING"),
        (c.uuid_kill(U, "USER_BUSY"), f"api uuid_kill {U} USER_BUSY"),
        (c.uuid_exists(U), f"api uuid_exists {U}"),
        (c.uuid_dump(U), f"api uuid_dump {U} json"),
        (
            c.uuid_setvar(U, "note", "it's 100% \u00e9, {x}"),
            f"api uuid_setvar {U} note 'it\\'s 100% \u00e9, {{x}}'",
        ),
        (c.uuid_setvar(U, "note", ""), f"api uuid_setvar {U} note"),
        (
            c.uuid_setvar(U, "api_hangup_hook", HOOK),
            f"api uuid_setvar {U} api_hangup_hook {HOOK}",
        ),
        (c.uuid_getvar(U, "note"), f"api uuid_getvar {U} note"),
        (c.uuid_broadcast(U, "/snd/a.wav"), f"api uuid_broadcast {U} /snd/a.wav aleg"),
        (c.uuid_transfer(U, "7001 XML default", "-both"), f"api uuid_transfer {U} -both 7001 XML default"),
        (
            c.uuid_transfer(U, c.inline([("playback", "/snd/a.wav"), ("hangup", "NORMAL_CLEARING")])),
            f"api uuid_transfer {U} 'playback:/snd/a.wav,hangup:NORMAL_CLEARING' inline",
        ),
        (c.uuid_break(U), f"api uuid_break {U} all"),
        (c.show_channels(), "api show channels as json"),
        (c.global_setvar("rm_fence_17", "gw1"), "api global_setvar rm_fence_17=gw1"),
        (c.global_setvar("rm_fence_17", ""), "api global_setvar rm_fence_17="),
        (c.global_getvar("core_uuid"), "api global_getvar core_uuid"),
        (c.hash_select("rm_outcome", U), f"api hash select/rm_outcome/{U}"),
        (c.hash_delete("rm_outcome", U), f"api hash delete/rm_outcome/{U}"),
        (c.sched_hangup(U, 30), f"api sched_hangup +30 {U} ALLOTTED_TIMEOUT"),
        (c.sched_del(U), f"api sched_del {U}"),
        (c.status(), "api status"),
        (
            c.execute(U, "playback", "/snd/a.wav", event_uuid="e-1"),
            f"sendmsg {U}\ncall-command: execute\n"
            "execute-app-name: playback\nexecute-app-arg: /snd/a.wav\nevent-uuid: e-1",
        ),
        (SendEvent("CUSTOM", (("Event-Subclass", "a::b"),)), "sendevent CUSTOM\nEvent-Subclass: a::b"),
    ],
)
def test_golden_text(command: c.Command, text: str) -> None:
    assert encode(command) == text.encode() + b"\n\n"


def test_a_body_is_counted_in_bytes() -> None:
    assert (
        encode(SendEvent("CUSTOM", (), "caf\u00e9")) == b"sendevent CUSTOM\nContent-Length: 5\n\ncaf\xc3\xa9"
    )
    assert encode(SendMsg("", (("call-command", "hangup"),))) == b"sendmsg\ncall-command: hangup\n\n"


def test_originate_with_a_deadline_and_a_fence() -> None:
    command = c.originate(
        U,
        c.gateway_dial_string("${rm_fence_17}", "+15550100123"),
        c.inline([("sleep", "1900"), ("playback", "/snd/sorry.wav"), ("hangup", "NORMAL_CLEARING")]),
        {"ignore_early_media": "true", "originate_timeout": "40"},
        expand=True,
    )
    assert encode(command).decode() == (
        f"bgapi expand originate {{origination_uuid={U},ignore_early_media=true,originate_timeout=40}}"
        "sofia/gateway/${rm_fence_17}/+15550100123 "
        f"'sleep:1900,playback:/snd/sorry.wav,hangup:NORMAL_CLEARING' inline\nJob-UUID: {U}\n\n"
    )


# What was sent in d41 and arrived as wanted (FACTS section 4).
@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a b", "'a b'"),
        ("a,b", "a\\,b"),
        ("a, b", "'a\\, b'"),
        ("it's", "'it\\'s'"),
        ('a"b', 'a"b'),
        ("caf\u00e9 \u260e", "'caf\u00e9 \u260e'"),
        ("100%", "100%"),
        ("a]b", "a]b"),
        ("a;b=c:d/e+f&g(h)|i", "a;b=c:d/e+f&g(h)|i"),
        ("a\tb", "a\tb"),
        ("a\\b", "a\\b"),
        ("<sip:a@b>", "<sip:a@b>"),
        ('Ann "AJ" O\'Hara, Ltd', "'Ann \"AJ\" O\\'Hara\\, Ltd'"),
    ],
)
def test_originate_variables_are_escaped(value: str, written: str) -> None:
    command = c.originate(U, "sofia/gateway/gw/1", "&park()", {"v": value})
    assert command.args == f"{{origination_uuid={U},v={written}}}sofia/gateway/gw/1 &park()"


@pytest.mark.parametrize(
    "value",
    [
        "",
        " a",
        "a ",
        "a\nb",
        "a\rb",
        "a\0b",
        "a}b",
        "a{b",
        "${x}",
        "\\${x}",
        "a:_:b",
        "a\\nb",
        "a\\",
        "a\\,b",
        "\\'",
        "\udcff",
        "x" * 8193,
    ],
)
def test_originate_variables_that_can_not_be_carried_are_refused(value: str) -> None:
    with pytest.raises(UnencodableValue) as caught:
        c.originate(U, "sofia/gateway/gw/1", "&park()", {"v": value})
    assert caught.value.code == "unencodable_value"
    assert caught.value.what_to_do


def test_one_apostrophe_in_all() -> None:
    """Two would pair up in the switch's second pass and swallow the comma between them."""
    for variables in ({"v": "it's Bob's"}, {"v": "it's", "w": "o'x"}):
        with pytest.raises(UnencodableValue, match="one apostrophe"):
            c.originate(U, "sofia/gateway/gw/1", "&park()", variables)


@pytest.mark.parametrize("value", ["it's", "a\\b", "5$"])
def test_what_expand_would_take_away(value: str) -> None:
    assert c.originate(U, "sofia/gateway/gw/1", "&park()", {"v": value})
    with pytest.raises(UnencodableValue, match="expanded"):
        c.originate(U, "sofia/gateway/gw/1", "&park()", {"v": value}, expand=True)


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a,b", "a}", "1a", "^^:a", "a\nb", "v" * 200])
def test_variable_names_are_names(name: str) -> None:
    for build in (
        lambda: c.originate(U, "sofia/gateway/gw/1", "&park()", {name: "x"}),
        lambda: c.uuid_setvar(U, name, "x"),
        lambda: c.uuid_getvar(U, name),
        lambda: c.global_setvar(name, "x"),
    ):
        with pytest.raises(UnencodableValue):
            build()


@pytest.mark.parametrize(
    "dial_string",
    [
        "",
        "a b",
        "a,b",
        "a|b",
        "{x=y}a",
        "[x=y]a",
        "<x>a",
        "a:_:b",
        "a'b",
        "a&b",
        "a\n",
        "${x}",
        "$${x}",
        "a\\b",
        "a" * 600,
    ],
)
def test_dial_strings_name_one_far_end(dial_string: str) -> None:
    with pytest.raises(UnencodableValue):
        c.originate(U, dial_string, "&park()", {})


@pytest.mark.parametrize("fence", ["${a b}", "${a", "${}", "${a}}", "${${a}}", "${a:b}"])
def test_a_fence_is_one_plain_variable(fence: str) -> None:
    with pytest.raises(UnencodableValue):
        c.originate(U, f"sofia/gateway/{fence}/15550100", "&park()", {}, expand=True)


@pytest.mark.parametrize(
    "application",
    [
        "",
        "park()",
        "&park() x",
        "&a,b",
        "'sleep:1' xml",
        "'a'b' inline",
        "'a\nb' inline",
        "'${x}' inline",
        "&park()\n\nexit",
        "a b c",
    ],
)
def test_applications_have_a_known_form(application: str) -> None:
    with pytest.raises(UnencodableValue):
        c.originate(U, "sofia/gateway/gw/15550100", application, {})
    with pytest.raises(UnencodableValue):
        c.uuid_transfer(U, application)


@pytest.mark.parametrize(
    "argument", ["a,b", "a'b", 'a"b', "a\\b", "a\nb", "{a}", " a", "a ", "a\0", "x" * 9000]
)
def test_inline_arguments_that_would_split_the_list(argument: str) -> None:
    with pytest.raises(UnencodableValue):
        c.inline([("playback", argument)])


def test_inline_lists() -> None:
    assert c.inline([("park", "")]) == "'park' inline"
    assert c.inline([("sleep", "5"), ("playback", "/a b.wav")]) == "'sleep:5,playback:/a b.wav' inline"
    with pytest.raises(UnencodableValue):
        c.inline([])
    with pytest.raises(UnencodableValue):
        c.inline([("a:b", "c")])


@pytest.mark.parametrize("uuid", ["", "a b", "a\nb", "-x", "a" * 200, "${u}", "all;"])
def test_uuids_are_one_word(uuid: str) -> None:
    for build in (
        lambda: c.uuid_bridge(U, uuid),
        lambda: c.uuid_bridge(uuid, U),
        lambda: c.uuid_kill(uuid),
        lambda: c.uuid_exists(uuid),
        lambda: c.uuid_dump(uuid),
        lambda: c.uuid_setvar(uuid, "a", "b"),
        lambda: c.uuid_transfer(uuid, "7001"),
        lambda: c.uuid_broadcast(uuid, "/a.wav"),
        lambda: c.sched_hangup(uuid, 1),
        lambda: c.sched_del(uuid),
        lambda: c.hash_select("r", uuid),
        lambda: c.hash_delete(uuid, "k"),
        lambda: c.originate(uuid, "sofia/gateway/gw/1", "&park()", {}),
        lambda: BgApi("status", "", uuid),
    ):
        with pytest.raises(UnencodableValue):
            build()


@pytest.mark.parametrize(
    "number",
    [
        "",
        "0123456",
        "12345",
        "+1234567890123456",
        "15550100x",
        "1555 0100",
        "15550100\n",
        "\u0661\u0662\u0663\u0664\u0665\u0666",
    ],
)
def test_numbers_that_are_not_dialed(number: str) -> None:
    with pytest.raises(UnencodableValue):
        c.gateway_dial_string("gw", number)


def test_everything_else_that_is_refused() -> None:
    for build in (
        lambda: Auth("a\nb"),
        lambda: Auth(""),
        lambda: Api("uuid_kill x"),
        lambda: Api("echo", "a\n\napi b"),
        lambda: Api("echo", "x" * 70_000),
        lambda: BgApi("echo", "a\r", "j"),
        lambda: Filter("a b", "c"),
        lambda: Filter("a", ""),
        lambda: Filter("a", "b\nc"),
        lambda: SubscribeEvents(()),
        lambda: SubscribeEvents(("A B",)),
        lambda: SubscribeEvents(("A",), "xml"),  # type: ignore[arg-type]
        lambda: NixEvent(()),
        lambda: SendEvent("CUSTOM", (("Content-Length", "9"),)),
        lambda: SendEvent("CUSTOM", (("A", "b\nc"),)),
        lambda: SendEvent("CUSTOM", (), ""),
        lambda: SendMsg("a b", ()),
        lambda: c.uuid_kill(U, "normal clearing"),
        lambda: c.uuid_setvar(U, "a", "b\nc"),
        lambda: c.uuid_setvar(U, "a", "ARRAY::b"),
        lambda: c.global_setvar("a", "b=c"),
        lambda: c.global_setvar("a", "${b}"),
        lambda: c.sched_hangup(U, 0),
        lambda: c.uuid_transfer(U, "7001", "-aleg"),  # type: ignore[arg-type]
        lambda: c.uuid_transfer(U, "&park()"),
        lambda: c.originate(U, "null/1", "&park()", {"origination_uuid": W}),
        lambda: c.gateway_dial_string("a/b", "15550100"),
    ):
        with pytest.raises(UnencodableValue):
            build()


def test_a_password_and_an_argument_are_not_shown() -> None:
    assert "ClueCon" not in repr(Auth("ClueCon"))
    assert c.describe(Auth("ClueCon")) == "Auth"
    assert c.describe(Api("uuid_kill", U)) == "Api uuid_kill"
