"""How a text names an option or a call: in Python's spelling, between backticks.

The library knows Python only. Its errors and notes say `labels='train.csv'`, and a Python user reads them as they are;
the command line finds the backticks, parses what stands between them and writes the flags of a command instead
(`podium.cli.spelling`). The names must be arguments or fields of the public functions and options; a test says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

__all__ = ["call", "option", "options"]


def option(name: str) -> str:
    """One option by its name, for a text that only mentions it.

    Example:
        >>> f"The table can be named with {option('labels')}."
        'The table can be named with `labels`.'
    """
    return f"`{name}`"


def options(**values: object) -> str:
    r"""Options with values, ready to copy. A list may end in `...`, which stands for what is left out.

    Example:
        >>> options(labels=PurePath("train.csv"), label_columns=("age", "sex"))
        "`labels='train.csv', label_columns=['age', 'sex']`"
        >>> options(group=r"(\d+)_")
        "`group=r'(\\d+)_'`"
        >>> options(classes={"mask": ("worn", "none")}, strict=True)
        "`classes={'mask': ['worn', 'none']}, strict=True`"
    """
    return f"`{_arguments(values)}`"


def call(function: str, *places: object, **values: object) -> str:
    """A call, ready to copy.

    Example:
        >>> call("podium.resume", "mine")
        "`podium.resume('mine')`"
        >>> call("podium.load_run('mine').predict", "data/test", tta=["hflip"])
        "`podium.load_run('mine').predict('data/test', tta=['hflip'])`"
    """
    inside = ", ".join(filter(None, (*map(_literal, places), _arguments(values))))
    return f"`{function}({inside})`"


def _arguments(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={_literal(value)}" for name, value in values.items())


def _literal(value: object) -> str:
    """The value as Python writes it; a backtick is escaped, for it would end the text's code."""
    if value is Ellipsis:
        return "..."
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_literal, value)) + "]"
    text = str(value) if isinstance(value, PurePath) else value
    if (
        isinstance(text, str)
        and "\\" in text
        and text.isprintable()
        and not text.endswith("\\")
        and not set("'`") & set(text)
    ):
        return f"r'{text}'"  # as regular expressions are written
    return repr(text).replace("`", "\\x60")
