"""Every trial with few attempts (`pytest -m soak`); `scripts/soak` makes them all.

Left out of the usual run: attempts are drawn at random, and take two minutes of CPU time.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from .registry import ALL
from .trial import Trial


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("trial", ALL, ids=lambda trial: f"{trial.promise}: {trial.what}")
def test_a_promise_is_kept(trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_SOAK_PATIENCE", "6")  # tests share their machine; the promised seconds are the soak's
    figure = trial.run(trial.n_short, tmp_path)
    if not figure.tried:
        pytest.skip(figure.note)
    assert figure.is_kept, "\n".join([f"{figure.held} of {figure.tried} held", figure.note, *figure.failures])


def test_every_trial_is_registered_once() -> None:
    modules = [import_module(f"soak.{path.stem}") for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))]
    offered = [
        trial for module in modules if module.__name__ != "soak.registry" for trial in getattr(module, "TRIALS", ())
    ]
    assert sorted(map(id, ALL)) == sorted(set(map(id, offered)))
    assert all(0 < trial.n_short <= trial.n_long for trial in ALL)
