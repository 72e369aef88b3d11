from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from podium.engine.saved_weights import has_weights, load_weights, read_about, save_weights
from podium.engine.tensor_tree import encode_tensors
from podium.errors import CorruptFileError, StorageError


def test_weights_come_back_as_they_were_with_what_was_kept_beside_them(tmp_path: Path) -> None:
    net, other = nn.Linear(3, 2), nn.Linear(3, 2)
    assert not has_weights(tmp_path / "a")
    save_weights(net.state_dict(), tmp_path / "a", {"fold": 4})
    assert has_weights(tmp_path / "a")
    assert read_about(tmp_path / "a")["fold"] == 4
    load_weights(other, tmp_path / "a")
    assert all(torch.equal(one, two) for one, two in zip(net.parameters(), other.parameters(), strict=True))


def test_weights_that_were_changed_or_lost_are_refused(tmp_path: Path) -> None:
    net = nn.Linear(3, 2)
    save_weights(net.state_dict(), tmp_path, {})
    path = tmp_path / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptFileError, match="not what was written") as caught:
        load_weights(net, tmp_path)
    assert caught.value.where == str(path)
    assert str(tmp_path) in str(caught.value.fix)
    path.unlink()
    with pytest.raises(StorageError):
        load_weights(net, tmp_path)


@pytest.mark.parametrize("is_safetensors", [True, False])
def test_weights_of_another_model_are_refused_in_one_line(tmp_path: Path, is_safetensors: bool) -> None:
    """A digest that matches says only that the file is whole."""
    save_weights(nn.Linear(3, 2).state_dict(), tmp_path, {})
    data = encode_tensors(nn.Linear(5, 2).state_dict()) if is_safetensors else b"no tensors at all"
    (tmp_path / "model.safetensors").write_bytes(data)
    about = tmp_path / "model.json"
    digest = hashlib.sha256(data).hexdigest()
    about.write_text(json.dumps({**json.loads(about.read_text(encoding="utf-8")), "sha256": digest}), encoding="utf-8")
    with pytest.raises(CorruptFileError, match="these weights do not belong to this model: ") as caught:
        load_weights(nn.Linear(3, 2), tmp_path)
    assert "\n" not in caught.value.what
    if is_safetensors:
        assert "state_dict for Linear" in caught.value.what
