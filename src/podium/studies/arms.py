"""The arms of a study: which recipe keys are changed to what, one factor at a time or all against all."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from podium.errors import UsageError
from podium.listing import count_of
from podium.near_names import nearest_name
from podium.studies.questions import QUESTIONS

__all__ = ["MOST_ARMS", "StudyArm", "ask", "plan_arms", "read_arms", "read_vary"]

MOST_ARMS = 200
Change = Mapping[str, Any]


@dataclass(frozen=True)
class StudyArm:
    """One way to train.

    Args:
        name: What it is called: "base", or what it changes.
        changes: Recipe keys and their values; empty for the base.
    """

    name: str
    changes: Change

    @property
    def folder(self) -> str:
        """A name that every file system takes."""
        kept = "".join(letter if letter.isalnum() or letter in "_=" else "-" for letter in self.name)
        return "-".join(filter(None, kept.split("-")))[:60]


def plan_arms(
    vary: Mapping[str, Sequence[Any]], changes: Sequence[Change] = (), *, grid: bool = False
) -> list[StudyArm]:
    """The base, and an arm for every other way.

    Args:
        vary: Per recipe key, the values to try.
        changes: Ways that change several keys at once.
        grid: Try every combination of the values of `vary`, and not one key at a time.

    Raises:
        UsageError: If there is nothing to try, or more than 200 arms.

    Example:
        >>> [arm.name for arm in plan_arms({"a": [1, 2], "b": [3]})]
        ['base', 'a=1', 'a=2', 'b=3']
        >>> [arm.name for arm in plan_arms({"a": [1, 2], "b": [3]}, grid=True)]
        ['base', 'a=1, b=3', 'a=2, b=3']
    """
    empty = [key for key, values in vary.items() if not values]
    if empty:
        raise UsageError(f"{empty[0]!r} has no value to try.", field="vary", fix="Write KEY=FIRST,SECOND.")
    if any(not change for change in changes):
        raise UsageError("an arm changes nothing.", field="arm", fix="Write 'KEY=VALUE OTHER=VALUE'.")
    found = [*changes, *(_combine(vary) if grid else _one_by_one(vary))]
    if not found:
        raise UsageError(
            "there is nothing to try.", field="vary", fix="Name a recipe key and values: KEY=FIRST,SECOND."
        )
    if len(found) > MOST_ARMS:
        raise UsageError(
            f"these are {count_of(len(found), 'arm')}; at most {MOST_ARMS} can be told apart.", field="vary"
        )
    arms = {"base": StudyArm("base", {})}
    for change in found:
        arm = StudyArm(", ".join(f"{key}={_show(value)}" for key, value in change.items()), change)
        arms.setdefault(arm.name, arm)
    return list(arms.values())


def _one_by_one(vary: Mapping[str, Sequence[Any]]) -> Iterator[Change]:
    for key, values in vary.items():
        yield from ({key: value} for value in values)


def _combine(vary: Mapping[str, Sequence[Any]]) -> Iterator[Change]:
    if vary:
        for values in itertools.product(*vary.values()):
            yield dict(zip(vary, values, strict=True))


def _show(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def ask(question: str) -> tuple[Change, ...]:
    """The ways that answer a ready question.

    Raises:
        UsageError: If there is no such question; suggests the nearest one.
    """
    if question not in QUESTIONS:
        near = nearest_name(question, QUESTIONS)
        fix = f"Did you mean {near!r}?" if near else f"There are {', '.join(QUESTIONS)}."
        raise UsageError(f"there is no question {question!r}.", field="question", fix=fix)
    return QUESTIONS[question]


def read_vary(words: Sequence[str]) -> dict[str, list[Any]]:
    """Words "key=a,b,c" as keys and values, which are read as YAML.

    A comma inside brackets divides nothing.

    Raises:
        UsageError: If a word has no "=", or a value cannot be read.

    Example:
        >>> read_vary(["optimizer.lr=1e-3,0.01", "image.size_px=[96,128],128"])
        {'optimizer.lr': [0.001, 0.01], 'image.size_px': [[96, 128], 128]}
    """
    found: dict[str, list[Any]] = {}
    for word in words:
        key, divider, text = word.partition("=")
        if not key or not divider:
            raise UsageError(f"cannot read {word!r}.", field="vary", fix="Write KEY=FIRST,SECOND.")
        found.setdefault(key, []).extend(_read_value(part, word) for part in _divide(text))
    return found


def read_arms(words: Sequence[str]) -> list[dict[str, Any]]:
    """Words "key=a other=b" as arms that change several keys at once; values are read as YAML.

    Raises:
        UsageError: If a part has no "=", a key comes twice, or a value cannot be read.

    Example:
        >>> read_arms(["image.size_px=224 optimizer.lr=1e-3", "image.size_px=[96, 128] image.fit=pad"])
        [{'image.size_px': 224, 'optimizer.lr': 0.001}, {'image.size_px': [96, 128], 'image.fit': 'pad'}]
    """
    found = []
    for word in words:
        changes: dict[str, Any] = {}
        for part in re.split(r"\s+(?=[\w.*]+=)", word.strip()):
            key, divider, text = part.partition("=")
            if not key or not divider or key in changes:
                raise UsageError(f"cannot read {word!r}.", field="arm", fix="Write 'KEY=VALUE OTHER=VALUE'.")
            changes[key] = _read_value(text, word, field="arm", fix="Write 'KEY=VALUE OTHER=VALUE'.")
        found.append(changes)
    return found


def _read_value(text: str, word: str, *, field: str = "vary", fix: str = "Write KEY=FIRST,SECOND.") -> Any:
    try:
        value = yaml.safe_load(text)
        return float(value) if isinstance(value, str) and _is_number(value) else value
    except yaml.YAMLError:
        raise UsageError(f"cannot read {text!r} in {word!r}.", field=field, fix=fix) from None


def _is_number(text: str) -> bool:
    """YAML takes 1e-3 for a text."""
    try:
        float(text)
    except ValueError:
        return False
    return text[0].isdigit() or text[0] in "+-."


def _divide(text: str) -> list[str]:
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]
