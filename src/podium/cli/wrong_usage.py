"""What the parser refused, as an error that suggests what was most likely meant."""

from __future__ import annotations

import re
from typing import Literal, get_args, get_origin

from cyclopts import CoercionError, CycloptsError, UnknownOptionError, UnusedCliTokensError

from podium.cli.commands import list_arguments
from podium.errors import PodiumError, UnknownNameError, UsageError
from podium.listing import list_some
from podium.near_names import find_synonym, find_synonyms, nearest_name

__all__ = ["explain"]


def explain(problem: CycloptsError, command: str) -> PodiumError:
    """The parser's complaint as Podium's.

    Args:
        problem: What cyclopts raised.
        command: The command it was parsing.
    """
    help_line = f"podium {command} --help lists the options."
    if isinstance(problem, UnknownOptionError):
        given = (problem.token.keyword or problem.token.value).partition("=")[0]
        return _explain_unknown(given, command, help_line)
    if isinstance(problem, CoercionError) and problem.token is not None:
        choices = _choices(problem.target_type)
        field = problem.argument.field_info.name if problem.argument is not None else None
        if choices:
            return UnknownNameError("value", problem.token.value, choices, field=field)
    if isinstance(problem, UnusedCliTokensError):
        words = list_some([repr(word) for word in problem.unused_tokens or ()])
        hint = "Compare two runs with --diff. " if command == "runs" else ""
        return UsageError(f"podium {command} does not know what to do with {words}.", fix=hint + help_line)
    problem.verbose = False
    words = " ".join(str(problem).split())
    if meant := re.search(r"Did you mean (\S+) instead of (\S+)\?", words):  # a required option by another name
        what = f"podium {command} has no option {meant[2]}, and needs {meant[1]}."
        return UsageError(what, fix=f"Did you mean {meant[1]}? {help_line}")
    return UsageError(words, fix=help_line)


def _explain_unknown(given: str, command: str, help_line: str) -> UsageError:
    """An unknown option, with the option, or the recipe key, that it most likely means."""
    flags = {name.lstrip("-").replace("-", "_"): name for item in list_arguments(command) for name in item.names}
    near = nearest_name(given.lstrip("-").replace("-", "_"), flags)
    key = _recipe_key(given) if command == "train" and near is None else None
    if near is not None:
        meant = find_synonyms(given, flags) or [near]
        fix = f"Did you mean {' or '.join(flags[name] for name in meant)}? {help_line}"
    elif key is not None:
        fix = f"Did you mean --set {key}=VALUE? {help_line}"
    else:
        fix = help_line
    return UsageError(f"podium {command} has no option {given}.", fix=fix)


def _recipe_key(given: str) -> str | None:
    from podium.recipe import recipe_keys

    return find_synonym(given, recipe_keys())


def _choices(kind: object) -> tuple[str, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()
