"""One optimizer step: gradients of pieces against the whole batch's, memory, and numbers that are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from podium.engine import Objective, Parts, train_step
from podium.errors import DivergedError, PodiumError

from .tiny_training import DoubleNet, TinyBatch, make_batches, make_objective, make_parts, tensors_of

CLASS_WEIGHTS = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)
TAGS_SHARE = 0.7


@pytest.fixture
def net() -> DoubleNet:
    torch.manual_seed(0)
    return DoubleNet()


def make_batch(kind: list[int], tags: list[list[int]]) -> TinyBatch:
    images = torch.randn(len(kind), 12, generator=torch.Generator().manual_seed(1))
    return TinyBatch(images, {"kind": torch.tensor(kind), "tags": torch.tensor(tags, dtype=torch.int8)})


MANY_MISSING = make_batch([0, -1, 2, 1, -1, 0, 1], [[0, 1], [1, -1], [-1, -1], [1, 1], [0, 0], [-1, 0], [1, 0]])
ALL_MISSING = make_batch([-1, -1, -1], [[1, 0], [-1, -1], [0, 1]])
NOTHING_KNOWN = make_batch([-1, -1], [[-1, -1], [-1, -1]])
BATCHES = {"some missing": MANY_MISSING, "one head missing": ALL_MISSING, "nothing known": NOTHING_KNOWN}


def reference_loss(net: DoubleNet, batch: TinyBatch) -> Tensor:
    """The loss of the whole batch at once, in float64, with torch's own functions over the known labels alone."""
    logits, loss = net(batch.images), torch.zeros((), dtype=torch.float64)
    known = batch.targets["kind"] >= 0
    if known.any():
        loss = functional.cross_entropy(
            logits["kind"][known], batch.targets["kind"][known], weight=CLASS_WEIGHTS, label_smoothing=0.1
        )
    marks = batch.targets["tags"]
    if (marks >= 0).any():
        loss = loss + TAGS_SHARE * functional.binary_cross_entropy_with_logits(
            logits["tags"][marks >= 0], marks[marks >= 0].double()
        )
    return loss


def parts_of(net: torch.nn.Module, objective: Objective | None = None, **changes: Any) -> Parts:
    """Parts whose optimizer leaves the weights where they are, so that gradients can be looked at."""
    optimizer = torch.optim.SGD([{"params": list(net.parameters()), "initial_lr": 0.0}], lr=0.0)
    objective = objective or make_objective()
    return make_parts(**{"model": net, "optimizer": optimizer, "objective": objective, **KEEP, **changes})


KEEP: dict[str, Any] = {"clip_norm": None, "average": None}


@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize("micro_batch", [None, 1, 2, 3, 5, 6, 7, 100])
def test_pieces_of_any_size_give_the_gradient_of_the_whole_batch(
    net: DoubleNet, name: str, micro_batch: int | None
) -> None:
    batch = BATCHES[name]
    expected = reference_loss(net, batch)
    gradients: tuple[Tensor | None, ...] = (None,) * len(list(net.parameters()))
    if expected.requires_grad:
        gradients = torch.autograd.grad(expected, list(net.parameters()), allow_unused=True)

    loss = train_step(parts_of(net, micro_batch=micro_batch), batch, step=0)

    assert loss == pytest.approx(float(expected.detach()), rel=1e-5, abs=1e-7)
    for parameter, gradient in zip(net.parameters(), gradients, strict=True):
        assert parameter.grad is not None
        wanted = torch.zeros_like(parameter) if gradient is None else gradient
        torch.testing.assert_close(parameter.grad, wanted, rtol=1e-5, atol=1e-7)


class OutOfMemoryAbove(torch.nn.Module):
    """A network that runs out of memory, as CUDA says it, for more than `limit` images."""

    def __init__(self, net: torch.nn.Module, limit: int) -> None:
        super().__init__()
        self.net, self.limit, self.seen = net, limit, list[int]()

    def forward(self, images: Tensor) -> Mapping[str, Tensor]:
        self.seen.append(len(images))
        if len(images) > self.limit:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        result: Mapping[str, Tensor] = self.net(images)
        return result


def test_out_of_memory_halves_the_pieces_and_keeps_the_batch(net: DoubleNet) -> None:
    loss = train_step(parts_of(net), MANY_MISSING, step=0)
    wanted = [parameter.grad.clone() for parameter in net.parameters() if parameter.grad is not None]

    short = OutOfMemoryAbove(net, limit=3)
    parts = parts_of(short)
    assert train_step(parts, MANY_MISSING, step=0) == pytest.approx(loss, rel=1e-6)
    assert short.seen == [7, 4, 2, 2, 3]
    assert parts.micro_batch == 2
    assert len(parts.notes) == 2
    assert "2 images at a time" in parts.notes[-1]
    for parameter, gradient in zip(net.parameters(), wanted, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-6, atol=1e-9)

    train_step(parts, MANY_MISSING, step=1)
    assert short.seen[5:] == [2, 2, 3], "the smaller size is remembered"


@pytest.mark.parametrize(
    ("n", "micro_batch", "wanted"),
    [(7, 3, [3, 2, 2]), (7, 2, [2, 2, 3]), (7, 6, [5, 2]), (3, 2, [3]), (7, 4, [4, 3]), (2, 1, [1, 1]), (1, 4, [1])],
)
def test_no_piece_holds_a_single_image_unless_asked_to(
    net: DoubleNet, n: int, micro_batch: int, wanted: list[int]
) -> None:
    watched = OutOfMemoryAbove(net, limit=100)
    train_step(parts_of(watched, micro_batch=micro_batch), make_batch([0] * n, [[0, 1]] * n), step=0)
    assert watched.seen == wanted


@pytest.mark.parametrize(
    ("n", "micro_batch", "key"), [(1, None, "training.batch_size"), (4, 1, "training.micro_batch")]
)
def test_norms_without_running_statistics_name_the_key(n: int, micro_batch: int | None, key: str) -> None:
    parts = make_parts(micro_batch=micro_batch)
    for module in parts.model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.track_running_stats, module.running_mean, module.running_var = False, None, None
    parts.model.train()
    # The third convolution of the tiny network leaves one pixel of eight.
    images = torch.randint(0, 256, (n, 8, 8, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    targets = {"kind": torch.zeros(n, dtype=torch.int64), "tags": torch.zeros(n, 2, dtype=torch.int8)}
    with pytest.raises(PodiumError, match=f"cannot be trained on one image at a time.*{key}=2"):
        train_step(parts, TinyBatch(images, targets), step=0)


def test_one_image_that_does_not_fit_is_an_error_that_says_so(net: DoubleNet) -> None:
    with pytest.raises(PodiumError, match="a single image does not fit"):
        train_step(parts_of(OutOfMemoryAbove(net, limit=0)), MANY_MISSING, step=0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_and_leaves_the_weights(value: float) -> None:
    parts = make_parts()
    parts.objective = _Poisoned(parts.objective, value)  # type: ignore[assignment]
    batch = next(make_batches().from_position(0))
    before = {name: tensor.clone() for name, tensor in parts.model.named_parameters()}
    average = tensors_of(parts)["average/average/heads.layers.head0_kind.weight"]
    with pytest.raises(DivergedError, match=f"the loss is {value} at step 7"):
        train_step(parts, batch, step=7)
    for name, tensor in parts.model.named_parameters():
        assert torch.equal(tensor, before[name])
        assert tensor.grad is None
    assert tensors_of(parts)["average/average/heads.layers.head0_kind.weight"] == average


class _Poisoned:
    def __init__(self, objective: Objective, value: float) -> None:
        self._objective, self._value = objective, value

    def totals(self, *arguments: Any) -> dict[str, Tensor]:
        return self._objective.totals(*arguments)

    def __call__(self, *arguments: Any) -> Tensor:
        return self._objective(*arguments) * self._value


def test_the_learning_rate_of_every_group_follows_the_schedule() -> None:
    parts = make_parts(schedule=lambda step: [0.5, 0.25][step])
    parts.optimizer.param_groups[0]["initial_lr"] = 0.08
    batch = next(make_batches().from_position(0))
    for step, expected in enumerate([0.04, 0.02]):
        train_step(parts, batch, step=step)
        assert parts.optimizer.param_groups[0]["lr"] == pytest.approx(expected)


def test_the_gradient_is_clipped_over_the_whole_model(net: DoubleNet) -> None:
    train_step(parts_of(net, clip_norm=1e-3), MANY_MISSING, step=0)
    norm = torch.sqrt(sum((p.grad**2).sum() for p in net.parameters() if p.grad is not None))  # type: ignore[arg-type]
    assert float(norm) == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("clip_norm", [None, 1e-3])
def test_a_scaled_loss_takes_the_same_step(clip_norm: float | None) -> None:
    """A power of two as scale changes no bit, once it is taken off before the gradient is clipped."""
    batch = next(make_batches().from_position(0))
    plain, scaled = (
        make_parts(name="sgd", clip_norm=clip_norm, scaler=scaler)
        for scaler in (None, torch.amp.GradScaler("cpu", init_scale=2.0**10))
    )
    before = tensors_of(plain)
    assert train_step(plain, batch, step=0) == train_step(scaled, batch, step=0)
    assert tensors_of(plain) == tensors_of(scaled) != before


def test_the_average_takes_in_the_weights_after_every_step() -> None:
    class Average:
        def __init__(self) -> None:
            self.seen: list[Tensor] = []

        def update(self, model: torch.nn.Module) -> None:
            self.seen.append(torch.cat([p.detach().flatten() for p in model.parameters()]).clone())

    average, batch = Average(), next(make_batches().from_position(0))
    parts = make_parts(average=average)
    for step in range(3):
        train_step(parts, batch, step=step)
        assert len(average.seen) == step + 1
        assert torch.equal(average.seen[-1], torch.cat([p.detach().flatten() for p in parts.model.parameters()]))
    assert not torch.equal(average.seen[0], average.seen[1])


def test_dropout_is_a_function_of_the_step_alone() -> None:
    batch = next(make_batches().from_position(0))

    def loss_at(step: int) -> float:
        torch.manual_seed(torch.seed())
        return train_step(make_parts(), batch, step=step)

    assert loss_at(4) == loss_at(4) != loss_at(5)
