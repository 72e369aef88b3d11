"""An error as a person reads it, as a program reads it, and where its long list goes."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from podium.cli.complaint import print_error, print_fault
from podium.errors import LabelError, PodiumError

Streams = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def long_error() -> LabelError:
    return LabelError("bad rows.", fix="Mend them.", details=[f"row {i}" for i in range(13)])


def test_ten_details_are_shown_and_all_are_kept_where_they_replace_nothing(capsys: Streams) -> None:
    mine = Path("podium-details.txt")
    mine.write_text("mine")
    print_error(long_error(), as_json=False)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "podium: bad rows. Mend them."
    assert lines[1:11] == [f"  row {i}" for i in range(10)]
    (last,) = lines[11:]
    kept = Path(last.removeprefix("  ... and 3 more; all 13 are in "))
    assert kept.read_text().splitlines() == ["bad rows. Mend them.", *(f"row {i}" for i in range(13))]
    assert kept.is_relative_to(tempfile.gettempdir())
    assert [(path.name, path.read_text()) for path in Path.cwd().iterdir()] == [(mine.name, "mine")]


def test_a_program_gets_one_document_with_every_detail_and_no_file(capsys: Streams) -> None:
    print_error(long_error(), as_json=True)
    out, err = capsys.readouterr()
    assert json.loads(out)["details"] == [f"row {i}" for i in range(13)]
    assert err.splitlines()[-1] == "  ... and 3 more"
    assert not list(Path.cwd().iterdir())


def test_verbose_shows_all_and_the_cause(capsys: Streams) -> None:
    error = long_error()
    error.__cause__ = KeyError("deep down")
    print_error(error, as_json=False, verbose=True)
    err = capsys.readouterr().err
    assert "deep down" in err
    assert "  row 12" in err
    assert "more" not in err


def test_text_cannot_break_a_line_or_a_terminal(capsys: Streams) -> None:
    print_error(PodiumError("a\nb\x1b[31m\udce9."), as_json=False)
    assert capsys.readouterr().err == "podium: a\\nb\\x1b[31m\\udce9.\n"


def test_options_are_named_as_flags(capsys: Streams) -> None:
    print_error(PodiumError("wrong.", fix="Set `id_column='x'`."), as_json=False)
    assert "--id-column" in capsys.readouterr().err


def test_our_own_fault_says_so(capsys: Streams) -> None:
    print_fault(ValueError("oops"), as_json=True)
    out, err = capsys.readouterr()
    assert "bug in Podium, not your mistake: ValueError: oops" in json.loads(out)["what"]
    assert "Traceback" in err or "ValueError: oops" in err


def test_the_command_that_goes_through_is_ready_to_copy(capsys: Streams) -> None:
    error = LabelError("bad rows.", retry={"max_bad_fraction": 0.1})
    print_error(error, as_json=True, arguments=["train", "my photos", "--json"])
    out, err = capsys.readouterr()
    command = "podium train 'my photos' --json --max-bad-fraction 0.1"
    assert json.loads(out)["command"] == command
    assert err.splitlines()[-1] == f"  to go on: {command}"
    print_error(LabelError("bad rows."), as_json=True, arguments=["train", "my photos"])
    assert "command" not in json.loads(capsys.readouterr().out)
