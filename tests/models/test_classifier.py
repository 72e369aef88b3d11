from __future__ import annotations

import pytest
import torch

from podium.models import Classifier, LinearHeads, build_backbone
from podium.tables import Head, Task

TASK = Task(
    (
        Head("mask", "single", ("wear", "wrong", "none")),
        Head("age", "ordinal", ("<30", "30-59", ">=60")),
        Head("items", "multi", ("items", "keys", "values", "a.b")),
    )
)


def make_images(n: int = 4, size: int = 24) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (n, size, size, 3), generator=generator, dtype=torch.uint8)


def test_one_logit_a_class_for_every_head() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK).eval()
    logits = model(make_images())
    assert {name: tuple(value.shape) for name, value in logits.items()} == {
        "mask": (4, 3),
        "age": (4, 3),
        "items": (4, 4),
    }


def test_normalises_as_torchvision_does() -> None:
    functional = pytest.importorskip("torchvision.transforms.v2.functional")
    backbone = build_backbone("mobilenetv2_100", "random", 32)
    model = Classifier(backbone, TASK)
    images = make_images()
    planes = images.permute(0, 3, 1, 2).float() / 255
    expected = functional.normalize(planes, list(backbone.mean), list(backbone.std))
    torch.testing.assert_close(model.normalise(images), expected, rtol=1e-5, atol=1e-6)


def test_layouts_and_scales_agree() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK).eval()
    images = make_images()
    expected = model.features(images)
    assert model.normalise(images).is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(model.features(images.permute(0, 3, 1, 2).contiguous()), expected)
    torch.testing.assert_close(model.features(images.float()), expected)


@pytest.mark.parametrize("shape", [(4, 24, 24), (4, 24, 24, 1), (4, 4, 24, 24)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected images"):
        Classifier(build_backbone("tiny", "random"), TASK)(torch.zeros(shape, dtype=torch.uint8))


def test_forward_is_classify_of_features() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK).eval()
    images = make_images()
    logits, again = model(images), model.classify(model.features(images))
    assert all(torch.equal(logits[name], again[name]) for name in logits)


def test_normalisation_travels_with_the_weights() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK).eval()
    model.mean.fill_(0.3)
    other = Classifier(build_backbone("tiny", "random"), TASK).eval()
    other.load_state_dict(model.state_dict())
    assert torch.equal(model(make_images())["age"], other(make_images())["age"])


def test_heads_of_a_baseline_are_taken_over() -> None:
    backbone = build_backbone("tiny", "random")
    heads = LinearHeads(TASK, 16)
    model = Classifier(backbone, TASK, heads=heads).eval()
    features = model.features(make_images())
    heads.standardise_by(lambda: [features])
    expected = heads(features)
    assert torch.equal(model(make_images())["mask"], expected["mask"])


def test_heads_of_another_task_are_refused() -> None:
    other = Task((Head("mask", "single", ("none", "wrong", "wear")),))
    with pytest.raises(ValueError, match="these heads are for"):
        Classifier(build_backbone("tiny", "random"), TASK, heads=LinearHeads(other, 16))


def test_training_reaches_backbone_and_heads_under_autocast() -> None:
    model = Classifier(build_backbone("tiny", "random"), TASK).train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(make_images())
    torch.stack([value.float().square().mean() for value in logits.values()]).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
