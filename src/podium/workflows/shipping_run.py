"""A run made into something that leaves this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from podium.arguments import strict_arguments
from podium.machine import Progress, default_progress
from podium.machine.tuning import restored_torch
from podium.workflows.finished_run import FinishedRun
from podium.workflows.prediction_options import views_of

if TYPE_CHECKING:
    from podium.training.predictor import Models
    from podium.workflows.bundle import Bundled
    from podium.workflows.export import Exported
    from podium.workflows.precision_loss import Precision

__all__ = ["ShippingRun"]


class ShippingRun(FinishedRun):
    """A run that is shipped; see `podium.workflows.Run`."""

    @strict_arguments()
    def export(
        self,
        to: str | Path,
        *,
        models: Models = "folds",
        tta: str | Sequence[str] | None = None,
        opset: int | None = None,
        precision: Precision = "fp32",
        progress: Progress | None = None,
    ) -> Exported:
        """Write a folder that answers without torch: model.onnx, model.json and card.md.

        The graph takes uint8 images of any size and gives probabilities and answers as the run decides. Before anything
        is written it is compared with this run's predictions on its own images and on odd files, in every engine that
        is installed.

        Args:
            to: A new or empty folder.
            models: "folds" for the mean of the folds' models, or "refit" for the one on all images.
            tta: Views to average over, the plain one always among them; "none" for that alone; None takes those that
                the run predicts with.
            opset: Version of ONNX's operators, 18 to 22; None takes 18.
            precision: "fp32"; "int8" for a smaller graph whose convolutions are in 8-bit integers; "bf16" for OpenVINO
                on CPUs that have it. What either changes is measured out of fold and stands in the card.
            progress: Receives progress and notes.

        Returns:
            What was written, and what the comparison found.

        Raises:
            UsageError: If the run is not finished, a package of the extra `export` is missing, the folder is taken, or
                the run does something that a graph cannot (a view that warps, answers for groups, regions).
            PodiumError: If the graph disagrees with the run; names the worst image.
        """
        from podium.workflows.export import export_run

        said, views = progress or default_progress(), views_of(tta)
        with restored_torch():
            return export_run(
                self.folder,
                Path(to),
                self.settings,
                said,
                models=models,
                views=views,
                opset=opset,
                precision=precision,
            )

    @strict_arguments()
    def bundle(self, to: str | Path, *, with_images: bool = False, progress: Progress | None = None) -> Bundled:
        """Write a folder that makes this run's last submission again somewhere else, and compares it.

        It holds weights, recipe, folds, labels, decisions, the submission and the sample it fills, exact versions of
        all packages, a wheel of Podium, two Dockerfiles and rerun.sh. Without a submission, the predictions "test" are
        what is made again. The submission is filled once more from the predictions before anything is written.

        Args:
            to: A new or empty folder.
            with_images: Whether the test images go with it; mind their licence and size.
            progress: Receives progress and notes.

        Returns:
            What was written.

        Raises:
            UsageError: If the run is not finished or has no predictions, what they were made from changed since, the
                folder is taken, or an ensemble has runs elsewhere or looks at columns of a table.
            ImageError: If test images are to go with it, and are gone or others.
            StorageError: If the disk refuses; nothing is left then.
        """
        from podium.workflows.bundle import bundle_run

        return bundle_run(self.folder, Path(to), progress or default_progress(), with_images=with_images)
