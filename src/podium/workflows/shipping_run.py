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
    from podium.workflows.export import Exported

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
            return export_run(self.folder, Path(to), self.settings, said, models=models, views=views, opset=opset)
