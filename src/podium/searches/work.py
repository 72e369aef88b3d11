"""One process at work on a search: the next trial, and the next, until trials or minutes are used up."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from podium.dataset.prepared import Prepared, load_prepared
from podium.errors import DivergedError, RecipeError, UsageError
from podium.listing import part_of
from podium.machine import Progress, Settings
from podium.metric_words import metric_words
from podium.recipe import Recipe
from podium.searches.ask import START, Asked, Searching, enqueue_starts
from podium.searches.clock import Clock
from podium.searches.folder import SearchFolder
from podium.searches.journal import open_journal
from podium.searches.quiet import Stages
from podium.searches.try_recipe import FOLD_STEPS, OutOfTime, TrialLeft, Watch, score_so_far, try_recipe
from podium.stopping import StopRequest
from podium.store import RunFolder

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["Worker", "is_complete", "is_own", "median_seconds", "open_search", "seconds_for_the_end"]

_LOOK_AGAIN_S = 0.5
MOST_REPEATS = 20
"""Trials in a row that are impossible or were tried before, after which the space counts as used up."""
_SHARE_FOR_THE_END = {True: 0.4, False: 0.1}
"""Of the minutes, for what comes after the trials, as long as no trial was timed: with a proxy and without."""
_MOST_FOR_THE_END = 0.6


def open_search(folder: SearchFolder) -> Searching:
    """The trials of a search whose record and data are written."""
    record, prepared = folder.read(), load_prepared(folder.data_folder)
    assert prepared.samples.task is not None, "the data of a search have labels"
    with folder.alone("asking"):
        searching = Searching(folder, record, open_journal(folder, record), prepared.samples.task)
        enqueue_starts(searching)
    return searching


def is_own(trial: FrozenTrial) -> bool:
    """Whether a trial trains something: it is not impossible, and not an earlier one again."""
    return not {"impossible", "same_as"} & set(trial.user_attrs)


def is_complete(trial: FrozenTrial) -> bool:
    """Whether a trial has a score of all folds. Optuna gives one that was left its last score so far as its value."""
    from optuna.trial import TrialState

    return trial.state == TrialState.COMPLETE


def median_seconds(trials: Sequence[FrozenTrial]) -> float:
    """Seconds that a trial takes; nan where none was timed."""
    seconds = [trial.user_attrs["seconds"] for trial in trials if "seconds" in trial.user_attrs and is_own(trial)]
    return statistics.median(seconds) if seconds else math.nan


def seconds_for_the_end(searching: Searching, n_ratio: float) -> float:
    """Seconds to keep for what comes after the trials: finalists on all images, and the untouched groups.

    Args:
        searching: The search.
        n_ratio: How many times as many images as a trial's the finalists are trained on; 1 where they are trials.
    """
    record = searching.record
    total = math.inf if record.minutes is None else 60 * record.minutes
    is_proxied = record.proxy is not None
    done = [trial for trial in searching.trials if is_complete(trial) and "seconds" in trial.user_attrs]
    if math.isinf(total):
        return 0.0
    if not done:
        return _SHARE_FOR_THE_END[is_proxied] * total
    sign = 1 if record.greater_is_better else -1
    best = max(done, key=lambda trial: sign * (trial.value or 0.0))
    pair = done[0].user_attrs["seconds"] + best.user_attrs["seconds"]
    needed = 5 + (1.2 * n_ratio * pair if is_proxied else 0.3 * pair)
    return float(min(needed, _MOST_FOR_THE_END * total))


@dataclass
class Worker:
    """Works on a search until there is nothing left to do.

    Args:
        searching: The search.
        prepared: What trials are trained on.
        settings: Machine and places.
        progress: Receives a note for each trial.
        clock: The minutes.
        n_ratio: See `seconds_for_the_end`.
        stop: Asked between trials.
    """

    searching: Searching
    prepared: Prepared
    settings: Settings
    progress: Progress
    clock: Clock
    n_ratio: float
    stop: StopRequest

    def work(self) -> None:
        """Try recipes until trials, minutes or the space are used up, and other processes are done with theirs.

        Raises:
            PodiumError: If the first start cannot be trained, for then none can be judged.
            Stopped: If a signal asked for it.
        """
        while True:
            self.stop.check()
            with self.searching.folder.alone("asking"):
                asked = self._next()
            if asked is not None:
                with asked.held:
                    self._try(asked)
                self.clock.keep()
            elif self._others_work():
                time.sleep(_LOOK_AGAIN_S)
            else:
                return

    @property
    def seconds_left(self) -> float:
        """Seconds for trials."""
        return self.clock.seconds_left - seconds_for_the_end(self.searching, self.n_ratio)

    def _next(self) -> Asked | None:
        trials = self.searching.trials
        if self.seconds_left <= 0:
            return None
        if (left := self.searching.take_left()) is not None:
            return left
        most = self.searching.record.trials
        if most is not None and sum(map(is_own, trials)) - self._n_waiting(trials) >= most:
            return None
        expected = median_seconds(trials)
        if self.seconds_left < 0.5 * expected or self._is_used_up(trials):
            return None
        return self.searching.ask()

    @staticmethod
    def _n_waiting(trials: Sequence[FrozenTrial]) -> int:
        from optuna.trial import TrialState

        return sum(trial.state == TrialState.WAITING for trial in trials)

    @staticmethod
    def _is_used_up(trials: Sequence[FrozenTrial]) -> bool:
        return len(trials) >= MOST_REPEATS and not any(map(is_own, trials[-MOST_REPEATS:]))

    def _others_work(self) -> bool:
        from optuna.trial import TrialState

        running = [trial.number for trial in self.searching.trials if trial.state == TrialState.RUNNING]
        return any(map(self.searching.is_worked_at, running))

    def _try(self, asked: Asked) -> None:
        number = asked.trial.number
        if asked.recipe is None:
            self._leave(asked, impossible=asked.problem)
            return
        same = self._same(asked.recipe, number)
        if same is not None:
            asked.trial.set_user_attr("same_as", same.number)
            self.searching.study.tell(asked.trial, same.value if is_complete(same) else None, same.state)
            return
        run, started = self.searching.folder.trial(number), time.monotonic()
        self.progress.note(f"Trial {number}, {describe_choices(asked.trial.user_attrs[START], asked.trial.params)}.")
        try:
            value = self._train(asked, run)
        except TrialLeft as left:
            self._tell_time(asked, started)
            self._leave(asked, left=str(left))
        except OutOfTime:
            self._tell_time(asked, started)  # it stays as it is: with more minutes it is gone on with
            self._tell_short_time(number)
        except (RecipeError, UsageError, DivergedError) as problem:
            if number == 0:
                raise
            self._leave(asked, **{"left" if isinstance(problem, DivergedError) else "impossible": problem.what})
        else:
            self._tell_time(asked, started)
            self.searching.study.tell(asked.trial, value)
            self.progress.note(f"Trial {number}: {metric_words(self.searching.record.metric)} {value:.4f}.")

    def _train(self, asked: Asked, run: RunFolder) -> float:
        recipe = asked.recipe
        assert recipe is not None, "impossible trials are not trained"
        own = replace(self.settings, runs=self.searching.folder.path, cache=self.settings.cache_folder, looks=False)
        n_folds, by_folds = self.searching.record.n_folds, self.searching.record.prune == "wilcoxon"
        folds = list(range(n_folds))

        def on_fold(n_done: int, value: float) -> None:
            if by_folds:
                value = score_so_far(run, folds[n_done - 1 : n_done], recipe.metric)
            self._report(asked, n_done if by_folds else FOLD_STEPS * n_done, value, f"after fold {n_done} of {n_folds}")

        def on_epoch(step: int, value: float) -> None:
            self._report(asked, step, value, f"at {step / FOLD_STEPS:.0%} of fold 1 of {n_folds}")

        first = folds[0] if self.searching.record.prune == "median" else None
        target = self.searching.task.main_target.name
        deadline = self.clock.seconds + self.seconds_left
        watch = Watch(lambda: deadline - self.clock.seconds, target, on_epoch, first)
        try_recipe(run, self.prepared, recipe, own, Stages(self.progress), watch, on_fold)
        return score_so_far(run, run.read()["folds"], recipe.metric)

    def _report(self, asked: Asked, step: int, value: float, when: str) -> None:
        if math.isnan(value):
            return
        frozen = self.searching.trials[asked.trial.number]
        if step not in frozen.intermediate_values:
            asked.trial.report(value, step)
        if "as_it_is" not in frozen.user_attrs and asked.trial.should_prune():
            raise TrialLeft(when)

    def _same(self, recipe: Recipe, number: int) -> FrozenTrial | None:
        """An earlier trial of the same recipe that is told."""
        for trial in self.searching.trials[:number]:
            kept = trial.user_attrs.get("recipe")
            if kept is not None and trial.state.is_finished() and not _read(kept).differences(recipe):
                return trial
        return None

    def _leave(self, asked: Asked, **why: str) -> None:
        from optuna.trial import TrialState

        for key, words in why.items():
            asked.trial.set_user_attr(key, words)
        self.searching.study.tell(asked.trial, state=TrialState.PRUNED)

    def _tell_time(self, asked: Asked, started: float) -> None:
        before = asked.trial.user_attrs.get("seconds", 0.0)
        asked.trial.set_user_attr("seconds", round(before + time.monotonic() - started, 2))

    def _tell_short_time(self, number: int) -> None:
        n_folds = self.searching.record.n_folds
        self.progress.note(f"Trial {number} has {part_of(self._n_done(number), n_folds, 'fold')}; time is over.")

    def _n_done(self, number: int) -> int:
        run = self.searching.folder.trial(number)
        return record_folds(run, self.searching.record.n_folds)


def record_folds(run: RunFolder, n_folds: int) -> int:
    """Folds of a run that are done."""
    return sum(run.is_fold_done(fold) for fold in range(n_folds)) if run.run_file.is_file() else 0


def describe_choices(start: str, choices: dict[str, Any], most: int = 6) -> str:
    """What a trial tries, in a line."""
    words = [f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in choices.items()]
    words = [word for word in words if not word.startswith(f"{START}=")]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return f"{start}: {', '.join(words[:most])}{more}"


def _read(text: str) -> Recipe:
    import json

    from podium.recipe import parse_recipe

    return parse_recipe(json.loads(text))
