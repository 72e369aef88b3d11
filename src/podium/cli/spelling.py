"""Texts of the library, which name options as Python does, in the command line's spelling.

The library writes `labels='train.csv', group='patient'` between backticks (see `podium.advice`); a shell user reads
--labels train.csv --group patient. What is not an option or a call that a command makes stays as it is.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from cyclopts import Parameter

from podium.cli import COMMANDS
from podium.cli.commands import load_verb

_RUNS = Path("runs")
"""Where every command looks for runs."""

__all__ = ["flag_of", "flag_words", "next_command", "option_flags", "respell", "respell_record"]

_QUOTED = re.compile(r"`([^`\n]+)`")
_PLACES = ("data", "run", "template")
"""Options that are given by their place, and so are spelt like `podium predict RUN SOURCE`."""


@cache
def option_flags() -> dict[str, str]:
    """Every option of every command: its name in Python -> its flag.

    Example:
        >>> option_flags()["label_columns"]
        '--label-columns'
    """
    found: dict[str, str] = {}
    for command in COMMANDS:
        for name, flag in _flags_of(load_verb(command)):
            known = found.setdefault(name, flag)
            assert known == flag, f"{name} is both {known} and {flag}"
    return found | {name: name.upper() for name in _PLACES}


def _flags_of(holder: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    """Name and flag of every argument of a verb, or of every field of a class of flags."""
    hints = get_type_hints(holder, include_extras=True)
    names = (
        [item.name for item in fields(holder)] if is_dataclass(holder) else [name for name in hints if name != "return"]
    )
    for name in names:
        if is_dataclass(hints[name]):
            yield from _flags_of(hints[name])
        else:
            yield name, _given_name(hints[name]) or "--" + name.replace("_", "-")


def _given_name(hint: Any) -> str | None:
    """The name that an annotation sets, if it does."""
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    names = [name for extra in extras if isinstance(extra, Parameter) for name in extra.name or ()]
    return names[0] if names else None


def flag_of(name: str) -> str:
    """The flag of an option, or the name itself where no command has it."""
    return option_flags().get(name, name)


def respell(text: str, *, runs: Path = _RUNS) -> str:
    """A text with the options and calls between backticks as a shell takes them; runs are in the folder `runs`.

    Example:
        >>> respell("Name it with `labels='my train.csv', label_columns=['age', 'sex'], strict=True`.")
        "Name it with --labels 'my train.csv' --label-columns age sex --strict."
        >>> respell("Continue with `podium.resume('mine')`, or see `nothing`.")
        'Continue with podium train --resume mine, or see `nothing`.'
        >>> respell("Continue with `podium.resume('mine')`.", runs=Path("other"))
        'Continue with podium train --resume mine --runs other.'
    """
    return _QUOTED.sub(lambda found: _respell_code(found[1], runs) or found[0], text) if "`" in text else text


_TEXTS = ("advice", "remedy", "notes", "warnings", "hints", "option", "words", "problems", "state")
"""Keys of JSON documents whose texts are for people to read."""


def respell_record(record: Any) -> Any:
    """The same for the texts of a JSON-ready record that are for people to read."""
    if isinstance(record, dict):
        return {key: _respell_all(value) if key in _TEXTS else respell_record(value) for key, value in record.items()}
    return [respell_record(item) for item in record] if isinstance(record, list) else record


def _respell_all(value: Any) -> Any:
    if isinstance(value, list):
        return [_respell_all(item) for item in value]
    return respell(value) if isinstance(value, str) else value


def _respell_code(code: str, runs: Path) -> str | None:
    """Python's spelling in the shell's; None if this is something else."""
    if code.isidentifier():
        return option_flags().get(code)
    try:
        parsed = ast.parse(code if code.startswith("podium.") else f"options({code})", mode="eval").body
        words = _respell_call(parsed, runs) if isinstance(parsed, ast.Call) else None
    except (SyntaxError, ValueError, KeyError):
        return None
    return None if words is None else " ".join(words)


def _respell_call(node: ast.Call, runs: Path) -> list[str]:
    """The words of a call such as podium.train("photos", folds=3), or of bare options.

    Raises:
        ValueError: If a value is not plain, or no command makes this call.
        KeyError: If there is no such option.
    """
    head = _respell_function(node.func)
    places = [_word(ast.literal_eval(argument)) for argument in node.args]
    options = [word for keyword in node.keywords for word in _option_words(keyword)]
    is_of_a_run = ast.unparse(node.func).startswith(("podium.resume", "podium.load_run"))
    return [*head, *places, *options, *(_runs_words(runs) if is_of_a_run else [])]


_OF_METHODS = {"audit_tta": "tta"}
"""Commands whose method has another name."""


def _respell_function(function: ast.expr) -> list[str]:
    name = ast.unparse(function)
    if name == "options":
        return []
    if name == "podium.resume":
        return ["podium", "train", "--resume"]
    if name == "podium.resume_study":
        return ["podium", "study", "--resume"]
    if name == "podium.resume_auto":
        return ["podium", "auto", "--resume"]
    if name == "podium.resume_search":
        return ["podium", "search", "--resume"]
    if name.removeprefix("podium.") in COMMANDS:
        return ["podium", name.removeprefix("podium.")]
    # podium.load_run('mine').predict: a command on a run
    command = _OF_METHODS.get(function.attr, function.attr) if isinstance(function, ast.Attribute) else ""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call) and command in COMMANDS:
        run = function.value
        if ast.unparse(run.func) == "podium.load_run" and len(run.args) == 1:
            return ["podium", command, _word(ast.literal_eval(run.args[0]))]
    raise ValueError(f"no command makes the call {name}")


def _option_words(keyword: ast.keyword) -> list[str]:
    assert keyword.arg is not None
    return flag_words(keyword.arg, ast.literal_eval(keyword.value))


def flag_words(name: str, value: Any) -> list[str]:
    """An option with its value as the words of a shell line.

    Raises:
        KeyError: If there is no such option.

    Example:
        >>> flag_words("classes", {"mask": ["worn", "none"]})
        ['--classes', 'mask=worn,none']
    """
    flag = option_flags()[name]
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag.removeprefix('--')}"]
    if isinstance(value, dict):
        return [flag, *(_word(f"{key}={_joined(item)}") for key, item in value.items())]
    return [flag, *map(_word, value if isinstance(value, list) else [value])]


def next_command(*words: str, runs: Path) -> str:
    """A command to copy, for runs in this folder.

    Example:
        >>> next_command("predict", "mine", "FOLDER_OF_TEST_IMAGES", runs=Path("my runs"))
        "podium predict mine FOLDER_OF_TEST_IMAGES --runs 'my runs'"
    """
    return " ".join(["podium", *map(_word, words), *_runs_words(runs)])


def _runs_words(runs: Path) -> list[str]:
    return [] if runs == _RUNS else ["--runs", _word(runs)]


def _joined(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


def _word(value: Any) -> str:
    """A value as one word of a shell line; `...` stays what it is."""
    if value is Ellipsis:
        return "..."
    text = shlex.quote(str(value))
    return f"'{text}'" if text.startswith("=") else text  # which zsh would take for a command
