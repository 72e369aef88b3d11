"""A hint when names or folders look as if images belong together and no group was named.

Each candidate is a regular expression that cuts a group out of an id; it is judged by what it would group. It must
gather most images in several groups, must not be the label under another name, and must fit every id, so that
the option `group` takes it as it stands.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from podium.advice import options
from podium.listing import count_of
from podium.splits.hint_patterns import (
    EXTENSION,
    count_shared,
    cut,
    follows_label,
    is_counted,
    is_dated,
    is_label,
    is_numbered,
    restarts_in_folders,
    shows_few_classes,
    words_in,
)
from podium.tables import Samples

__all__ = ["Confidence", "GroupHint", "HintKind", "hint_groups"]

HintKind = Literal["folder", "person", "frames", "name", "same_stem", "augmented"]
Confidence = Literal["high", "medium", "low"]

_FEWEST_SAMPLES = 6
_FOLDERS, _FEW_FOLDERS = 5, 3
"""Folders that may be persons: of any kind, and where each has few of the classes."""
_PERSON = "patient|subject|person|people|student|user|case|subj|pat|sub|participant|identity|drawer|writer|speaker"
_FRAMES = "video|clip|scene|sequence|seq|vid|movie|take|recording"
_CHANGE_WORDS = (
    "[hv]?flip(?:ped)?|flop|mirror(?:ed)?|rot(?:ate|ated|ation)?|aug(?:mented|mentation)?|copy|blur(?:red)?|nois[ey]|"
    "bright(?:er|ness)?|dark(?:er)?|contrast|crop(?:ped)?|resized"
)
_CHANGE = re.compile(rf"[-_. ]*((?:{_CHANGE_WORDS})[-_]?\d*|\(\d+\))$", re.IGNORECASE)
_AUGMENTED = re.compile(r"(?:^|[-_ .])augment", re.IGNORECASE)
_SHARD = re.compile(r"(?:part|shard|batch|chunk|fold|set|dir|archive|volume)[-_ ]?\d+", re.IGNORECASE)
_WHAT: dict[HintKind, str] = {
    "folder": "each folder looks like one person or object",
    "person": "names contain the number of a person or case",
    "frames": "names look like frames of videos",
    "name": "names start alike, as several images of one thing do",
    "same_stem": "the same name occurs in several classes, as with two versions of one photo",
    "augmented": "names look like edited copies of other images",
}


@dataclass(frozen=True)
class GroupHint:
    """Images that may belong together.

    Args:
        kind: What was seen.
        pattern: Regular expression with one (), the group, as the option `group` takes it; "" if names do not show it.
        n_groups: Groups of two or more images it makes.
        examples: A few ids of one group.
        confidence: "high" where chance can hardly explain it, "low" where another reason is as likely.
        fix: What to do.
    """

    kind: HintKind
    pattern: str
    n_groups: int
    examples: tuple[str, ...]
    confidence: Confidence
    fix: str

    @property
    def what(self) -> str:
        """What was seen, without what to do."""
        count = f" ({count_of(self.n_groups, 'group')})" if self.n_groups else ""
        return f"You named no group, but {_WHAT[self.kind]}{count}: {', '.join(self.examples)}."

    def __str__(self) -> str:
        return f"{self.what} {self.fix}"


def hint_groups(samples: Samples) -> list[GroupHint]:
    """Hints that a group was forgotten, the surest first; none if groups are named.

    Images of one person, patient or video on both sides of a split let a model recognise instead of generalise. Names
    often tell. Plain numbers, random names and folders per class give no hint.

    Args:
        samples: The samples; labels keep a class folder from being taken for a group.

    Example:
        >>> from pathlib import Path
        >>> from podium.tables import as_text_array
        >>> ids = as_text_array([f"patient{i // 3}_{i % 3:03d}.jpg" for i in range(30)])
        >>> [(hint.kind, hint.n_groups, hint.pattern) for hint in hint_groups(Samples(Path("."), ids, ids))]
        [('person', 10, '(?i)(?<![a-z])((?:patient)[-_ ]?\\\\d+)[^/]*$')]
    """
    if samples.has_groups or len(samples) < _FEWEST_SAMPLES:
        return []
    names = _Names(samples)
    augmented = names.hint_augmented()
    same_stem = names.hint_same_stem()
    by_name = names.hint_person() or names.hint_frames()
    if by_name is None and not (augmented and augmented.pattern):
        by_name = names.hint_beginning()
    found = [hint for hint in (names.hint_folder(), by_name, same_stem, augmented) if hint is not None]
    return sorted(found, key=lambda hint: ("high", "medium", "low").index(hint.confidence))


class _Names:
    """Ids of samples, cut apart once."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.ids = [str(name) for name in samples.ids]
        self.folders = [name.rpartition("/")[0] for name in self.ids]
        self.stems = [re.sub(EXTENSION, "", name.rpartition("/")[2]) for name in self.ids]
        self.label = _labels(samples)

    def hint_folder(self) -> GroupHint | None:
        """One folder a person, with or without a class folder above or below it."""
        if self.samples.task is None:
            return None
        levels = {pattern: cut(pattern, self.ids) for pattern in (r"([^/]+)/[^/]+$", r"([^/]+)/[^/]+/[^/]+$")}
        # Folders that tell the class are classes in classes, unless one level is the class and the other none.
        has_classes = self._follows_label(self.folders)
        if has_classes and not any(keys is not None and self._is_label(keys) for keys in levels.values()):
            return None
        for pattern, keys in levels.items():
            if keys is None or all(_SHARD.fullmatch(key) for key in set(keys)):
                continue
            is_few = self.label is not None and shows_few_classes(keys, self.label)
            hint = self._judge("folder", pattern, keys, fewest_groups=_FEW_FOLDERS if is_few else _FOLDERS)
            if hint is not None and (is_few or not has_classes):
                return hint
        return None

    def hint_person(self) -> GroupHint | None:
        """The word patient, or one like it, and a number."""
        return self._hint_word("person", _PERSON)

    def hint_frames(self) -> GroupHint | None:
        """The word clip, or one like it, and a number; or frame numbers after any name."""
        clips = self._hint_word("frames", _FRAMES)
        pattern = rf"(?i)([^/]*?)[-_ ]?(?:frame|frm)[-_ ]?\d+[^/]*{EXTENSION}"
        keys = None if clips else cut(pattern, self.ids)
        return clips if keys is None else self._judge("frames", pattern, keys, fewest_groups=1)

    def _hint_word(self, kind: HintKind, alternatives: str) -> GroupHint | None:
        words = words_in(alternatives, self.ids)
        pattern = rf"(?i)(?<![a-z])((?:{words})[-_ ]?\d+)[^/]*$"
        keys = cut(pattern, self.ids) if words else None
        return None if keys is None else self._judge(kind, pattern, keys)

    def hint_beginning(self) -> GroupHint | None:
        """Names in one folder that differ in their last part or two only."""
        patterns = [
            rf"([^/]*?)(?:[-_. ][^-_. /]*)?{EXTENSION}",
            rf"([^/]*?)(?:[-_. ][^-_. /]*){{0,2}}{EXTENSION}",
            rf"([^/]*?\d[^/]*?[^\d/])\d+{EXTENSION}",
        ]
        for pattern in patterns:
            keys = cut(pattern, self.ids)
            in_folder = [f"{folder}/{key}" for folder, key in zip(self.folders, keys or (), strict=False)]
            is_folder = len(set(in_folder)) == len(set(self.folders))
            if keys is None or is_folder or self._judge("name", pattern, in_folder) is None:
                continue
            if restarts_in_folders(self.folders, keys):
                return self._judge("name", f"^((?:.*/)?{pattern[1:]}", in_folder)
            hint = self._judge("name", pattern, keys)
            if hint is not None:
                return hint
        return None

    def hint_same_stem(self) -> GroupHint | None:
        """Names that come again in another class: equal ones, or equal but for the name of the class."""
        if self.label is None or self.samples.task is None or len(set(self.label)) < 2:
            return None
        pattern = rf"([^/]+){EXTENSION}"
        n_shared, hint = self._count_across_classes(pattern)
        if hint is not None and not is_counted(n_shared):
            return hint
        classes = self.samples.task.main_target.classes
        words = [_spell(name) for name in sorted(classes, key=len, reverse=True) if re.search(r"[^\W\d_]", name)]
        pattern = rf"(?i)([^/]*?)(?:[-_. ]+(?:{'|'.join(words)}))?{EXTENSION}"
        if not words or not self._is_marked_in_some_classes(pattern):
            return None
        return self._count_across_classes(pattern)[1]

    def _is_marked_in_some_classes(self, pattern: str) -> bool:
        # Files numbered anew in each class carry the mark in every class or in none; versions carry it in some.
        keys = cut(pattern, self.ids) or self.stems
        label = self.label or []
        marked = {number for number, key, stem in zip(label, keys, self.stems, strict=True) if key != stem}
        return bool(marked) and marked != set(label)

    def _count_across_classes(self, pattern: str) -> tuple[set[str], GroupHint | None]:
        """Keys that occur in several classes, and the hint if a fifth of the images has such a key."""
        keys = cut(pattern, self.ids)
        classes_of: dict[str, set[int]] = defaultdict(set)
        for key, number in zip(keys or (), self.label or (), strict=False):
            classes_of[key].add(number)
        in_several = {key for key, found in classes_of.items() if len(found) > 1}
        if keys is None or sum(key in in_several for key in keys) < len(self.ids) / 5:
            return in_several, None
        return in_several, self._make("same_stem", pattern, keys, in_several, "medium")

    def hint_augmented(self) -> GroupHint | None:
        """Altered copies beside their originals, or files that say they are copies."""
        few = max(3, len(self.ids) // 200)
        known = set(zip(self.folders, self.stems, strict=True))
        originals: set[str] = set()
        changes: set[str] = set()
        n_copies = 0
        for folder, stem in zip(self.folders, self.stems, strict=True):
            hit = _CHANGE.search(stem)
            if hit is not None and (folder, stem[: hit.start()]) in known:
                n_copies += 1
                originals.add(stem[: hit.start()])
                changes.add(re.sub(r"\d+", r"\\d*", re.escape(hit[1].lower())))
        if n_copies >= few:
            pattern = rf"(?i)([^/]*?)(?:[-_. ]*(?:{'|'.join(sorted(changes))}))*{EXTENSION}"
            keys = cut(pattern, self.ids)
            return None if keys is None else self._make("augmented", pattern, keys, originals, "high")
        named = [name for name, stem in zip(self.ids, self.stems, strict=True) if _AUGMENTED.search(stem)]
        if len(named) < few:
            return None
        fix = "The names do not show the originals: compare the images, and put near-duplicates into one group."
        return GroupHint("augmented", "", 0, tuple(named[:3]), "medium", fix)

    def _is_label(self, keys: Sequence[str]) -> bool:
        return self.label is not None and is_label(keys, self.label)

    def _follows_label(self, keys: Sequence[str]) -> bool:
        return self.label is not None and follows_label(keys, self.label)

    def _judge(self, kind: HintKind, pattern: str, keys: Sequence[str], *, fewest_groups: int = 3) -> GroupHint | None:
        """The hint that these keys give, or None if they do not look like groups."""
        shared = count_shared(keys)
        is_fine = len(self.ids) < 1.5 * len(set(keys))
        if len(shared) < fewest_groups or is_fine or sum(shared.values()) < len(self.ids) / 2:
            return None
        if fewest_groups > 1 and max(shared.values()) > len(self.ids) / 2:
            return None
        # The number of a person is not the name of a class, even where each person has one class.
        is_class = self._is_label(keys) if kind == "person" else self._follows_label(keys)
        if kind != "frames" and is_class:
            return None
        confidence: Confidence = "high" if kind in ("person", "frames") or is_numbered(shared) else "medium"
        return self._make(kind, pattern, keys, set(shared), "low" if is_dated(shared) else confidence)

    def _make(
        self, kind: HintKind, pattern: str, keys: Sequence[str], groups: set[str], confidence: Confidence
    ) -> GroupHint:
        shared = count_shared([key for key in keys if key in groups])
        shown = next(iter(shared))
        examples = tuple(name for name, key in zip(self.ids, keys, strict=True) if key == shown)[:3]
        fix = f"If so, keep them on one side of every split: {options(group=pattern)}."
        return GroupHint(kind, pattern, len(shared), examples, confidence, fix)


def _labels(samples: Samples) -> list[int] | None:
    """Class of each sample by the main target; None without a target of one class a sample."""
    if samples.task is None or samples.task.main_target.is_multi:
        return None
    labels: list[int] = samples.target_labels(samples.task.main_target.name).tolist()
    return labels


def _spell(class_name: str) -> str:
    """A class name as an expression that does not mind how its words are joined."""
    return r"[-_. ]?".join(re.escape(word) for word in re.split(r"[-_. ]+", class_name) if word)
