"""What an export is made of: the models of one run, or those of an ensemble's runs, as one network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.decisions import DecisionRules, load_blend
from podium.errors import UsageError
from podium.images import Form
from podium.listing import count_of, list_some
from podium.machine import Progress, Settings
from podium.predicting.predict_ensemble import predict_ensemble_images, weights_of_members
from podium.recipe import Recipe
from podium.store import RunFolder, read_ensemble
from podium.tables import Predictions, Task
from podium.training.asked_views import asked_views
from podium.training.predictor import Models, Predictor, open_predictor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from podium.export.check_graph import Network

__all__ = ["ExportedModels", "Input", "open_models"]


@dataclass(frozen=True)
class Input:
    """Images as some models take them.

    Args:
        form: What is done to an image before they see it.
        folder: The first run whose models take them.
        recipe: Its recipe.
    """

    form: Form
    folder: RunFolder
    recipe: Recipe


@dataclass(frozen=True)
class ExportedModels:
    """Models that a graph is made of.

    Args:
        inputs: In which forms they take an image: one, but for an ensemble of runs that prepare images differently.
        task: What they answer.
        folds: Their folds.
        views: Views that they are averaged over.
        ships: What answers, in words.
        n_models: How many models of each arrangement answer.
        is_reduced: Whether the run's own predictions are computed in fewer bits than fp32.
        folders: The runs whose models these are.
        network: The network of some folds.
        predict: What the run says of upright images with these ids.
        step: How far a rounding error may move a probability, see `podium.export.ensemble_network.step_of`.
    """

    inputs: tuple[Input, ...]
    task: Task
    folds: tuple[int, ...]
    views: tuple[str, ...]
    ships: str
    n_models: int
    is_reduced: bool
    folders: tuple[RunFolder, ...]
    network: Callable[[Sequence[int]], Network]
    predict: Callable[[list[NDArray[np.uint8]], list[str]], Predictions]
    step: float = 0.0

    @property
    def forms(self) -> tuple[Form, ...]:
        """In which forms they take an image."""
        return tuple(item.form for item in self.inputs)


def open_models(
    run: RunFolder,
    rules: DecisionRules,
    settings: Settings,
    progress: Progress,
    *,
    models: Models = "folds",
    views: Sequence[str] | None = None,
) -> ExportedModels:
    """The models of a run, or of the runs of an ensemble.

    Raises:
        UsageError: If an ensemble is blended in a way that a graph does not hold, or has given predictions as a member.
    """
    if read_ensemble(run) is not None:
        return _open_ensemble(run, rules, settings, progress, models, views)
    from podium.export.answering import AnsweringNetwork

    predictor = open_predictor(run, settings, progress, models=models, chosen=asked_views(run, views))
    n = len(predictor.folds)
    ships = f"the mean of the models of {count_of(n, 'fold')}" if n > 1 else "the model of one fold"
    return ExportedModels(
        (Input(_form_of(predictor.recipe), run, predictor.recipe),),
        predictor.task,
        predictor.folds,
        predictor.views,
        "one model, trained on all images" if models == "refit" else ships,
        n,
        _is_reduced(predictor),
        (run,),
        lambda folds: AnsweringNetwork(predictor, rules, folds).eval(),
        lambda images, ids: predictor.predict(images, ids=ids),
    )


def _open_ensemble(
    run: RunFolder,
    rules: DecisionRules,
    settings: Settings,
    progress: Progress,
    models: Models,
    views: Sequence[str] | None,
) -> ExportedModels:
    from podium.export.answering import AnsweringNetwork
    from podium.export.ensemble_network import EnsembleNetwork, check_blend, step_of

    record = read_ensemble(run)
    assert record is not None, "an ensemble has a record"
    if models == "refit":
        raise UsageError(
            "an ensemble has no model on all images.", field="models", fix="Export the refit of one of its runs."
        )
    blend = load_blend(record.blend)
    check_blend(blend)
    given = [member.name for member in record.members if member.is_given]
    if given:
        raise UsageError(
            f"{list_some(given)} of the ensemble {'is a file' if len(given) == 1 else 'are files'} of predictions, and"
            " no model.",
            fix="Export an ensemble of runs alone.",
        )
    used = [weight > 0 for weight in weights_of_members(record, blend)]
    folders = [folder for folder, is_used in zip(record.folders(run), used, strict=True) if is_used]
    predictors = [open_predictor(folder, settings, progress, chosen=asked_views(folder, views)) for folder in folders]
    task, inputs = predictors[0].task, dict[Form, Input]()
    for folder, predictor in zip(folders, predictors, strict=True):
        form = _form_of(predictor.recipe)
        inputs.setdefault(form, Input(form, folder, predictor.recipe))
    places = [list(inputs).index(_form_of(predictor.recipe)) for predictor in predictors]

    def network(folds: Sequence[int]) -> Network:
        members = [AnsweringNetwork(item, rules, [f for f in item.folds if f in folds]) for item in predictors]
        return EnsembleNetwork(members, places, blend, used, rules).eval()

    folds = tuple(sorted({fold for item in predictors for fold in item.folds}))
    return ExportedModels(
        tuple(inputs.values()),
        task,
        folds,
        tuple(dict.fromkeys(view for item in predictors for view in item.views)),
        f"an ensemble of {list_some([folder.name for folder in folders])}, the mean over the folds of each",
        sum(len(item.folds) for item in predictors),
        any(map(_is_reduced, predictors)),
        tuple(folders),
        network,
        lambda images, ids: predict_ensemble_images(run, images, settings, progress, ids=ids, views=views),
        step_of(blend),
    )


def _form_of(recipe: Recipe) -> Form:
    """What is done to an image before the networks of a recipe see it."""
    image = recipe.image
    return Form(image.stored_sides, image.fit, image.preprocessing, image.limits.value_range)


def _is_reduced(predictor: Predictor) -> bool:
    """Whether the run's predictions are computed in fewer bits than the graph's."""
    recipe = predictor.recipe
    frozen = recipe.model.freeze == "backbone"
    return str(recipe.model.frozen_precision if frozen else recipe.training.precision) != "fp32"
