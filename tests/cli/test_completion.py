"""Shell completion: the scripts name every command, and bash completes what stands on the line."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from podium.cli import COMMANDS, main


def print_script(*words: str) -> str:
    """What the command prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["completion", *words]) == 0
    return printed.getvalue()


@pytest.fixture(scope="module")
def bash_script() -> str:
    return print_script("bash")


@pytest.mark.long
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_knows_every_command_and_its_options(shell: str, bash_script: str) -> None:
    script = bash_script if shell == "bash" else print_script(shell)
    for word in (*COMMANDS, "folds", "matthews_corrcoef", "sort"):
        assert word in script


@pytest.mark.long
def test_the_json_document_holds_the_script(bash_script: str) -> None:
    assert json.loads(print_script("bash", "--json"))["script"].strip() == bash_script.strip()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["podium", "tr"], {"track", "train"}),
        (["podium", "train", "--fol"], {"--fold-column", "--folds", "--folds-from", "--follow-links"}),
        (["podium", "train", "--preset", "fine"], {"finetune"}),
        (["podium", "runs", "--sort", ""], {"created", "score"}),
    ],
    ids=["command", "option", "choice", "empty word"],
)
def test_bash_completes(words: list[str], wanted: set[str], tmp_path: Path, bash_script: str) -> None:
    line = " ".join(f"'{word}'" for word in words)
    ask = f'\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _podium; printf "%s\\n" "${{COMPREPLY[@]}}"\n'
    script = tmp_path / "ask.sh"
    script.write_text(bash_script + ask)
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == wanted


@pytest.mark.long
def test_it_installs_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    assert main(["completion", "fish", "--install", "--json"]) == 0
    path = Path(json.loads(capsys.readouterr().out)["file"])
    assert path.is_relative_to(tmp_path)
    assert "complete" in path.read_text()
    assert main(["completion", "fish", "--install"]) == 0
    assert str(path) in capsys.readouterr().out


def test_an_unknown_shell_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bsh"]) == 2
    assert "Did you mean 'bash'?" in capsys.readouterr().err
