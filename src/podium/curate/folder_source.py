"""Images in a folder per class, below `train` and `valid` folders or not; or all in one folder, without labels."""

from __future__ import annotations

from collections.abc import Sequence

from podium.advice import options as advise
from podium.curate.files import ImageFiles
from podium.curate.options import ScanOptions
from podium.curate.rows import Guess, Rows
from podium.listing import list_some
from podium.tables import SPLIT_NAMES, normalise_id

__all__ = ["read_folders"]

_ANY_DEPTH = advise(layout="folders")


def read_folders(files: ImageFiles, options: ScanOptions) -> Rows:
    """One row an image, with the class from the folder it lies in.

    A class is the whole path of folders ("Greek/character01"), less what all images share and less a leading split
    folder. One single folder of images holds no labels, unless `layout` says that folders are classes.

    Args:
        files: The images.
        options: `layout` and `head_name` are read.
    """
    head = options.head_name or "label"
    folders = [tuple(path.split("/")[:-1]) for path in files.paths]
    shared = _shared_depth(folders)
    if options.layout == "folders" and shared and len(set(folders)) == 1:
        shared -= 1
    below = [folder[shared:] for folder in folders]
    splits, below, notes = _take_splits(below)
    classes = [normalise_id("/".join(folder)) for folder in below]
    columns = {head: classes} | ({"split": splits} if any(splits) else {})
    origin, split_column = "folders", "split" if any(splits) else None
    if options.unlabelled:
        columns.pop(head)
        labels: tuple[str, ...] = ()
    elif not any(classes):
        where = "outside any class folder" if any(splits) else "in one folder"
        notes.append(f"All {len(files)} images are {where}: no labels (a test set).")
        columns.pop(head)
        labels = ()
    else:
        labels = (head,)
        notes += _describe(files, classes, splits, below)
    kept = [i for i, name in enumerate(classes) if name or splits[i] == "test" or not labels]
    dropped = sorted(set(range(len(files))) - set(kept))
    if dropped:
        first = list_some([files.ids[i] for i in dropped], most=3)
        notes.append(f"{len(dropped)} images are outside the class folders, have no label and were left out: {first}.")
    ids = [files.ids[i] for i in kept]
    return Rows(
        root=files.root,
        paths=[files.paths[i] for i in kept],
        ids=ids,
        columns={name: [cells[i] for i in kept] for name, cells in columns.items()},
        places=ids,
        origin=origin,
        label_columns=labels,
        split_column=split_column,
        notes=(*files.notes, *notes),
        guesses=(Guess("layout", "folders", "no table of labels and no pattern was given", _ANY_DEPTH),)
        if labels and options.layout == "auto"
        else (),
        unlisted=tuple(files.ids[i] for i in dropped),
    )


def _shared_depth(folders: Sequence[tuple[str, ...]]) -> int:
    """How many leading folders all images share, never counting a split folder."""
    first, last = min(folders), max(folders)
    depth = 0
    while depth < min(len(first), len(last)) and first[depth] == last[depth]:
        if first[depth].lower() in SPLIT_NAMES and len(set(folders)) > 1:
            break
        depth += 1
    return depth


def _take_splits(below: list[tuple[str, ...]]) -> tuple[list[str], list[tuple[str, ...]], list[str]]:
    """Splits the leading folder off where it is train, valid or test for every image; such names are no classes."""
    tops = {folder[0].lower() if folder else "" for folder in below}
    if not tops <= set(SPLIT_NAMES):
        return [""] * len(below), below, []
    splits = [SPLIT_NAMES[folder[0].lower()] for folder in below]
    counts = {name: splits.count(name) for name in ("train", "valid", "test") if name in splits}
    note = "Split, from the top folders: " + ", ".join(f"{name} {n}" for name, n in counts.items()) + "."
    return splits, [folder[1:] for folder in below], [note]


def _describe(files: ImageFiles, classes: list[str], splits: list[str], below: list[tuple[str, ...]]) -> list[str]:
    notes = []
    depths = {len(folder) for folder in below if folder}
    if len(depths) > 1:
        notes.append(f"Class folders are at {len(depths)} different depths; each folder with images is a class.")
    elif depths and max(depths) > 1:
        inner = {folder[-1] for folder in below if folder}
        advice = advise(pattern="{label}/{group}/*", label_columns=["label"])
        alone = f" If the inner folders are the persons or scenes of a class, set {advice}."
        # Persons and scenes lie under one class each; parts of a name, such as character01, come again under others.
        hint = alone if depths == {2} and len(inner) == len(set(below)) else ""
        notes.append(f"Class folders are nested; a class is the path, such as {classes[0]!r}.{hint}")
    if any(splits):
        by_split = {name: {c for c, s in zip(classes, splits, strict=True) if s == name and c} for name in set(splits)}
        unseen = (
            sorted(set().union(*(by_split[name] for name in by_split if name != "train")) - by_split["train"])
            if "train" in by_split
            else []
        )
        if unseen:
            notes.append(f"{len(unseen)} classes have no image in train: {list_some(unseen)}.")
        n_bare = sum(not name and split == "test" for name, split in zip(classes, splits, strict=True))
        if n_bare:
            notes.append(f"{n_bare} test images are in no class folder, so they have no labels.")
    return notes
