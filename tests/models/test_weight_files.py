"""Weight files of others: what is read, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save, save_file
from torch import Tensor, nn

from podium.errors import WeightsError
from podium.models.tiny import TinyBackbone
from podium.models.weight_files import load_into, read_weight_file


def weights_of(seed: int = 1) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in TinyBackbone(seed=seed).state_dict().items()}


def is_same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("kind", ["safetensors", "SafeTensors", "pt", "pth", "bin"])
def test_each_kind_of_file_gives_its_tensors(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"weights.{kind}"
    save_file(weights_of(), path) if "safe" in kind.lower() else torch.save(weights_of(), path)
    assert is_same(read_weight_file(path), weights_of())


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "backbone.", "_orig_mod.module.", "module.backbone."])
def test_prefixes_are_taken_off_and_heads_beside_the_backbone_left_out(tmp_path: Path, prefix: str) -> None:
    content = {prefix + name: value for name, value in weights_of().items()}
    content["heads.kind.weight"] = torch.zeros(2, 16)
    torch.save({"state_dict": content}, tmp_path / "x.pth")
    assert is_same(read_weight_file(tmp_path / "x.pth"), weights_of())


def test_averaged_weights_come_first(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "state_dict": weights_of(1), "state_dict_ema": weights_of(2)}, tmp_path / "x.pth")
    assert is_same(read_weight_file(tmp_path / "x.pth"), weights_of(2))


def test_a_name_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"w\xe9.safetensors")
    path.write_bytes(save(weights_of()))
    assert is_same(read_weight_file(path), weights_of())


class Payload:
    """Pickles to a call that writes a file, as a hostile checkpoint would."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_a_file_that_would_run_code_is_refused_and_does_not(tmp_path: Path) -> None:
    target = tmp_path / "proof"
    torch.save({"state_dict": Payload(target)}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match="could run code"):
        read_weight_file(tmp_path / "evil.pth")
    assert not target.exists()


@pytest.mark.parametrize("name", ["x.safetensors", "x.pth", "x.npz"])
@pytest.mark.parametrize("content", [b"\x00garbage" * 100, b""])
def test_damaged_and_foreign_files_are_our_errors(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=name):
        read_weight_file(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds list"),
        ({}, "holds dict"),
        ({"a": torch.zeros(1), "b": 3}, "not tensors"),
        (torch.zeros(2), "Tensor"),
    ],
)
def test_content_that_is_not_tensors_by_name_is_refused(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(WeightsError, match=message):
        read_weight_file(tmp_path / "x.pth")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such weight file"):
        read_weight_file(tmp_path / "nowhere.pth")


def test_weights_that_fit_are_copied() -> None:
    module = TinyBackbone(seed=9)
    assert load_into(module, weights_of(), where="x") == ()
    assert is_same(dict(module.state_dict()), weights_of())


def test_the_classifier_is_left_out_and_named() -> None:
    weights = weights_of() | {"fc.weight": torch.zeros(5, 16), "fc.bias": torch.zeros(5)}
    module = TinyBackbone(seed=9)
    left_out = load_into(module, weights, where="x", classifier=("fc",))
    assert left_out == ("fc.weight (5, 16)", "fc.bias (5,)")
    assert is_same(dict(module.state_dict()), weights_of())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("missing", "missing: stage1.0.weight"),
        ("shape", "other shape: stage1.0.weight: file (1, 2), model (8, 8, 3, 3)"),
        ("unused", "not in the model: stage9.0.weight"),
    ],
)
def test_what_does_not_fit_is_listed_and_nothing_is_copied(change: str, problem: str) -> None:
    weights = weights_of()
    if change == "missing":
        del weights["stage1.0.weight"]
    elif change == "shape":
        weights["stage1.0.weight"] = torch.zeros(1, 2)
    else:
        weights["stage9.0.weight"] = torch.zeros(1)
    module = TinyBackbone(seed=9)
    with pytest.raises(WeightsError, match="does not fit") as caught:
        load_into(module, weights, where="x.pth")
    assert caught.value.details == (problem,)
    assert is_same(dict(module.state_dict()), weights_of(9))


def test_unused_entries_may_be_allowed_with_a_note_and_batch_counters_may_lack() -> None:
    weights = {name: value for name, value in weights_of().items() if "num_batches" not in name}
    module: nn.Module = TinyBackbone(seed=9)
    assert load_into(module, weights | {"extra": torch.zeros(1)}, where="x", allow_unused=True) == ()
    assert torch.equal(module.state_dict()["stem.0.weight"], weights["stem.0.weight"])
