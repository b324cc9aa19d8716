"""Whatever a builder takes is one command, and comes apart at the switch into the same arguments.

The switch's side is `esl.simulator.words`, which is held to what FreeSWITCH 1.11.1 answered
(test_words_as_answered here, and tests/freeswitch/test_values.py against the real one).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl import commands as c
from esl.codec import Connection, Request
from esl.commands import Api, Command, SendMsg, encode
from esl.errors import UnencodableValue
from esl.simulator.words import separate

awkward = st.text(st.sampled_from(list("ab \\'\",;:=$%{}[]()!|&<>\t\n\r\0nrts\xe9\udc80")), max_size=16)
texts = st.one_of(awkward, st.text(max_size=60), st.sampled_from(["%0A", "${uuid}", "a" * 65_536]))


def sent(build: Callable[[], Command]) -> tuple[Command, Request] | None:
    """The command and what arrives, or None when it is refused."""
    try:
        command = build()
    except UnencodableValue:
        return None
    raw = encode(command)
    (request,) = Connection("server").receive(raw)
    assert raw.count(b"\n\n") == 1
    assert request.body is None
    return command, request


def words_of(build: Callable[[], Api], limit: int = 0) -> list[str] | None:
    """The words of an api's argument, as the switch takes them."""
    found = sent(build)
    if found is None:
        return None
    verb, _, rest = found[1].text.partition(" ")
    assert verb == "api"
    return separate(rest.partition(" ")[2].strip(), limit=limit)


@given(texts)
def test_a_variable_is_any_line(value: str) -> None:
    words = words_of(lambda: c.uuid_setvar("u", "v", value), limit=3)
    if words is None:
        assert set(value) & set("\n\r\0\udc80") or len(value) > 8192 or value.startswith("ARRAY::")
    else:
        assert words == (["u", "v", value] if value else ["u", "v"])


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), texts, min_size=1, max_size=4))
def test_several_variables_at_once(values: dict[str, str]) -> None:
    found = sent(lambda: c.uuid_setvar_multi("u", values))
    if found is not None:
        rest = found[1].text.removeprefix("api uuid_setvar_multi u ").strip()
        assert separate(rest, ";", 64) == [f"{name}={value}" for name, value in values.items()]


@given(texts)
def test_words_in_every_place(text: str) -> None:
    cases: list[tuple[Callable[[], Api], list[str]]] = [
        (lambda: c.uuid_broadcast("u", text), ["u", text, "aleg"]),
        (lambda: c.uuid_record("u", text, limit_seconds=9), ["u", "start", text, "9"]),
        (lambda: c.uuid_displace("u", text, stop=True), ["u", "stop", text]),
        (
            lambda: c.conference_dial("r", "null/1", "5", text),
            ["r", "bgdial", "null/1", "5", *([text] if text else [])],
        ),
        (lambda: c.conference_play("r", text, 4), ["r", "play", text, "4"]),
        (lambda: c.conference_record("r", text), ["r", "record", text]),
        (lambda: c.sched_broadcast("u", 5, text), ["+5", "u", text, "aleg"]),
        (lambda: c.broadcast_application("u", "set", text), ["u", f"set::{text}", "aleg"]),
        (lambda: c.att_xfer("u", text), ["u", f"att_xfer::{text}", "aleg"]),
        (lambda: c.uuid_send_dtmf("u", text), ["u", text]),
        (lambda: c.uuid_hold(text), [text]),
        (lambda: c.uuid_kill(text), [text, "NORMAL_CLEARING"]),
    ]
    for build, expected in cases:
        words = words_of(build)
        assert words is None or words == expected


@given(texts, texts)
def test_messages_are_one_message(text: str, other: str) -> None:
    builds: list[Callable[[], SendMsg]] = [
        lambda: c.playback("u", text),
        lambda: c.play_and_get_digits("u", text, "v", pattern=other or r"\d"),
        lambda: c.bridge("u", "null/1", {"v": text, "w": other}),
        lambda: c.bridge("u", text),
        lambda: c.execute("u", "set", f"v={text}"),
        lambda: c.conference("u", text),
        lambda: c.eavesdrop("u", text),
        lambda: c.hangup("u", text),
    ]
    for build in builds:
        found = sent(build)
        if found is not None:
            command, request = found
            assert isinstance(command, SendMsg)
            assert request.text == "sendmsg u"
            assert request.headers == command.headers


@given(texts, texts)
def test_digits_arguments_come_apart_again(path: str, pattern: str) -> None:
    found = sent(lambda: c.play_and_get_digits("u", path, "v", pattern=pattern))
    if found is not None:
        argument = found[1].get("execute-app-arg") or ""
        words = separate(argument, limit=11)
        assert (words[5], words[8]) == (path, pattern)
        assert len(words) == 10


@pytest.mark.parametrize(
    ("written", "arrived"),
    [
        ("a\\nb", "a\nb"),
        ("'x y'", "x y"),
        ("it's Bob's", "its Bobs"),
        ("\\'", "'"),
        ("  lead", "lead"),
        ("a\\\\b", "a\\b"),
        ("\\", "\\"),
        ('\\"', '"'),
        ("a'b'c'd", "abc'd"),
        ("' '", " "),
        ("x y", "x y"),
        ('a"b ;,={}[]<>|&!', 'a"b ;,={}[]<>|&!'),
    ],
)
def test_words_as_answered(written: str, arrived: str) -> None:
    """`uuid_setvar U v WRITTEN`, then uuid_getvar, on FreeSWITCH 1.11.1."""
    assert separate(f"u v {written}", limit=3)[2] == arrived


@pytest.mark.parametrize(
    ("written", "arrived"),
    [
        ("a=1;b=two words", ["a=1", "b=two words"]),
        ("a='x;y';b=2", ["a=x;y", "b=2"]),
        ("a=x\\;y;b=z", ["a=x;y", "b=z"]),
        ("a='it\\'s';b=\\'q", ["a=it's", "b='q"]),
        ("a=p=q;b= s", ["a=p=q", "b= s"]),
    ],
)
def test_lists_as_answered(written: str, arrived: list[str]) -> None:
    """The same with uuid_setvar_multi."""
    assert separate(written, ";", 64) == arrived
