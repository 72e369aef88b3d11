"""A checkpoint brings every tensor and the position back, and never holds weights that are not finite."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from podium.engine import Checkpoints, TrainState
from podium.engine.checkpoints import final_weights
from podium.engine.parts import Parts
from podium.errors import CorruptFileError, DivergedError

from .tiny_training import make_batches, make_parts, tensors_of


def stepped(seed: int = 3) -> Parts:
    """Parts after one optimizer step, so that the optimizer and the average hold something."""
    parts = make_parts(seed=seed)
    batch = next(iter(make_batches()))
    parts.objective(parts.model(batch.images), batch.targets).backward()
    parts.optimizer.step()
    assert parts.average is not None
    parts.average.update(parts.model)
    return parts


@pytest.mark.parametrize("mode", ["folders", "slots"])
def test_everything_comes_back(tmp_path: Path, mode: str) -> None:
    saved = stepped()
    saved.micro_batch = 2
    checkpoints = Checkpoints(tmp_path, mode=mode)  # type: ignore[arg-type]
    checkpoints.remember_best(saved)
    state = TrainState(epoch=1, offset=4, step=5, lr=0.1, loss_sum=1 / 3, best_epoch=0, best_score=0.1 + 0.2)
    checkpoints.save(state, saved)
    wanted = tensors_of(saved, checkpoints)
    other, again = make_parts(seed=8), Checkpoints(tmp_path, mode=mode)  # type: ignore[arg-type]
    assert tensors_of(other, again) != wanted
    restored, notes = again.restore(other)
    assert (restored, notes) == (state, [])
    assert tensors_of(other, again) == wanted
    assert other.micro_batch == 2


def test_an_empty_folder_starts_anew(tmp_path: Path) -> None:
    parts = make_parts()
    before = tensors_of(parts)
    assert Checkpoints(tmp_path / "none").restore(parts) == (None, [])
    assert tensors_of(parts) == before


def test_the_newest_wins_and_an_epoch_s_end_comes_after_its_last_step(tmp_path: Path) -> None:
    parts, checkpoints = stepped(), Checkpoints(tmp_path)
    for state in (TrainState(offset=8, step=2), TrainState(offset=10, step=3), TrainState(epoch=1, step=3)):
        checkpoints.save(state, parts)
        assert checkpoints.restore(parts)[0] == state


def test_a_damaged_one_falls_back_with_a_note_and_none_is_never_a_silent_start(tmp_path: Path) -> None:
    parts, checkpoints = stepped(), Checkpoints(tmp_path)
    first, second = TrainState(offset=4, step=1), TrainState(offset=8, step=2)
    checkpoints.save(first, parts)
    checkpoints.save(second, parts)
    files = sorted(tmp_path.rglob("tensors.safetensors"))
    assert len(files) == 2
    _flip_a_byte(files[-1])
    state, notes = checkpoints.restore(parts)
    assert state == first
    assert len(notes) == 1
    _flip_a_byte(files[0])
    with pytest.raises(CorruptFileError):
        checkpoints.restore(parts)


def _flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_one_is_due_by_the_clock(tmp_path: Path) -> None:
    parts = stepped()
    Checkpoints(tmp_path / "late", every_s=1e9).save_if_due(TrainState(step=1), parts)
    assert not list(tmp_path.rglob("state.json"))
    Checkpoints(tmp_path / "now", every_s=0).save_if_due(TrainState(step=1), parts)
    assert len(list(tmp_path.rglob("state.json"))) == 1


@pytest.mark.parametrize("where", ["weight", "average", "optimizer"])
def test_what_is_not_finite_is_never_saved(tmp_path: Path, where: str) -> None:
    parts, checkpoints = stepped(), Checkpoints(tmp_path)
    checkpoints.save(TrainState(step=1), parts)
    parameter = next(parts.model.parameters())
    assert parts.average is not None
    spoilt = {
        "weight": parameter.data,
        "average": next(iter(parts.average.state_dict()["average"].values())),
        "optimizer": parts.optimizer.state[parameter]["exp_avg"],
    }[where]
    spoilt[(0,) * spoilt.ndim] = math.nan
    with pytest.raises(DivergedError, match="no longer finite") as caught:
        checkpoints.save(TrainState(step=2), parts)
    assert "optimizer.lr" in str(caught.value.fix)
    with pytest.raises(DivergedError):
        checkpoints.remember_best(parts)
    restored, _ = checkpoints.restore(make_parts())
    assert restored == TrainState(step=1)


def test_the_weights_that_predict_are_the_averaged_ones_and_a_copy() -> None:
    parts = stepped()
    assert parts.average is not None
    average, plain = parts.average.state_dict()["average"], {k: v.clone() for k, v in parts.model.state_dict().items()}
    found = final_weights(parts)
    assert found.keys() == plain.keys()
    assert all(torch.equal(found[name], value.cpu()) for name, value in average.items())
    assert any(not torch.equal(found[name], plain[name]) for name in plain)
    assert all(torch.equal(value, plain[name]) for name, value in parts.model.state_dict().items()), "model changed"
    parts.average = None
    copied = final_weights(parts)
    assert all(torch.equal(copied[name], plain[name]) for name in plain)
    next(parts.model.parameters()).data.zero_()
    assert all(torch.equal(copied[name], plain[name]) for name in plain)
