"""Words that name a split, alone or inside the name of a folder or a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["SPLIT_NAMES", "split_of", "splits_of"]

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "trainset": "train",
    "trainingset": "train",
    "val": "valid",
    "valid": "valid",
    "validation": "valid",
    "validate": "valid",
    "dev": "valid",
    "eval": "valid",
    "evaluation": "valid",
    "valset": "valid",
    "test": "test",
    "testing": "test",
    "tst": "test",
    "holdout": "test",
    "testset": "test",
    "testingset": "test",
}
"""Folder names and cells that name a split, in lower case, and the split they mean."""

_FILLERS = frozenset(
    {"set", "sets", "data", "dataset", "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos"}
    | {"file", "files", "folder", "dir", "directory", "split", "sample", "samples", "part", "full", "all", "simple"}
    | {"final", "public", "private", "clean", "cleaned", "augmented", "aug", "my", "the", "out"}
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")


def split_of(name: str) -> str | None:
    """The split that a folder name or cell means, whatever its letter case and whatever fills up the name; else None.

    Example:
        >>> [split_of(name) for name in ("TEST_SIMPLE", "training_set", "train2017", "train_station", "hold-out")]
        ['test', 'train', 'train', None, 'test']
    """
    spelt = name.strip().lower()
    if spelt in SPLIT_NAMES:
        return SPLIT_NAMES[spelt]
    found, rest = _divide(name)
    return found if all(word in _FILLERS or word.isdecimal() for word in rest) else None


def splits_of(names: Iterable[str]) -> dict[str, str]:
    """The split of each name that means one; also where only the split differs, as in `seg_train` and `seg_test`.

    Example:
        >>> splits_of(["seg_train", "seg_test", "seg_pred"])
        {'seg_train': 'train', 'seg_test': 'test'}
    """
    listed = list(dict.fromkeys(names))
    divided = {name: _divide(name) for name in listed}
    by_rest: dict[tuple[str, ...], set[str]] = {}
    for found, rest in divided.values():
        if found is not None:
            by_rest.setdefault(rest, set()).add(found)
    splits = {name: split_of(name) for name in listed}
    for name, (found, rest) in divided.items():
        if found is not None and len(by_rest[rest]) > 1:
            splits[name] = found
    return {name: split for name, split in splits.items() if split is not None}


def _divide(name: str) -> tuple[str | None, tuple[str, ...]]:
    """The one split that the words of a name mean, or None, and its other words."""
    words = [word.lower() for word in _WORD.findall(re.sub(r"(?i)hold[-_ ]out", "holdout", name))]
    found = {SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES}
    rest = tuple(word for word in words if word not in SPLIT_NAMES)
    return (found.pop() if len(found) == 1 else None), rest
