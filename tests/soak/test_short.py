"""Every trial with few attempts; `scripts/soak` makes them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from .registry import ALL
from .trial import Trial


@pytest.mark.slow
@pytest.mark.parametrize("trial", ALL, ids=lambda trial: f"{trial.promise}: {trial.what}")
def test_a_promise_is_kept(trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODIUM_SOAK_PATIENCE", "6")  # tests share their machine; the promised seconds are the soak's
    figure = trial.run(trial.n_short, tmp_path)
    if not figure.tried:
        pytest.skip(figure.note)
    assert figure.is_kept, "\n".join([f"{figure.held} of {figure.tried} held", figure.note, *figure.failures])
