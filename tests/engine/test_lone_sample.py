"""One image at a time: batch norms with one value of each channel, against evaluation mode and whole batches."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from podium.engine import Parts, train_step
from podium.engine.lone_sample import lone_norms_at_rest
from podium.errors import Stopped
from podium.models import Classifier, Ema, build_backbone
from podium.stopping import StopRequest

from .tiny_training import TASK, StopAt, TinyBatch, make_parts, train


class OneHalfAlone(nn.Module):
    """A batch norm over maps and one over their means, as a network with squeeze and excitation has them."""

    def __init__(self) -> None:
        super().__init__()
        self.maps, self.means = nn.BatchNorm2d(3), nn.BatchNorm1d(3)
        for norm in (self.maps, self.means):
            nn.init.uniform_(norm.weight, 0.5, 1.5, generator=torch.Generator().manual_seed(0))
            norm.running_mean = torch.tensor([0.1, -0.2, 0.3])
            norm.running_var = torch.tensor([0.5, 1.5, 2.5])

    def forward(self, images: Tensor) -> Tensor:
        maps: Tensor = self.maps(images)
        scale: Tensor = self.means(images.mean(dim=(2, 3)))
        return maps * scale[:, :, None, None]


def test_lone_norms_follow_evaluation_and_the_others_training() -> None:
    image = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    net = OneHalfAlone().train()
    mixed = copy.deepcopy(net)
    mixed.means.eval()
    expected = mixed(image)
    with lone_norms_at_rest(net):
        assert torch.equal(net(image), expected)
    assert net.means.training
    assert all(torch.equal(value, mixed.state_dict()[name]) for name, value in net.state_dict().items())
    assert net.maps.num_batches_tracked == 1, "the others collect statistics"
    assert not net.maps._forward_hooks


def test_two_images_are_as_without_the_block() -> None:
    images = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(2))
    net = OneHalfAlone().train()
    other = copy.deepcopy(net)
    expected = other(images)
    with lone_norms_at_rest(net):
        assert torch.equal(net(images), expected)
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in net.state_dict().items())


def test_frozen_norms_stay_at_rest_after_an_error() -> None:
    net = OneHalfAlone().train()
    net.maps.eval()
    with pytest.raises(RuntimeError), lone_norms_at_rest(net):
        net(torch.zeros(1, 2, 4, 4))
    with lone_norms_at_rest(net):
        net(torch.zeros(1, 3, 4, 4))
    assert (net.maps.training, net.means.training) == (False, True)


class LittleMemory(nn.Module):
    """A network that takes one image at a time, as CUDA says it of more."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Mapping[str, Tensor]:
        if len(images) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        logits: Mapping[str, Tensor] = self.net(images)
        return logits


def images_of(n: int, side: int) -> TinyBatch:
    images = torch.randint(0, 256, (n, side, side, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return TinyBatch(images, {"kind": torch.zeros(n, dtype=torch.int64), "tags": torch.zeros(n, 2, dtype=torch.int8)})


@pytest.mark.slow
@pytest.mark.parametrize(("n", "micro_batch", "short"), [(1, None, False), (3, 1, False), (3, None, True)])
def test_rexnet_trains_one_by_one(n: int, micro_batch: int | None, short: bool) -> None:
    torch.manual_seed(0)
    model = Classifier(build_backbone("rexnet_100", "random", 32, n_features=1280), TASK)
    net = LittleMemory(model).train() if short else model.train()
    groups = [{"params": list(net.parameters()), "initial_lr": 1e-3}]
    parts = make_parts(model=net, optimizer=torch.optim.SGD(groups, lr=1e-3), micro_batch=micro_batch, average=None)
    before = next(model.heads.parameters()).detach().clone()
    assert 0 < train_step(parts, images_of(n, 32), step=0) < 100
    assert not torch.equal(next(model.heads.parameters()), before)
    assert all(value.isfinite().all() for value in model.state_dict().values())


class Shrunk(nn.Module):
    """Sees every fourth pixel: of 8 px the last batch norm of the tiny network has one value of each channel."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Mapping[str, Tensor]:
        logits: Mapping[str, Tensor] = self.net(images[:, ::4, ::4])
        return logits


def make_lone_parts() -> Parts:
    parts = make_parts(micro_batch=1)
    parts.model = Shrunk(parts.model)
    parts.average = Ema(parts.model, decay=0.9)
    return parts


@pytest.mark.slow
def test_resume_is_exact_one_by_one(tmp_path: Path) -> None:
    whole = train(make_lone_parts(), tmp_path / "whole")
    with pytest.raises(Stopped):
        train(make_lone_parts(), tmp_path / "halves", callbacks=[StopAt(StopRequest(), 2)])
    assert train(make_lone_parts(), tmp_path / "halves") == whole
