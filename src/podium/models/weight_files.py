"""Reading weight files that others made, and fitting them to a module, with every difference said aloud."""

from __future__ import annotations

import os
import pickle
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor, nn

from podium.errors import WeightsError
from podium.listing import count_of

__all__ = ["load_into", "read_weight_file"]

# Where training scripts put the weights inside a checkpoint, averaged weights first.
WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model")
# Prefixes that torch.compile, DistributedDataParallel and our own Classifier put before every name.
PREFIXES = ("_orig_mod.", "module.", "backbone.")


def read_weight_file(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors`, `.pt`, `.pth` or `.bin` file, by name, on the CPU.

    Files of the pickle kinds are read with `weights_only=True` and in no other way: a file that needs more could
    run code, and is refused.

    Args:
        path: The file.

    Raises:
        WeightsError: If it is absent, of another kind, damaged, unsafe, or holds no tensors by name.
    """
    if not path.is_file():
        fix = "Name a .safetensors or .pth file; a relative path starts at the current folder."
        raise WeightsError("there is no such weight file.", where=path, fix=fix)
    kind = path.suffix.lower()
    if kind == ".safetensors":
        content = _read_safetensors(path)
    elif kind in {".pt", ".pth", ".bin"}:
        content = _read_pickle(path)
    else:
        raise WeightsError(
            f"Podium does not read weight files of type {kind!r}.", where=path, fix="Use .safetensors or .pth."
        )
    return _strip_prefixes(_unwrap(content, path))


def load_into(
    module: nn.Module,
    weights: Mapping[str, Tensor],
    *,
    where: str,
    classifier: tuple[str, ...] = (),
    allow_unused: bool = False,
) -> tuple[str, ...]:
    """Copy weights into a module that has no classifier, by name, all of them or none.

    Args:
        module: Changed in place, only after every check has passed.
        weights: Tensors by name.
        where: The file, for messages.
        classifier: Names of layers that belong to a classifier; their entries are left out.
        allow_unused: Leave out entries that the module lacks, instead of refusing them. A file of a deeper model of the
            same family differs in nothing else, so leave this off for files of unknown origin.

    Returns:
        The classifier's entries that were left out, with their shapes.

    Raises:
        WeightsError: If an entry is missing, has another shape, or is left over.
    """
    weights = _adapt(module, weights)
    wanted = module.state_dict()
    head = tuple(f"{name}." for name in classifier)
    dropped = [name for name in weights if head and name.startswith(head) and name not in wanted]
    missing = [name for name in wanted if name not in weights and not name.endswith("num_batches_tracked")]
    other_shape = [
        f"{name}: file {tuple(weights[name].shape)}, model {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    unused = [name for name in weights if name not in wanted and name not in dropped]
    problems = [f"missing: {name}" for name in missing] + [f"other shape: {line}" for line in other_shape]
    if not allow_unused:
        problems += [f"not in the model: {name}" for name in unused]
    if problems:
        raise WeightsError(
            f"the file does not fit the model: of {count_of(len(wanted), 'entry')}, {len(missing)} are missing and"
            f" {len(other_shape)} have another shape; {len(unused)} of the file's are not in the model.",
            where=where,
            fix="Check that the file belongs to this timm name and image size.",
            details=problems[:10],
        )
    module.load_state_dict({name: weights[name] for name in wanted if name in weights}, strict=False)
    return tuple(f"{name} {tuple(weights[name].shape)}" for name in dropped)


def _adapt(module: nn.Module, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Rename and resize entries as timm does for this family, where names or shapes differ from the model's."""
    wanted = module.state_dict()
    if all(name in weights and weights[name].shape == tensor.shape for name, tensor in wanted.items()):
        return weights
    # timm keeps each family's renaming and position-embedding resizing in a function of this name, by convention.
    adapt = getattr(sys.modules[type(module).__module__], "checkpoint_filter_fn", None)
    if adapt is None:
        return weights
    try:
        adapted: dict[str, Tensor] = adapt(dict(weights), module)
    except (KeyError, ValueError, TypeError, RuntimeError, AttributeError):
        # Foreign content that timm cannot rename either; the checks of the caller then say what does not fit.
        return weights
    return adapted


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load_file(path, device="cpu") if _is_utf8(path) else load(path.read_bytes())
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"cannot be read as safetensors: {error}.", where=path, fix="Fetch it again.") from error
    return tensors


def _is_utf8(path: Path) -> bool:
    """Whether safetensors can open the file by its name."""
    return str(path).isascii() or os.fsencode(path).decode("utf-8", "replace") == str(path)


def _read_pickle(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            # torch tells of another pickle protocol; whether the file can be read is all that counts here.
            warnings.filterwarnings("ignore", message="Detected pickle protocol")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            "refused: the file contains more than tensors, or is damaged. Reading it could run code.",
            where=path,
            fix="Convert it to .safetensors on a machine where you trust it.",
            details=str(error).splitlines()[:3],
        ) from error
    except (OSError, EOFError, RuntimeError, ValueError, KeyError) as error:
        raise WeightsError(f"cannot be read: {error}", where=path, fix="Fetch it again.") from error


def _unwrap(content: Any, path: Path) -> dict[str, Tensor]:
    if isinstance(content, Mapping):
        for key in WRAPPERS:
            if isinstance(content.get(key), Mapping):
                content = content[key]
                break
    if not isinstance(content, Mapping) or not content:
        raise WeightsError(f"holds {type(content).__name__}, not tensors by name.", where=path)
    others = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if others:
        raise WeightsError("holds entries that are not tensors.", where=path, details=others[:10])
    return dict(content)


def _strip_prefixes(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    for prefix in PREFIXES:
        if any(name.startswith(prefix) for name in weights):
            # Our own Classifier has heads beside the backbone; only the backbone is wanted then.
            weights = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    return weights
