"""The command tunes its process; an import and a training leave the process as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from podium.machine import tuning
from podium.machine.tuning import restored_torch

NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
SHOW = f"import os; print(*(os.environ.get(name) for name in {NAMES!r}))"


def python(code: str, given: dict[str, str] | None = None) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if name not in NAMES} | (given or {})
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, ["PASSIVE", "1000"]),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, ["ACTIVE", "None"]),
        ({"GOMP_SPINCOUNT": "7"}, ["None", "7"]),
    ],
)
def test_what_the_user_has_set_stays(given: dict[str, str], wanted: list[str]) -> None:
    assert python(f"import podium; podium.tune_process()\n{SHOW}", given) == wanted


@pytest.mark.long
def test_a_command_that_trains_is_tuned_and_one_that_lists_is_not(tmp_path: Path) -> None:
    train = f"from podium.cli import main; main(['train', {str(tmp_path / 'none')!r}, '-q'])\n{SHOW}"
    assert python(train)[-2:] == ["PASSIVE", "1000"]
    runs = f"from podium.cli import main; main(['runs', '--runs', {str(tmp_path)!r}])\n{SHOW}"
    assert python(runs)[-2:] == ["None", "None"]


@pytest.mark.long
def test_an_import_changes_nothing_outside_itself() -> None:
    code = "import os, signal, warnings; before = (dict(os.environ), signal.getsignal(2), list(warnings.filters))"
    names = "import podium; [getattr(podium, name) for name in podium.__all__]"
    after = "print(before == (dict(os.environ), signal.getsignal(2), list(warnings.filters)))"
    # Every public name is imported, torch and all; what torch and scikit-learn do to the process is not ours.
    heavy = "import torch, timm, torchvision, sklearn.base, sklearn.model_selection, pandas, cv2, scipy.stats, pydantic"
    assert python(f"{heavy}\n{code}\n{names}\n{after}") == ["True"]


def test_nothing_is_tuned_after_torch_was_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tuning, "keep_freed_memory", lambda: False)
    assert tuning.tune_process() == []
    assert not set(NAMES) & set(os.environ)


def test_threads_and_generator_are_as_before_also_after_an_error() -> None:
    def fail() -> None:
        with restored_torch():
            torch.set_num_threads(before + 1)
            torch.manual_seed(7)
            raise KeyError

    before, state = torch.get_num_threads(), torch.get_rng_state()
    with pytest.raises(KeyError):
        fail()
    assert torch.get_num_threads() == before
    assert torch.equal(torch.get_rng_state(), state)
