"""One trial: its recipe trained fold by fold, and left where it cannot win or the time is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from podium.callbacks import Callback, Callbacks, EpochInfo, StepInfo, TrainingInfo
from podium.crossval.ask_for_folds import ask_for_folds
from podium.crossval.gather import gather
from podium.dataset import FoldOptions
from podium.dataset.prepared import Prepared
from podium.decisions import judged_answers
from podium.machine import Progress, Settings
from podium.machine.tuning import restored_torch
from podium.metrics import metric as find_metric
from podium.metrics import score
from podium.recipe import Recipe
from podium.stopping import listen_for_stop
from podium.store import RunFolder, load_tables, read_pool
from podium.tables import concat_predictions, load_predictions

__all__ = ["FOLD_STEPS", "OutOfTime", "TrialLeft", "Watch", "score_so_far", "try_recipe"]

FOLD_STEPS = 1000
"""Steps of a fold, as Optuna counts them: shares of its epochs, in thousandths."""
_LATE = 0.5
"""Share of the epochs before which a curve says too little."""


class TrialLeft(BaseException):
    """A trial that cannot win. No error, so that nothing swallows it."""


class OutOfTime(BaseException):
    """The minutes are over. What was trained stays, and a search that is given more goes on with it."""


@dataclass
class Watch(Callback):
    """Ends a training whose time is over, and shows its epochs to whoever decides whether it goes on.

    Args:
        seconds_left: Gives the seconds until the time is over.
        target: The main target.
        on_score: Called with a step and a score, of the first fold's later epochs; may raise TrialLeft.
        first_fold: The fold whose epochs are shown; None shows none.
    """

    seconds_left: Callable[[], float]
    target: str
    on_score: Callable[[int, float], None]
    first_fold: int | None = None

    def on_step(self, training: TrainingInfo, step: StepInfo) -> None:
        """End a training whose time is over."""
        self.check_time()

    def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
        """Show a later epoch of the first fold."""
        share = (epoch.epoch + 1) / training.n_epochs
        if training.fold == self.first_fold and _LATE <= share < 1 and self.target in epoch.scores:
            self.on_score(round(FOLD_STEPS * share), epoch.scores[self.target])

    def check_time(self) -> None:
        """Raise OutOfTime where no second is left."""
        if self.seconds_left() <= 0:
            raise OutOfTime


def try_recipe(
    run: RunFolder,
    prepared: Prepared,
    recipe: Recipe,
    settings: Settings,
    progress: Progress,
    watch: Watch,
    on_fold: Callable[[int, float], None],
) -> None:
    """Train what is missing of a run, fold by fold, and score it.

    Args:
        run: The run, which need not exist.
        prepared: What it is trained on.
        recipe: Its recipe.
        settings: Machine and places; `runs` is the folder of the search.
        progress: Receives progress; notes are left out.
        watch: Follows every step.
        on_fold: Called with the number of folds that are done and the score so far; may raise TrialLeft.

    Raises:
        PodiumError: If the recipe and the data do not go together.
        Stopped: If a signal asked for it.
        TrialLeft, OutOfTime: What the callbacks raised.
    """
    from podium.crossval.start_run import start_run
    from podium.crossval.train_fold import FoldTrainer

    own = replace(settings, processes=1)
    with restored_torch(), listen_for_stop() as stop:
        if not run.run_file.is_file():
            watch.check_time()
            start_run(prepared, recipe, FoldOptions(), own, progress, name=run.name)
        samples, folds = ask_for_folds(run, [], own, progress, stop)
        trainer = FoldTrainer(run, samples, folds, own, progress, stop, Callbacks([watch]))
        every = run.read()["folds"]
        for n_done, fold in enumerate(every, start=1):
            if not run.is_fold_done(fold):
                watch.check_time()
                trainer.train(fold)
            if n_done < len(every):
                on_fold(n_done, score_so_far(run, every[:n_done], recipe.metric))
    gather(run, progress=progress, again=False, settings=own)


def score_so_far(run: RunFolder, folds: Sequence[int], metric: str | None) -> float:
    """The main score of the folds that are done, as it is on all of them."""
    from podium.metrics import default_metric

    oof = concat_predictions([load_predictions(run.predictions_file("oof", fold)) for fold in folds])
    samples = load_tables(run)[0]
    answers, units = judged_answers(oof, samples.take(samples.rows_of(oof.ids)), read_pool(run))
    head = answers.task.main_target
    found = find_metric(metric or default_metric(head))
    units = units.take(units.rows_of(answers.ids))
    return float(score(found, answers.probs[head.name], units.target_labels(head.name), head))
