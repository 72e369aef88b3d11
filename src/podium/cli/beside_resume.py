"""What a command is given beside --resume, which takes almost everything from the folder that it goes on with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from cyclopts import Parameter

from podium.cli.spelling import flag_of
from podium.errors import UsageError

__all__ = ["refuse_beside_resume"]


def refuse_beside_resume(verb: Callable[..., int], given: Mapping[str, Any], *, takes: Collection[str]) -> None:
    """Raise if more was given than a resume takes, so that no option is ignored.

    Args:
        verb: The command's function.
        given: All its arguments by name.
        takes: Arguments that a resume looks at.

    Raises:
        UsageError: Names every other option that is not as it is by default.
    """
    hints, parameters = get_type_hints(verb, include_extras=True), inspect.signature(verb).parameters
    more = [
        word
        for name, parameter in parameters.items()
        if name not in takes
        for word in _changed(name, given[name], parameter.default, hints[name])
    ]
    if more:
        raise UsageError(
            "--resume takes data, folds and everything else from the folder that it goes on with.",
            fix=f"Leave out {' and '.join(more)}.",
        )


def _changed(name: str, value: Any, default: Any, hint: Any) -> Iterator[str]:
    """The flags of an argument that are not as they are by default."""
    if value == default:
        return
    if is_dataclass(value):
        hints = get_type_hints(type(value), include_extras=True)
        for field in fields(value):
            yield from _changed(field.name, getattr(value, field.name), getattr(default, field.name), hints[field.name])
    elif name == "data":
        yield "the data"
    else:
        yield (_negative_of(hint) if value is False else None) or flag_of(name)


def _negative_of(hint: Any) -> str | None:
    """The flag that turns an option off."""
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    names = [name for extra in extras if isinstance(extra, Parameter) for name in extra.negative or ()]
    return names[0] if names else None
