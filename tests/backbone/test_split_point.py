"""A network cut after its frozen blocks gives what the whole one gives, and learns what the whole one learns."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from podium.backbone.split_point import SplitPoint, find_split_point
from podium.models import Classifier, build_backbone, freeze_blocks
from podium.tables import Head, Task

TASK = Task((Head("label", "single", ("a", "b", "c")),))


def make_model(name: str, n_blocks: int, size: tuple[int, int] = (64, 64)) -> tuple[Classifier, torch.Tensor]:
    torch.manual_seed(0)
    model = Classifier(build_backbone(name, "random", size), TASK).eval()
    freeze_blocks(model, n_blocks)
    images = torch.randint(0, 256, (3, *size, 3), dtype=torch.uint8)
    return model, images


def cut_of(model: Classifier, images: torch.Tensor) -> SplitPoint:
    split_point = find_split_point(model, images)
    assert split_point is not None
    return split_point


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n_blocks", "shape"),
    [
        ("tiny", 1, (32, 32, 8)),
        ("resnet18", 2, (16, 16, 64)),  # a maxpool without parameters lies inside the stem
        ("tf_efficientnet_lite0", 4, (8, 8, 40)),
        ("convnext_atto", 2, (16, 16, 40)),
        ("regnety_002", 2, (16, 16, 24)),
    ],
)
def test_the_cut_network_gives_what_the_whole_one_gives(name: str, n_blocks: int, shape: tuple[int, ...]) -> None:
    model, images = make_model(name, n_blocks)
    split_point = cut_of(model, images)
    assert split_point.shape == shape
    with torch.inference_mode():
        whole = model(images)["label"]
        output = split_point.encode(model, images)
        assert output.shape == (3, *shape)
        names = list(model.state_dict())
        split_point.apply(model)
        assert torch.equal(model(output)["label"], whole)
        assert list(model.state_dict()) == names


@pytest.mark.parametrize(
    ("name", "size", "shape"),
    [
        ("tiny", (96, 40), (48, 20, 8)),
        ("test_resnet", (64, 96), (16, 24, 32)),
    ],
)
def test_a_network_of_rectangles_is_split_too(name: str, size: tuple[int, int], shape: tuple[int, ...]) -> None:
    model, images = make_model(name, 2 if name != "tiny" else 1, size)
    split_point = cut_of(model, images)
    assert split_point.shape == shape
    with torch.inference_mode():
        whole, output = model(images)["label"], split_point.encode(model, images)
        split_point.apply(model)
        assert torch.equal(model(output)["label"], whole)


@pytest.mark.long
def test_one_step_of_the_cut_network_is_that_of_the_whole_one() -> None:
    whole, images = make_model("resnet18", 2)
    cut_model = copy.deepcopy(whole)
    split_point = cut_of(whole, images)
    with torch.inference_mode():
        output = split_point.encode(cut_model, images).clone()
    split_point.apply(cut_model)
    for model, x in ((whole, images), (cut_model, output.detach().clone())):
        model.train()
        loss = torch.nn.functional.cross_entropy(model(x)["label"], torch.tensor([0, 1, 2]))
        loss.backward()
    pairs = zip(whole.named_parameters(), cut_model.named_parameters(), strict=True)
    gradients = [(name, a.grad, b.grad) for (name, a), (_, b) in pairs if a.requires_grad]
    assert len(gradients) > 20
    for name, a, b in gradients:
        assert a is not None
        assert b is not None
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6, msg=name)
    for (name, a), (_, b) in zip(whole.named_buffers(), cut_model.named_buffers(), strict=True):
        torch.testing.assert_close(a, b, msg=name)


class SkippingBackbone(nn.Module):
    """Its second layer sees the image again beside the first layer's output."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.second(self.first(x) + x)
        return maps.mean(dim=(2, 3))


@pytest.mark.slow
def test_nothing_frozen_is_not_cut() -> None:
    model, images = make_model("resnet18", 0)
    assert find_split_point(model, images) is None


def test_a_network_whose_rest_sees_the_image_again_is_not_cut() -> None:
    tiny = build_backbone("tiny", "random", 32)
    model = Classifier(replace(tiny, module=SkippingBackbone(), n_features=8), TASK).eval()
    freeze_blocks(model, 1)
    assert find_split_point(model, torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8)) is None


@pytest.mark.slow
def test_looking_for_the_cut_leaves_the_model_as_it_was() -> None:
    model, images = make_model("resnet18", 2)
    with torch.inference_mode():
        before = model(images)["label"]
        cut_of(model, images)
        assert torch.equal(model(images)["label"], before)
    assert not model.takes_block_output
    assert not any(module._forward_hooks for module in model.modules())
