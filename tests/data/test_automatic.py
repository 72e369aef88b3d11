"""Automatic policies: what they choose, how often and how strongly, beside torchvision's tables."""

from __future__ import annotations

import numpy as np
import pytest
from torchvision.transforms import v2

from podium.data.automatic import AutoAugment, RandAugment, TrivialAugmentWide
from podium.data.imagenet_policy import IMAGENET_POLICY
from podium.data.policy_choices import Choices, Scale, magnitudes
from podium.data.randomness import sample_keys, uniforms
from tiny.augmented import STORED, augment

NAMES = {
    "Identity": "identity",
    "ShearX": "shear_x",
    "ShearY": "shear_y",
    "TranslateX": "translate_x",
    "TranslateY": "translate_y",
    "Rotate": "rotate",
    "Brightness": "brightness",
    "Color": "saturation",
    "Contrast": "contrast",
    "Sharpness": "sharpness",
    "Posterize": "posterize",
    "Solarize": "solarize",
    "AutoContrast": "auto_contrast",
    "Equalize": "equalize",
    "Invert": "invert",
}
KEYS = sample_keys([str(number) for number in range(20_000)])


def choices(policy: RandAugment | TrivialAugmentWide | AutoAugment) -> list[Choices]:
    return policy.choices(uniforms(5, 0, KEYS, policy.stream, policy.n_uniforms))


def test_the_table_of_autoaugment_is_torchvisions() -> None:
    table = v2.AutoAugment()._get_policies(v2.AutoAugmentPolicy.IMAGENET)
    assert (
        tuple(
            tuple((NAMES[name], probability, magnitude or 0) for name, probability, magnitude in pair) for pair in table
        )
        == IMAGENET_POLICY
    )


@pytest.mark.parametrize(
    ("space", "scale", "n_bins"),
    [
        (v2.RandAugment._AUGMENTATION_SPACE, Scale(), 31),
        (v2.AutoAugment._AUGMENTATION_SPACE, Scale(), 10),
        (
            v2.TrivialAugmentWide._AUGMENTATION_SPACE,
            Scale(shear=0.99, translate=1 / 7, degrees=135.0, enhance=0.99, posterize=(8, 2)),
            31,
        ),
    ],
)
def test_magnitudes_are_torchvisions_at_224_pixels(space: dict[str, object], scale: Scale, n_bins: int) -> None:
    level = np.arange(n_bins) / (n_bins - 1)
    for name, (make, is_signed) in space.items():  # type: ignore[misc]
        wanted = make(n_bins, 224, 224)
        for is_negative in (False, True) if is_signed else (False,):
            got = magnitudes(NAMES[name], scale, level, np.full(n_bins, is_negative))
            if wanted is None:
                assert not got.any()
                continue
            sign = -1 if is_negative else 1
            numbers = sign * np.asarray(wanted, dtype=np.float64)
            if name.startswith("Translate"):
                numbers /= 224
            elif name in ("Brightness", "Color", "Contrast", "Sharpness"):
                numbers += 1
            elif name == "Solarize":
                numbers *= 255
            assert got == pytest.approx(numbers, abs=1e-4)


def test_rand_augment_chooses_evenly_at_one_magnitude() -> None:
    first, second = choices(RandAugment(n_operations=2, magnitude=15))
    for choice in (first, second):
        names, counts = np.unique(choice.names, return_counts=True)
        assert len(names) == 14
        assert counts == pytest.approx(np.full(14, 20_000 / 14), rel=0.12)
    angles = first.numbers[first.names == "rotate"]
    assert set(np.unique(angles)) == {-15.0, 15.0}
    assert abs(angles.mean()) < 1.5
    assert not np.array_equal(first.names, second.names)


def test_trivial_augment_draws_every_magnitude() -> None:
    (choice,) = choices(TrivialAugmentWide())
    angles = np.unique(choice.numbers[choice.names == "rotate"])
    assert angles == pytest.approx(np.linspace(-135, 135, 61))
    assert np.unique(choice.numbers[choice.names == "posterize"]).tolist() == [2, 3, 4, 5, 6, 7, 8]


def test_auto_augment_applies_a_half_with_its_chance() -> None:
    first, second = choices(AutoAugment())
    # Equalize is the first half with these chances in 25 pairs.
    wanted = sum(p for (name, p, _), _ in IMAGENET_POLICY if name == "equalize") / 25
    assert np.mean(first.names == "equalize") == pytest.approx(wanted, abs=0.01)
    wanted = sum(p for _, (name, p, _) in IMAGENET_POLICY if name == "equalize") / 25
    assert np.mean(second.names == "equalize") == pytest.approx(wanted, abs=0.01)
    # Both halves are of one pair: a first rotation by 8/9 comes with a change of colour only.
    assert set(second.names[first.names == "rotate"]) <= {"identity", "solarize", "saturation", "equalize"}


@pytest.mark.parametrize("make", [RandAugment, TrivialAugmentWide, AutoAugment])
def test_a_chance_leaves_images_as_they_are(make: type[RandAugment] | type[TrivialAugmentWide]) -> None:
    assert np.array_equal(augment([make(probability=0)]), STORED)
    changed = [(augment([make(probability=chance)]) != STORED).any(axis=(1, 2, 3)).mean() for chance in (0.4, 1)]
    assert changed[0] < changed[1]
    assert changed[1] > 0.6


def test_magnitude_zero_of_rand_augment_only_equalizes_and_stretches() -> None:
    images = augment([RandAugment(n_operations=1, magnitude=0)])
    policy = RandAugment(n_operations=1, magnitude=0)
    keys = sample_keys([f"{i}.png" for i in range(64)])
    (choice,) = policy.choices(uniforms(5, 0, keys, policy.stream, policy.n_uniforms))
    steady = ~np.isin(choice.names, ["equalize", "auto_contrast", "solarize"])
    assert steady.sum() > 40
    assert np.array_equal(images[steady], STORED[steady])
