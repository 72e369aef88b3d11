"""Sharpness-aware steps against a float64 loop over the formula: in pieces, in short memory, beside batch norm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from podium.engine import HeadObjective, Objective, Parts, Sam, train_step
from podium.errors import DivergedError
from podium.losses import binary_cross_entropy_per_sample

from .test_step import MANY_MISSING, OutOfMemoryAbove, reference_loss
from .tiny_training import DoubleNet, make_batches, make_objective, make_parts, tensors_of

LR, RHO = 0.3, 0.2


def parts_of(net: nn.Module, sam: Sam | None, **changes: Any) -> Parts:
    optimizer = torch.optim.SGD([{"params": list(net.parameters()), "initial_lr": LR}], lr=LR)
    plain: dict[str, Any] = {"clip_norm": None, "average": None, "schedule": lambda step: 1.0}
    return make_parts(
        **{"model": net, "optimizer": optimizer, "objective": make_objective(), "sam": sam, **plain, **changes}
    )


def make_net() -> DoubleNet:
    torch.manual_seed(0)
    return DoubleNet()


def step_by_the_paper(net: DoubleNet, *, adaptive: bool) -> None:
    """Algorithm 1 of Foret et al. with the whole batch; adaptive, equation 5 of Kwon et al."""
    weights = list(net.parameters())
    start = [weight.detach().clone() for weight in weights]
    first = torch.autograd.grad(reference_loss(net, MANY_MISSING), weights)
    scales = [weight.abs() if adaptive else torch.ones_like(weight) for weight in start]
    length = torch.cat([(scale * g).flatten() for scale, g in zip(scales, first, strict=True)]).norm()
    with torch.no_grad():
        for weight, scale, gradient in zip(weights, scales, first, strict=True):
            weight += RHO * scale**2 * gradient / length
    second = torch.autograd.grad(reference_loss(net, MANY_MISSING), weights)
    with torch.no_grad():
        for weight, begin, gradient in zip(weights, start, second, strict=True):
            weight.copy_(begin - LR * gradient)


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("micro_batch", [None, 2, 3])
def test_a_step_is_the_papers_also_in_pieces(adaptive: bool, micro_batch: int | None) -> None:
    mine, theirs = make_net(), make_net()
    for step in range(3):
        loss = float(reference_loss(mine, MANY_MISSING).detach())
        parts = parts_of(mine, Sam(RHO, adaptive=adaptive), micro_batch=micro_batch)
        assert train_step(parts, MANY_MISSING, step=step) == pytest.approx(loss, rel=1e-5), "the loss is that of here"
        step_by_the_paper(theirs, adaptive=adaptive)
    for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


def test_it_differs_from_a_plain_step_and_a_tiny_move_does_not() -> None:
    def after(sam: Sam | None) -> Tensor:
        net = make_net()
        train_step(parts_of(net, sam), MANY_MISSING, step=0)
        return nn.utils.parameters_to_vector(net.parameters())

    plain = after(None)
    assert (after(Sam(RHO)) - plain).norm() > 1e-3
    torch.testing.assert_close(after(Sam(1e-9)), plain, rtol=1e-6, atol=1e-8)


def test_scaling_a_layer_up_and_the_next_down_changes_no_adaptive_move() -> None:
    """Kwon et al., section 3: of a network that is linear in each layer, the loss after the move is the same."""

    def loss_after(scale: float, *, adaptive: bool) -> float:
        torch.manual_seed(1)
        net = nn.Sequential(nn.Linear(6, 5, bias=False), nn.Linear(5, 1, bias=False)).double()
        with torch.no_grad():
            net[0].weight.mul_(scale)
            net[1].weight.div_(scale)
        rows = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
        net(rows).square().mean().backward()
        with Sam(RHO, adaptive=adaptive).climbed(net):
            return float(net(rows).square().mean().detach())

    assert loss_after(5.0, adaptive=True) == pytest.approx(loss_after(1.0, adaptive=True), rel=1e-9)
    assert loss_after(5.0, adaptive=False) != pytest.approx(loss_after(1.0, adaptive=False), rel=1e-3)


def test_batch_norm_counts_a_batch_once_and_dropout_drops_the_same() -> None:
    batch = next(iter(make_batches().from_position(0)))
    plain, sharp = make_parts(), make_parts(sam=Sam(RHO))
    for parts in (plain, sharp):
        parts.model.train()
        train_step(parts, batch, step=0)
    mine, theirs = (dict(parts.model.named_buffers()) for parts in (sharp, plain))
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert any("running_mean" in name and mine[name].any() for name in mine)


class Masks(nn.Module):
    """Remembers which of its inputs dropout left."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.seen = DoubleNet(), list[Tensor]()

    def forward(self, images: Tensor) -> Mapping[str, Tensor]:
        dropped = nn.functional.dropout(torch.ones_like(images), 0.5)
        self.seen.append(dropped)
        result: Mapping[str, Tensor] = self.inner(images * dropped)
        return result


def test_both_passes_drop_the_same() -> None:
    net = Masks()
    train_step(parts_of(net, Sam(RHO)), MANY_MISSING, step=4)
    first, second = net.seen
    assert torch.equal(first, second)
    assert not first.all()


class OutOfMemoryOnce(OutOfMemoryAbove):
    """Runs out of memory in the second pass."""

    def forward(self, images: Tensor) -> Mapping[str, Tensor]:
        self.limit = 3 if len(self.seen) == 1 else 100
        return super().forward(images)


def test_short_memory_in_the_second_pass_starts_over_from_the_same_weights() -> None:
    short, whole = OutOfMemoryOnce(make_net(), 100), make_net()
    train_step(parts_of(short, Sam(RHO)), MANY_MISSING, step=0)
    train_step(parts_of(whole, Sam(RHO)), MANY_MISSING, step=0)
    assert short.seen == [7, 7, 4, 3, 4, 3]
    for a, b in zip(short.net.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-9)


class NoNumberUphill(nn.Module):
    """A network whose second forward pass gives no numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.n_calls = make_net(), 0

    def forward(self, images: Tensor) -> Mapping[str, Tensor]:
        self.n_calls += 1
        logits: Mapping[str, Tensor] = self.inner(images)
        return {name: values * (float("nan") if self.n_calls == 2 else 1) for name, values in logits.items()}


def test_no_number_uphill_stops_and_leaves_the_weights() -> None:
    net = NoNumberUphill()
    parts = parts_of(net, Sam(RHO))
    before = tensors_of(parts)
    with pytest.raises(DivergedError):
        train_step(parts, MANY_MISSING, step=0)
    assert tensors_of(parts) == before


def test_a_gradient_scaler_changes_nothing_and_leaves_out_what_overflows() -> None:
    batch = next(iter(make_batches().from_position(0)))

    def after(scaler: torch.amp.GradScaler | None) -> dict[str, bytes]:
        parts = make_parts(sam=Sam(RHO), scaler=scaler, average=None)
        parts.model.train()
        train_step(parts, batch, step=0)
        return {name: value for name, value in tensors_of(parts).items() if name.startswith("model")}

    assert after(torch.amp.GradScaler("cpu", init_scale=1024.0)) == after(None), "powers of two are exact"
    too_large = torch.amp.GradScaler("cpu", init_scale=3e38)
    steep = Objective({"tags": (HeadObjective(binary_cross_entropy_per_sample, 1e4),)})
    parts = make_parts(sam=Sam(RHO), scaler=too_large, average=None, objective=steep)
    parts.model.train()
    weights = {name: value.clone() for name, value in parts.model.named_parameters()}
    train_step(parts, batch, step=0)
    assert all(torch.equal(value, weights[name]) for name, value in parts.model.named_parameters())
    assert too_large.get_scale() < 3e38
