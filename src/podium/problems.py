"""All that stops a piece of work, found in one go and reported as one error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from podium.advice import option, options
from podium.errors import DataError, PodiumError, UsageError
from podium.listing import count_of

__all__ = ["Problems", "join_errors"]


class Problems:
    """Errors that are kept until every check was made, so that a user meets them together.

    Example:
        >>> problems = Problems()
        >>> for name in ("labels", "group"):
        ...     with problems.kept():
        ...         raise UsageError(f"there is no column {name!r}.")
        >>> problems.raise_all()
        Traceback (most recent call last):
        podium.errors.UsageError: 2 problems: (1) there is no column 'labels'. (2) there is no column 'group'.
    """

    def __init__(self) -> None:
        self._errors: list[PodiumError] = []

    def __bool__(self) -> bool:
        return bool(self._errors)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """A check whose usage or data error waits for the others; any other error goes on at once."""
        try:
            yield
        except (UsageError, DataError) as error:
            self._errors.append(error)

    def raise_all(self) -> None:
        """Raise what was kept, if there was anything.

        Raises:
            UsageError: If one of several errors is one.
            DataError: If several errors are all about the data.
            PodiumError: The error itself, if it is the only one.
        """
        if self._errors:
            raise join_errors(self._errors)


def join_errors(errors: list[PodiumError]) -> PodiumError:
    """One error that lists these, with the options that settle all of them; a single one stays as it is."""
    if len(errors) == 1:
        return errors[0]
    kind = type(errors[0])
    if any(type(error) is not kind for error in errors):
        kind = UsageError if any(isinstance(error, UsageError) for error in errors) else DataError
    retry = {name: value for error in errors for name, value in error.retry.items()}
    can_go_on = all(error.retry for error in errors)
    joined = kind.__new__(kind)  # some classes make their message from other arguments
    PodiumError.__init__(
        joined,
        f"{count_of(len(errors), 'problem')}: " + " ".join(f"({n}) {error}" for n, error in enumerate(errors, 1)),
        fix=_how_to_go_on(retry) if can_go_on else None,
        details=[f"({number}) {line}" for number, error in enumerate(errors, 1) for line in error.details],
        retry=retry if can_go_on else None,
    )
    return joined


def _how_to_go_on(retry: Mapping[str, object]) -> str:
    """The options in words; a switch that must be off is left out, for no command has a way to say it."""
    given = {name: value for name, value in retry.items() if value is not False}
    steps = [f"set {options(**given)}"] * bool(given)
    steps += [f"leave out {option(name)}" for name in retry if name not in given]
    return f"To go on in spite of them, {' and '.join(steps)}."
