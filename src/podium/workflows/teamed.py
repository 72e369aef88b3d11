"""A training by several processes that torchrun started: one leads, the others help it step by step."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

from podium.errors import Explained, UsageError
from podium.machine import Settings
from podium.machine.place_in_team import PlaceInTeam, place_in_team
from podium.stopping import listen_for_stop
from podium.store import RunFolder
from podium.workflows.run import Run

if TYPE_CHECKING:
    from podium.recipe import Recipe

__all__ = ["check_team", "teamed"]

P = ParamSpec("P")


def teamed(verb: Callable[P, Run]) -> Callable[P, Run]:
    """The same verb, which several processes may call at once when torchrun started them: they train together.

    Args:
        verb: Takes `settings` by name, and gives a run. The leader carries it out, and all get the same run.
    """

    @wraps(verb)
    def together(*args: P.args, **kwargs: P.kwargs) -> Run:
        place = place_in_team()
        if place is None:
            return verb(*args, **kwargs)
        given = kwargs.get("settings")
        settings = own_settings(place, given if isinstance(given, Settings) else Settings())
        kwargs["settings"] = settings
        return _join(place, settings, lambda: verb(*args, **kwargs))

    return together


def check_team(recipe: Recipe, *, minutes: float | None = None) -> None:
    """Raise where torchrun started this process for something that several cannot train together.

    Args:
        recipe: What is to be trained, "auto" allowed.
        minutes: Minutes in which it is to end, if it is.

    Raises:
        UsageError: If the minutes are given, or the recipe is none for several processes.
    """
    place = place_in_team()
    if place is None:
        return
    if minutes is not None:
        raise UsageError(
            "the plan measures the steps of one process, and torchrun started several.",
            field="minutes",
            fix="Give training.epochs, or leave torchrun out.",
        )
    from podium.recipe.team_limits import refuse_in_team

    refuse_in_team(recipe, place.size)


def own_settings(place: PlaceInTeam, settings: Settings) -> Settings:
    """The settings of one process of a team: a GPU of its own, and its share of the machine's cores.

    Raises:
        UsageError: If each was to start processes of its own.
    """
    if settings.processes > 1 or settings.slurm or settings.ray:
        raise UsageError(
            f"torchrun has started {place.size} processes that train together, and each was to start others.",
            field="slurm" if settings.slurm else "ray" if settings.ray else "processes",
            fix="Leave it out, or leave torchrun out.",
        )
    from podium.machine.device import choose_device

    device, threads = settings.device, settings.threads or max(1, settings.n_threads // place.local_size)
    if device in ("auto", "cuda") and choose_device("auto").type == "cuda":
        device = f"cuda:{place.local_rank}"
    return replace(settings, device=device, threads=threads)


def _join(place: PlaceInTeam, settings: Settings, lead: Callable[[], Run]) -> Run:
    from podium.crossval.follow_leader import follow_leader
    from podium.engine.team import joined_team
    from podium.machine.device import choose_device

    with joined_team(place, choose_device(settings.device)) as team:
        if not team.leads:
            with listen_for_stop() as stop:
                try:
                    return Run(RunFolder(follow_leader(team, settings, stop)), settings)
                except BaseException:
                    stop.is_honoured = True
                    raise
        try:
            run = lead()
        except BaseException as problem:
            with suppress(Exception):
                team.tell({"ended": problem.exit_code if isinstance(problem, Explained) else 1})
            raise
        team.tell({"done": str(run.folder.path.resolve())})
        return run
