"""Finish a run: the out-of-fold table of all its folds, the scores, the epochs and the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from podium import durable
from podium.crossval.judge_soup import judge_nearest, judge_soup
from podium.crossval.offer_tuning import offer_tuning
from podium.crossval.scored_run import ScoredRun
from podium.decisions import score_answers
from podium.errors import TableChangedError
from podium.machine import Progress, Settings, Silent, say_while_waiting
from podium.recipe import load_recipe
from podium.stopping import StopRequest
from podium.store import (
    RunFolder,
    digest_results,
    find_stale,
    load_tables,
    read_arithmetic,
    read_pool,
    sources_of_scores,
    weights_of,
    write_results,
)
from podium.tables import Predictions, Samples, concat_predictions, load_predictions, save_predictions

__all__ = ["gather"]


def gather(
    run: RunFolder,
    *,
    samples: Samples | None = None,
    progress: Progress | None = None,
    stop: StopRequest | None = None,
    again: bool = True,
    settings: Settings | None = None,
) -> bool:
    """Score a run and write its report, once every fold that it was asked for is done.

    Any process may call it at any time: one gathers, others wait for it.

    Args:
        run: The run folder.
        samples: Its samples; None reads them.
        progress: Receives a note of who is waited for.
        stop: Ends the wait.
        again: Whether a run that is scored already is scored again.
        settings: Machine and places, for a look at features; None has the run's folder and the defaults.

    Returns:
        Whether the run is finished; where it is not, a fold is missing and nothing was written.

    Raises:
        CorruptFileError: If a table of the run is not the one it was started with.
        StorageError: If a file cannot be read or written.
    """
    from podium.report import (  # its templates are nothing that a training needs in its memory
        make_report,
        write_model_card,
    )

    said, stop = progress or Silent(), stop or StopRequest()
    waiting = say_while_waiting("the process that scores the run", said, stop)
    with durable.wait_for_lock(run.path, while_waiting=waiting):
        durable.sweep_leftovers(run.path, deep=True)
        if run.folds_left():
            return False
        if not again and run.is_finished and run.report_file.is_file():
            return True
        if not run.is_finished:
            durable.remove_file(run.report_file)  # with both files there a run counts as gathered
        folds = run.read()["folds"]
        _see_anew(run, folds)
        oof = concat_predictions([_load_fold(run, fold) for fold in folds])
        save_predictions(oof, run.oof_file, weights=weights_of(run, folds))
        write_results(run)
        kept, divided = load_tables(run)
        samples = samples or kept
        metric = load_recipe(run.recipe_file).metric
        scores = score_answers(oof, samples, read_pool(run), metric=metric, by_fold=True)
        settings = settings or Settings(runs=run.path.parent)
        # They import torch, which a process that starts others does without.
        from podium.crossval.expect_submission import expect_submission
        from podium.crossval.look_for_look_alikes import look_for_look_alikes

        scored = ScoredRun(run, samples, divided, oof, scores, settings, said, stop)
        if settings.looks:
            scores = replace(scores, look_alikes=look_for_look_alikes(scored))
            scores = replace(scores, expected=expect_submission(replace(scored, scores=scores)))
        soup, nearest = judge_soup(run, oof, samples, scores), judge_nearest(run, oof, samples, scores)
        about = {
            **({} if soup is None else {"soup": soup}),
            **({} if nearest is None else {"nearest": nearest}),
            "tuning": offer_tuning(run, oof, samples, scores) if settings.looks else [],
            "computed_with": read_arithmetic(run),
            "made_from": sources_of_scores(run),
            "results_sha256": digest_results(run.results_file),
        }
        durable.write_sealed(run.scores_file, scores.to_dict() | about)
        write_model_card(run)
        make_report(run)
        stale = find_stale(run)
    for item in stale:
        said.note(str(item))
    return True


def _see_anew(run: RunFolder, folds: Sequence[int]) -> None:
    """On a network drive this process may still take models of others for absent."""
    for folder in filter(Path.is_dir, (run.path / f"fold-{fold}" for fold in folds)):
        durable.see_anew(folder)
        for training in filter(Path.is_dir, sorted(folder.iterdir())):
            durable.see_anew(training)


def _load_fold(run: RunFolder, fold: int) -> Predictions:
    """A fold's out-of-fold predictions, made by the weights that are there.

    Raises:
        TableChangedError: If other weights made them.
    """
    path = run.predictions_file("oof", fold)
    predictions = load_predictions(path)
    made_by = predictions.origins[0].weights
    if made_by and made_by != weights_of(run, [fold]):
        fix = f"Remove {path} and resume the run: the fold is predicted again by its weights."
        raise TableChangedError("other weights made these predictions than are here now.", where=path, fix=fix)
    return predictions
