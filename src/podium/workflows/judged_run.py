"""What is judged and decided from a run's out-of-fold predictions: views, labels, explanations, rules, expectations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.arguments import strict_arguments
from podium.errors import UsageError
from podium.machine import Progress, default_progress
from podium.machine.tuning import restored_torch
from podium.metrics import ExpectedScore
from podium.store import RunFolder, find_run
from podium.tables import CompositeDecoding, Samples
from podium.texttable import Frame, as_table
from podium.workflows.finished_run import FinishedRun

if TYPE_CHECKING:
    from podium.crossval.label_verdict import LabelVerdict
    from podium.explain import Method
    from podium.explain.explanation import Explanation
    from podium.explain.projection import MapMethodName
    from podium.suspects import LabelSuspects
    from podium.training.predictor import Models
    from podium.workflows.audit_tta import TtaAudit
    from podium.workflows.decide import RunDecision
    from podium.workflows.map_run import EmbeddingMap, LikeImage
    from podium.workflows.slices import Slices
    from podium.workflows.stress import StressCard

__all__ = ["JudgedRun"]


class JudgedRun(FinishedRun):
    """A run whose answers are looked at; see `podium.workflows.Run`."""

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
    def stress(
        self,
        *,
        corruptions: str | Sequence[str] = (),
        severities: int | Sequence[int] = (1, 2, 3, 4, 5),
        images: int = 500,
        metric: str | None = None,
        level: float = 0.9,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> StressCard:
        """A robustness card: out-of-fold scores of corrupted images, which corruptions hurt, and which classes.

        Images are corrupted before the run's own preparation, and each is judged by the model that did not learn it.
        The same call goes on where it was stopped.

        Args:
            corruptions: Corruptions such as "jpeg" or "gaussian_blur", and the words "blur", "noise", "compression",
                "light", "scale" and "geometry" for several; none takes all.
            severities: Severities, 1 to 5.
            images: How many images, in whole groups with every label in its share; 0 takes all.
            metric: Judge the main target by this metric; None takes the run's.
            level: Confidence level: of each score, of all corruptions together, and of all classes together.
            seed: Seed of the corruptions and of the sample of images.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished or is an ensemble, or a number does not fit.
            UnknownNameError: If there is no such corruption or metric.
            ImageError: If images are gone or cannot be decoded.
        """
        from podium.workflows.stress import stress_run

        with restored_torch():
            return stress_run(
                self.folder,
                self.settings,
                progress or default_progress(),
                corruptions=_as_names(corruptions),
                severities=(severities,) if isinstance(severities, int) else tuple(severities),
                n_images=images,
                metric=metric,
                level=level,
                seed=seed,
            )

    @strict_arguments()
    def slices(
        self, by: str | Sequence[str], *, table: str | Path | Frame | None = None, metric: str | None = None
    ) -> list[Slices]:
        """The out-of-fold score of every value of some columns, with intervals, and the worst value of each. The report
        shows them from then on.

        Args:
            by: "label", "fold", a target, "group", "domain", "bag", "source", a column of numbers that labels come
                from, or a column of `table`.
            table: A table with a row an image.
            metric: Judge by this metric; None takes the run's.

        Raises:
            UsageError: If the run is not finished.
            UnknownNameError: If there is no such column or metric.
        """
        from podium.workflows.slices import score_slices, show_slices

        found = score_slices(self.folder, _as_names(by), table=table, metric=metric)
        show_slices(self.folder, found)
        return found

    @strict_arguments()
    def map(
        self,
        *,
        color: str | Sequence[str] = (),
        method: MapMethodName = "pca",
        target: str | None = None,
        table: str | Path | Frame | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> EmbeddingMap:
        """The run's images in two dimensions by their embeddings: frozen features, or what the trained network of the
        fold that did not learn an image makes of it. The map, a table and a drawing a colouring stay in the run folder.

        Args:
            color: Columns to colour by beside label, answer, error and fold: a target, "group", "domain", "bag",
                "source", a column of numbers that labels come from, or a column of `table`.
            method: "pca", or "umap", which needs the extra "maps".
            target: What label and error are of; None takes the main target.
            table: A table with a row an image.
            seed: Seed of UMAP.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished or is an ensemble, or umap-learn is missing.
            UnknownNameError: If there is no such target, column or method.
            ImageError: If the images are gone, or are others than at the start.
        """
        from podium.workflows.map_run import map_run

        said, names = progress or default_progress(), _as_names(color)
        with restored_torch():
            return map_run(
                self.folder, self.settings, said, color=names, method=method, target=target, table=table, seed=seed
            )

    @strict_arguments()
    def like(
        self, image: str | Path, *, n: int = 12, target: str | None = None, progress: Progress | None = None
    ) -> list[LikeImage]:
        """The run's images most like one of them, or like a file; a sheet and a table of them stay in the run folder.

        Args:
            image: Id of one of the run's images, or a file.
            n: How many.
            target: Which target's labels are told; None takes the main one.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the run is not finished or is an ensemble, or `n` is below 1.
            UnknownNameError: If there is no such image.
            ImageError: If images are gone, or the file cannot be decoded.
        """
        from podium.workflows.map_run import find_like

        said = progress or default_progress()
        with restored_torch():
            return find_like(self.folder, str(image), self.settings, said, n=n, target=target)

    @strict_arguments()
    def label_suspects(
        self,
        *,
        heads: str | Sequence[str] | None = None,
        neighbours: bool = False,
        annotators: str | Path | Frame | None = None,
        repeats: Sequence[str | Path | FinishedRun] = (),
        progress: Progress | None = None,
    ) -> LabelSuspects:
        """Labels that are probably wrong, by the out-of-fold predictions; see `podium.find_label_errors`.

        Args:
            heads: Heads to judge; None judges all.
            neighbours: Also compare the labels of the images that look most alike, by frozen features: those of the
                cache, or one pass over the images.
            annotators: A table of the labels that each of several people gave: consensus, and how far each can be
                trusted.
            repeats: Further runs of the same images and labels, with other seeds or folds: labels that more of them
                find wrong come first.
            progress: Receives progress and notes.

        Raises:
            UsageError: If a run is not finished, or repeats have other images or labels.
            TableError: If the table of annotators cannot be read.
            UnknownNameError: If there is no such head.
            ImageError: If features are asked for, and the images are gone or others than at the start.
        """
        from podium.workflows.labels import find_suspects

        with restored_torch():
            return find_suspects(
                self.folder,
                self.settings,
                progress or default_progress(),
                heads=heads,
                neighbours=neighbours,
                annotators=annotators,
                repeats=[self._folder_of(one) for one in repeats],
            )

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

    def label_verdict(self, other: str | Path | FinishedRun) -> LabelVerdict:
        """What corrected labels did: this run and one that was trained with corrections on the same folds, judged out
        of fold on the original labels, on the corrected ones, and on the images that no correction speaks of.

        Args:
            other: The run with corrections: its name, its folder or the run.

        Raises:
            UsageError: If a run is not finished, or folds or tasks differ.
        """
        from podium.crossval.label_verdict import judge_corrections

        return judge_corrections(self.folder, self._folder_of(other))

    def _folder_of(self, other: str | Path | FinishedRun) -> RunFolder:
        return other.folder if isinstance(other, FinishedRun) else find_run(self.settings.runs, str(other))

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
        prevalence: Mapping[str, float] | str | None = None,
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
            prevalence=prevalence,
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
        from podium.predicting.expected_score import expect_on_test
        from podium.workflows.predict import check_models

        check_models(models)
        return expect_on_test(self.folder, n_images=n_images, n_groups=n_groups, is_refit=models == "refit")


def _as_names(given: str | Sequence[str]) -> Sequence[str]:
    return [given] if isinstance(given, str) else list(given)


def _refuse_of_own_images(given: Mapping[str, Any]) -> None:
    for option_name, value in given.items():
        if value is not None:
            raise UsageError("is compared with maps of the run's own images.", field=option_name, fix="Leave it out.")
