"""A switch's address: read, or refused in a sentence that does not repeat the password."""

from __future__ import annotations

import pytest

from callflow.address import BadAddress, SwitchAddress, parse_switch


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("esl://:ClueCon@10.0.0.7:8022", SwitchAddress("10.0.0.7", 8022, "ClueCon")),
        ("esl://:ClueCon@switch.example", SwitchAddress("switch.example", 8021, "ClueCon")),
        ("esl://:p%40ss%2Fw%3Ard@h:1", SwitchAddress("h", 1, "p@ss/w:rd")),
        ("esl://[::1]:9000", SwitchAddress("::1", 9000, "")),
        ("127.0.0.1:8021", SwitchAddress("127.0.0.1", 8021, "")),
    ],
)
def test_reads(text: str, expected: SwitchAddress) -> None:
    assert parse_switch(text) == expected


@pytest.mark.parametrize(
    "text", ["", "http://:s3cret@h:1", "esl://:s3cret@h:99999", "esl://:s3cret@", "esl://:s3cret@h/path"]
)
def test_refuses_without_showing_the_password(text: str) -> None:
    with pytest.raises(BadAddress, match="write the switch as") as caught:
        parse_switch(text)
    assert "s3cret" not in str(caught.value)


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(parse_switch("esl://:s3cret@h"))
