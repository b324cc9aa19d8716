"""The local journal: by one write(2) per engine step, what happened is here before its effects leave.

A directory per writer, one segment file after another. A segment begins with `ringmaster-journal VERSION
SWITCH`; then one record a line: length of the JSON in bytes, CRC-32 in hex, the JSON. PostgreSQL is fed from
here (`callflow.writer`), always by reading the files, so that catching up after a crash and everyday work
are one path and memory stays bounded. `checkpoint` says how far PostgreSQL has it; it is replaced
atomically, and what lies before it is deleted. Records may be applied twice (`models.records`), so a lost
checkpoint costs time, not truth.

What it survives: the death of the process at any instant. A power cut may take what the kernel had not
written yet.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from callflow.errors import JournalBusy, JournalDamaged, JournalUnwritable, JournalVersion
from models.records import Record, from_json, to_json

VERSION = 1
MAGIC = b"ringmaster-journal"
SEGMENT_BYTES = 8 << 20
_CHUNK = 1 << 18
_SEGMENT = re.compile(r"^(\d{10})\.journal$")
_LINE = re.compile(rb"^(\d{1,9}) ([0-9a-f]{8}) ")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the journal: everything before it has been read, written or applied."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in their order, and the place behind the last of them."""

    records: tuple[Record, ...]
    end: Position


@dataclass(frozen=True, slots=True)
class Torn:
    """The last line of a segment was cut short by the death of its writer; its step never had an effect."""

    path: Path
    offset: int
    lost_bytes: int


def encode(record: Record) -> bytes:
    """One line of the journal."""
    payload = json.dumps(to_json(record), separators=(",", ":"), allow_nan=False).encode("ascii")
    return b"%d %08x %b\n" % (len(payload), zlib.crc32(payload), payload)


def decode(line: bytes) -> object | None:
    """The JSON of one line (without its line end), or None if the line is not what was written."""
    head = _LINE.match(line)
    if head is None:
        return None
    payload = line[head.end() :]
    if len(payload) != int(head[1]) or zlib.crc32(payload) != int(head[2], 16):
        return None
    value: object = json.loads(payload)
    return value


class Journal:
    """The journal of one process. `open` makes or finds it; an exclusive lock is held until `close`."""

    def __init__(
        self, directory: Path, switch_id: str, lock: int, *, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.directory = directory
        self.switch_id = switch_id
        self.torn: list[Torn] = []
        self._lock = lock
        self._segment_bytes = segment_bytes
        self._header = b"%b %d %b\n" % (MAGIC, VERSION, switch_id.encode())
        self._fd = -1
        numbers = self._segments()
        self._first = numbers[0] if numbers else 1
        self._number = numbers[-1] if numbers else 0
        self._offset = 0
        self._mark = self._read_checkpoint(numbers)
        for number in numbers:
            self._check_header(number)

    @classmethod
    def open(cls, directory: Path, switch_id: str, *, segment_bytes: int = SEGMENT_BYTES) -> Journal:
        """Lock the journal in `directory` and begin a new segment; what older segments hold can be read.

        Raises:
            JournalUnwritable, JournalBusy, JournalVersion: each one sentence that says what to do.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(directory, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise JournalBusy(
                f"The journal in {directory} is held by another running dialer: stop that one first."
            ) from error
        try:
            journal = cls(directory, switch_id, lock, segment_bytes=segment_bytes)
            journal._begin_segment()
        except BaseException:
            os.close(lock)
            raise
        return journal

    @property
    def holder(self) -> str:
        """Under which name the last process that wrote here held the lease; empty if none did."""
        try:
            return (self.directory / "holder").read_text().strip()
        except FileNotFoundError:
            return ""

    def set_holder(self, holder: str) -> None:
        """We hold the lease under this name."""
        try:
            (self.directory / "holder").write_text(holder)
        except OSError as error:
            raise _unwritable(self.directory, error) from error

    # --- writing --------------------------------------------------------------------------------------------

    @property
    def end(self) -> Position:
        """Behind the last record written."""
        return Position(self._number, self._offset)

    @property
    def checkpoint(self) -> Position:
        """Everything before it is in PostgreSQL."""
        return self._mark

    @property
    def has_backlog(self) -> bool:
        """Whether there may be records that PostgreSQL does not have yet."""
        return self._mark < self.end and not self._is_empty_from(self._mark)

    def append(self, records: Sequence[Record]) -> Position:
        """Write the records of one engine step with one write(2); they survive this process when it returns.

        Raises:
            JournalUnwritable: the disk refused; what was written of the step is taken back.
        """
        if not records:
            return self.end
        if self._offset >= self._segment_bytes:
            self._begin_segment()
        self._write(b"".join(map(encode, records)))
        return self.end

    def _write(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):  # a second round only where the kernel took less than all
                written += os.write(self._fd, data[written:])
        except OSError as error:
            if written:
                with suppress(OSError):
                    os.ftruncate(self._fd, self._offset)
            raise _unwritable(self.directory, error) from error
        self._offset += len(data)

    def _begin_segment(self) -> None:
        try:
            fd = os.open(
                self._path(self._number + 1),
                os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC,
                0o600,
            )
        except OSError as error:
            raise _unwritable(self.directory, error) from error
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._offset = fd, 0
        self._number += 1
        self._write(self._header)

    def mark(self, position: Position) -> None:
        """PostgreSQL has everything before `position`: remember that, delete the segments behind us."""
        if position <= self._mark:
            return
        fresh = self.directory / "checkpoint.new"
        try:
            fresh.write_text(
                json.dumps({"version": VERSION, "segment": position.segment, "offset": position.offset})
            )
            fresh.replace(self.directory / "checkpoint")
            self._mark = position
            while self._first < position.segment:
                self._path(self._first).unlink(missing_ok=True)
                self._first += 1
        except OSError as error:
            raise _unwritable(self.directory, error) from error

    def close(self) -> None:
        """Let go of the files and the lock; nothing is lost by not calling it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # --- reading --------------------------------------------------------------------------------------------

    def read(self, position: Position, limit: int = 500) -> Batch:
        """Up to `limit` records from `position` on; empty when there are no more now.

        Raises:
            JournalDamaged: a line that is not the last of its segment is not what was written.
            JournalVersion: a record that this version does not know.
        """
        records: list[Record] = []
        at = max(position, Position(self._first, 0))
        while len(records) < limit and at < self.end:
            found, at = self._read_segment(at, limit - len(records))
            records += found
        return Batch(tuple(records), at)

    def replay(self) -> Iterator[Record]:
        """Every record that PostgreSQL may not have, in order.

        Torn last lines are passed over, and in `torn`.
        """
        at = self.checkpoint
        while (batch := self.read(at)).records:
            yield from batch.records
            at = batch.end

    def _read_segment(self, at: Position, limit: int) -> tuple[list[Record], Position]:
        """Records of one segment from `at`, and the place behind them.

        The next segment when this one is done.
        """
        path = self._path(at.segment)
        last = at.segment == self._number
        if not path.exists():
            raise JournalDamaged(
                f"{path} is missing: restore it from a backup, or move the whole folder away."
            )
        with path.open("rb") as file:
            size = self._offset if last else os.fstat(file.fileno()).st_size
            offset = at.offset or len(file.readline())
            file.seek(offset)
            data = file.read(min(_CHUNK, max(0, size - offset)))
            while b"\n" not in data and offset + len(data) < size:  # one line longer than a chunk
                data += file.read(_CHUNK)
            reached = offset + len(data) >= size
        records: list[Record] = []
        start = 0
        while start < len(data) and len(records) < limit:
            stop = data.find(b"\n", start)
            value = decode(data[start:stop]) if stop >= 0 else None
            if value is None:
                if stop < 0 and not reached:
                    break  # the rest of this line is in the next chunk
                return records, self._give_up(path, at.segment, offset + start, data[start:], reached)
            records.append(self._record(value, path))
            start = stop + 1
        if start >= len(data) and reached and not last:
            return records, Position(at.segment + 1, 0)
        return records, Position(at.segment, offset + start)

    def _give_up(self, path: Path, segment: int, offset: int, rest: bytes, reached: bool) -> Position:
        """A line that can't be read: the tail that its writer's death cut short, or damage."""
        line, _, after = rest.partition(b"\n")
        if not reached or (after.strip(b"\0") and segment != self._number) or segment == self._number:
            raise JournalDamaged(
                f"{path} is damaged at byte {offset} ({len(line)} bytes that were never written like this): "
                "restore the file from a backup, or move it away to go on without what it holds from there."
            )
        torn = Torn(path, offset, len(rest))
        if torn not in self.torn:
            self.torn.append(torn)
        return Position(segment + 1, 0)

    def _record(self, value: object, path: Path) -> Record:
        if not isinstance(value, dict):
            raise JournalVersion(f"{path} holds a line that is no record: {_OTHER_VERSION}")
        try:
            return from_json(value)
        except ValueError as error:
            raise JournalVersion(f"{path}: {error}: {_OTHER_VERSION}") from error

    def _is_empty_from(self, position: Position) -> bool:
        return not self.read(position, 1).records

    # --- files ----------------------------------------------------------------------------------------------

    def _path(self, number: int) -> Path:
        return self.directory / f"{number:010d}.journal"

    def _segments(self) -> list[int]:
        names = (_SEGMENT.match(path.name) for path in self.directory.iterdir())
        return sorted(int(name[1]) for name in names if name is not None)

    def _read_checkpoint(self, numbers: list[int]) -> Position:
        start = Position(numbers[0] if numbers else 1, 0)
        try:
            data = json.loads((self.directory / "checkpoint").read_text())
            at = Position(int(data["segment"]), int(data["offset"]))
        except FileNotFoundError:
            return start
        except (ValueError, KeyError, TypeError):
            return start  # unreadable: everything is applied again, which changes nothing
        if (
            at.segment > self._number
        ):  # the segments were deleted, or never came back: numbers must not repeat
            self._number = at.segment
            self._first = at.segment + 1
        return max(at, start)

    def _check_header(self, number: int) -> None:
        path = self._path(number)
        with path.open("rb") as file:
            line = file.readline(200)
        if line == self._header or (not line.endswith(b"\n") and self._header.startswith(line)):
            return
        parts = line.split()
        if len(parts) == 3 and parts[0] == MAGIC and parts[1] == str(VERSION).encode():
            raise JournalVersion(
                f"{path} belongs to the switch {parts[2].decode(errors='replace')}, not {self.switch_id}: "
                "use the data directory of that switch, or move the file away."
            )
        raise JournalVersion(f"{path} begins with {line[:60]!r}: {_OTHER_VERSION}")


class Journals:
    """The journals under one directory: ours, and those that dead processes left behind.

    A process that hangs keeps the lock of its own journal; whoever takes over writes to another one. A lock
    that is free means that its process is dead, which is more than a lease that runs out can tell.
    """

    def __init__(self, root: Path, switch_id: str) -> None:
        self._root = root
        self._switch_id = switch_id
        self._held: dict[Path, Journal] = {}
        number = 0
        while not self._held:
            self._try(root / str(number))
            number += 1
        self.own = next(iter(self._held.values()))

    def collect(self) -> list[Journal]:
        """Lock the journals whose processes are dead; those found by this call.

        Raises:
            JournalUnwritable, JournalVersion: as `Journal.open`.
        """
        found = [self._try(path) for path in sorted(self._root.iterdir()) if path.is_dir()]
        return [journal for journal in found if journal is not None]

    @property
    def left_behind(self) -> list[Journal]:
        """Every journal held but our own."""
        return [journal for journal in self._held.values() if journal is not self.own]

    def close(self) -> None:
        """Let go of all of them."""
        for journal in self._held.values():
            journal.close()

    def _try(self, path: Path) -> Journal | None:
        if path in self._held:
            return None
        try:
            self._held[path] = Journal.open(path, self._switch_id)
        except JournalBusy:
            return None
        except BaseException:
            self.close()
            raise
        return self._held[path]


_OTHER_VERSION = (
    "another version of Ringmaster wrote this journal; start that version once with the database up (it "
    "empties the journal), then this one."
)


def _unwritable(directory: Path, error: OSError) -> JournalUnwritable:
    return JournalUnwritable(
        f"The journal can't be written in {directory} ({error.strerror or error}): make the directory "
        "writable and leave room on its disk, or set RINGMASTER_DATA_DIRECTORY to another one."
    )
