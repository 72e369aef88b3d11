"""The command that goes through: the one that was given, with the options that an error asks for."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from podium.cli.commands import list_arguments
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
        >>> retry_command(["train", "--strict", "photos"], {"strict": False})
        'podium train photos'
    """
    words = list(arguments)
    options = list(takewhile(lambda word: word != "--", words))
    places = words[len(options) :]  # behind a bare -- no word is an option
    added: list[str] = []
    for name, value in retry.items():
        flag, *values = flag_words(name, True if value is False else value)
        options = list(_without(options, flag))
        if value is not False:
            added += [flag, *values]
    return " ".join(["podium", *map(shlex.quote, options), *added, *map(shlex.quote, places)])


def _without(words: Sequence[str], flag: str) -> Iterator[str]:
    """The words without an option and its values."""
    most, n_left = _most_values(words[0], flag), 0.0
    for word in words:
        if word.startswith("-") and not _is_number(word):
            name, equals, _ = word.partition("=")
            is_it = name.replace("_", "-") == flag  # the parser takes both
            n_left = most if is_it and not equals else 0
            if is_it:
                continue
        elif n_left:
            n_left -= 1
            continue
        yield word


def _most_values(command: str, flag: str) -> float:
    """How many words behind an option can be its values; any other names the data."""
    found = next((argument for argument in list_arguments(command) if flag in argument.names), None)
    if found is None:
        return 0
    n_words, takes_all = found.token_count()
    return float("inf") if takes_all else n_words


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
