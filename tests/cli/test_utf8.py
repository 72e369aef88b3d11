"""Korean file names under locales that read them as other text. A locale that is not installed is skipped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.cli.utf8 import restart_in_utf8_mode

LOCALES = {
    "ascii": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "euc_kr": {"LC_ALL": "ko_KR.EUC-KR"},
}
IDS = [f"{name}/그림{number}.png" for name in ("고양이", "개") for number in range(8)]
TINY = (
    "model.name=tiny",
    "model.weights=random",
    "image.size_px=32",
    "image.stored_px=32",
    "head.kind=gradient",
    "training.epochs=1",
)


def run_python(name: str, *arguments: str, at: Path) -> bytes:
    """What Python prints in a locale."""
    environment = {word: value for word, value in os.environ.items() if not word.startswith(("LC_", "PYTHONUTF8"))}
    environment |= {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "0", **LOCALES[name]}
    done = subprocess.run([sys.executable, *arguments], cwd=at, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=LOCALES)
def locale(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    name: str = request.param
    found = run_python(name, "-c", "import sys; print(sys.getfilesystemencoding())", at=tmp_path)
    if found.decode().strip() != name:
        pytest.skip(f"this machine has no locale that reads names as {name}")
    return name


@pytest.fixture
def contest(tmp_path: Path) -> Path:
    for row, name in enumerate(IDS):
        path = tmp_path / "사진" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(row).integers(0, 256, (36, 40, 3), dtype=np.uint8)).save(path)
    rows = "".join(f"{name},{name.partition('/')[0]}\n" for name in IDS)
    (tmp_path / "표.csv").write_text("image,label\n" + rows, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_a_program_finds_images_by_the_names_of_a_table(locale: str, contest: Path) -> None:
    (contest / "program.py").write_text(
        "import os, json, podium\n"
        "folder, table = (os.fsdecode(name.encode()) for name in ('사진', '표.csv'))\n"
        "samples = podium.scan(folder, labels=table).samples\n"
        "print(json.dumps([list(samples.ids), [samples.file(row).is_file() for row in range(len(samples))]]))\n",
        encoding="utf-8",
    )
    ids, are_files = json.loads(run_python(locale, "program.py", at=contest))
    assert sorted(ids) == sorted(IDS)
    assert all(are_files)


@pytest.mark.long
def test_a_command_trains_on_them_in_several_processes(locale: str, contest: Path) -> None:
    words = (
        "--folds",
        "2",
        "--processes",
        "2",
        "--threads",
        "1",
        "--device",
        "cpu",
        "--json",
        "--quiet",
        "--name",
        "mine",
    )
    leaks = ("--allow-leaks", "near_duplicate")
    command = ("-m", "podium", "train", "사진", "--labels", "표.csv", *words, *leaks, "--set", *TINY)
    record = json.loads(run_python(locale, *command, at=contest))
    classes = [item["name"] for item in record["scores"]["targets"]["label"]["per_class"]]
    assert sorted(classes) == ["개", "고양이"]
    assert record["scores"]["targets"]["label"]["n"] == len(IDS)


def test_nothing_is_started_again_in_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("started again")

    monkeypatch.setattr(os, "execve", refuse)
    assert sys.getfilesystemencoding() == "utf-8"
    restart_in_utf8_mode()
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "euc_kr")
    monkeypatch.setenv("PYTHONUTF8", "1")
    restart_in_utf8_mode()  # `python -E` refused the mode
    monkeypatch.delenv("PYTHONUTF8")
    with pytest.raises(AssertionError, match="started again"):
        restart_in_utf8_mode()
