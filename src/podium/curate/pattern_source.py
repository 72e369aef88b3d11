"""Labels written in the paths themselves, described by a pattern such as `{id}_{gender}_{race}_{age:int}/{mask}*`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podium.advice import options as advise
from podium.curate.files import ImageFiles
from podium.curate.lost_classes import count_endings, is_picture
from podium.curate.options import ScanOptions
from podium.curate.rows import Rows
from podium.errors import SourceError, UnknownNameError, UsageError
from podium.listing import agree, count_of, list_some, part_of

__all__ = ["PathPattern", "read_pattern"]

_TYPES = {
    "str": r"[^/]+?",
    "int": r"[+-]?[0-9]+",
    "float": r"[+-]?[0-9]+(?:\.[0-9]+)?",
    "word": r"[^\W_]+",
}
# Words joined by underscores, as long as they go: mask1 gives mask, incorrect_mask gives incorrect_mask.
_NAME_RUN = r"[^\W\d_]+(?:_+[^\W\d_]+)*(?!_*[^\W\d_])"
_TOKEN = re.compile(
    r"\{(?P<field>[^{}:]*)(?::(?P<type>[^{}]*))?\}(?P<run>\*(?!\*))?|(?P<any>\*)|(?P<text>[^{}*]+)|(?P<bad>.)"
)
_ENDING = re.compile(r"\.[A-Za-z]{2,5}$")


@dataclass(frozen=True)
class PathPattern:
    """A description of paths.

    `{name}` takes any text but "/", as little as fits; `{name:int}`, `{name:float}` and `{name:word}` (letters and
    digits) take only that; `*` stands for anything but "/". A field right before `*` takes the longest run of letters
    and underscores. The pattern describes the end of the path, and the file's ending may be left out.

    Example:
        >>> pattern = PathPattern.parse("{id}_{gender}_{age:int}/{mask}*")
        >>> pattern.read("images/000001_male_45/incorrect_mask.jpg")
        {'id': '000001', 'gender': 'male', 'age': '45', 'mask': 'incorrect_mask'}
    """

    text: str
    fields: tuple[str, ...]
    regex: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> PathPattern:
        """The pattern that the text describes.

        Raises:
            UsageError: If a bracket is open, a field has no name, occurs twice or has an unknown type.
        """
        fields: list[str] = []
        parts = []
        for token in _TOKEN.finditer(text.strip("/")):
            if token["bad"]:
                raise UsageError(f"pattern {text!r} has a single {token['bad']!r}.", fix="Write fields as {name}.")
            if token["field"] is not None:
                parts.append(_field_regex(token, len(fields), text))
                fields.append(token["field"].strip())
            else:
                parts.append("[^/]*" if token["any"] else re.escape(token["text"]))
        again = sorted({name for name in fields if fields.count(name) > 1})
        if not fields or again or "" in fields:
            wrong = f"names {again} twice" if again else "has no named field"
            raise UsageError(f"pattern {text!r} {wrong}.", fix="Try '{person}/{mask}*'.")
        ending = "" if _ENDING.search(text) else r"(?:\.[^./]*)?"
        return cls(text, tuple(fields), re.compile(r"(?:.*/)?" + "".join(parts) + ending, re.IGNORECASE | re.DOTALL))

    def read(self, name: str) -> dict[str, str] | None:
        """The fields of a path, or None if it does not match."""
        found = self.regex.fullmatch(name)
        return None if found is None else dict(zip(self.fields, found.groups(), strict=True))


def _field_regex(token: re.Match[str], number: int, text: str) -> str:
    kind = (token["type"] or "str").strip()
    if kind not in _TYPES:
        raise UnknownNameError("field type", kind, _TYPES, where=f"pattern {text!r}")
    if token["run"] and token["type"] is None:
        return f"({_NAME_RUN})[^/]*"
    return f"({_TYPES[kind]})" + ("[^/]*" if token["run"] else "")


def read_pattern(files: ImageFiles, options: ScanOptions) -> Rows:
    """One row an image, with the fields of its path as cells.

    Raises:
        SourceError: If files do not match the pattern, unless `allow_unmatched`; lists the first ten.
    """
    pattern = PathPattern.parse(options.pattern or "")
    fields = [pattern.read(name) for name in files.ids]
    kept = [i for i, found in enumerate(fields) if found is not None]
    unmatched = tuple(files.ids[i] for i, found in enumerate(fields) if found is None)
    if unmatched and (not kept or not options.allow_unmatched):
        raise SourceError(
            f"{part_of(len(unmatched), len(files), 'image', 'does', 'do')} not match pattern {pattern.text!r}.",
            where=files.root,
            fix=f"Correct the pattern, or leave these images out with {advise(allow_unmatched=True)}.",
            retry={"allow_unmatched": True} if kept else None,
            details=unmatched,
        )
    notes = list(files.notes)
    if unmatched:
        first = list_some(unmatched, most=3)
        notes.append(
            f"{count_of(len(unmatched), 'image does', 'images do')} not match the pattern and"
            f" {agree(len(unmatched), 'was', 'were')} left out: {first}."
        )
    ids = [files.ids[i] for i in kept]
    return Rows(
        root=files.root,
        paths=[files.paths[i] for i in kept],
        ids=ids,
        columns={name: [(fields[i] or {})[name] for i in kept] for name in pattern.fields},
        places=ids,
        origin="pattern",
        notes=tuple(notes),
        unlisted=unmatched,
        lost=_find_lost(files, pattern, fields),
    )


def _find_lost(
    files: ImageFiles, pattern: PathPattern, fields: Sequence[Mapping[str, str] | None]
) -> dict[str, dict[str, str]]:
    """Per field, values that only pictures of formats have that are not read."""
    pictures = {name: found for name in filter(is_picture, files.others) if (found := pattern.read(name)) is not None}
    lost: dict[str, dict[str, str]] = {}
    for field in pattern.fields if pictures else ():
        kept = {found[field] for found in fields if found is not None}
        by_value: dict[str, list[str]] = {}
        for name, found in pictures.items():
            by_value.setdefault(found[field], []).append(name)
        lost[field] = {value: count_endings(names) for value, names in by_value.items() if value not in kept}
    return lost
