"""Optional packages are named, looked for without an import, and their absence is one line."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from podium.errors import UsageError
from podium.machine import extras
from podium.machine.extras import EXTRAS, find_extras, import_extra

PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def test_the_extras_are_those_of_the_package() -> None:
    declared = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]
    told = {name: [f"{package}>={least}" for package, least in e.packages.items()] for name, e in EXTRAS.items()}
    assert told == {name: lines for name, lines in declared.items() if name not in ("dev", "weights")}


@pytest.mark.slow
def test_nothing_is_imported_and_it_is_quick() -> None:
    code = (
        "import sys, resource; from podium.machine.extras import find_extras; find_extras();"
        "print(sorted({'torch', 'mlflow', 'wandb', 'tensorboard', 'onnx'} & set(sys.modules)));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_utime < 2)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "True"]


def test_what_is_missing_or_too_old_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"optuna": "4.4.9", "onnx": "1.19", "onnxruntime": None}
    monkeypatch.setattr(extras, "_version_of", lambda package, _module: there.get(package, "99.0"))
    found = find_extras()
    assert not found["search"].works
    assert found["search"].fix == "pip install 'podium[search]' (optuna 4.4.9 is too old)"
    assert found["export"].fix == "pip install 'podium[export]'"
    assert (found["ray"].works, found["ray"].fix) == (True, "")


@pytest.mark.parametrize("answer", ["exit 1", "sleep 30", "echo 27.1"])
def test_an_engine_counts_when_it_answers(answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n{answer.replace('sleep', 'exec sleep')}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(extras, "ENGINES", ("docker",))
    found = find_extras()["containers"]
    assert found.works == ("27.1" in answer)
    assert found.works or "does not answer" in found.fix


def test_a_module_that_is_missing_or_broken_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "brokenpart.py").write_text("raise RuntimeError('no driver')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError, match=re.escape("not installed")) as missing:
        import_extra("no_such_module.inner", "mlflow")
    assert 'pip install "podium[mlflow]"' in str(missing.value)
    with pytest.raises(UsageError, match="no driver"):
        import_extra("brokenpart", "wandb")
