"""Results go to standard output; progress and notes to standard error, or nowhere."""

from __future__ import annotations

import io
import json
import sys

import pytest

from podium.cli.console import Console, print_json, print_lines
from podium.machine import Caution

Streams = pytest.CaptureFixture[str]


def test_results_are_lines_or_one_document(capsys: Streams) -> None:
    print_lines("a", "b")
    assert capsys.readouterr() == ("a\nb\n", "")
    print_json({"name": "\ud55c", "n": 1.5})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"name": "\ud55c", "n": 1.5}
    assert "\ud55c" in out
    assert err == ""
    with pytest.raises(ValueError, match="JSON compliant"):
        print_json({"n": float("nan")})


def test_a_document_is_json_in_every_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="euc_kr", errors="backslashreplace"))
    print_json({"name": "\ud55c \U0001f600"})
    sys.stdout.flush()
    assert json.loads(raw.getvalue()) == {"name": "\ud55c \U0001f600"}


def test_a_stage_is_one_line_in_a_log_with_the_latest_count(capsys: Streams) -> None:
    with Console().stage("Decoding", 2000) as update:
        update(10)
        update(1234)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Decoding: 1,234 in ")
    assert err.count("\n") == 1
    with Console().stage("Nothing", 0):
        pass
    assert capsys.readouterr().err == ""


def test_notes_name_options_as_flags(capsys: Streams) -> None:
    Console().note("plain")
    assert capsys.readouterr().err == "note: plain\n"
    Console().note("Set `id_column='x'`.")
    assert "--id-column" in capsys.readouterr().err


def test_names_from_the_data_command_no_terminal(capsys: Streams) -> None:
    name = "a\x1b[31m\u202e\x9b2J\nb\udce9 \ud55c"
    shown = "a\\x1b[31m\\u202e\\x9b2J\\nb\\udce9 \ud55c"
    print_lines(name, "next")
    assert capsys.readouterr().out == f"{shown}\nnext\n"
    Console().note(name)
    with Console().stage(name, 1) as update:
        update(1)
    err = capsys.readouterr().err.splitlines()
    assert err[0] == f"note: {shown}"
    assert err[1].startswith(f"{shown}: 1 in")
    print_json({name: name})
    out = capsys.readouterr().out
    assert json.loads(out) == {name: name}
    assert not [letter for letter in out if letter != "\n" and not letter.isprintable()]
    Console().note("x" * 33_000 + " is wrong.")
    assert len(capsys.readouterr().err) < 2_100


def test_quiet_shows_cautions_only(capsys: Streams) -> None:
    console = Console(quiet=True)
    console.note("a")
    with console.stage("b", 3) as update:
        update(3)
    assert capsys.readouterr() == ("", "")
    console.note(Caution("All rows are the same."))
    assert capsys.readouterr() == ("", "caution: All rows are the same.\n")
