"""Two levels of folders that cross each other: the same names below every folder cannot all be classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from podium.advice import options as advise
from podium.errors import SourceError
from podium.listing import count_of, list_some
from podium.tables import split_of

__all__ = ["refuse_parallel", "shared_end"]

Folder = tuple[str, ...]

_LEAST_SHARE, _MEAN_SHARE = 0.5, 0.75
_FOLD = re.compile(r"(?i)(?:cv|(?:k|cv)?[-_ ]?folds?)[-_ ]?(?:no\.?[-_ ]?)?\d+")


def shared_end(folders: Sequence[Folder]) -> tuple[str, ...]:
    """The folders that every path of two or more ends with, such as `images` in `a/images`, `b/images`.

    Example:
        >>> shared_end([("a", "images"), ("b", "images")])
        ('images',)
        >>> shared_end([("a", "x"), ("b", "y")])
        ()
    """
    listed = sorted(set(folders))
    n = 0
    while len(listed) > 1 and all(len(folder) > n + 1 and folder[-n - 1] == listed[0][-n - 1] for folder in listed):
        n += 1
    return listed[0][len(listed[0]) - n :] if n else ()


def refuse_parallel(folders: Sequence[Folder], *, n_above: int, has_strays: bool, wanted: Mapping[str, str]) -> None:
    """Refuse folders of which (nearly) each holds the same names, as `color/scab`, `color/rust`, `grey/scab`, ...

    Args:
        folders: Folders of images, less what all share and less a split.
        n_above: How many folders that name a split were cut off before each.
        has_strays: Whether images lie outside of these folders.
        wanted: `split_names` that the user gave, which the advice keeps.

    Raises:
        SourceError: Lists what the levels may mean, each with its options.
    """
    inner: dict[str, set[str]] = {}
    for folder in set(folders):
        inner.setdefault(folder[0], set()).add(folder[-1])
    names = set().union(*inner.values())
    n_between = _count_between(folders)
    if n_between is None or len(inner) < 2 or len(names) < 2:
        return
    shares = [len(found) / len(names) for found in inner.values()]
    if min(shares) < _LEAST_SHARE or sum(shares) / len(shares) <= _MEAN_SHARE:
        return
    outer = sorted(inner)
    raise SourceError(
        f"{count_of(len(outer), 'folder')} ({list_some(outer, most=3)}) hold the same {count_of(len(names), 'folder')}"
        f" ({list_some(sorted(names), most=3)}), so a path of both is hardly a class.",
        fix="Say what the folders are, with one of these:",
        details=_readings(outer, n_above=n_above, n_between=n_between, has_strays=has_strays, wanted=wanted),
    )


def _count_between(folders: Sequence[Folder]) -> int | None:
    """How many folders lie between the first and the last, where each is the same in all paths; None elsewhere."""
    depths, between = {len(folder) for folder in folders}, {folder[1:-1] for folder in folders}
    return len(between.pop()) if len(between) == 1 == len(depths) and min(depths) > 1 else None


def _readings(
    outer: Sequence[str], *, n_above: int, n_between: int, has_strays: bool, wanted: Mapping[str, str]
) -> list[str]:
    """What the two levels may mean, each with options that can be copied."""
    above = "{split}/" + "*/" * (n_above - 1) if n_above else ""
    more = ({"split_column": "split"} if n_above else {}) | ({"allow_unmatched": True} if has_strays else {})

    def pattern(levels: str, *labels: str, **others: object) -> str:
        return advise(
            pattern=f"{above}{levels.replace('/', '/' + '*/' * n_between)}/*", label_columns=labels, **others, **more
        )

    are_folds = all(_FOLD.fullmatch(name) for name in outer)
    as_folds = pattern("{fold}/{label}", "label", fold_column="fold")
    return [
        *(
            [f"the inner folders are the classes, the outer ones the folds to judge by: {as_folds}"]
            if are_folds
            else []
        ),
        f"the inner folders are the classes: {pattern('{folder}/{label}', 'label')}",
        "the inner folders are the classes, the outer ones persons or scenes that a split must not divide:"
        f" {pattern('{group}/{label}', 'label', group='group')}",
        "the inner folders are the classes, the outer ones versions of the same images:"
        f" {pattern('{folder}/{label}', 'label', group=r'([^/]+)[.][^./]+$')}, or name one of the outer folders as the"
        " source",
        f"the outer folders are the classes: {pattern('{label}/{folder}', 'label')}",
        f"both are to be learnt: {pattern('{outer}/{inner}', 'outer', 'inner')}",
        *(
            []
            if n_above or are_folds
            else [f"the outer folders are a split: {advise(split_names=dict(wanted) | _as_splits(outer))}"]
        ),
        f"each path is a class of its own: {advise(layout='folders')}",
    ]


def _as_splits(outer: Sequence[str]) -> dict[str, str]:
    """An example of what each folder may be: its name's own meaning, else one is train and the others are test."""
    meant = {name: split_of(name) for name in outer[:4]}
    open_names = [name for name in meant if not meant[name]]
    first = None if "train" in meant.values() else open_names[0]
    return {name: split or ("train" if name == first else "test") for name, split in meant.items()}
