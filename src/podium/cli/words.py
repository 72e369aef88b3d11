"""Options that are words such as "mask=worn,none": read as the mappings that the library takes."""

from __future__ import annotations

from collections.abc import Sequence

from podium.errors import UsageError

__all__ = ["read_assignments", "read_numbers", "read_pairs"]


def read_assignments(option: str, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Words "name=a,b,c" as a mapping.

    Raises:
        UsageError: If a word has no "=" or no values.

    Example:
        >>> read_assignments("--classes", ["mask=worn,wrong,none"])
        {'mask': ('worn', 'wrong', 'none')}
    """
    found = {}
    for word in words:
        name, _, values = word.partition("=")
        parts = tuple(part.strip() for part in values.split(","))
        if not name or not all(parts):
            raise UsageError(f"cannot read {option} {word!r}.", fix=f"Write {option} name=first,second.")
        found[name] = parts
    return found


def read_numbers(option: str, words: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Words "name=1,2.5" as a mapping; whole numbers stay whole.

    Raises:
        UsageError: If a word has no "=", or a value is not a number.

    Example:
        >>> read_numbers("--bins", ["age=30,60.5"])
        {'age': (30, 60.5)}
    """
    return {
        name: tuple(_number(option, text) for text in values)
        for name, values in read_assignments(option, words).items()
    }


def read_pairs(
    option: str, words: Sequence[str], example: str, *, at_last: bool = False, may_lack_name: bool = False
) -> dict[str, str]:
    """Words "name=value" as a mapping.

    Args:
        option: The option, for the error.
        words: The words.
        example: A word as it should be, for the error.
        at_last: Whether the last "=" of a word divides it, not the first.
        may_lack_name: Whether "=value" is allowed, for the name "".

    Raises:
        UsageError: If a word has no "=", or nothing on one side of it.

    Example:
        >>> read_pairs("--answer-columns", ["p_cat=label=cat"], "p_cat=label=cat")
        {'p_cat': 'label=cat'}
        >>> read_pairs("--class-numbers", ["label=cat=1"], "cat=1", at_last=True)
        {'label=cat': '1'}
    """
    found = {}
    for word in words:
        name, _, value = word.rpartition("=") if at_last else word.partition("=")
        if not (name or (may_lack_name and word.startswith("="))) or not value:
            raise UsageError(f"cannot read {option} {word!r}.", fix=f"Write {option} {example}.")
        found[name] = value
    return found


def _number(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{text!r} in {option} is not a number.") from None
    return int(value) if value.is_integer() else value
