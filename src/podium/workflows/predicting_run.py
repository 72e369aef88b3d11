"""What a run's models are asked: other images, labelled images, images worth a label, one more training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

from podium.arguments import strict_arguments
from podium.callbacks import Callback, Callbacks
from podium.dataset import Source, read_source
from podium.errors import UsageError
from podium.machine import Caution, Progress, default_progress
from podium.machine.tuning import restored_torch
from podium.metrics import Scores
from podium.store import check_scores, refuse_ensemble
from podium.tables import Predictions, Samples
from podium.texttable import Frame, as_table
from podium.workflows.finished_run import FinishedRun
from podium.workflows.prediction_options import prediction_options, refuse_beside_images, table_in, views_of

if TYPE_CHECKING:
    from podium.curate import Scan, ScanOptions
    from podium.data import GivenImage
    from podium.suspects import NextImage
    from podium.training.predictor import Models, Predictor

__all__ = ["PredictingRun"]


class PredictingRun(FinishedRun):
    """A run that predicts; see `podium.workflows.Run`."""

    @strict_arguments()
    def predict(
        self,
        data: Source | GivenImage | Sequence[GivenImage],
        *,
        rows: str | Path | Frame | None = None,
        image_column: str | None = None,
        delimiter: str | None = None,
        encoding: str | None = None,
        header: bool = True,
        follow_links: bool = False,
        group: str | None = None,
        answer_per: str | None = None,
        regions: str | Path | Frame | None = None,
        name: str = "test",
        tta: str | Sequence[str] | None = None,
        models: Models = "folds",
        progress: Progress | None = None,
    ) -> Predictions:
        """Predictions for other images: the mean over the finished folds' models, or those of the model on all images.

        Args:
            data: A folder of images, a table whose rows name images beside it, or samples. Or images themselves: the
                path of one, a Pillow image, an RGB array uint8 (H, W, 3), several arrays (N, H, W, 3), or a list of
                any of these; for many calls, `predictor` keeps the models in memory.
            rows: Table (a file or a DataFrame) whose rows name the images of the folder to predict; None predicts all.
            image_column: Column of the table that names the image.
            delimiter: Character between two cells of the table; found when None.
            encoding: Encoding of the table; found when None.
            header: Whether the table's first row names its columns; else they go by number, such as "1".
            follow_links: Whether to follow links to folders outside of the folder of images.
            group: What tells which images belong together, for runs that pool over groups (`podium decide
                --consensus`): a column of the table, "folder", or a regular expression with one pair of brackets.
            answer_per: What one answer is for, for runs that were trained with `answer_per`: as `group`. What comes
                back is of images; predictions/NAME.csv and submissions are of bags.
            regions: Table of boxes of these images (a file or a DataFrame), for runs with a recipe's `image.region`;
                images without a box are looked at by its `image.detect`.
            name: Name of the prediction files in the run folder; nothing is written for images themselves.
            tta: Views for test-time augmentation, averaged with the plain one, such as ["hflip"]; "none" for the plain
                one alone; None or "auto" takes those that `audit_tta` chose, else the recipe's.
            models: "folds", or "refit" for the model on all images that `refit` trained.
            progress: Receives progress and notes.

        Raises:
            UsageError: If no fold is finished, there is no refit, or a view does not exist.
            DataError: If there are no images, or a table does not fit them.
        """
        from podium.predicting.predict_images import as_images, name_images
        from podium.workflows.predict import check_models, check_views, predict_run

        check_models(models)
        views = views_of(tta)
        images = as_images(data)
        table = {"image_column": image_column, "delimiter": delimiter, "encoding": encoding, "header": header}
        if images is not None:
            given = {"group": group, "answer_per": answer_per, "regions": regions, "name": name}
            refuse_beside_images({"rows": rows, **table, "follow_links": follow_links, **given})
            check_views(views or ())
            if self.folder.is_ensemble:
                from podium.predicting.predict_ensemble import predict_ensemble_images

                said = progress or default_progress()
                return predict_ensemble_images(
                    self.folder, images, self.settings, said, ids=name_images(images), views=views
                )
            from podium.training.asked_views import asked_views
            from podium.training.predictor import open_predictor

            chosen = asked_views(self.folder, views)
            predictor = open_predictor(self.folder, self.settings, progress, models=models, chosen=chosen)
            return predictor.predict(images, ids=name_images(images))
        source = cast("Source", data)
        options = prediction_options(source, rows, table, follow_links=follow_links, group=group, answer_per=answer_per)
        found, progress = read_source(source, options), progress or default_progress()
        if regions is not None:
            found = self._with_boxes(found, regions)
        for note in found.notes:
            progress.note(note)
        with restored_torch():
            return predict_run(
                self.folder,
                found.samples,
                self.settings,
                progress,
                name=name,
                views=views,
                models=models,
                table=rows if rows is not None else table_in(data),
            )

    def _with_boxes(self, found: Scan, regions: str | Path | Frame) -> Scan:
        from podium.curate import with_boxes
        from podium.recipe import load_recipe
        from podium.recipe.check_regions import refuse_unused_boxes

        table = as_table(regions, field="regions")
        assert table is not None
        found = with_boxes(found, table)
        refuse_unused_boxes(load_recipe(self.folder.recipe_file), found.samples)
        return found

    @strict_arguments()
    def pseudo_labels(
        self,
        data: Source,
        out: str | Path,
        *,
        power: float = 1.0,
        least: float = 0.0,
        most_per_class: int | None = None,
        mean: bool = False,
        progress: Progress | None = None,
    ) -> Samples:
        """Labels of unlabelled images by this run, written into a folder that `podium.train(extra=...)` takes.

        Args:
            data: A folder of images, or samples.
            out: A new or empty folder.
            power: Exponent of the probabilities: 1 leaves them, 2 sharpens them.
            least: Least probability of the most probable class; less sure labels are left out.
            most_per_class: Images that keep a class, the surest; None keeps all.
            mean: Label by the mean of the folds' models. By default each fold's model labels for the same fold of the
                next run, which then has no labels from models that know those it is judged by.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished, the folder is taken, or no label is sure enough.
        """
        from podium.workflows.pseudo import PseudoOptions, make_pseudo_labels

        how = PseudoOptions(power=power, least=least, most_per_class=most_per_class, mean=mean)
        options = prediction_options(data, None, {}, follow_links=False, group=None)
        found, progress = read_source(data, options), progress or default_progress()
        for note in found.notes:
            progress.note(note)
        with restored_torch():
            return make_pseudo_labels(self.folder, found.samples, Path(out), self.settings, progress, how)

    @strict_arguments()
    def refit(
        self,
        *,
        progress: Progress | None = None,
        callbacks: Sequence[Callback] = (),
        track: str | Iterable[str] | None = None,
    ) -> Self:
        """Train one model on all images but the holdout's, by this run's recipe, for as long as its folds chose.

        The same call goes on where it was stopped. No score changes, and the new model has none: no image is left to
        measure it on. `predict(..., models="refit")` asks it.

        Args:
            progress: Receives progress and notes.
            callbacks: Follow the training, whose fold is -1.
            track: Trackers to tell besides those that the run was trained with; "none" tells none from here on.

        Returns:
            This run.

        Raises:
            UsageError: If the run is not finished, or its schedule needs a validation score.
            LockedError: If another process trains it right now.
            ImageError: If the images are gone, or are others than at the start.
            Stopped: If a signal asked for it.
        """
        from podium.trackers.follow import following
        from podium.trackers.registry import read_names
        from podium.trackers.remember import remember_trackers
        from podium.workflows.refit import refit_run

        said, names = progress or default_progress(), read_names(track)

        def report(line: str) -> None:
            said.note(Caution(line))

        check_scores(self.folder)
        refuse_ensemble(self.folder, "A refit")
        with following(remember_trackers(self.folder, names), self.folder, report, said.note) as trackers:
            refit_run(self.folder, self.settings, said, Callbacks([*callbacks, *trackers], report))
        return self

    @strict_arguments()
    def track(self, to: str | Iterable[str] | None = None, *, wait_s: float = 600.0) -> dict[str, str]:
        """Tell trackers everything of this run that they do not have yet, and wait for them.

        Args:
            to: "tensorboard", "wandb", "mlflow", or several; None takes those that the run was trained with.
            wait_s: Seconds to wait for all of them.

        Returns:
            What became of each: "told", or why it was not.

        Raises:
            UsageError: If no tracker is named and the run knows none.
        """
        from podium.workflows.track import track_run

        return track_run(self.folder, to, wait_s=wait_s)

    @strict_arguments()
    def evaluate(
        self,
        data: Source,
        *,
        labels: str | Path | Frame | None = None,
        options: ScanOptions | None = None,
        name: str = "evaluation",
        tta: str | Sequence[str] | None = None,
        rows: str | Path | Frame | None = None,
        progress: Progress | None = None,
    ) -> Scores:
        """Scores on labelled images from elsewhere: of the mean over the folds' models, with intervals.

        Every call is logged in evaluations.jsonl and shown in the report. Images that the models learnt are left
        out, and told of; near-duplicates of them are cautioned of, for on those the score is too good.

        Args:
            data: A folder of images, a table beside its images, a DataFrame, a saved scan, or samples.
            labels: Table of labels; short for `options.labels`.
            options: How to read a folder or table. Classes are the run's where it says nothing else.
            name: Name of the prediction files in the run folder.
            tta: Views for test-time augmentation, averaged with the plain one; as in `predict`.
            rows: Table of the images, for an ensemble that looks at columns of it.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished, or an ensemble needs columns that `rows` does not give.
            DataError: If there are no images or labels, or the labels are not of the run's task.
        """
        from podium.curate import ScanOptions
        from podium.workflows.evaluate import evaluate_run, read_labelled

        progress = progress or default_progress()
        check_scores(self.folder)
        if labels is not None:
            options = replace(options or ScanOptions(), labels=as_table(labels))
        task = self.samples.task
        assert task is not None, "a run has a task"
        samples = read_labelled(data, task, options, progress)
        views = views_of(tta)
        with restored_torch():
            made = evaluate_run(self.folder, samples, self.settings, progress, name=name, views=views, table=rows)
            return made.scores

    @strict_arguments()
    def evaluate_holdout(
        self,
        *,
        again: bool = False,
        tta: str | Sequence[str] | None = None,
        rows: str | Path | Frame | None = None,
        progress: Progress | None = None,
    ) -> Scores:
        """Scores on the holdout, which no model and no choice has seen: the confirmation at the end, with intervals.

        It is logged in evaluations.jsonl and shown in the report. A second look with the same models is refused.

        Args:
            again: Look once more; it is counted, and the report says so.
            tta: Views for test-time augmentation, averaged with the plain one; as in `predict`.
            rows: Table of the images, for an ensemble that looks at columns of it.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished, has no holdout, or was scored on it before.
            ImageError: If images of the holdout are gone, or other files than at the start.
        """
        from podium.workflows.evaluate import evaluate_holdout_of

        progress, views = progress or default_progress(), views_of(tta)
        with restored_torch():
            made = evaluate_holdout_of(self.folder, self.settings, progress, views=views, again=again, table=rows)
            return made.scores

    @strict_arguments()
    def next_to_label(self, data: Source, n: int = 20, *, progress: Progress | None = None) -> list[NextImage]:
        """Unlabelled images that are worth a label: the model is unsure of them, and they are not alike.

        Args:
            data: A folder of images, a table whose rows name images beside it, or samples.
            n: How many.
            progress: Receives progress and notes.

        Raises:
            UsageError: If `n` is below 1, or no fold is finished.
            DataError: If there are no images.
        """
        from podium.workflows.next_to_label import find_next

        if n < 1:
            raise UsageError(f"n must be at least 1, got {n}.")
        found = read_source(data, prediction_options(data, None, {}, follow_links=False, group=None))
        with restored_torch():
            return find_next(self.folder, found.samples, n, self.settings, progress or default_progress())

    def predictor(self, *, models: Models = "folds", progress: Progress | None = None) -> Predictor:
        """The models of the finished folds, or the one on all images, kept in memory, for images in memory.

        Args:
            models: "folds", or "refit" for the model on all images.
            progress: Receives progress and notes.

        Raises:
            UsageError: If no fold is finished, or there is no refit.
        """
        from podium.training.predictor import open_predictor

        return open_predictor(self.folder, self.settings, progress, models=models)
