"""Nested states of tensors and plain values as safetensors and JSON: no pickle anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from safetensors.torch import load as decode_tensors
from safetensors.torch import save as encode_tensors
from torch import Tensor

__all__ = ["decode_tensors", "encode_tensors", "join_tree", "split_tree"]

_TENSOR, _INT_KEYS, _TUPLE, _DTYPE = "__tensor__", "__int_keys__", "__tuple__", "__dtype__"


def split_tree(tree: Any) -> tuple[Any, dict[str, Tensor]]:
    """A nested state as JSON-ready data and named tensors.

    Args:
        tree: Dicts (keys all strings or all integers), lists, tuples, tensors, types of tensors,
            numbers, strings, booleans and None.

    Returns:
        The tree with a marker in place of every tensor, and the tensors by name, on the CPU.

    Raises:
        TypeError: If there is anything else in it.

    Example:
        >>> import torch
        >>> plain, tensors = split_tree({"step": 3, "state": {0: {"mean": torch.ones(2)}}})
        >>> join_tree(plain, tensors)["state"][0]["mean"]
        tensor([1., 1.])
    """
    tensors: dict[str, Tensor] = {}
    return _split(tree, "", tensors), tensors


def _split(tree: Any, place: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(tree, Tensor):
        name = f"{len(tensors)}{place}"  # the number keeps {"a/b": {"c": ...}} and {"a": {"b/c": ...}} apart
        tensors[name] = tree.detach().cpu().contiguous().clone()
        return {_TENSOR: name}
    if isinstance(tree, Mapping):
        plain = {str(key): _split(value, f"{place}/{key}", tensors) for key, value in tree.items()}
        has_int_keys = bool(tree) and all(isinstance(key, int) for key in tree)
        return {_INT_KEYS: plain} if has_int_keys else plain
    if isinstance(tree, list | tuple):
        items = [_split(value, f"{place}/{index}", tensors) for index, value in enumerate(tree)]
        return {_TUPLE: items} if isinstance(tree, tuple) else items
    if isinstance(tree, torch.dtype):
        return {_DTYPE: str(tree).removeprefix("torch.")}
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    raise TypeError(f"cannot save {type(tree).__name__} at {place or 'the top'}")


def join_tree(plain: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The state that `split_tree` took apart."""
    if isinstance(plain, Mapping):
        if _TENSOR in plain:
            return tensors[plain[_TENSOR]]
        if _DTYPE in plain:
            return getattr(torch, plain[_DTYPE])
        if _TUPLE in plain:
            return tuple(join_tree(value, tensors) for value in plain[_TUPLE])
        if _INT_KEYS in plain:
            return {int(key): join_tree(value, tensors) for key, value in plain[_INT_KEYS].items()}
        return {key: join_tree(value, tensors) for key, value in plain.items()}
    if isinstance(plain, list):
        return [join_tree(value, tensors) for value in plain]
    return plain
