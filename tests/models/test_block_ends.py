"""The end of every block, in families that share no code: where it is, and which axes are places."""

from __future__ import annotations

import pytest
import timm
import torch

from podium.models.block_ends import find_block_ends, find_places
from podium.models.layer_order import count_layers
from podium.models.tiny import TinyBackbone

SIZES = {
    "eva02_tiny_patch14_224": (56, 84),
    "vit_small_patch14_reg4_dinov2": (56, 84),
    "swin_tiny_patch4_window7_224": (112, 168),
}


def build(name: str, size: tuple[int, int]) -> torch.nn.Module:
    fixed = timm.get_pretrained_cfg(name).fixed_input_size  # type: ignore[union-attr]
    torch.manual_seed(0)
    model: torch.nn.Module = timm.create_model(name, num_classes=0, **({"img_size": size} if fixed else {}))
    return model.eval()


@pytest.mark.parametrize(
    ("name", "last", "places", "n_prefix"),
    [
        ("test_resnet", "layer4", (2, 3), 0),
        ("test_efficientnet", "blocks.4", (2, 3), 0),
        ("test_convnext", "stages.3", (2, 3), 0),
        ("test_vit", "blocks.5", (1,), 1),
        ("repvgg_a0", "stages.3", (2, 3), 0),
        pytest.param("resnet18", "layer4", (2, 3), 0, marks=pytest.mark.slow),
        pytest.param("tf_efficientnet_lite0", "blocks.6", (2, 3), 0, marks=pytest.mark.slow),
        pytest.param("mobilenetv3_small_050", "blocks.5", (2, 3), 0, marks=pytest.mark.slow),
        pytest.param("convnext_atto", "stages.3", (2, 3), 0, marks=pytest.mark.slow),
        pytest.param("rexnet_100", "features.16", (2, 3), 0, marks=pytest.mark.slow),
        pytest.param("darknet53", "stages.4", (2, 3), 0, marks=pytest.mark.slow),
        pytest.param("seresnet50", "layer4", (2, 3), 0, marks=pytest.mark.slow),
        pytest.param("swin_tiny_patch4_window7_224", "layers.3", (1, 2), 0, marks=pytest.mark.slow),
        pytest.param("pvt_v2_b0", "stages.3", (2, 3), 0, marks=pytest.mark.slow),
        pytest.param("eva02_tiny_patch14_224", "blocks.11", (1,), 1, marks=pytest.mark.slow),
        pytest.param("deit_tiny_distilled_patch16_224", "blocks.11", (1,), 2, marks=pytest.mark.slow),
        pytest.param("vit_small_patch14_reg4_dinov2", "blocks.11", (1,), 5, marks=pytest.mark.slow),
        pytest.param("vit_small_patch16_dinov3", "blocks.11", (1,), 5, marks=pytest.mark.slow),
        pytest.param("poolformer_s12", "head.norm", (2, 3), 0, marks=pytest.mark.slow),
    ],
)
def test_ends_of_timms_families(name: str, last: str, places: tuple[int, ...], n_prefix: int) -> None:
    size = SIZES.get(name, (64, 96))
    network = build(name, size)
    ends = find_block_ends(network, torch.zeros(1, 3, *size))
    assert (ends[-1].module, ends[-1].places, ends[-1].n_prefix) == (last, places, n_prefix)
    if name != "poolformer_s12":
        assert [end.number for end in ends] == list(range(1, count_layers(network, is_coarse=True) + 1))


def test_a_plain_module_has_a_block_for_each_child() -> None:
    ends = find_block_ends(TinyBackbone().eval(), torch.zeros(1, 3, 16, 24))
    assert [(end.number, end.module, end.width, end.places) for end in ends] == [
        (1, "stem", 8, (2, 3)),
        (2, "stage1", 8, (2, 3)),
        (3, "stage2", 16, (2, 3)),
    ]


@pytest.mark.parametrize(
    ("shape", "size", "places"),
    [((1, 8, 8, 8), (64, 64), (2, 3)), ((1, 4, 6, 96), (64, 96), (1, 2)), ((1, 24, 3, 4), (90, 120), (2, 3))],
)
def test_a_map_has_the_ratio_of_the_image(
    shape: tuple[int, ...], size: tuple[int, int], places: tuple[int, ...]
) -> None:
    assert find_places(shape, size, None) == places


def test_a_block_of_several_tensors_has_no_end() -> None:
    class Pair(torch.nn.Linear):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
            return super().forward(x), x

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.rest = Pair(3, 4), torch.nn.Linear(4, 2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.rest(self.stem(images.mean((2, 3)))[0])
            return out

    assert find_block_ends(Network().eval(), torch.zeros(1, 3, 8, 8)) == []
