"""The command line: quick to answer, one JSON document where asked for, exit codes that mean what the help says."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import podium.cli
from podium import errors
from podium.cli import COMMANDS, EXIT_CODES, main
from podium.cli.commands import list_arguments
from podium.metrics import Interval
from podium.store import RunRow, create_run

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in an empty folder; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def python(*lines: str, cwd: Path | None = None) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, cwd=cwd, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


MODULES = "print([name for name in ('torch', 'numpy', 'cyclopts', 'pandas', 'timm') if name in sys.modules])"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_and_version_import_nothing(arguments: list[str]) -> None:
    code = ["import sys", "from podium.cli import main", f"code = main({arguments!r})", MODULES, "print(code)"]
    assert python(*code).splitlines()[-2:] == ["[]", "0"]


def test_importing_podium_imports_nothing_heavy() -> None:
    assert python("import sys, podium", MODULES).strip() == "[]"


@pytest.mark.long
def test_listing_and_reporting_runs_never_imports_torch_or_scipy(tmp_path: Path) -> None:
    create_run(tmp_path / "runs", "mine", {"folds": [0]})
    code = [
        "import sys",
        "from podium.cli import main",
        "assert main(['runs']) == 0",
        "main(['report', 'mine'])",
        "print([name for name in ('torch', 'scipy') if name in sys.modules])",
    ]
    assert python(*code, cwd=tmp_path).splitlines()[-1] == "[]"


WITHOUT_TORCH = {
    ("scan", "images"): 0,
    ("split", "images", "--folds", "2", "--out", "folds"): 0,
    ("train", "images", "--preset", "nonsense"): 2,
    ("train", "images", "--set", "training.epoch=3"): 2,
    ("train", "nowhere"): 3,
    ("predict", "nothing", "images"): 2,
}


@pytest.mark.long
def test_what_trains_nothing_or_is_refused_never_waits_for_torch(tmp_path: Path) -> None:
    """One after another in one process: the first answer that says True is the one that waited."""
    rng = np.random.default_rng(0)
    for number in range(8):
        place = tmp_path / "images" / "ab"[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(place)
    code = [
        "import sys",
        "from podium.cli import main",
        f"answers = {{words: (main(list(words)), 'torch' in sys.modules) for words in {list(WITHOUT_TORCH)!r}}}",
        "print(repr(answers))",
    ]
    answers = ast.literal_eval(python(*code, cwd=tmp_path).splitlines()[-1])
    assert answers == {words: (exit_code, False) for words, exit_code in WITHOUT_TORCH.items()}


def test_the_help_lists_every_command_and_exit_code(run: Run) -> None:
    for arguments in ((), ("--help",), ("-h",), ("help",)):
        code, out, err = run(*arguments)
        assert (code, err) == (0, "")
        for name, line in COMMANDS.items():
            assert name in out
            assert line in out
        for number, meaning in EXIT_CODES.items():
            assert f"{number} {meaning}" in out


@pytest.mark.slow
def test_help_of_a_command_is_its_help(run: Run) -> None:
    assert run("help", "train") == run("train", "--help")
    assert run("help", "trian")[0] == 2


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_groups_texts_choices_and_exit_codes(
    command: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    _, out, _ = run(command, "--help")
    boxes = re.findall(r"\u256d\u2500 ([\w ]+) \u2500", out)
    assert set(boxes) <= {"Run", "Server", "Data", "Sample submission", "Split", "Recipe", "Machine", "Output"}
    assert boxes == sorted(set(boxes), key=boxes.index)
    assert "Exit codes: 0 done" in out
    for argument in list_arguments(command):
        text = argument.parameter.help
        assert text, argument.name
        assert text[0].isupper() or text.startswith(("baseline", "A ")), text
        assert text.endswith("."), text
        for name in argument.names:
            assert name in out


@pytest.mark.slow
def test_verbose_shows_the_traceback_and_the_cause(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    wrong = ("train", "mine", "--recipe", "torn.yaml")
    (tmp_path / "torn.yaml").write_text("a: [1,")
    code, _, brief = run(*wrong)
    assert (code, "Traceback" in brief) == (2, False)
    for flag in ("-v", "--verbose"):
        code, _, whole = run(*wrong, flag)
        assert code == 2
        assert "Traceback" in whole
        assert whole.splitlines()[-1] == brief.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--lables", "x"], "Did you mean --labels?"),
        (["--learning-rate", "1"], "Did you mean --lr?"),
        (["--bs", "8"], "Did you mean --batch-size?"),
        (["--imgsz=224"], "Did you mean --image-size?"),
        (["--weight-decay=0.1"], "Did you mean --set optimizer.weight_decay=VALUE?"),
        (["--sampler", "balanced"], "Did you mean --set loss.single.class_weights=VALUE?"),
        (["--n-splits", "3"], "Did you mean --folds?"),
        (["--metric", "auc"], "Did you mean 'roc_auc_macro'?"),
        (["--metric", "qwk"], "Did you mean 'quadratic_kappa'?"),
        (["--metric", "mcc"], "Did you mean 'matthews_corrcoef'?"),
        (["--set", "lr=1"], "Did you mean 'optimizer.lr'?"),
        (["--set", "training.lr=1"], "Did you mean 'optimizer.lr'?"),
        (["--set", "sampler=balanced"], "Did you mean 'loss.single.class_weights'?"),
        (["--epochs", "3", "--set", "training.epochs=4"], "--epochs and --set training.epochs=... set the same key"),
        (["--epochs", "0"], "training.epochs: "),
    ],
    ids=" ".join,
)
def test_names_that_other_libraries_use_are_answered_with_ours(
    words: list[str], hint: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    code, _, err = run("train", "data", *words)
    assert code == 2
    assert hint in err


def test_every_exit_code_of_an_error_is_in_the_help() -> None:
    codes = {getattr(errors, name).exit_code for name in errors.__all__ if name[0].isupper()}
    assert codes | {0} == set(EXIT_CODES)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    code, out, err = run(command, "--help")
    assert (code, err) == (0, "")
    assert f"podium {command}" in out
    assert "Example: podium " + command in " ".join(out.split())
    assert "\x1b[" not in out


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["trian"], "Did you mean 'train'"),
        (["--hepl"], "Did you mean '--help'"),
        (["--threads", "2", "scan", "my photos"], "Write: podium scan 'my photos' --threads 2"),
        (["train", "--fold", "3"], "Did you mean --only-folds or --folds?"),
        (["runs", "--jsn"], "--json"),
        (["train", "--folds", "many"], "many"),
        (["predict"], "--help"),
        (["scan"], "--help"),
        (["train"], "no data was named"),
        (["train", "data", "--resume", "last"], "--resume"),
        (["runs", "--diff", "a"], "two runs"),
        (["train", "data", "--preset", "basline"], "Did you mean 'baseline'"),
        (["train", "data", "--set", "training.epoch=3"], "Did you mean 'training.epochs'"),
        (["train", "data", "--set", "training.epochs"], "key.path=value"),
        (["train", "--resume", "last"], "no runs here"),
        (["report", "last"], "no runs here"),
        (["predict", "last", "data"], "no runs here"),
        (["train", "--bins", "age=30", "--resume", "last"], "--resume takes data"),
        (["train", "data", "--bins", "age"], "--bins name=first,second"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_what_is_near(arguments: list[str], hint: str, run: Run) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert hint in " ".join(err.split())
    assert "Traceback" not in err

    code, out, err = run(*arguments, "--json")
    record = json.loads(out)
    assert code == record["exit_code"] == 2
    assert record["error"]
    assert record["what"]


@pytest.mark.slow
def test_switches_of_all_commands_may_stand_before_the_command(run: Run) -> None:
    for switches in (["-v"], ["--verbose", "-q"], ["--json"]):
        before, after = run(*switches, "train"), run("train", *switches)
        assert before == after
        assert before[0] == 2
        assert "no data was named" in before[1] + before[2]
    assert run("-q", "--help")[0] == 0


@pytest.mark.slow
def test_data_that_cannot_be_used_end_with_3(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments in (["scan", "nowhere"], ["scan", "empty"], ["train", "nowhere"], ["split", "empty", "--out", "x"]):
        code, out, err = run(*arguments)
        assert (code, out) == (3, "")
        assert err.startswith("podium: ")
        code, out, _ = run(*arguments, "--json")
        assert (code, json.loads(out)["exit_code"]) == (3, 3)


ERRORS = sorted(name for name in errors.__all__ if name[0].isupper() and name != "UnknownNameError")


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_becomes_its_exit_code_and_one_json_document(
    name: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind: type[errors.PodiumError] = getattr(errors, name)

    def fail(*_arguments: object, **_options: object) -> None:
        raise kind("something is wrong.", where="here", fix="Do this.", details=["first", "second"])

    monkeypatch.setattr("podium.store.list_run_rows", fail)
    code, out, err = run("runs", "--json")
    assert code == kind.exit_code
    assert json.loads(out) == {
        "error": name,
        "what": "something is wrong.",
        "where": "here",
        "field": None,
        "fix": "Do this.",
        "details": ["first", "second"],
        "retry": {},
        "exit_code": kind.exit_code,
    }
    assert "here: something is wrong. Do this." in err
    code, out, err = run("runs")
    assert (code, out) == (kind.exit_code, "")
    assert err.splitlines()[1:] == ["  first", "  second"]


def test_ctrl_c_ends_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("podium.store.list_run_rows", interrupt)
    code, out, _ = run("runs", "--json")
    assert (code, json.loads(out)["exit_code"]) == (130, 130)


def test_runs_are_listed_and_compared(run: Run, tmp_path: Path) -> None:
    assert "no runs" in run("runs")[1]
    assert json.loads(run("runs", "--json")[1]) == {"runs": [], "folders": []}
    for name, seed in (("a", 0), ("b", 1)):
        made = create_run(tmp_path / "runs", name, {"folds": [0]})
        made.recipe_file.write_text(f"seed: {seed}\n")
    code, out, _ = run("runs")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["run", "a", "b"]
    assert "0 of 1 fold trained; podium train --resume a goes on" in out
    assert run("runs", "--diff", "a", "b")[1] == "seed: 0 -> 1\n"
    assert json.loads(run("runs", "--diff", "a", "b", "--json")[1])["differences"] == ["seed: 0 -> 1"]
    code, _, err = run("runs", "--diff", "a", "c")
    assert code == 2
    assert "unknown run 'c'" in err


def test_a_damaged_run_does_not_hide_the_others(run: Run, tmp_path: Path) -> None:
    for name in ("broken", "sound"):
        create_run(tmp_path / "runs", name, {"folds": [0]})
    (tmp_path / "runs" / "broken" / "run.json").write_text("{")
    code, out, _ = run("runs")
    assert code == 0
    assert "sound" in out
    assert "broken" in out
    assert len(json.loads(run("runs", "--json")[1])["runs"]) == 2


def test_runs_go_by_score(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        RunRow("good", "2026-11-30T10:00:00", metric="f1_macro", score=Interval(0.9, 0.8, 0.95, 9, 100, 0.95)),
        RunRow("late", "2026-11-30T11:00:00", preset="quick", model="resnet18", seconds=90.0, state="waits"),
    ]
    asked = []
    monkeypatch.setattr("podium.store.list_run_rows", lambda *given: asked.append(given) or rows)
    header, good, late = run("runs", "--sort", "score")[1].splitlines()
    assert asked == [(Path("runs"), "score")]
    assert header.split()[:3] == ["run", "score", "interval"]
    assert good.split()[:4] == ["good", "0.9000", "[0.8000,", "0.9500]"]
    assert late.split()[-6:] == ["quick", "resnet18", "1.5", "2026-11-30", "11:00", "waits"]
    assert json.loads(run("runs", "--sort", "score", "--json")[1])["runs"][0]["score"]["low"] == 0.8
    assert "Did you mean 'score'?" in run("runs", "--sort", "scores")[2]


@pytest.mark.slow
def test_env_is_json_too(run: Run) -> None:
    record = json.loads(run("env", "--json")[1])
    assert record["memory_gib"] is None or record["memory_gib"] > 0
    assert record["environment"]["packages"]["torch"]
    assert record["device"] is None
    assert "tf_efficientnet_lite0" in record["weights"]
    assert run("env")[1].startswith("python ")
    assert json.loads(run("env", "--device", "cpu", "--json")[1])["device"] == "cpu"
    assert run("env", "--device", "gpu")[0] == 2


@pytest.mark.slow
def test_env_imports_neither_torch_nor_timm() -> None:
    code = ["import sys", "from podium.cli import main", "assert main(['env']) == 0"]
    names = "('torch', 'timm', 'torchvision', 'scipy', 'sklearn', 'openvino', 'huggingface_hub')"
    assert python(*code, f"print([name for name in {names} if name in sys.modules])").splitlines()[-1] == "[]"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
@pytest.mark.parametrize(
    ("environment", "is_styled"),
    [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_that_wants_no_colour_gets_neither_colour_nor_bold(
    environment: dict[str, str], is_styled: bool
) -> None:
    reader, terminal = os.openpty()
    command = [sys.executable, "-m", "podium", "env", "--help"]
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    subprocess.run(command, stdout=terminal, env=inherited | environment, check=True)
    os.close(terminal)
    assert (b"\x1b" in os.read(reader, 65536)) is is_styled


@pytest.mark.slow
def test_output_that_nobody_reads_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    code = "import sys; from podium.cli import main; sys.exit(main(['runs']))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_is_a_function_of_its_module() -> None:
    import importlib

    for name in COMMANDS:
        assert callable(
            getattr(importlib.import_module(f"podium.cli.{name.replace('-', '_')}"), name.replace("-", "_"))
        )
    assert podium.cli.__all__ == ["COMMANDS", "EXIT_CODES", "main"]


@pytest.mark.slow
def test_a_signal_after_the_end_of_a_command_changes_nothing(tmp_path: Path) -> None:
    code = [
        "import os, signal, sys",
        "from podium.cli import main",
        "sys.argv = ['podium', 'runs']",
        "code = main()",
        "os.kill(os.getpid(), signal.SIGINT)",
        "os.kill(os.getpid(), signal.SIGTERM)",
        "os.kill(os.getpid(), signal.SIGHUP)",
        "sys.exit(code)",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(code)], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "hint"), [(("runs", "one-1", "two-1"), "Compare two runs with --diff. "), (("env", "one-1"), "")]
)
def test_words_that_a_command_does_not_take_are_named(run: Run, words: tuple[str, ...], hint: str) -> None:
    code, _, complaint = run(*words)
    listed = ", ".join(map(repr, words[1:]))
    assert code == 2
    assert complaint == (
        f"podium: podium {words[0]} does not know what to do with {listed}. "
        f"{hint}podium {words[0]} --help lists the options.\n"
    )
