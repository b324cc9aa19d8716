"""The journal: what was appended comes back, whatever cut its end; never anything that was not appended."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflow.errors import JournalBusy, JournalDamaged, JournalUnwritable, JournalVersion
from callflow.journal import Journal, Journals, Position, encode
from models.enums import AgentState, Outcome
from models.records import (
    AgentStateChanged,
    AttemptAnswered,
    AttemptClosed,
    AttemptDialed,
    EventRecorded,
    Record,
)

SWITCH = "0190a000-0000-7000-8000-000000000001"


def answered(number: int) -> Record:
    return AttemptAnswered(attempt_id=f"attempt-{number}", at=float(number))


def replayed(directory: Path) -> list[Record]:
    journal = Journal.open(directory, SWITCH)
    try:
        return list(journal.replay())
    finally:
        journal.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal", SWITCH)
    yield opened
    opened.close()


texts = st.text(max_size=40)
times = st.floats(0, 2e9)
any_record: st.SearchStrategy[Record] = st.one_of(
    st.builds(AttemptDialed, attempt_id=texts, leg_id=texts, switch_id=texts, at=times),
    st.builds(
        AttemptClosed,
        attempt_id=texts,
        outcome=st.sampled_from(Outcome),
        at=times,
        cause=texts,
        sip_status=st.none() | st.integers(100, 699),
        answered_at=st.none() | times,
        abandoned=st.booleans(),
    ),
    st.builds(AgentStateChanged, id=texts, agent_id=texts, state=st.sampled_from(AgentState), at=times),
    st.builds(EventRecorded, id=texts, topic=texts, at=times, payload=st.dictionaries(texts, texts)),
)


@given(st.lists(st.lists(any_record, max_size=5), max_size=12), st.integers(60, 2000))
def test_whatever_is_appended_comes_back_in_order(steps: list[list[Record]], segment_bytes: int) -> None:
    with TemporaryDirectory() as directory:
        writing = Journal.open(Path(directory), SWITCH, segment_bytes=segment_bytes)
        for step in steps:
            writing.append(step)
        flat = [record for step in steps for record in step]
        assert list(writing.replay()) == flat
        writing.close()
        assert replayed(Path(directory)) == flat


def test_one_step_is_one_write(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    real = os.write

    def write(fd: int, data: bytes) -> int:
        writes.append(len(data))
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    journal.append([answered(n) for n in range(7)])
    assert len(writes) == 1
    journal.append([])
    assert len(writes) == 1


@settings(max_examples=60)
@given(st.integers(0, 400))
def test_a_torn_last_line_is_passed_over_and_reported(cut: int) -> None:
    with TemporaryDirectory() as name:
        directory = Path(name)
        writing = Journal.open(directory, SWITCH)
        records = [answered(n) for n in range(5)]
        for record in records:
            writing.append([record])
        writing.close()
        path = directory / "0000000001.journal"
        whole = path.read_bytes()
        header = whole.index(b"\n") + 1
        keep = min(header + cut, len(whole))
        path.write_bytes(whole[:keep])
        survived = whole[:keep].count(b"\n") - 1
        reading = Journal.open(directory, SWITCH)
        assert list(reading.replay()) == records[:survived]
        torn = keep != len(whole) and not whole[:keep].endswith(b"\n")
        assert len(reading.torn) == int(torn)
        reading.close()


def test_after_a_torn_line_writing_goes_on(tmp_path: Path) -> None:
    first = Journal.open(tmp_path, SWITCH)
    first.append([answered(1)])
    first.append([answered(2)])
    first.close()
    path = tmp_path / "0000000001.journal"
    path.write_bytes(path.read_bytes()[:-5])
    second = Journal.open(tmp_path, SWITCH)
    second.append([answered(3)])
    second.close()
    assert replayed(tmp_path) == [answered(1), answered(3)]


def test_blocks_the_disk_never_wrote_count_as_torn(tmp_path: Path) -> None:
    first = Journal.open(tmp_path, SWITCH)
    first.append([answered(1)])
    first.close()
    with (tmp_path / "0000000001.journal").open("ab") as file:
        file.write(b"\0" * 4096)
    assert replayed(tmp_path) == [answered(1)]


@settings(max_examples=80)
@given(st.data())
def test_a_changed_byte_never_yields_another_record(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        directory = Path(name)
        writing = Journal.open(directory, SWITCH)
        records = [answered(n) for n in range(4)]
        writing.append(records)
        writing.close()
        path = directory / "0000000001.journal"
        whole = bytearray(path.read_bytes())
        header = whole.index(b"\n") + 1
        at = data.draw(st.integers(header, len(whole) - 1))
        whole[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(bytes(whole))
        with suppress(JournalDamaged):
            found = replayed(directory)
            assert found == records[: len(found)]


def test_damage_in_the_middle_is_refused_with_what_to_do(tmp_path: Path) -> None:
    writing = Journal.open(tmp_path, SWITCH)
    writing.append([answered(1), answered(2)])
    writing.close()
    path = tmp_path / "0000000001.journal"
    path.write_bytes(path.read_bytes().replace(b"attempt-1", b"attempt-9"))
    with pytest.raises(JournalDamaged, match=r"damaged at byte .* restore the file"):
        replayed(tmp_path)


def test_a_missing_segment_is_refused(tmp_path: Path) -> None:
    writing = Journal.open(tmp_path, SWITCH, segment_bytes=100)
    for number in range(6):
        writing.append([answered(number)])
    writing.close()
    (tmp_path / "0000000002.journal").unlink()
    with pytest.raises(JournalDamaged, match="missing"):
        replayed(tmp_path)


def test_the_checkpoint_hides_what_postgresql_has(tmp_path: Path) -> None:
    writing = Journal.open(tmp_path, SWITCH)
    writing.append([answered(1)])
    middle = writing.append([answered(2)])
    writing.append([answered(3)])
    writing.mark(middle)
    writing.mark(Position(1, 0))  # never backwards
    assert writing.checkpoint == middle
    writing.close()
    assert replayed(tmp_path) == [answered(3)]


def test_segments_behind_the_checkpoint_are_deleted(tmp_path: Path) -> None:
    writing = Journal.open(tmp_path, SWITCH, segment_bytes=200)
    for number in range(20):
        writing.append([answered(number)])
    assert len(list(tmp_path.glob("*.journal"))) > 3
    writing.mark(writing.end)
    assert not writing.has_backlog
    assert len(list(tmp_path.glob("*.journal"))) == 1
    writing.append([answered(99)])
    assert writing.has_backlog
    writing.close()
    assert replayed(tmp_path) == [answered(99)]


@pytest.mark.parametrize("content", ["", "{", '{"version": 1}', "[]", '{"segment": "x", "offset": 0}'])
def test_an_unreadable_checkpoint_means_applying_again(tmp_path: Path, content: str) -> None:
    writing = Journal.open(tmp_path, SWITCH)
    writing.mark(writing.append([answered(1)]))
    writing.close()
    (tmp_path / "checkpoint").write_text(content)
    assert replayed(tmp_path) == [answered(1)]


def test_numbers_go_on_behind_a_checkpoint_whose_segments_are_gone(tmp_path: Path) -> None:
    writing = Journal.open(tmp_path, SWITCH)
    writing.mark(writing.append([answered(1)]))
    writing.close()
    (tmp_path / "0000000001.journal").unlink()
    again = Journal.open(tmp_path, SWITCH)
    again.append([answered(2)])
    assert list(again.replay()) == [answered(2)]
    again.close()


def test_reading_in_small_bites(journal: Journal) -> None:
    records = [answered(n) for n in range(10)]
    journal.append(records)
    found: list[Record] = []
    at = journal.checkpoint
    while (batch := journal.read(at, 3)).records:
        assert len(batch.records) <= 3
        found += batch.records
        at = batch.end
    assert found == records
    assert at == journal.end


def test_a_line_longer_than_a_chunk(journal: Journal) -> None:
    big = EventRecorded(id="1", topic="big", at=0.0, payload={"text": "x" * 700_000})
    journal.append([answered(1), big, answered(2)])
    assert list(journal.replay()) == [answered(1), big, answered(2)]


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0000000001.journal").write_bytes(b"ringmaster-journal 2 " + SWITCH.encode() + b"\n")
    with pytest.raises(JournalVersion, match="start that version once"):
        Journal.open(tmp_path, SWITCH)


def test_a_record_of_another_version_is_refused(journal: Journal) -> None:
    line = encode(answered(1)).replace(b"attempt_answered", b"attempt_answers!")
    payload = line.split(b" ", 2)[2].rstrip(b"\n")
    journal._write(b"%d %08x %b\n" % (len(payload), zlib.crc32(payload), payload))
    with pytest.raises(JournalVersion, match="another version"):
        list(journal.replay())


def test_a_journal_of_another_switch_is_refused(tmp_path: Path) -> None:
    Journal.open(tmp_path, SWITCH).close()
    with pytest.raises(JournalVersion, match="belongs to the switch"):
        Journal.open(tmp_path, "0190a000-0000-7000-8000-000000000002")
    Journal.open(tmp_path, SWITCH).close()  # the refusal let go of the lock


def test_one_process_at_a_time(journal: Journal) -> None:
    with pytest.raises(JournalBusy, match="stop that one"):
        Journal.open(journal.directory, SWITCH)


def test_who_takes_over_from_a_hung_dialer_writes_beside_it_and_reads_what_the_dead_left(
    tmp_path: Path,
) -> None:
    hung = Journals(tmp_path, SWITCH)
    hung.own.set_holder("hung")
    second = Journals(tmp_path, SWITCH)
    assert second.own.directory == tmp_path / "1"
    assert second.collect() == []
    second.own.append([answered(1)])
    hung.own.append([answered(2)])
    hung.close()  # it dies
    (found,) = second.collect()
    assert (found.holder, list(found.replay())) == ("hung", [answered(2)])
    assert second.left_behind == [found]
    second.close()
    third = Journals(tmp_path, SWITCH)
    assert third.own.directory == tmp_path / "0"
    assert [list(journal.replay()) for journal in third.collect()] == [[answered(1)]]
    assert third.left_behind[0].holder == ""
    third.close()


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(JournalUnwritable, match="RINGMASTER_DATA_DIRECTORY"):
        Journal.open(tmp_path / "file" / "journal", SWITCH)


def test_a_full_disk_takes_the_step_back(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.append([answered(1)])
    real = os.write

    def half_then_full(fd: int, data: bytes) -> int:
        if len(data) > 40:
            return real(fd, data[:40])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half_then_full)
    with pytest.raises(JournalUnwritable, match="No space left"):
        journal.append([answered(2)])
    monkeypatch.setattr(os, "write", real)
    journal.append([answered(3)])
    assert list(journal.replay()) == [answered(1), answered(3)]
