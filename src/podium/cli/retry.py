"""The command that goes through: the one that was given, with the options that an error asks for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from podium.cli.spelling import flag_words

__all__ = ["retry_command"]


def retry_command(arguments: Sequence[str], retry: Mapping[str, object]) -> str:
    """The command line with these options set, ready to copy.

    Args:
        arguments: Command and options as they were given, without the word podium.
        retry: Options by their names in Python; False removes a switch.

    Example:
        >>> retry_command(["train", "my photos", "--folds", "5", "--json"], {"folds": 3, "max_bad_fraction": 0.02})
        "podium train 'my photos' --json --folds 3 --max-bad-fraction 0.02"
        >>> retry_command(["train", "photos", "--strict"], {"strict": False})
        'podium train photos'
    """
    words = list(arguments)
    added: list[str] = []
    for name, value in retry.items():
        flag, *values = flag_words(name, True if value is False else value)
        words = _without(words, flag)
        if value is not False:
            added += [flag, *values]
    return " ".join(["podium", *map(shlex.quote, words), *added])


def _without(words: Sequence[str], flag: str) -> list[str]:
    """The words without an option and its values."""
    kept, is_inside = [], False
    for word in words:
        if word.startswith("-") and not _is_number(word):
            is_inside = word == flag
            if is_inside or word.startswith(f"{flag}="):
                continue
        elif is_inside:
            continue
        kept.append(word)
    return kept


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
