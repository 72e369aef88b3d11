"""Features of several depths are what timm's own intermediates and a loop over the blocks give."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from podium.errors import UsageError
from podium.models import Backbone, build_backbone
from podium.models.depths import DepthReader, depth_sections, read_depths
from podium.models.tiny import TinyBackbone

SIZE = (32, 48)


def draw(n: int = 3, size: tuple[int, int] = SIZE) -> Tensor:
    return torch.randn(n, 3, *size, generator=torch.Generator().manual_seed(n))


def build(name: str, size: tuple[int, int] = SIZE) -> Backbone:
    torch.manual_seed(0)
    return build_backbone(name, "random", size)


def reference(maps: Tensor) -> Tensor:
    """Mean and standard deviation over the places of (N, C, H, W), image by image in float64."""
    rows = [values.double().flatten(1).numpy() for values in maps]
    return torch.from_numpy(np.stack([np.concatenate([row.mean(axis=1), row.std(axis=1)]) for row in rows])).float()


@torch.inference_mode()
def test_tiny_is_read_as_a_loop_over_its_stages_reads_it() -> None:
    network = TinyBackbone().eval()
    images, pieces = draw(), []
    x = images
    for stage in (network.stem, network.stage1, network.stage2):
        x = stage(x)
        pieces.append(reference(x))
    wanted = torch.cat([*pieces, network(images)], dim=1)
    backbone = read_depths(build("tiny"), "all", ("mean", "std"), SIZE)
    assert backbone.n_features == wanted.shape[1] == 2 * (8 + 8 + 16) + 16
    torch.testing.assert_close(backbone.module(images), wanted)
    assert depth_sections(backbone.module) == (8, 8, 8, 8, 16, 16, 16)
    assert depth_sections(network) is None


@torch.inference_mode()
@pytest.mark.parametrize("name", ["test_resnet", "test_convnext", "test_byobnet"])
def test_maps_of_the_stages_are_timms_intermediates(name: str) -> None:
    backbone, images = build(name), draw()
    network: Any = copy.deepcopy(backbone.module)
    maps = network.forward_intermediates(images, indices=4, intermediates_only=True)
    wanted = [*map(reference, maps), network(images)]
    found = read_depths(backbone, (2, 3, 4, 5, "last"), ("mean", "std"), SIZE)
    torch.testing.assert_close(found.module(images), torch.cat(wanted, dim=1), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize(
    "name",
    [
        "test_vit",
        "test_vit4",
        pytest.param("vit_tiny_patch16_224", marks=pytest.mark.slow),
        pytest.param("vit_small_patch14_reg4_dinov2", marks=pytest.mark.slow),
        pytest.param("eva02_tiny_patch14_224", marks=pytest.mark.slow),
        pytest.param("deit_tiny_distilled_patch16_224", marks=pytest.mark.slow),
        pytest.param("vit_small_patch16_dinov3", marks=pytest.mark.slow),
    ],
)
def test_tokens_are_timms_intermediates_after_the_final_norm(name: str) -> None:
    size = (28, 56) if "patch14" in name else (32, 64)
    backbone, images = build(name, size), draw(size=size)
    network: Any = copy.deepcopy(backbone.module)
    blocks = network.forward_intermediates(
        images, indices=4, norm=True, return_prefix_tokens=True, intermediates_only=True
    )
    wanted = [piece for places, prefix in blocks for piece in (prefix[:, 0], reference(places)[:, : places.shape[1]])]
    found = read_depths(backbone, "auto", "auto", size)
    assert isinstance(found.module, DepthReader)
    assert found.module.statistics == ("class", "mean")
    torch.testing.assert_close(found.module(images), torch.cat([*wanted, network(images)], dim=1), rtol=1e-4, atol=1e-4)


def test_auto_reads_the_last_block_of_each_width() -> None:
    tiny, resnet = (read_depths(build(name), "auto", "auto", SIZE).module for name in ("tiny", "test_resnet"))
    assert isinstance(tiny, DepthReader)
    assert tiny.depths == (2, 3, "last")  # the stem is as wide as block 2
    assert isinstance(resnet, DepthReader)
    assert resnet.depths == (2, 3, 4, 5, "last")
    assert tiny.statistics == ("mean", "std")


@torch.inference_mode()
def test_chosen_depths_are_parts_of_all() -> None:
    images = draw()
    whole = read_depths(build("tiny"), "all", ("mean", "std"), SIZE).module(images)
    some = read_depths(build("tiny"), (1, 3), ("std",), SIZE)
    assert some.n_features == 8 + 16
    torch.testing.assert_close(some.module(images), torch.cat([whole[:, 8:16], whole[:, 48:64]], dim=1))


@pytest.mark.slow
@torch.inference_mode()
def test_copies_pickles_and_threads_read_their_own_images() -> None:
    module, batches = read_depths(build("test_resnet"), "all", "auto", SIZE).module, [draw(n) for n in range(1, 9)]
    wanted = [module(images) for images in batches]
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(other(batches[2]), wanted[2])

    def run(images: Tensor) -> Tensor:
        with torch.inference_mode():
            return module(images)  # type: ignore[no-any-return]

    with ThreadPoolExecutor(4) as pool:
        for found, expected in zip(pool.map(run, batches * 4), wanted * 4, strict=True):
            torch.testing.assert_close(found, expected)
    assert isinstance(module, DepthReader)
    module.network(batches[0])  # outside a pass of the reader nothing is kept


def test_constant_maps_have_a_finite_gradient() -> None:
    module = read_depths(build("tiny"), "all", ("mean", "std"), SIZE).module
    images = torch.zeros(2, 3, *SIZE, requires_grad=True)
    module(images).sum().backward()
    assert images.grad is not None
    assert torch.isfinite(images.grad).all()


def test_features_are_in_full_precision_under_autocast() -> None:
    module = read_depths(build("tiny"), "all", ("mean", "std"), SIZE).module
    with torch.inference_mode():
        exact = module(draw())
        with torch.autocast("cpu", torch.bfloat16):
            rough = module(draw())
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, exact, rtol=0.1, atol=0.02)


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'tiny' has no block 4.*1 to 3"):
        read_depths(build("tiny"), (2, 4, "last"), "auto", SIZE)
    with pytest.raises(UsageError, match=r"'tiny' has no class token.*mean,std"):
        read_depths(build("tiny"), "all", ("class", "mean"), SIZE)
    with pytest.raises(UsageError, match="no class token at these depths"):
        read_depths(build("test_vit"), (1,), ("class",), SIZE)


class _Pair(nn.Linear):
    def forward(self, x: Tensor) -> Any:
        return super().forward(x.mean((2, 3))), x


class _TwoOutputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = _Pair(3, 4)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.stem(images)[0]
        return features


def test_where_blocks_cannot_be_read_auto_takes_the_last_features_with_a_note() -> None:
    backbone = replace(build("tiny"), name="pair", module=_TwoOutputs().eval(), n_features=4)
    found = read_depths(backbone, "auto", "auto", SIZE)
    assert found.module is backbone.module
    assert found.n_features == 4
    assert "'pair' do not give one tensor each" in found.notes[0]
    with pytest.raises(UsageError, match=r"features\.depths=last"):
        read_depths(backbone, "all", "auto", SIZE)
