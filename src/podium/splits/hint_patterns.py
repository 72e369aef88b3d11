"""Expressions that cut a group out of an id, and how likely what they cut are groups."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

__all__ = [
    "EXTENSION",
    "count_shared",
    "cut",
    "follows_label",
    "is_counted",
    "is_dated",
    "is_label",
    "is_numbered",
    "restarts_in_folders",
    "shows_few_classes",
    "words_in",
]

EXTENSION = r"\.[^./]+$"
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d[-_.]?(?:0\d|1[0-2])[-_.]?[0-3]\d(?!\d)")


def cut(pattern: str, ids: Iterable[str]) -> list[str] | None:
    """What the one bracket of the expression holds in each id; None if an id does not fit.

    Example:
        >>> cut(r"([^/]+)/[^/]+$", ["ann/1.jpg", "bob/1.jpg"])
        ['ann', 'bob']
    """
    regex, keys = re.compile(pattern), []
    for name in ids:
        hit = regex.search(name)
        if hit is None:
            return None
        keys.append(hit[1])
    return keys


def count_shared(keys: Sequence[str]) -> dict[str, int]:
    """Size of every key that occurs twice or more and is not empty."""
    return {key: size for key, size in Counter(keys).items() if size > 1 and key}


def words_in(alternatives: str, ids: Iterable[str]) -> str:
    """The alternatives that occur in the ids, as a shorter expression; "" if none does.

    Example:
        >>> words_in("person|patient", ["Patient_3.jpg", "patient_4.jpg"])
        'patient'
    """
    regex = re.compile(rf"(?i)(?<![a-z])({alternatives})(?=[-_ ]?\d)")
    return "|".join(sorted({hit.lower() for name in ids for hit in regex.findall(name)}))


def _classes_of(keys: Sequence[str], label: Sequence[int]) -> dict[str, set[int]]:
    classes_of: dict[str, set[int]] = defaultdict(set)
    for key, number in zip(keys, label, strict=True):
        classes_of[key].add(number)
    return classes_of


def is_label(keys: Sequence[str], label: Sequence[int]) -> bool:
    """Whether keys are the classes under other names, one for one.

    Example:
        >>> is_label(["a", "a", "b"], [0, 0, 1]), is_label(["a", "c", "b"], [0, 0, 1])
        (True, False)
    """
    return len(set(zip(keys, label, strict=True))) == len(set(keys)) == len(set(label))


def shows_few_classes(keys: Sequence[str], label: Sequence[int]) -> bool:
    """Whether keys have half of the classes or fewer on average, and most classes occur under several keys.

    So persons do who show some of the classes each. Splits, sites and versions of all images have nearly all classes;
    a wider class has its classes for itself.

    Example:
        >>> shows_few_classes(["ann", "ann", "bob", "bob", "eve", "eve"], [0, 1, 1, 2, 0, 3])
        True
        >>> shows_few_classes(["cat", "cat", "dog", "dog"], [0, 1, 2, 3])
        False
    """
    pairs = set(zip(keys, label, strict=True))
    n_keys_of = Counter(number for _, number in pairs)
    is_few = len(pairs) <= len(set(keys)) * len(n_keys_of) / 2
    return is_few and sum(n > 1 for n in n_keys_of.values()) >= len(n_keys_of) / 2


def follows_label(keys: Sequence[str], label: Sequence[int]) -> bool:
    """Whether keys are the classes, or finer names of them: each key has one class and there are few keys."""
    classes_of = _classes_of(keys, label)
    is_pure = all(len(classes) == 1 for classes in classes_of.values())
    return is_pure and len(classes_of) < 3 * len(set(label))


def is_numbered(keys: Iterable[str]) -> bool:
    """Whether only numbers tell most keys apart, as in patient1, patient2: made by a machine, hardly by chance."""
    found = set(keys)
    templates = {re.sub(r"\d+", "#", key) for key in found}
    return all("#" in name for name in templates) and len(templates) <= max(1, len(found) // 4)


def is_counted(keys: Iterable[str]) -> bool:
    """Whether keys are counted without large gaps, as 1.jpg, 2.jpg, 3.jpg are: then equal numbers mean nothing.

    Example:
        >>> is_counted(["img1", "img2", "img3"]), is_counted(["img5628", "img4092", "img1118"])
        (True, False)
    """
    numbers: dict[str, set[int]] = defaultdict(set)
    for key in keys:
        digits = re.findall(r"\d+", key)
        numbers[re.sub(r"\d+", "#", key)].add(int(digits[-1]) if digits else 0)
    n_names = sum(len(found) for found in numbers.values())
    n_places = sum(max(found) - min(found) + 1 for found in numbers.values())
    return len(numbers) <= max(3, n_names // 10) and n_names > 0.3 * n_places


def restarts_in_folders(folders: Sequence[str], keys: Sequence[str]) -> bool:
    """Whether keys are counted from 0 or 1 in every folder, and not equally far: then equal ones are different things.

    Persons who are in every folder have the same numbers in each.

    Example:
        >>> restarts_in_folders(["a", "a", "b", "b", "b"], ["00", "01", "00", "01", "02"])
        True
        >>> restarts_in_folders(["a", "a", "b", "b"], ["00", "01", "00", "01"])
        False
    """
    counted: dict[str, set[int]] = defaultdict(set)
    for folder, key in zip(folders, keys, strict=True):
        digits = re.findall(r"\d+", key)
        if not digits:
            return False
        counted[folder].add(int(digits[-1]))
    from_start = all(min(found) <= 1 and max(found) - min(found) + 1 == len(found) for found in counted.values())
    return from_start and len({max(found) for found in counted.values()}) > 1


def is_dated(keys: Iterable[str]) -> bool:
    """Whether keys hold a date."""
    return all(_DATE.search(key) for key in keys)
