"""States of tensors and plain values survive JSON and safetensors, bit for bit, without pickle."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from podium.engine import decode_tensors, encode_tensors, join_tree, mix_seed, split_tree


def there_and_back(tree: Any) -> Any:
    plain, tensors = split_tree(tree)
    return join_tree(json.loads(json.dumps(plain)), decode_tensors(encode_tensors(tensors)))


def test_a_tree_of_everything_survives() -> None:
    shared = torch.arange(6.0).reshape(2, 3)
    tree = {
        "none": None,
        "flags": [True, 1, 1.5, "text"],
        "empty": {},
        "ints": {0: {"step": torch.tensor(3.0)}, 7: {"mean": shared}},
        "tuple": (1, shared.t()),
        "a/b": {"c": torch.tensor([float("nan"), -0.0])},
        "a": {"b/c": torch.tensor([1], dtype=torch.int64)},
        "half": torch.tensor([1.5], dtype=torch.bfloat16),
        "bool": torch.tensor([True, False]),
        "no elements": torch.empty(0, 3),
        "channels last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
    }
    back = there_and_back(tree)
    assert back["flags"] == [True, 1, 1.5, "text"]
    assert back["none"] is None
    assert back["empty"] == {}
    assert list(back["ints"]) == [0, 7]
    pairs = [
        (back["ints"][7]["mean"], shared),
        (back["tuple"][1], shared.t()),
        (back["half"], tree["half"]),
        (back["bool"], tree["bool"]),
        (back["no elements"], tree["no elements"]),
        (back["channels last"], tree["channels last"]),
        (back["a"]["b/c"], torch.tensor([1])),
    ]
    for found, wanted in pairs:
        assert found.dtype == wanted.dtype
        assert torch.equal(found, wanted)
    odd = back["a/b"]["c"]
    assert odd[0].isnan()
    assert torch.signbit(odd[1])


def test_two_places_never_share_a_name() -> None:
    tree = {"a/b": {"c": torch.tensor(1.0)}, "a": {"b/c": torch.tensor(2.0)}}
    back = there_and_back(tree)
    assert (float(back["a/b"]["c"]), float(back["a"]["b/c"])) == (1.0, 2.0)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", lambda: None])
def test_anything_else_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(TypeError, match="/state/x"):
        split_tree({"state": {"x": value}})


def test_mixed_seeds_are_far_apart_and_fit_torch() -> None:
    seeds = {mix_seed(a, b) for a in range(50) for b in range(50)}
    assert len(seeds) == 2500
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert mix_seed(1, 2) != mix_seed(2, 1)
    assert mix_seed(-1) == mix_seed(2**64 - 1)
