"""The training loop: stopped anywhere it ends with the same bits; what looks on changes nothing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from podium.durable import list_versions, load_newest
from podium.engine import (
    Batch,
    Checkpoints,
    EpochRecord,
    Parts,
    Sam,
    TrainState,
    evaluate,
    final_weights,
    fit,
    predict_logits,
)
from podium.errors import CorruptFileError, DivergedError, Interrupted, Stopped
from podium.models import Classifier
from podium.stopping import StopRequest

from .tiny_training import (
    EPOCHS,
    N_STEPS,
    Outcome,
    StopAt,
    make_batches,
    make_parts,
    tensors_of,
    train,
)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A training that nothing disturbed."""
    return train(make_parts(), tmp_path_factory.mktemp("whole"))


def stop_at(step: int, folder: Path, **settings: Any) -> None:
    with pytest.raises(Stopped):
        train(make_parts(), folder, callbacks=[StopAt(StopRequest(), step)], **settings)


@pytest.mark.parametrize("step", range(1, N_STEPS + 1))
def test_a_training_stopped_after_any_step_ends_with_the_same_bits(
    step: int, tmp_path: Path, uninterrupted: Outcome
) -> None:
    stop_at(step, tmp_path)
    assert train(make_parts(), tmp_path) == uninterrupted


@pytest.mark.slow
def test_a_training_stopped_at_every_step_in_turn_ends_with_the_same_bits(
    tmp_path: Path, uninterrupted: Outcome
) -> None:
    for step in range(1, N_STEPS + 1):
        stop_at(step, tmp_path)
    assert train(make_parts(), tmp_path) == uninterrupted


@pytest.mark.slow
def test_checkpoints_overwritten_in_place_resume_exactly_too(tmp_path: Path, uninterrupted: Outcome) -> None:
    for step in range(1, N_STEPS + 1):
        stop_at(step, tmp_path, mode="slots", every_s=0)
        assert {path.name for path in tmp_path.iterdir()} <= {"slot-a", "slot-b", "slots.json"}
    assert train(make_parts(), tmp_path, mode="slots") == uninterrupted


@pytest.mark.slow
def test_a_training_may_change_how_it_is_saved_whenever_it_is_resumed(tmp_path: Path, uninterrupted: Outcome) -> None:
    for step in range(1, N_STEPS + 1):
        stop_at(step, tmp_path, mode=("slots", "folders")[step % 2])
        assert Checkpoints(tmp_path).restore(make_parts())[0].step == step
    assert train(make_parts(), tmp_path, mode="slots") == uninterrupted


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "flip", "missing"])
def test_a_damaged_slot_falls_back_to_the_other(damage: str, tmp_path: Path, uninterrupted: Outcome) -> None:
    stop_at(4, tmp_path, mode="slots", every_s=0)
    newest = load_newest(tmp_path)
    assert newest is not None
    path = newest.parts["tensors.safetensors"]
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-10] if damage == "cut" else data[:-10] + bytes([data[-10] ^ 1]) + data[-9:])
    state, notes = Checkpoints(tmp_path, mode="slots").restore(make_parts())
    assert state is not None
    assert (state.step, len(notes)) == (3, 1)
    assert train(make_parts(), tmp_path, mode="slots", every_s=0) == uninterrupted


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "radam", "madgrad", "adamp", "lion", "rmsproptf", "adafactor"])
def test_other_optimizers_resume_exactly_too(optimizer: str, tmp_path: Path) -> None:
    whole = train(make_parts(name=optimizer), tmp_path / "whole")
    with pytest.raises(Stopped):
        train(make_parts(name=optimizer), tmp_path / "cut", callbacks=[StopAt(StopRequest(), 4)])
    assert train(make_parts(name=optimizer), tmp_path / "cut") == whole


def with_scaler() -> Parts:
    """Half precision, as a GPU without bfloat16 trains, with a scale so large that the first steps are skipped."""
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**19, growth_interval=2)
    return make_parts(precision="fp16", scaler=scaler)


@pytest.mark.long
def test_half_precision_skips_steps_that_overflow_and_resumes_exactly(tmp_path: Path) -> None:
    parts = with_scaler()
    undisturbed = train(parts, tmp_path / "whole")
    assert parts.scaler is not None
    assert parts.scaler.get_scale() < 2.0**19, "no step overflowed"
    steps = {int(state["step"]) for state in parts.optimizer.state_dict()["state"].values()}
    assert 0 < max(steps) < N_STEPS, "skipped steps must not count, and some must be taken"
    for step in range(1, N_STEPS):
        stopped = with_scaler()
        with pytest.raises(Stopped):
            train(stopped, tmp_path / f"{step}", callbacks=[StopAt(StopRequest(), step)])
        again = with_scaler()
        assert train(again, tmp_path / f"{step}") == undisturbed
        assert again.scaler is not None
        assert again.scaler.state_dict() == parts.scaler.state_dict()


def test_a_checkpoint_without_a_scale_is_gone_on_with_in_half_precision(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        train(make_parts(), tmp_path, callbacks=[StopAt(StopRequest(), 2)])
    parts = with_scaler()
    assert train(parts, tmp_path).state["step"] == N_STEPS


def test_an_evaluation_that_does_not_fit_is_done_in_halves() -> None:
    model = make_parts().model
    valid = list(make_batches(1))
    expected = predict_logits(model, valid, device=torch.device("cpu"))
    seen: list[int] = []

    def short(images: torch.Tensor) -> Mapping[str, torch.Tensor]:
        seen.append(len(images))
        if len(images) > 2:
            raise RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)")
        result: Mapping[str, torch.Tensor] = Classifier.forward(model, images)  # type: ignore[arg-type]
        return result

    model.forward = short
    found = predict_logits(model, valid, device=torch.device("cpu"))
    assert seen == [3, 2, 1] * 3 + [1]
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-6)


def test_what_helps_against_numbers_that_are_none_depends_on_the_precision() -> None:
    parts = make_parts(precision="fp16", score=lambda logits: {"kind": 0.0})
    model = parts.model

    def broken(images: torch.Tensor) -> Mapping[str, torch.Tensor]:
        logits = Classifier.forward(model, images)  # type: ignore[arg-type]
        return {name: values * torch.inf for name, values in logits.items()}

    model.forward = broken
    with pytest.raises(DivergedError, match=r"training\.precision=fp32"):
        evaluate(parts, make_batches(1))


def test_saving_after_every_step_changes_nothing(tmp_path: Path, uninterrupted: Outcome) -> None:
    assert train(make_parts(), tmp_path, every_s=0) == uninterrupted


def test_a_restored_optimizer_keeps_the_memory_layout_of_its_parameters(tmp_path: Path) -> None:
    stop_at(2, tmp_path)
    parts = make_parts()
    Checkpoints(tmp_path).restore(parts)
    for parameter, state in parts.optimizer.state.items():
        for name in ("exp_avg", "exp_avg_sq"):
            assert state[name].stride() == parameter.stride(), "sums over another layout may round differently"


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "flip", "missing"])
def test_a_damaged_newest_checkpoint_falls_back_and_ends_with_the_same_bits(
    damage: str, tmp_path: Path, uninterrupted: Outcome
) -> None:
    stop_at(4, tmp_path, every_s=0)
    versions = list_versions(tmp_path)
    assert len(versions) == 2
    path = tmp_path / f"{versions[-1]:08d}" / "tensors.safetensors"
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-10] if damage == "cut" else data[:-10] + bytes([data[-10] ^ 1]) + data[-9:])

    parts = make_parts()
    state, notes = Checkpoints(tmp_path).restore(parts)
    assert state is not None
    assert state.step == 3
    assert len(notes) == 1
    assert "skipped" in notes[0]
    assert train(make_parts(), tmp_path) == uninterrupted


def test_with_all_checkpoints_damaged_a_training_never_starts_over_silently(tmp_path: Path) -> None:
    stop_at(4, tmp_path, every_s=0)
    for path in tmp_path.glob("*/tensors.safetensors"):
        path.write_bytes(b"")
    with pytest.raises(CorruptFileError, match="no version"):
        Checkpoints(tmp_path).restore(make_parts())


def test_the_end_of_an_epoch_is_newer_than_its_last_step(tmp_path: Path) -> None:
    parts, checkpoints = make_parts(), Checkpoints(tmp_path)
    state = TrainState(step=3, offset=10)
    checkpoints.save(state, parts)
    state.finish_epoch({"kind": 0.5})
    checkpoints.save(state, parts)
    restored, _ = Checkpoints(tmp_path).restore(parts)
    assert restored == state
    assert (state.epoch, state.offset) == (1, 0)
    assert len(list_versions(tmp_path)) == 2, "the last step stays, in case the newest is damaged"


def _spoil(tensor: torch.Tensor, value: float) -> None:
    tensor.data[(-1,) * tensor.ndim] = value


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_one_weight_that_is_no_number_is_never_saved(tmp_path: Path, value: float) -> None:
    parts = make_parts()
    train(parts, tmp_path)
    Checkpoints(tmp_path).save(TrainState(step=98), parts)
    saved = list_versions(tmp_path)
    for tensor in (list(parts.model.parameters())[-1], next(iter(_averaged(parts).values()))):
        before = tensor.clone()
        _spoil(tensor, value)
        with pytest.raises(DivergedError, match="no longer finite"):
            Checkpoints(tmp_path).save(TrainState(step=99), parts)
        with pytest.raises(DivergedError, match="no longer finite"):
            final_weights(parts)
        tensor.data.copy_(before)
    assert list_versions(tmp_path) == saved
    Checkpoints(tmp_path).save(TrainState(step=99), parts)
    assert list_versions(tmp_path) > saved


def test_sums_of_the_optimizer_may_be_infinite_and_not_undefined(tmp_path: Path) -> None:
    parts = make_parts()
    train(parts, tmp_path)
    tensor = next(value for value in next(iter(parts.optimizer.state.values())).values() if value.ndim)
    _spoil(tensor, float("inf"))
    Checkpoints(tmp_path).save(TrainState(step=99), parts)
    _spoil(tensor, float("nan"))
    with pytest.raises(DivergedError):
        Checkpoints(tmp_path).save(TrainState(step=100), parts)


def _averaged(parts: Parts) -> dict[str, torch.Tensor]:
    assert parts.average is not None
    averages: dict[str, torch.Tensor] = parts.average.state_dict()["average"]
    return averages


def test_no_checkpoint_is_no_state(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "none").restore(make_parts()) == (None, [])


class Tally:
    """Counts, and reads whatever it can."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int, int]] = []
        self.records: list[EpochRecord] = []

    def on_step(self, state: TrainState, loss: float) -> None:
        torch.rand(3), np.random.random()
        self.steps.append((state.epoch, state.step, state.offset))

    def on_epoch(self, record: EpochRecord) -> None:
        self.records.append(record)


def test_callbacks_see_everything_and_change_nothing(tmp_path: Path, uninterrupted: Outcome) -> None:
    tally = Tally()
    assert train(make_parts(), tmp_path, callbacks=[tally]) == uninterrupted
    assert tally.steps == [(0, 1, 4), (0, 2, 8), (0, 3, 10), (1, 4, 4), (1, 5, 8), (1, 6, 10)]
    assert [record.to_dict() for record in tally.records] == uninterrupted.state["history"]
    assert [record.step for record in tally.records] == [3, 6]


def test_the_epochs_loss_is_the_mean_over_its_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[float, int]] = []
    take = sys.modules[fit.__module__].train_step  # type: ignore[attr-defined]

    def watched(parts: Parts, batch: Batch, *, step: int, factor: float) -> float:
        loss: float = take(parts, batch, step=step, factor=factor)
        steps.append((loss, len(batch.images)))
        return loss

    monkeypatch.setattr(sys.modules[fit.__module__], "train_step", watched)
    parts = make_parts()
    state = train(parts, tmp_path).state
    assert [record["lr"] for record in state["history"]] == [parts.lr * parts.schedule(step) for step in (2, 5)]
    assert [n for _, n in steps] == [4, 4, 2] * EPOCHS
    means = [sum(loss * n for loss, n in steps[start : start + 3]) / 10 for start in (0, 3)]
    assert [record["train_loss"] for record in state["history"]] == pytest.approx(means, rel=1e-12)


def _waits_for_a_plateau() -> Parts:
    """Scores that fall after each epoch, so that every later epoch has a tenth of the learning rate."""
    return make_parts(reduction=lambda history: 0.1 ** len([record for record in history if record.scores["kind"]]))


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, N_STEPS + 1))
def test_a_learning_rate_that_follows_the_scores_goes_on_with_the_same_bits(step: int, tmp_path: Path) -> None:
    whole = train(_waits_for_a_plateau(), tmp_path / "whole")
    rates = [record["lr"] for record in whole.state["history"]]
    plain = [record["lr"] for record in train(make_parts(), tmp_path / "plain").state["history"]]
    assert rates == pytest.approx([plain[0], 0.1 * plain[1]])
    with pytest.raises(Stopped):
        train(_waits_for_a_plateau(), tmp_path / "cut", callbacks=[StopAt(StopRequest(), step)])
    assert train(_waits_for_a_plateau(), tmp_path / "cut") == whole


@pytest.mark.slow
@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("step", [1, 3, 4])
def test_sharpness_aware_steps_go_on_with_the_same_bits(step: int, adaptive: bool, tmp_path: Path) -> None:
    sam = Sam(0.5, adaptive=adaptive)
    whole = train(make_parts(sam=sam, micro_batch=2), tmp_path / "whole")
    assert whole.tensors != train(make_parts(micro_batch=2), tmp_path / "plain").tensors
    with pytest.raises(Stopped):
        train(make_parts(sam=sam, micro_batch=2), tmp_path / "cut", callbacks=[StopAt(StopRequest(), step)])
    assert train(make_parts(sam=sam, micro_batch=2), tmp_path / "cut") == whole


class Scores:
    """Gives one score after the other, whatever the logits are."""

    def __init__(self, *values: float) -> None:
        self._values = iter(values)

    def __call__(self, _logits: object) -> dict[str, float]:
        return {"kind": next(self._values)}


def run_with(scores: Scores, folder: Path, **settings: Any) -> tuple[TrainState, Checkpoints]:
    checkpoints = Checkpoints(folder, every_s=0)
    state = fit(
        make_parts(score=scores),
        make_batches(),
        make_batches(1),
        TrainState(),
        checkpoints=checkpoints,
        stop=StopRequest(),
        **settings,
    )
    return state, checkpoints


@pytest.mark.slow
def test_patience_counts_epochs_without_a_better_score(tmp_path: Path) -> None:
    state, _ = run_with(Scores(0.1, 0.5, 0.4, 0.5, 0.9), tmp_path, n_epochs=5, patience=2)
    assert (state.epoch, state.best_epoch, state.best_score) == (4, 1, 0.5)
    patient, _ = run_with(Scores(0.1, 0.5, 0.4, 0.5, 0.9), tmp_path / "2", n_epochs=5, patience=3)
    assert (patient.epoch, patient.best_epoch) == (5, 4)


@pytest.mark.slow
def test_of_losses_the_smallest_is_the_best(tmp_path: Path) -> None:
    parts = make_parts(score=Scores(0.9, 0.5, 0.6, 0.7, 0.1), greater_is_better=False)
    checkpoints, stop = Checkpoints(tmp_path, every_s=0), StopRequest()
    state = fit(
        parts,
        make_batches(),
        make_batches(1),
        TrainState(),
        n_epochs=5,
        checkpoints=checkpoints,
        stop=stop,
        patience=2,
    )
    assert (state.epoch, state.best_epoch) == (4, 1)
    assert [record.scores["kind"] for record in state.history] == [0.9, 0.5, 0.6, 0.7]


@pytest.mark.slow
def test_a_training_that_ran_out_of_patience_stays_ended(tmp_path: Path) -> None:
    state, checkpoints = run_with(Scores(0.5, 0.4), tmp_path, n_epochs=5, patience=1)
    assert state.epoch == 2
    parts = make_parts(score=Scores())
    restored, _ = Checkpoints(tmp_path).restore(parts)
    assert restored is not None
    again = fit(
        parts,
        make_batches(),
        make_batches(1),
        restored,
        n_epochs=5,
        checkpoints=checkpoints,
        stop=StopRequest(),
        patience=1,
    )
    assert again.step == state.step


@pytest.mark.slow
def test_a_score_that_is_no_number_is_never_the_best_and_can_be_saved(tmp_path: Path) -> None:
    nan = float("nan")
    state, checkpoints = run_with(Scores(nan, 0.2, nan), tmp_path, n_epochs=3)
    assert (state.best_epoch, state.best_score) == (1, 0.2)
    restored, _ = Checkpoints(tmp_path).restore(make_parts())
    assert restored is not None
    assert [np.isnan(record.scores["kind"]) for record in restored.history] == [True, False, True]
    assert checkpoints.best is not None


def test_the_best_weights_survive_a_resume(tmp_path: Path) -> None:
    """The best is epoch 0; the training stops in epoch 1, goes on elsewhere, and still has the weights of epoch 0."""
    folder = tmp_path / "cut"
    parts = make_parts(score=Scores(0.9, 0.1))
    checkpoints = Checkpoints(folder)
    stop = StopRequest()
    with pytest.raises(Stopped):
        fit(
            parts,
            make_batches(),
            make_batches(1),
            TrainState(),
            n_epochs=EPOCHS,
            checkpoints=checkpoints,
            stop=stop,
            callbacks=[StopAt(stop, 4)],
        )
    best = {name: tensor.clone() for name, tensor in (checkpoints.best or {}).items()}
    later = Checkpoints(folder)
    fresh = make_parts(score=Scores(0.1))
    state, _ = later.restore(fresh)
    assert state is not None
    fit(fresh, make_batches(), make_batches(1), state, n_epochs=EPOCHS, checkpoints=later, stop=StopRequest())
    assert later.best is not None
    assert best.keys() == later.best.keys()
    assert all(torch.equal(tensor, later.best[name]) for name, tensor in best.items())
    assert not torch.equal(later.best["heads.layers.head0_kind.weight"], fresh.model.heads.layers["head0_kind"].weight)


def test_evaluation_uses_the_averaged_weights_over_the_whole_epoch_at_once() -> None:
    seen: list[dict[str, np.ndarray]] = []

    def keep(logits: Any) -> dict[str, float]:
        seen.append(logits)
        return {"kind": 0.0}

    parts = make_parts(score=keep)
    for step, batch in enumerate(make_batches().from_position(0)):
        from podium.engine import train_step

        train_step(parts, batch, step=step)
    own = tensors_of(parts)
    valid = make_batches(1)
    evaluate(parts, valid)
    assert tensors_of(parts) == own, "the live weights come back"
    assert len(seen) == 1

    assert parts.average is not None
    average = parts.average.state_dict()["average"]
    parts.model.load_state_dict({**parts.model.state_dict(), **average})
    parts.model.eval()
    with torch.no_grad():
        wanted = parts.model(valid.images)
    for name, values in seen[0].items():
        np.testing.assert_allclose(values, wanted[name].numpy(), rtol=1e-5, atol=1e-6)


def test_weights_that_are_no_numbers_are_found_at_the_end_of_the_epoch(tmp_path: Path) -> None:
    parts = make_parts()
    for parameter in parts.model.heads.parameters():
        parameter.data.fill_(float("nan"))
    parts.average = None
    with pytest.raises(DivergedError, match="not finite"):
        evaluate(parts, make_batches(1))


class LastBatchAsks:
    """Valid batches; a stop is asked for while they are read."""

    def __init__(self, stop: StopRequest, at_epoch: int) -> None:
        self._stop, self._left = stop, at_epoch

    def __iter__(self) -> Any:
        for batch in make_batches(1):
            if self._left == 0:
                self._stop.signal = 2
            yield batch
        self._left -= 1


@pytest.mark.parametrize("epoch", range(EPOCHS))
def test_a_stop_during_an_evaluation_is_honoured_at_once(epoch: int, tmp_path: Path, uninterrupted: Outcome) -> None:
    stop = StopRequest()
    checkpoints = Checkpoints(tmp_path)
    with pytest.raises(Interrupted):
        fit(
            make_parts(),
            make_batches(),
            LastBatchAsks(stop, epoch),
            TrainState(),
            n_epochs=EPOCHS,
            checkpoints=checkpoints,
            stop=stop,
        )
    state, _ = Checkpoints(tmp_path).restore(make_parts())
    assert state is not None
    assert len(state.history) == epoch, "the epoch is not judged yet"
    assert train(make_parts(), tmp_path) == uninterrupted


def test_a_failed_save_leaves_the_checkpoint_before(tmp_path: Path, uninterrupted: Outcome) -> None:
    from podium import durable

    stop_at(2, tmp_path)
    copy = shutil.copytree(tmp_path, tmp_path.parent / f"{tmp_path.name}-copy")
    with durable.using_backend(durable.fill_disk_at(3)), pytest.raises(Exception, match="space"):
        train(make_parts(), copy, every_s=0)
    assert train(make_parts(), copy) == uninterrupted
