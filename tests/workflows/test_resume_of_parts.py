"""Parts of a training that follow its past or the epoch: stopped anywhere, they end with the same bits."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import podium
from podium.callbacks import StepInfo, TrainingInfo
from podium.errors import Stopped
from podium.machine import Silent
from podium.tables import Samples
from tiny.contest import TINY, make_settings, results_of

WHOLE = (*TINY, "model.freeze=none", "predict_views=[plain]", "training.epochs=4", "training.ema_decay=0.9")
PARTS = {
    "unfreezing": ("model.unfreeze_after=1", "model.unfreeze_every=1", "optimizer.layer_decay=0.7"),
    "unfreezing from blocks": (
        "model.freeze=blocks",
        "model.frozen_blocks=1",
        "model.cached_views=1",
        "model.unfreeze_after=2",
    ),
    "mixing": (
        "mixing=[{kind: cutmix, partner: rare}, mixup, patch_swap]",
        "training.unmixed_last_epochs=1",
    ),
    "probe": ("model.head_start=probe",),
    "probe, unfreezing, sam": ("model.head_start=probe", "model.unfreeze_after=1", "optimizer.sam_rho=0.1"),
    "thresholds of ordered classes": ("model.ordinal=cumulative", "model.unfreeze_after=1"),
    "class centres": (
        "model.layer={kind: arcface, centres: 2, least_margin: 0.1}",
        "model.pooling=gem",
        "mixing=cutmix",
    ),
    "plateau": ("schedule={kind: plateau, patience: 0, factor: 0.5}", "training.epochs=5"),
    "plateau of the loss": (
        "schedule={kind: plateau, patience: 0, watch: train_loss, min_delta: 1}",
        "metric=log_loss",
    ),
}


class StopAt(podium.Callback):
    """Asks to stop after a step of the first fold."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step(self, training: TrainingInfo, step: StepInfo) -> None:
        if (training.fold, step.step) == (0, self.step):
            os.kill(os.getpid(), signal.SIGTERM)


FAST = {"mixing"}


@pytest.mark.long
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FAST else [pytest.mark.slow]) for name in PARTS]
)
def test_it_goes_on_exactly(name: str, contest: Callable[[str], Samples], tmp_path: Path) -> None:
    shape = "single" if "loss" in name else "attributes"
    lines = tuple(line for line in WHOLE if line.split("=")[0] not in {item.split("=")[0] for item in PARTS[name]})

    def start(place: str, *callbacks: podium.Callback) -> podium.Run:
        return podium.train(
            contest(shape),
            preset="finetune",
            overrides=(*lines, *PARTS[name]),
            folds=2,
            only_folds=[0],
            settings=make_settings(tmp_path / place),
            progress=Silent(),
            callbacks=callbacks,
        )

    whole = start("whole")
    for step in (2, 4, 7):  # of three an epoch
        with pytest.raises(Stopped):
            start(f"cut-{step}", StopAt(step))
        run = podium.resume(settings=make_settings(tmp_path / f"cut-{step}"), progress=Silent())
        assert results_of(run.folder.path) == results_of(whole.folder.path)
