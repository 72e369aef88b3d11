"""The next trial of a search: one that a dead process left, or a new one, with the recipe that it tries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from podium import durable
from podium.errors import LockedError
from podium.recipe import Recipe, parse_recipe
from podium.searches.dimension import Dimension
from podium.searches.folder import SearchFolder, SearchRecord
from podium.searches.journal import seed_sampler
from podium.searches.propose import propose
from podium.tables import Task

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial

__all__ = ["START", "Asked", "Searching", "enqueue_starts"]

START = "start"
"""The choice of the recipe that a trial starts from."""


@dataclass
class Asked:
    """A trial to work at.

    Args:
        trial: Optuna's trial.
        recipe: What it tries; None where its choices are impossible together.
        problem: Why they are.
        held: Its claim, to let go of when it is told.
    """

    trial: Trial
    recipe: Recipe | None
    problem: str
    held: ExitStack


@dataclass
class Searching:
    """A search that is open.

    Args:
        folder: Where it is.
        record: What is searched.
        study: Its trials.
        task: What is to be learnt.
    """

    folder: SearchFolder
    record: SearchRecord
    study: Study
    task: Task

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials so far."""
        return self.study.get_trials(deepcopy=False)

    def take_left(self) -> Asked | None:
        """A trial whose process ended before it was told; None where there is none."""
        from optuna.trial import Trial, TrialState

        for frozen in self.trials:
            if frozen.state == TrialState.RUNNING and (held := self._claim(frozen.number)) is not None:
                return self._propose(Trial(self.study, frozen._trial_id), held)
        return None

    def ask(self) -> Asked:
        """A new trial. Ask while no other process does."""
        trial = self.study.ask()
        held = self._claim(trial.number)
        assert held is not None, "nobody else knows of this trial"
        return self._propose(trial, held)

    def is_worked_at(self, number: int) -> bool:
        """Whether a process is at this trial now."""
        held = self._claim(number)
        if held is None:
            return True
        held.close()
        return False

    def _claim(self, number: int) -> ExitStack | None:
        held = ExitStack()
        try:
            held.enter_context(durable.hold_lock(self.folder.claim(number)))
        except LockedError:
            return None
        return held

    def _propose(self, trial: Trial, held: ExitStack) -> Asked:
        kept = trial.user_attrs.get("recipe")
        if kept is not None:
            return Asked(trial, parse_recipe(json.loads(kept)), "", held)
        starts = self.record.recipes
        self._seed(trial, 0)
        start = trial.suggest_categorical(START, tuple(starts)) if len(starts) > 1 else self.record.reference
        places = {dimension.key: place for place, dimension in enumerate(self.record.space, start=1)}
        is_start = bool(trial.user_attrs.get("as_it_is"))

        def suggest(dimension: Dimension, own: Any) -> Any:
            if is_start and dimension.choice_of(own) is None:
                return own
            self._seed(trial, places[dimension.key])
            return dimension.suggest(trial)

        made = propose(starts[start], self.record.space, self.task, suggest)
        trial.set_user_attr(START, start)
        if made.problem:
            return Asked(trial, None, made.problem, held)
        trial.set_user_attr("recipe", json.dumps(made.recipe.model_dump(mode="json")))
        return Asked(trial, made.recipe, "", held)

    def _seed(self, trial: Trial, place: int) -> None:
        seed_sampler(self.study, self.record.seed, trial.number, place)


def enqueue_starts(searching: Searching) -> None:
    """Let every start be tried as it is, in order, before anything else; once."""
    starts = searching.record.recipes
    for name, recipe in list(starts.items())[len(searching.trials) :]:
        choices = _own_choices(recipe, searching.record.space, searching.task)
        fixed: Mapping[str, Any] = choices if len(starts) == 1 else {START: name, **choices}
        searching.study.enqueue_trial(dict(fixed), user_attrs={"as_it_is": name}, skip_if_exists=False)


def _own_choices(recipe: Recipe, space: Sequence[Dimension], task: Task) -> dict[str, Any]:
    made = propose(recipe, space, task, lambda _dimension, own: own)
    return {key: choice for key, choice in made.choices.items() if choice is not None}
