from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.layers import get_act_layer

from podium.errors import UnknownNameError, UsageError, WeightsError
from podium.images import Size, height_and_width
from podium.models import PACKAGED, build_backbone
from podium.recipe.image_size import LEAST_SIDE_PX
from podium.recipe.model_spec import Activation

IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def resnet_file(tmp_path: Path) -> Path:
    torch.manual_seed(5)
    path = tmp_path / "resnet10t.safetensors"
    save_file(timm.create_model("resnet10t", num_classes=7).state_dict(), path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["resnet10t", "mobilenetv3_small_050", "vit_tiny_patch16_224", "repvgg_a0", "efficientnet_b0"]
)
def test_random_backbone_gives_pooled_features(name: str) -> None:
    backbone = build_backbone(name, "random", 64)
    assert backbone.module(IMAGES).shape == (2, backbone.n_features)
    config = timm.get_pretrained_cfg(name)
    assert (backbone.mean, backbone.std) == (config.mean, config.std)
    assert backbone.weight_source == "random"


@pytest.mark.parametrize("size", [(96, 64), (48, 80)])
@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "tiny"])
def test_a_rectangle_gives_the_features_of_timms_own_model(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    torch.manual_seed(3)
    images = torch.rand(2, 3, *size)
    backbone = build_backbone(name, "random", size)
    assert backbone.module(images).shape == (2, backbone.n_features)
    if name == "tiny":
        return
    fixed = {"img_size": size} if timm.get_pretrained_cfg(name).fixed_input_size else {}
    whole = timm.create_model(name, num_classes=0, **fixed).eval()
    save_file(whole.state_dict(), tmp_path / "weights.safetensors")
    loaded = build_backbone(name, tmp_path / "weights.safetensors", size)
    torch.testing.assert_close(loaded.module(images), whole(images))


def test_without_a_size_a_model_is_built_for_the_size_of_its_weights() -> None:
    sizes = [build_backbone("test_vit", "random", size).module.patch_embed.img_size for size in (None, 64)]
    assert sizes == [(160, 160), (64, 64)]


@pytest.mark.parametrize(
    ("name", "message"),
    [("convit_tiny", r"cannot take images of height 96 and width 64: .*\. Use another"), ("mvitv2_tiny", "img_size")],
)
def test_a_model_that_takes_no_rectangle_says_so(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        build_backbone(name, "random", (96, 64))


@pytest.mark.slow
def test_a_file_gives_the_features_of_its_model(resnet_file: Path) -> None:
    backbone = build_backbone("resnet10t", resnet_file)
    torch.manual_seed(5)
    whole = timm.create_model("resnet10t", num_classes=7).eval()
    expected = whole.forward_head(whole.forward_features(IMAGES), pre_logits=True)
    torch.testing.assert_close(backbone.module(IMAGES), expected)
    left_out = "fc.bias (7,), fc.weight (7, 512)"
    assert backbone.notes == (f"The classifier in {resnet_file.name} was left out: {left_out}.",)


@pytest.mark.slow
@pytest.mark.parametrize("wrapper", ["state_dict", "model", "state_dict_ema"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
def test_training_checkpoints_are_unwrapped(resnet_file: Path, tmp_path: Path, wrapper: str, prefix: str) -> None:
    weights = build_backbone("resnet10t", resnet_file).module.state_dict()
    path = tmp_path / "checkpoint.pth"
    torch.save({wrapper: {prefix + name: value for name, value in weights.items()}, "epoch": 3}, path)
    backbone = build_backbone("resnet10t", path)
    assert all(torch.equal(value, weights[name]) for name, value in backbone.module.state_dict().items())


@pytest.mark.slow
def test_position_embeddings_are_resized_as_timm_does(tmp_path: Path) -> None:
    source = timm.create_model("vit_tiny_patch16_224", img_size=96, num_classes=0)
    path = tmp_path / "vit.safetensors"
    save_file(source.state_dict(), path)
    backbone = build_backbone("vit_tiny_patch16_224", path, 64)
    expected = timm.create_model(
        "vit_tiny_patch16_224", img_size=64, num_classes=0, pretrained=True, pretrained_cfg_overlay={"file": str(path)}
    ).eval()
    torch.testing.assert_close(backbone.module(IMAGES), expected(IMAGES))


def test_position_embeddings_of_a_square_are_resized_to_a_rectangle(tmp_path: Path) -> None:
    torch.manual_seed(4)
    source = timm.create_model("test_vit", img_size=96, num_classes=0)
    torch.nn.init.normal_(source.pos_embed)
    path = tmp_path / "vit.safetensors"
    save_file(source.state_dict(), path)
    backbone = build_backbone("test_vit", path, (96, 64))
    expected = timm.create_model(
        "test_vit", img_size=(96, 64), num_classes=0, pretrained=True, pretrained_cfg_overlay={"file": str(path)}
    ).eval()
    images = torch.rand(2, 3, 96, 64)
    torch.testing.assert_close(backbone.module(images), expected(images))


@pytest.mark.slow
def test_a_file_of_another_model_is_refused(resnet_file: Path) -> None:
    with pytest.raises(WeightsError, match="does not fit") as caught:
        build_backbone("resnet18", resnet_file, 64)
    assert caught.value.details


@pytest.mark.slow
def test_a_file_of_a_deeper_model_is_refused(tmp_path: Path) -> None:
    weights = timm.create_model("resnet10t", num_classes=0).state_dict()
    weights["layer5.0.conv1.weight"] = torch.zeros(3)
    save_file(weights, tmp_path / "deeper.safetensors")
    with pytest.raises(WeightsError, match="1 of the file's are not in the model"):
        build_backbone("resnet10t", tmp_path / "deeper.safetensors", 64)


@pytest.mark.slow
def test_a_missing_entry_is_refused(resnet_file: Path, tmp_path: Path) -> None:
    weights = build_backbone("resnet10t", resnet_file).module.state_dict()
    del weights["layer1.0.conv1.weight"]
    save_file(weights, tmp_path / "hole.safetensors")
    with pytest.raises(WeightsError, match="1 are missing") as caught:
        build_backbone("resnet10t", tmp_path / "hole.safetensors")
    assert caught.value.details == ("missing: layer1.0.conv1.weight",)


@pytest.mark.long
def test_absent_file() -> None:
    with pytest.raises(WeightsError, match="there is no such weight file"):
        build_backbone("resnet10t", "nowhere.safetensors", 64)


def test_unknown_names_say_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="resnet50"):
        build_backbone("resnet50_", "random")
    with pytest.raises(UnknownNameError, match=r"resnet18\.a1_in1k"):
        build_backbone("resnet18.a1_in1", "random")
    with pytest.raises(UnknownNameError, match="pretrained"):
        build_backbone("resnet10t", "pretraind", 64)


def test_no_package_for_this_model() -> None:
    with pytest.raises(WeightsError, match="tf_efficientnet_lite0"):
        build_backbone("resnet18", "packaged")


def test_options_the_model_lacks_are_usage_errors() -> None:
    with pytest.raises(UsageError, match="drop_path_rate"):
        build_backbone("vgg11", "random", 64, drop_path_rate=0.1)


def test_dropout_reaches_the_backbone() -> None:
    backbone = build_backbone("tiny", "random", drop_rate=0.5).module.train()
    assert not torch.equal(backbone(IMAGES), backbone(IMAGES))


def test_tiny_is_the_same_everywhere() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = build_backbone("tiny", "random").module
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    second = build_backbone("tiny", "random").module
    assert torch.equal(first(IMAGES), second(IMAGES))
    with pytest.raises(WeightsError, match="no trained weights"):
        build_backbone("tiny", "packaged")


@pytest.mark.parametrize("name", sorted(PACKAGED))
@pytest.mark.parametrize("size_px", [LEAST_SIDE_PX, (33, 97), 224])
def test_the_packaged_models_take_images_of_every_size(name: str, size_px: Size) -> None:
    backbone = build_backbone(name, "random", size_px, n_features=1280)  # what is given is not asked for again
    with torch.no_grad():
        assert backbone.module(torch.zeros(1, 3, *height_and_width(size_px))).shape == (1, backbone.n_features)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "act_layer", "layer"),
    [
        ("resnet10t", "silu", torch.nn.SiLU),
        ("test_vit", "relu", torch.nn.ReLU),
        ("repvgg_a0", "hard_swish", torch.nn.Hardswish),
        ("tf_efficientnet_lite0", "mish", torch.nn.Mish),
    ],
)
def test_an_activation_takes_the_place_of_the_networks_own(name: str, act_layer: str, layer: type) -> None:
    torch.manual_seed(0)
    own = build_backbone(name, "random", 32).module
    torch.manual_seed(0)
    backbone = build_backbone(name, "random", 32, act_layer=act_layer)
    counts = [sum(isinstance(module, layer) for module in net.modules()) for net in (own, backbone.module)]
    assert counts[0] == 0 < counts[1]
    assert own.state_dict().keys() == backbone.module.state_dict().keys()
    assert torch.equal(
        backbone.module(IMAGES[..., :32, :32]),
        timm_of(name, act_layer, backbone.module.state_dict())(IMAGES[..., :32, :32]),
    )


def timm_of(name: str, act_layer: str, weights: dict[str, torch.Tensor]) -> torch.nn.Module:
    fixed = {"img_size": 32} if timm.get_pretrained_cfg(name).fixed_input_size else {}
    whole: torch.nn.Module = timm.create_model(name, num_classes=0, act_layer=act_layer, **fixed).eval()
    whole.load_state_dict(weights)
    return whole


@pytest.mark.parametrize("name", ["swin_tiny_patch4_window7_224", "tiny"])
def test_a_family_without_a_choice_refuses_an_activation(name: str) -> None:
    with pytest.raises(UsageError, match=r"act_layer.*model\.act_layer out"):
        build_backbone(name, "random", act_layer="silu")


def test_every_activation_of_the_recipe_is_timms() -> None:
    for name in get_args(Activation):
        assert not list(get_act_layer(name)().parameters()), "start weights have none for it"
