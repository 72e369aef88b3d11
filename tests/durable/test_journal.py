"""The journal survives a torn last line, notices every other damage, and can be cut for resume."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium import durable
from podium.errors import CorruptFileError, StorageError

RECORDS = [{"epoch": n, "f1": n / 7, "note": '줄\n바꿈, "따옴표" \u2028 ,"_crc":'} for n in range(5)]


def filled(path: Path, records: list[dict[str, object]] = RECORDS) -> durable.Journal:
    journal = durable.Journal(path)
    for record in records:
        journal.append(record)
    return journal


def test_a_missing_journal_is_empty_and_its_folder_is_made(tmp_path: Path) -> None:
    journal = durable.Journal(tmp_path / "new" / "journal.jsonl")
    assert journal.read() == []
    assert not (tmp_path / "new").exists()
    journal.append({})
    assert journal.read() == [{}]


def test_any_json_lines_reader_can_read_it(tmp_path: Path) -> None:
    filled(tmp_path / "j.jsonl")
    lines = (tmp_path / "j.jsonl").read_bytes().split(b"\n")
    assert lines.pop() == b""
    plain = [json.loads(line) for line in lines]
    assert all(isinstance(record.pop("_crc"), str) for record in plain)
    assert plain == RECORDS


values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@pytest.mark.slow
@given(st.lists(st.dictionaries(st.text().filter(lambda key: key != "_crc"), values, max_size=3), max_size=6))
def test_records_come_back_equal(tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, object]]) -> None:
    path = tmp_path_factory.mktemp("journal") / "j.jsonl"
    filled(path, records)
    assert durable.Journal(path).read() == records


@pytest.mark.slow
def test_cut_at_every_byte_the_whole_lines_are_read_and_go_on(tmp_path: Path) -> None:
    filled(tmp_path / "j.jsonl")
    data = (tmp_path / "j.jsonl").read_bytes()
    for n_bytes in range(len(data) + 1):
        path = tmp_path / "cut.jsonl"
        path.write_bytes(data[:n_bytes])
        n_whole = data[:n_bytes].count(b"\n")
        journal = durable.Journal(path)
        assert journal.read() == RECORDS[:n_whole]
        journal.append({"after": n_bytes})
        assert durable.Journal(path).read() == [*RECORDS[:n_whole], {"after": n_bytes}]


@pytest.mark.slow
def test_every_flipped_bit_before_the_last_line_end_is_noticed(tmp_path: Path) -> None:
    filled(tmp_path / "j.jsonl")
    data = (tmp_path / "j.jsonl").read_bytes()
    path = tmp_path / "flipped.jsonl"
    rng = random.Random(0)
    for position in rng.sample(range((len(data) - 1) * 8), 1000):
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        path.write_bytes(flipped)
        line = data[: position // 8].count(b"\n") + 1
        with pytest.raises(CorruptFileError, match=f"line {line} is damaged") as caught:
            durable.Journal(path).read()
        assert caught.value.where == str(path)


@pytest.mark.parametrize("damage", ["drop", "swap", "repeat", "other"])
def test_lines_that_are_missing_moved_or_foreign_are_noticed(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "j.jsonl"
    filled(path)
    lines = path.read_bytes().splitlines(keepends=True)
    changed = {
        "drop": [*lines[:1], *lines[2:]],
        "swap": [lines[0], lines[2], lines[1], *lines[3:]],
        "repeat": [*lines[:1], *lines],
        "other": [lines[0], b'{"epoch": 1}\n', *lines[2:]],
    }[damage]
    path.write_bytes(b"".join(changed))
    with pytest.raises(CorruptFileError, match="line 2 is damaged"):
        durable.Journal(path).read()
    with pytest.raises(CorruptFileError, match="line 2 is damaged"):
        durable.Journal(path).append({})


def test_two_journals_of_one_process_see_each_other(tmp_path: Path) -> None:
    one, two = durable.Journal(tmp_path / "j"), durable.Journal(tmp_path / "j")
    for n in range(4):
        (one if n % 2 else two).append({"n": n})
    assert one.read() == two.read() == [{"n": n} for n in range(4)]


@pytest.mark.parametrize("make_backend", [durable.fail_at, durable.fill_disk_at, durable.die_at])
@pytest.mark.parametrize("is_first", [True, False])
def test_every_operation_of_an_append_leaves_old_or_new(
    tmp_path: Path, make_backend: Callable[[int], durable.FaultyBackend], is_first: bool
) -> None:
    for k in range(1, 10):
        path = tmp_path / str(k) / "j.jsonl"
        if not is_first:
            filled(path, RECORDS[:2])
        old = [] if is_first else RECORDS[:2]
        backend = make_backend(k)
        try:
            with durable.using_backend(backend):
                durable.Journal(path).append(RECORDS[2])
        except StorageError:
            assert durable.Journal(path).read() == old, "a record that was refused must not be there"
        except durable.Death:
            assert durable.Journal(path).read() in (old, [*old, RECORDS[2]])
        else:
            assert len(backend.operations) < k or make_backend is durable.fill_disk_at
            assert durable.Journal(path).read() == [*old, RECORDS[2]]
        durable.Journal(path).append({"after": k})
        assert durable.Journal(path).read()[-1] == {"after": k}


def test_a_killed_process_tears_at_most_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    child = os.fork()
    if child == 0:
        filled(path, RECORDS[:3])
        with durable.using_backend(durable.kill_at(2)):
            durable.Journal(path).append(RECORDS[3])
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert not path.read_bytes().endswith(b"\n")
    assert durable.Journal(path).read() == RECORDS[:3]


def test_syncing_is_a_choice(tmp_path: Path) -> None:
    for sync in (True, False):
        with durable.using_backend(durable.FaultyBackend(lambda *_: False, lambda: pytest.fail("none"))) as backend:
            durable.Journal(tmp_path / f"{sync}.jsonl", sync=sync).append({})
        assert isinstance(backend, durable.FaultyBackend)
        assert ("fsync" in backend.operations) == sync


@pytest.mark.parametrize("record", [{"f1": float("nan")}, {"_crc": 1}])
def test_what_cannot_be_held_is_refused_before_anything_is_written(tmp_path: Path, record: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"JSON|_crc"):
        durable.Journal(tmp_path / "j").append(record)
    assert not (tmp_path / "j").exists()
