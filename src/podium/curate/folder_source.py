"""Images in a folder per class, below `train` and `valid` folders or not; or all in one folder, without labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from podium.advice import options as advise
from podium.curate.files import ImageFiles
from podium.curate.folder_names import FolderNames, folder_of, name_folders
from podium.curate.lost_classes import count_endings, is_picture
from podium.curate.options import LEFT_OUT, ScanOptions
from podium.curate.rows import Guess, Rows, count_values
from podium.errors import SourceError
from podium.listing import agree, count_of, list_some
from podium.tables import SPLIT_NAMES

__all__ = ["read_folders"]

_FIRST_WORD = re.compile(r"([^\W\d_]+(?:_[^\W\d_]+)*)[._ -]*\(?\d+\)?\.\w+$")
_MOST_WORDS = 50
_ANY_DEPTH = advise(layout="folders")


def read_folders(files: ImageFiles, options: ScanOptions) -> Rows:
    """One row an image, with the class from the folder it lies in.

    A class is the whole path of folders ("Greek/character01"), less what all images share and less the folder that
    names a split. One single folder of images holds no labels, unless `layout` says that folders are classes.

    Args:
        files: The images.
        options: `layout`, `head_name`, `split_names` and `unlabelled` are read.

    Raises:
        SourceError: If folders may be classes or a split, or one class alone has images that can be read.
        UnknownNameError: If `split_names` names a folder that is not there.
    """
    head = options.head_name or "label"
    names = name_folders(files, options)
    folders = [folder_of(name) for name in files.ids]
    splits = [names.split_of(folder) for folder in folders]
    classes = ["/".join(names.class_of(folder)) for folder in folders]
    has_labels = not options.unlabelled and any(
        name for name, split in zip(classes, splits, strict=True) if split != LEFT_OUT
    )
    notes = _describe_split(names, folders, splits)
    kept = [i for i in range(len(files)) if _is_kept(classes[i], splits[i], folders[i], names, has_labels=has_labels)]
    lost = _find_lost(files, names, {classes[i] for i in kept}) if has_labels else {}
    if has_labels:
        _require_classes(files, {classes[i] for i in kept} - {""}, lost)
        notes += _describe_classes([classes[i] for i in kept], [splits[i] for i in kept], names)
        notes += _describe_left_out(files, splits, kept)
    elif not options.unlabelled:
        where = "outside any class folder" if any(splits) else "in one folder"
        notes.append(
            f"{agree(len(files), 'The only image is', f'All {len(files):,} images are')} {where}: no labels (a"
            f" test set).{_beside(files)}"
        )
        notes += _describe_names(files.ids)
    splits = ["" if split == LEFT_OUT else split for split in splits]
    columns = ({head: classes} if has_labels else {}) | ({"split": splits} if any(splits) else {})
    dropped = sorted(set(range(len(files))) - set(kept))
    ids = [files.ids[i] for i in kept]
    guess = Guess("layout", "folders", "no table of labels and no pattern was given", _ANY_DEPTH)
    return Rows(
        root=files.root,
        paths=[files.paths[i] for i in kept],
        ids=ids,
        columns={name: [cells[i] for i in kept] for name, cells in columns.items()},
        places=ids,
        origin="folders",
        label_columns=(head,) if has_labels else (),
        split_column="split" if any(splits) else None,
        notes=(*files.notes, *notes),
        guesses=(guess,) if has_labels and options.layout == "auto" else (),
        unlisted=tuple(files.ids[i] for i in dropped),
        lost={head: lost} if lost else {},
    )


def _is_kept(name: str, split: str, folder: tuple[str, ...], names: FolderNames, *, has_labels: bool) -> bool:
    """Whether an image is used: with labels each one that has a class or is to be predicted; else all but those that
    the user leaves out."""
    if not has_labels:
        return names.left_out.isdisjoint(folder)
    return split != LEFT_OUT and (bool(name) or split == "test")


def _describe_split(names: FolderNames, folders: Sequence[tuple[str, ...]], splits: Sequence[str]) -> list[str]:
    if names.level is None:
        return []
    parts, doubtful = [], []
    for split in ("train", "valid", "test"):
        spelt = [name for name, meant in sorted(names.level.splits.items()) if meant == split]
        if split in splits:
            odd = [name for name in spelt if SPLIT_NAMES.get(name.lower()) != split]
            doubtful += odd
            parts.append(f"{split} {splits.count(split)}" + (f" ({', '.join(spelt)})" if odd else ""))
    where = "from the top folders" if names.level.depth == 0 else "from the folders inside of the classes"
    said = f"Split, {where}: {', '.join(parts)}."
    if doubtful:
        said += f" To say otherwise, set {advise(split_names={doubtful[0]: LEFT_OUT})} (or train, valid, test)."
    return [said]


def _describe_left_out(files: ImageFiles, splits: Sequence[str], kept: Sequence[int]) -> list[str]:
    """Notes on images that are not used, by why."""
    by_split: dict[str, list[str]] = {}
    for i in sorted(set(range(len(files))) - set(kept)):
        by_split.setdefault(splits[i], []).append(files.ids[i])
    notes = []
    for split, ids in by_split.items():
        first = list_some(ids, most=3)
        if split == LEFT_OUT:
            notes.append(
                f"{count_of(len(ids), 'image is', 'images are')} in folders beside the split and"
                f" {agree(len(ids), 'was', 'were')} left out: {first}."
            )
        elif split == "":
            notes.append(
                f"{count_of(len(ids), 'image is', 'images are')} outside the class folders,"
                f" {agree(len(ids), 'has', 'have')} no label and"
                f" {agree(len(ids), 'was', 'were')} left out: {first}."
            )
        else:
            gone = "" if split in {splits[i] for i in kept} else f" Nothing is left of {split}."
            notes.append(
                f"{count_of(len(ids), 'image')} of {split} {agree(len(ids), 'is', 'are')} outside the class"
                f" folders, {agree(len(ids), 'has', 'have')} no label and {agree(len(ids), 'was', 'were')} left out:"
                f" {first}.{gone} If a table holds their labels, name one for all images with"
                f" {advise(labels='TABLE')}."
            )
    return notes


def _describe_classes(classes: Sequence[str], splits: Sequence[str], names: FolderNames) -> list[str]:
    notes = []
    if names.end:
        notes.append(f"All classes hold a folder {'/'.join(names.end)!r}, which is not part of their names.")
    below = [tuple(name.split("/")) for name in classes if name]
    depths = {len(folder) for folder in below}
    if len(depths) > 1:
        notes.append(
            f"Class folders are at {count_of(len(depths), 'different depth')}; each folder with images is a class."
        )
    elif max(depths) > 1:
        inner = {folder[-1] for folder in below}
        advice = advise(pattern="{label}/{group}/*", label_columns=["label"])
        alone = f" If the inner folders are the persons or scenes of a class, set {advice}."
        # Persons and scenes lie under one class each; parts of a name, such as character01, come again under others.
        hint = alone if depths == {2} and len(inner) == len(set(below)) else ""
        notes.append(f"Class folders are nested; a class is the path, such as {classes[0]!r}.{hint}")
    by_split = {name: {c for c, s in zip(classes, splits, strict=True) if s == name and c} for name in set(splits)}
    unseen = sorted(set().union(*by_split.values()) - by_split["train"]) if by_split.get("train") else []
    if unseen:
        notes.append(f"{count_of(len(unseen), 'class has', 'classes have')} no image in train: {list_some(unseen)}.")
    n_bare = sum(not name and split == "test" for name, split in zip(classes, splits, strict=True))
    if n_bare:
        notes.append(
            f"{count_of(n_bare, 'test image is', 'test images are')} in no class folder, so"
            f" {agree(n_bare, 'it has', 'they have')} no labels."
        )
    return notes


def _find_lost(files: ImageFiles, names: FolderNames, classes: set[str]) -> dict[str, str]:
    """Classes of which no image can be read, and why: their folders are empty or hold images of other formats."""
    pictures: dict[tuple[str, ...], list[str]] = {}
    for name in filter(is_picture, files.others):
        pictures.setdefault(folder_of(name), []).append(name)
    why = dict.fromkeys((tuple(name.split("/")) for name in files.empty), "an empty folder")
    why |= {folder: count_endings(found) for folder, found in pictures.items()}
    depths = {len(name.split("/")) for name in classes if name}
    lost = {}
    for folder, reason in why.items():
        parts = names.class_of(folder)
        name = "/".join(parts)
        if len(parts) in depths and name not in classes and names.split_of(folder) != LEFT_OUT:
            lost[name] = reason
    return lost


def _require_classes(files: ImageFiles, classes: set[str], lost: Mapping[str, str]) -> None:
    if len(classes) > 1 or not lost:
        return
    raise SourceError(
        f"only class {min(classes)!r} has images that can be read;"
        f" {count_of(len(lost), 'other class has', 'other classes have')} none.",
        where=files.root,
        fix="Convert their images, to JPEG or PNG for example.",
        details=[f"{name}: {why}" for name, why in sorted(lost.items())],
    )


def _beside(files: ImageFiles) -> str:
    return f" Empty folders beside them: {list_some(files.empty, most=3)}." if files.empty else ""


def _describe_names(ids: Sequence[str]) -> list[str]:
    """A note where the file names of images without class folders begin with a few words, such as `cat.0.jpg`."""
    words = [found[1] if (found := _FIRST_WORD.match(name.rpartition("/")[2])) else "" for name in ids]
    counts = count_values(words)
    if not 2 <= len(counts) <= _MOST_WORDS or min(counts.values()) < 2:
        return []
    more = {"allow_unmatched": True} if "" in words else {}
    shown = list_some([f"{word} {n}" for word, n in counts.items()], most=5)
    return [
        f"File names begin with {shown}. If these words are the classes, set"
        f" {advise(pattern='{label}*', label_columns=['label'], **more)}."
    ]
