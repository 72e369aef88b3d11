"""The level of folders that names a split: `train/cat`, `cat/train`, `seg_train/seg_train/cat`, `TEST_SIMPLE/cat`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from podium.advice import options as advise
from podium.curate.options import LEFT_OUT
from podium.errors import SourceError
from podium.listing import list_some
from podium.tables import split_of, splits_of

__all__ = ["SplitLevel", "find_split_level"]

Folder = tuple[str, ...]

_ASIDE = frozenset(
    {"unlabeled", "unlabelled", "unlabel", "unsup", "unsupervised", "pred", "predict", "prediction", "predictions"}
    | {"preview", "previews", "thumbnail", "thumbnails", "mask", "masks", "gt", "groundtruth", "truth", "annotation"}
    | {"annotations", "labels", "docs", "doc", "readme", "assets", "output", "outputs", "results", "bad", "trash"}
)
_CONTAINERS = frozenset({"images", "image", "imgs", "img", "jpegimages", "data", "jpg", "jpeg", "png", "photos"})
_DEEPEST = 3


@dataclass(frozen=True)
class SplitLevel:
    """Which folders are splits.

    Args:
        depth: Place of the folder in a path.
        splits: The split of each folder name, "none" for those that are left out.
        n_inner: Per folder name, how many folders below it hold all of its images and say nothing, as `train/train`.
    """

    depth: int
    splits: Mapping[str, str]
    n_inner: Mapping[str, int]

    def split_of(self, folder: Folder) -> str:
        """The split of a folder of images; "" where none is named."""
        return self.splits.get(folder[self.depth], "") if len(folder) > self.depth else ""

    def strip(self, folder: Folder) -> Folder:
        """The folder without its split."""
        if not self.split_of(folder):
            return folder
        return folder[: self.depth] + folder[self.depth + 1 + self.n_inner.get(folder[self.depth], 0) :]


def find_split_level(folders: Iterable[Folder], given: Mapping[str, str], *, ask: bool) -> SplitLevel | None:
    """The level at which folders are named train, valid or test, or None.

    It is certain where every folder of a level names a split, where what lies beside splits says that it has no labels
    (`unlabeled`, `seg_pred`), or where the user said what it is.

    Args:
        folders: Folders that hold images, less what all share.
        given: The split of folder names that the user told.
        ask: Whether to refuse what is not certain; else such folders are classes.

    Raises:
        SourceError: If folders beside a train and a valid or test folder may be anything, and `ask` is set.
    """
    listed = sorted(set(folders))
    for depth in range(_DEEPEST):
        names = sorted({folder[depth] for folder in listed if len(folder) > depth})
        splits = splits_of(name for name in names if name not in given) | {
            name: given[name] for name in names if name in given
        }
        if not splits or (depth and not all(len(folder) > depth for folder in listed)):
            continue
        aside = [name for name in names if name not in splits and _is_aside(name)]
        unclear = [name for name in names if name not in splits and name not in aside]
        has_classes = any(len(folder) > depth + 1 for folder in listed if folder[depth : depth + 1])
        if not unclear and (not aside or len(set(splits.values())) > 1 or has_classes):
            n_inner = {name: _count_inner(name, depth, listed) for name in splits}
            return SplitLevel(depth, splits | dict.fromkeys(aside, LEFT_OUT), n_inner)
        if ask and unclear and depth == 0:
            flat = [name for name in unclear if (name,) in listed]
            if len(set(splits.values())) > 1 or (flat and _n_classes_in(splits, listed) > 1):
                raise _what_are_they(splits, unclear, flat if has_classes else ())
    return None


def _n_classes_in(splits: Mapping[str, str], folders: Sequence[Folder]) -> int:
    """How many different folders lie in those that name a split: classes, where other folders beside them have none."""
    return len({folder[1] for folder in folders if folder[0] in splits and len(folder) > 1})


def _count_inner(name: str, depth: int, folders: Sequence[Folder]) -> int:
    """How many folders below a split folder hold all of its images and repeat it, or just say that there are images."""
    inside = [folder[depth + 1 :] for folder in folders if folder[depth : depth + 1] == (name,)]
    inside = [folder for folder in inside if folder]
    n_inner = 0
    while inside and all(len(folder) > n_inner for folder in inside):
        names = {folder[n_inner] for folder in inside}
        only = names.pop()
        if names or not (only == name or split_of(only) or only.lower() in _CONTAINERS):
            break
        n_inner += 1
    return n_inner


def _is_aside(name: str) -> bool:
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
    return bool(words & _ASIDE) or name.lower() in _ASIDE


def _what_are_they(splits: Mapping[str, str], unclear: Sequence[str], flat: Sequence[str]) -> SourceError:
    """The question what folders beside splits are; `flat` are those whose images are in no class folder."""
    named, listed = list_some(sorted(splits), most=4), list_some(unclear, most=4)
    what = f"folders {named} name" if len(splits) > 1 else f"folder {named} names"
    part = {name: "test" if name in flat else "train" for name in unclear}
    bare = " (images to predict: they have no labels)" if flat else " (or valid, test)"
    return SourceError(
        f"the {what} a split, but {listed} beside {'them' if len(splits) > 1 else 'it'} may be anything.",
        fix="Say what it is, with one of these:",
        details=[
            f"it is not used: {advise(split_names=dict.fromkeys(unclear, LEFT_OUT))}",
            f"it is a part of the split: {advise(split_names=part)}{bare}",
            f"all of these folders are classes: {advise(layout='folders')}",
        ],
    )
