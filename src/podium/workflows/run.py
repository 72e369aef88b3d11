"""A run in the hands of a Python user: its scores, its predictions, its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from podium import durable
from podium.advice import option
from podium.arguments import strict_arguments
from podium.callbacks import Callback, Callbacks
from podium.dataset import Source, read_source
from podium.errors import UsageError
from podium.machine import Caution, Progress, Settings, default_progress
from podium.machine.tuning import restored_torch
from podium.metrics import ExpectedScore, Scores
from podium.overview import Overview, Shown
from podium.store import RunFolder, check_scores, find_run, load_tables
from podium.tables import CompositeDecoding, Folds, Predictions, Samples, load_predictions
from podium.texttable import Frame, as_table, is_frame

if TYPE_CHECKING:
    from podium.curate import Scan, ScanOptions
    from podium.data import GivenImage
    from podium.explain import Method
    from podium.report.inline import Plots
    from podium.report.members_section import MembersSection
    from podium.suspects import LabelSuspects, NextImage
    from podium.training.predictor import Models, Predictor
    from podium.workflows.audit_tta import TtaAudit
    from podium.workflows.decide import RunDecision
    from podium.workflows.explanation import Explanation
    from podium.workflows.label_verdict import LabelVerdict

__all__ = ["Run", "load_run"]


def _table_in(data: object) -> str | Path | Frame | None:
    """The data, where it is a table itself."""
    if is_frame(data):
        return data
    return data if isinstance(data, str | Path) and Path(data).is_file() else None


class Run(Shown):
    """One run folder, read when asked.

    Args:
        folder: The run folder.
        settings: Machine and places for further work with it.
    """

    def __init__(self, folder: RunFolder, settings: Settings | None = None) -> None:
        self.folder = folder
        self.settings = settings or Settings(runs=folder.path.parent)

    def overview(self) -> Overview:
        """Where it is, its main score, and every metric of every target."""
        left = self.folder.folds_left()
        if left or not self.folder.is_finished:
            folds = f"fold{'s' if len(left) != 1 else ''} {', '.join(map(str, left))} left" if left else "not scored"
            return Overview("Run", [str(self.folder.path), folds])
        scores = self.scores.overview()
        return replace(scores, title="Run", facts=[str(self.folder.path), *scores.facts])

    @property
    def name(self) -> str:
        """The run's name."""
        return self.folder.name

    @property
    def samples(self) -> Samples:
        """The samples it was trained on."""
        return load_tables(self.folder)[0]

    @property
    def folds(self) -> Folds:
        """Its frozen folds."""
        return load_tables(self.folder)[1]

    @property
    def scores(self) -> Scores:
        """Scores of the out-of-fold predictions, with intervals.

        Raises:
            UsageError: If the run is not finished, or the scores are not of the predictions that are there.
        """
        check_scores(self.folder)
        return Scores.from_dict(durable.read_json(self.folder.scores_file))

    @property
    def oof(self) -> Predictions:
        """Out-of-fold predictions: every row by a model that did not see it.

        Raises:
            UsageError: If the run is not finished, or the table is not the one that was scored.
        """
        check_scores(self.folder)
        return load_predictions(self.folder.oof_file)

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
        from podium.workflows.predict import check_models, check_views, predict_run
        from podium.workflows.predict_images import as_images, name_images

        check_models(models)
        views = _views_of(tta)
        images = as_images(data)
        table = {"image_column": image_column, "delimiter": delimiter, "encoding": encoding, "header": header}
        if images is not None:
            given = {"group": group, "answer_per": answer_per, "regions": regions, "name": name}
            _refuse_beside_images({"rows": rows, **table, "follow_links": follow_links, **given})
            check_views(views or ())
            if self.folder.is_ensemble:
                from podium.workflows.predict_ensemble import predict_ensemble_images

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
        options = _prediction_options(
            source, rows, table, follow_links=follow_links, group=group, answer_per=answer_per
        )
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
                table=rows if rows is not None else _table_in(data),
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
        options = _prediction_options(data, None, {}, follow_links=False, group=None)
        found, progress = read_source(data, options), progress or default_progress()
        for note in found.notes:
            progress.note(note)
        with restored_torch():
            return make_pseudo_labels(self.folder, found.samples, Path(out), self.settings, progress, how)

    @strict_arguments()
    def refit(self, *, progress: Progress | None = None, callbacks: Sequence[Callback] = ()) -> Run:
        """Train one model on all images but the holdout's, by this run's recipe, for as long as its folds chose.

        The same call goes on where it was stopped. No score changes, and the new model has none: no image is left to
        measure it on. `predict(..., models="refit")` asks it.

        Args:
            progress: Receives progress and notes.
            callbacks: Follow the training, whose fold is -1.

        Returns:
            This run.

        Raises:
            UsageError: If the run is not finished, or its schedule needs a validation score.
            LockedError: If another process trains it right now.
            ImageError: If the images are gone, or are others than at the start.
            Stopped: If a signal asked for it.
        """
        from podium.workflows.refit import refit_run

        progress = progress or default_progress()
        refit_run(self.folder, self.settings, progress, Callbacks(callbacks, lambda line: progress.note(Caution(line))))
        return self

    @strict_arguments()
    def evaluate(
        self,
        data: Source,
        *,
        labels: str | Path | Frame | None = None,
        options: ScanOptions | None = None,
        name: str = "evaluation",
        tta: str | Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> Scores:
        """Scores on labelled images from elsewhere: of the mean over the folds' models, with intervals.

        Every call is logged in evaluations.jsonl and shown in the report. A note says how many of the images, or
        near-duplicates of them, were in the training data: on those every score is too good.

        Args:
            data: A folder of images, a table beside its images, a DataFrame, a saved scan, or samples.
            labels: Table of labels; short for `options.labels`.
            options: How to read a folder or table. Classes are the run's where it says nothing else.
            name: Name of the prediction files in the run folder.
            tta: Views for test-time augmentation, averaged with the plain one; as in `predict`.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished.
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
        views = _views_of(tta)
        with restored_torch():
            return evaluate_run(self.folder, samples, self.settings, progress, name=name, views=views).scores

    @strict_arguments()
    def evaluate_holdout(
        self, *, again: bool = False, tta: str | Sequence[str] | None = None, progress: Progress | None = None
    ) -> Scores:
        """Scores on the holdout, which no model and no choice has seen: the confirmation at the end, with intervals.

        It is logged in evaluations.jsonl and shown in the report. A second look with the same models is refused.

        Args:
            again: Look once more; it is counted, and the report says so.
            tta: Views for test-time augmentation, averaged with the plain one; as in `predict`.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished, has no holdout, or was scored on it before.
            ImageError: If images of the holdout are gone, or other files than at the start.
        """
        from podium.workflows.evaluate import evaluate_holdout_of

        progress, views = progress or default_progress(), _views_of(tta)
        with restored_torch():
            return evaluate_holdout_of(self.folder, self.settings, progress, views=views, again=again).scores

    @strict_arguments()
    def audit_tta(
        self,
        *,
        views: str | Sequence[str] | None = None,
        metric: str | None = None,
        level: float = 0.9,
        stored_px: int | None = None,
        apply: bool = True,
        progress: Progress | None = None,
    ) -> TtaAudit:
        """What test-time views add to the out-of-fold score, and cost; those that clearly help are used from then on.

        Each fold's model predicts its own valid images under every view. The same call goes on where it was stopped.

        Args:
            views: Views such as "hflip", "hflip+rot90", "center-0.8", "five-0.8", "scale-0.9", "tiles-2x2", or the
                words "turns", "crops", "scales" and "tiles"; None audits the usual ones.
            metric: Choose by this metric; None takes the run's.
            level: Confidence level of all intervals together, and of every step of the choice.
            stored_px: Longer side of the decoded images that all views are cut from, for tiles and crops of images
                that are larger than the recipe stores them; None takes the recipe's.
            apply: Use the chosen views for predictions.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished or is an ensemble, or a view cuts pieces that are too small.
            UnknownNameError: If there is no such view or metric.
            ImageError: If the images are gone, or are others than at the start.
        """
        from podium.workflows.audit_tta import DEFAULT_VIEWS, audit_tta

        named = (views,) if isinstance(views, str) else tuple(views or DEFAULT_VIEWS)
        said = progress or default_progress()
        with restored_torch():
            return audit_tta(
                self.folder,
                self.settings,
                said,
                views=named,
                metric=metric,
                level=level,
                stored_px=stored_px,
                apply=apply,
            )

    @strict_arguments()
    def label_suspects(
        self,
        *,
        heads: str | Sequence[str] | None = None,
        neighbours: bool = False,
        progress: Progress | None = None,
    ) -> LabelSuspects:
        """Labels that are probably wrong, by the out-of-fold predictions; see `podium.find_label_errors`.

        Args:
            heads: Heads to judge; None judges all.
            neighbours: Also compare the labels of the images that look most alike, by frozen features: those of the
                cache, or one pass over the images.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished.
            UnknownNameError: If there is no such head.
            ImageError: If features are asked for, and the images are gone or others than at the start.
        """
        from podium.workflows.labels import find_suspects

        with restored_torch():
            return find_suspects(
                self.folder, self.settings, progress or default_progress(), heads=heads, neighbours=neighbours
            )

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
        found = read_source(data, _prediction_options(data, None, {}, follow_links=False, group=None))
        with restored_torch():
            return find_next(self.folder, found.samples, n, self.settings, progress or default_progress())

    @strict_arguments()
    def explain(
        self,
        images: str | Path | Sequence[str | Path] = (),
        *,
        heads: str | Sequence[str] = (),
        classes: str | Sequence[str] = (),
        method: Method | None = None,
        n: int = 25,
        curves: int = 16,
        region: str | None = None,
        regions: str | Path | Frame | None = None,
        progress: Progress | None = None,
    ) -> Explanation:
        """Maps of what the answers depend on, over the run's own images, each by the model that did not learn it; or
        over other images, as the mean over all folds' models. `Explanation.save` writes them.

        Args:
            images: Other images: files, or folders of them; none explains the run's own.
            heads: Heads to explain; none takes the main target, or all heads where that is no head.
            classes: Classes to explain, a sheet each; none explains each image's own answer.
            method: "gradcam", "gradcam++", "hirescam", or "rollout" (vision transformers); None takes Grad-CAM, or
                HiResCAM where heads read the standard deviation over places.
            n: Images a sheet, of 5 by 5.
            curves: Images whose deletion and insertion curves are measured, against maps of chance; 0 measures none.
            region: Region whose boxes are compared with the maps; None takes the first that there is.
            regions: Table of boxes (a file or a DataFrame) for a run that has none.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished or is an ensemble, or a method does not fit the network.
            UnknownNameError: If there is no such head, class or method.
            ImageError: If images are gone, or cannot be decoded.
        """
        from podium.workflows.explain import explain_files, explain_run

        if n < 1 or curves < 0:
            raise UsageError(f"needs at least 1 image and no negative number of curves, got n={n}, curves={curves}.")
        progress = progress or default_progress()
        asked: dict[str, Any] = {"heads": _as_names(heads), "classes": _as_names(classes), "method": method, "n": n}
        files = [Path(one) for one in ([images] if isinstance(images, str | Path) else images)]
        with restored_torch():
            if files:
                _refuse_of_own_images({"region": region, "regions": regions})
                return explain_files(self.folder, files, self.settings, progress, **asked)
            samples = None if regions is None else self._own_boxes(regions)
            return explain_run(
                self.folder, self.settings, progress, **asked, n_curves=curves, region=region, samples=samples
            )

    def _own_boxes(self, regions: str | Path | Frame) -> Samples:
        """The run's samples with the boxes of a table."""
        from podium.curate import Scan, with_boxes

        table = as_table(regions, field="regions")
        assert table is not None
        return with_boxes(Scan(self.samples), table).samples

    def label_verdict(self, other: str | Path | Run) -> LabelVerdict:
        """What corrected labels did: this run and one that was trained with corrections on the same folds, judged out
        of fold on the original labels, on the corrected ones, and on the images that no correction speaks of.

        Args:
            other: The run with corrections: its name, its folder or the run.

        Raises:
            UsageError: If a run is not finished, or folds or tasks differ.
        """
        from podium.workflows.label_verdict import judge_corrections

        folder = other.folder if isinstance(other, Run) else find_run(self.settings.runs, str(other))
        return judge_corrections(self.folder, folder)

    @strict_arguments()
    def decide(
        self,
        *,
        thresholds: float | Mapping[str, float] | None = None,
        decoding: CompositeDecoding = "independent",
        consensus: Sequence[str] = (),
        hierarchy: str | Path | None = None,
        pool: str | None = None,
        tune: str | None = None,
        one_threshold: bool = False,
        calibrate: str | None = None,
        abstain: float | None = None,
        coverage: float | None = None,
        conformal: float | None = None,
    ) -> RunDecision:
        """Set how the run turns probabilities into answers; predict, evaluate and submit follow. The arguments are
        those of `podium decide`; without any the run goes back to the default.

        Raises:
            UsageError: If the run is not finished, or an argument means nothing for its task.
            UnknownNameError: If there is no such class, head, metric or pool.
        """
        from podium.workflows.decide import decide_run

        return decide_run(
            self.folder,
            thresholds=thresholds,
            decoding=decoding,
            consensus=consensus,
            hierarchy=hierarchy,
            pool=pool,
            tune=tune,
            one_threshold=one_threshold,
            calibrate=calibrate,
            abstain=abstain,
            coverage=coverage,
            conformal=conformal,
        )

    @strict_arguments()
    def expect(self, n_images: int, *, n_groups: int | None = None, models: Models = "folds") -> ExpectedScore | None:
        """Where the main score of a submission will lie on a test set: a prediction interval, as the run decides now.

        Args:
            n_images: Images of the test set, or of the part that a leaderboard scores.
            n_groups: Groups among them; None takes as many as the images make.
            models: "folds", or "refit" for the model on all images.

        Returns:
            None where the run is not scored, or where look-alikes on both sides of the split make its score useless
            for other objects.

        Raises:
            UsageError: If a number is less than 1.
        """
        from podium.workflows.expected_score import expect_on_test
        from podium.workflows.predict import check_models

        check_models(models)
        return expect_on_test(self.folder, n_images=n_images, n_groups=n_groups, is_refit=models == "refit")

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

    @property
    def members(self) -> MembersSection:
        """The runs of an ensemble: what each scores, weighs and adds.

        Raises:
            UsageError: If the run has models of its own.
        """
        from podium.report.contents import read_contents
        from podium.report.members_section import describe_members

        found = describe_members(read_contents(self.folder))
        if found is None:
            raise UsageError(f"run {self.name!r} is no ensemble.", fix="Make one with `podium.ensemble`.")
        return found

    @property
    def plot(self) -> Plots:
        """Single drawings of the report, shown in place in a notebook: `run.plot.confusion()`."""
        from podium.report.inline import Plots

        return Plots(self.folder)

    def model_card(self) -> Path:
        """Write MODEL_CARD.md and model.json again; gives the first one's path. What stands under "Intended use" stays.

        Raises:
            UsageError: If the run is not finished.
        """
        from podium.report import write_model_card

        check_scores(self.folder)
        write_model_card(self.folder)
        return self.folder.model_card_file

    def report(self) -> Path:
        """Write the report again; gives its path."""
        from podium.report import make_report

        return make_report(self.folder)


def _refuse_beside_images(given: Mapping[str, Any]) -> None:
    """Refuse options of folders and tables, which have no effect on images in memory."""
    default = {"rows": None, "header": True, "follow_links": False, "name": "test"}
    for option_name, value in given.items():
        if value is not default.get(option_name) and (is_frame(value) or value != default.get(option_name)):
            raise UsageError(
                "has no effect on images themselves, whose predictions are not written.",
                field=option_name,
                fix="Leave it out, or name a folder or a table.",
            )


def _as_names(given: str | Sequence[str]) -> Sequence[str]:
    return [given] if isinstance(given, str) else list(given)


def _refuse_of_own_images(given: Mapping[str, Any]) -> None:
    for option_name, value in given.items():
        if value is not None:
            raise UsageError("is compared with maps of the run's own images.", field=option_name, fix="Leave it out.")


def _views_of(tta: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """The views to average over, the plain one always among them; None where nobody named any."""
    from podium.data.view_frames import expand_views

    named = (tta,) if isinstance(tta, str) else tta
    if named is None or tuple(named) == ("auto",):
        return None
    return ("plain", *expand_views(() if tuple(named) == ("none",) else tuple(named)))


def _prediction_options(
    source: Source,
    rows: str | Path | Frame | None,
    table: Mapping[str, Any],
    *,
    follow_links: bool,
    group: str | None,
    answer_per: str | None = None,
) -> ScanOptions | None:
    """How images to predict are read: without labels, with the groups and only the rows that are named."""
    from podium.curate import ScanOptions

    is_set = any(value not in (None, True) for value in table.values())
    if is_frame(source) and rows is None:
        return ScanOptions(layout="table", group=group or "none", answer_per=answer_per, unlabelled=True, **table)
    if not isinstance(source, str | Path) or (Path(source) / "samples.json").is_file():
        if rows is not None or is_set or follow_links or group is not None or answer_per is not None:
            raise UsageError(
                "a saved scan already names its images.", fix="Name the folder of images, or leave these options out."
            )
        return None
    has_table = rows is not None or Path(source).expanduser().is_file()
    if is_set and not has_table:
        given = next(name for name, value in table.items() if value not in (None, True))
        raise UsageError("was given without a table.", field=given, fix=f"Name the table with {option('rows')}.")
    return ScanOptions(
        layout="table" if has_table else "folders",
        labels=as_table(rows, field="rows"),
        group=group or "none",
        answer_per=answer_per,
        unlabelled=True,
        follow_links=follow_links,
        **table,
    )


@strict_arguments()
def load_run(run: str = "last", *, runs: str | Path = "runs") -> Run:
    """A run by name, folder or "last".

    Args:
        run: The run's name, folder, or "last".
        runs: Folder of all runs.

    Raises:
        UsageError: If there is none.
    """
    folder = find_run(Path(runs), run)
    return Run(folder, Settings(runs=folder.path.parent))
