"""Weights on disk: a folder with safetensors, beside a JSON that is written last and proves them whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor, nn

from podium import durable
from podium.engine.tensor_tree import decode_tensors, encode_tensors
from podium.errors import CorruptFileError

__all__ = ["has_weights", "load_weights", "read_about", "save_weights"]

WEIGHTS, ABOUT = "model.safetensors", "model.json"


def save_weights(weights: Mapping[str, Tensor], folder: Path, about: Mapping[str, Any]) -> None:
    """Write the weights, then the JSON that makes them count.

    Args:
        weights: A state dict.
        folder: Where to.
        about: JSON-ready facts to keep with them.
    """
    with durable.write_atomically(folder / WEIGHTS) as file:
        file.write(encode_tensors({name: value.detach().cpu().contiguous() for name, value in weights.items()}))
    durable.write_json(folder / ABOUT, dict(about) | {"sha256": durable.sha256_file(folder / WEIGHTS)})


def has_weights(folder: Path) -> bool:
    """Whether finished weights are in this folder."""
    return (folder / ABOUT).is_file()


def read_about(folder: Path) -> dict[str, Any]:
    """What was kept with the weights."""
    return dict(durable.read_json(folder / ABOUT))


def load_weights(module: nn.Module, folder: Path) -> None:
    """Load finished weights.

    Raises:
        StorageError: If a file is missing.
        CorruptFileError: If the weights are not the ones that were written, or not those of this model.
    """
    path = folder / WEIGHTS
    fix = f"Remove {folder} and the predictions of its fold, then resume the run; the fold is trained again."
    if durable.sha256_file(path) != read_about(folder).get("sha256"):
        raise CorruptFileError("the weights are not what was written.", where=path, fix=fix)
    try:
        module.load_state_dict(decode_tensors(durable.read_bytes(path)))
    except (SafetensorError, RuntimeError) as problem:  # a file from elsewhere, with a digest to match
        why = str(problem).splitlines()[0].rstrip(".:")
        raise CorruptFileError(f"these weights do not belong to this model: {why}.", where=path, fix=fix) from None
