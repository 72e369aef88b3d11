"""What `podium export` does: a run's models as one checked graph, with what it says of itself, in one folder."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import option
from podium.decisions import DecisionRules
from podium.deployed import CARD_NAME, GRAPH_NAME, RECORD_NAME
from podium.deployed.engines import available_engines
from podium.deployed.model_record import FORMAT, KIND
from podium.errors import ImageError, UnknownNameError, UsageError
from podium.machine import Progress, Settings
from podium.machine.device import prepare_process
from podium.metrics import ExpectedScore, Scores
from podium.predicting.expected_score import expect_on_test
from podium.predicting.run_rules import load_rules
from podium.report.model_card import describe_model
from podium.store import (
    RunFolder,
    arithmetic_words,
    check_scores,
    load_tables,
    read_arithmetic,
    read_ensemble,
)
from podium.tables import Samples
from podium.training.predictor import Models
from podium.workflows.exported_models import ExportedModels, Input, open_models
from podium.workflows.precision_loss import Precision, PrecisionLoss, engines_of, measure_loss, training_pixels
from podium.workflows.predict import check_models, check_views

if TYPE_CHECKING:
    from podium.export.check_graph import Checked

__all__ = ["Exported", "export_run"]

N_OWN = 24
"""The run's own images that an export is compared on, spread over all of them."""
_REDUCED = 0.05
"""How far a probability in fp32 may be from one that the run computes in fewer bits."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Args:
        folder: Where.
        record: The content of model.json.
        checked: What the comparison with the run found.
        n_bytes: Size of the graph.
        losses: What its precision changes, for each engine; empty for fp32.
    """

    folder: Path
    record: dict[str, Any]
    checked: Checked
    n_bytes: int
    losses: Sequence[PrecisionLoss] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "folder": str(self.folder),
            "model_id": self.record["model_id"],
            "n_bytes": self.n_bytes,
            "outputs": self.record["outputs"],
            "check": self.checked.to_dict(),
            "precision": self.record["precision"],
            "loss": self.record["loss"],
        }


def export_run(
    run: RunFolder,
    to: Path,
    settings: Settings,
    progress: Progress,
    *,
    models: Models = "folds",
    views: Sequence[str] | None = None,
    opset: int | None = None,
    precision: Precision = "fp32",
) -> Exported:
    """Write a run as a folder that answers without torch; see `Run.export`."""
    _require_packages()
    from podium.export.build_graph import LEAST_OPSET, build_front, build_graph, check_opset
    from podium.export.check_graph import check_graph

    opset = LEAST_OPSET if opset is None else opset
    check_opset(opset)
    check_models(models)
    check_views(views or ())
    if precision not in get_args(Precision):
        raise UnknownNameError("precision", precision, get_args(Precision), field="precision")
    engines_of(precision)
    _check_folder(to)
    check_scores(run)
    rules, samples = _check_run(run)
    settings = replace(settings, device="cpu")
    prepare_process(settings.n_threads)
    asked = open_models(run, rules, settings, progress, models=models, views=views)
    network = asked.network(asked.folds)
    with progress.stage("write the graph", 1) as update:
        graph, front = build_graph(network, asked.forms, opset), build_front(asked.forms, opset)
        update(1)
    engines = available_engines()
    images, n_own = _find_images(samples, asked.inputs)
    with progress.stage(f"compare in {' and '.join(engines)}", 1) as update:
        predicted = asked.predict(list(images.values()), list(images))
        checked = check_graph(
            graph,
            front,
            network,
            asked.forms,
            rules,
            images,
            predicted,
            engines,
            n_own=n_own,
            limits=_limits(asked),
        )
        update(1)
    losses: list[PrecisionLoss] = []
    if precision != "fp32":
        ensemble = read_ensemble(run)
        if ensemble is not None and not ensemble.same_folds:
            raise UsageError(
                "the runs of the ensemble have different folds, so what int8 or bf16 changes cannot be measured.",
                field="precision",
                fix="Leave it out for fp32.",
            )
        judged = asked if models == "folds" else open_models(run, rules, settings, progress, views=views)

        def build(folds: Sequence[int]) -> bytes:
            return build_graph(judged.network(folds), judged.forms, opset)

        convert = _converter(precision)
        losses = measure_loss(run, judged, build, convert, precision, settings, progress)
        graph = convert(graph, training_pixels(run, asked, settings, progress))
    expected = _expect(run, models)
    record = _describe(run, asked, rules, checked, models, expected, graph, opset)
    record |= {"precision": precision, "loss": [loss.to_dict() for loss in losses]}
    if losses:
        record["engines"] = [loss.engine for loss in losses]
    _write(to, graph, record, rules, expected)
    return Exported(to, record, checked, len(graph), losses)


def _converter(precision: Precision) -> Callable[[bytes, NDArray[np.uint8]], bytes]:
    """A graph for a precision: int8 is in the graph, bf16 is the engine's business."""
    if precision == "int8":
        from podium.export.to_int8 import to_int8

        return to_int8
    return lambda graph, _pixels: graph


def _require_packages() -> None:
    for name in ("onnx", "onnxruntime"):
        if importlib.util.find_spec(name) is None:
            raise UsageError(f"{name} is not installed.", fix='Install it: pip install "podium[export]".')


def _check_folder(to: Path) -> None:
    fix = f"Name a folder that is not there yet with {option('to')}."
    durable.check_claimable(to, "an exported model", fix=fix)


def _check_run(run: RunFolder) -> tuple[DecisionRules, Samples]:
    """How the run decides, and its samples; refused where a graph of one image cannot answer as the run does."""
    from podium.export.deciding import check_rules
    from podium.recipe import load_recipe

    samples, _ = load_tables(run)
    assert samples.task is not None, "a run has a task"
    rules = load_rules(run, samples.task)
    check_rules(rules)
    if samples.bag is not None:
        raise UsageError(
            "the run has one answer for several images, and an exported model answers each image by itself.",
            fix="Predict with the run: podium predict RUN FOLDER.",
        )
    ensemble = read_ensemble(run)
    folders = [run] if ensemble is None else ensemble.folders(run)
    regions = sorted({name for item in folders for name in load_recipe(item.recipe_file).image.used_regions})
    if regions:
        raise UsageError(
            f"the run sees a region of every image ({', '.join(regions)}), which a graph cannot find.",
            fix="Predict with the run, or train on images that are cut already.",
        )
    return rules, samples


def _find_images(samples: Samples, inputs: Sequence[Input]) -> tuple[dict[str, NDArray[np.uint8]], int]:
    """Decoded images to compare on: some of the run's own, as it decodes them, and odd ones made of the first."""
    from podium.export.odd_images import odd_images
    from podium.images import decode_bytes, decode_file

    limits, targets = inputs[0].recipe.image.limits, [item.form.target_px for item in inputs]
    target_px = None if None in targets else max(px for px in targets if px is not None)
    found: dict[str, NDArray[np.uint8]] = {}
    for row in np.unique(np.linspace(0, len(samples) - 1, N_OWN).astype(np.int64)).tolist():
        pixels = decode_file(samples.file(row), limits=limits, target_px=target_px, with_facts=False).pixels
        if pixels is not None:
            found[str(samples.ids[row])] = pixels
    if not found:
        raise ImageError(
            "none of the run's own images can be read, and an export is compared on them.",
            where=samples.root,
            fix="Put the images back where the run found them.",
        )
    n_own = len(found)
    for name, data in odd_images(next(iter(found.values()))).items():
        pixels = decode_bytes(data, limits=limits, target_px=target_px, with_facts=False).pixels
        if pixels is not None:
            found[name] = pixels
    return found, n_own


def _limits(asked: ExportedModels) -> Any:
    """How far the graph may be from the run; where ranks are blended, by a step more."""
    from podium.export.check_graph import Limits

    usual, step = Limits(), asked.step
    predicted = _REDUCED if asked.is_reduced else usual.predicted
    return replace(
        usual,
        same_pixels=usual.same_pixels + step,
        from_file=usual.from_file + step,
        predicted=predicted + step,
    )


def _expect(run: RunFolder, models: Models) -> ExpectedScore | None:
    scores = Scores.from_dict(durable.read_json(run.scores_file))
    if models == "folds" or scores.expected is None:
        return None if scores.pessimistic is not None else scores.expected
    n_images = scores.targets[scores.main_target].n
    return expect_on_test(run, n_images=n_images, is_refit=True)


def _describe(
    run: RunFolder,
    asked: ExportedModels,
    rules: DecisionRules,
    checked: Checked,
    models: Models,
    expected: ExpectedScore | None,
    graph: bytes,
    opset: int,
) -> dict[str, Any]:
    """The content of model.json."""
    from podium.export.answering import output_names
    from podium.export.build_graph import INPUT, prepare_in_graph

    card, preparations = describe_model(run), list(map(prepare_in_graph, asked.forms))
    reasons = [item.reason for item in preparations if not item.takes_any_size]
    return {
        "kind": KIND,
        "format": FORMAT,
        "podium": card["podium"],
        "run": run.name,
        "model_id": hashlib.sha256(graph).hexdigest(),
        "task": card["task"],
        "classes": card["classes"],
        "input": INPUT,
        "outputs": list(output_names(asked.task)),
        "image": {
            "takes_any_size": not reasons,
            "reason": next(iter(reasons), ""),
            "forms": [_describe_form(item) for item in asked.inputs],
        },
        "views": list(asked.views),
        "decisions": rules.to_dict(),
        "model": {
            "kind": models,
            "n_models": asked.n_models,
            "ships": asked.ships,
            "backbone": card["model"]["backbone"],
            "preset": card["model"]["preset"],
            "weights": card["refit"]["weights"] if models == "refit" else card["model"]["weights"],
            "arithmetic": "; ".join(
                dict.fromkeys(arithmetic_words(read_arithmetic(folder)) for folder in asked.folders)
            ),
        },
        "opset": opset,
        "engines": list(checked.engines),
        "check": checked.to_dict(),
        "score": {"main": card["score"], "targets": card["targets"]},
        "expected": None if expected is None else expected.to_dict(),
        "start_weights": _start_weights(asked),
        "validation": card["validation"],
        "data": card["data"],
    }


def _start_weights(asked: ExportedModels) -> dict[str, Any]:
    """Where the weights were before training, and their licence; of an ensemble those of all its runs."""
    found = [describe_model(folder)["start_weights"] for folder in asked.folders]
    named = {key: list(dict.fromkeys(str(item[key]) for item in found if item[key])) for key in ("source", "licence")}
    return {key: "; ".join(values) or None for key, values in named.items()}


def _describe_form(item: Input) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(asdict(item.form))
    return plain | {"network_size": list(item.recipe.image.sides)}


def _plain(value: Any) -> Any:
    """With lists for tuples, as JSON reads them back."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _write(
    to: Path, graph: bytes, record: dict[str, Any], rules: DecisionRules, expected: ExpectedScore | None
) -> None:
    from podium.export.card import card_lines

    card = "\n".join(card_lines(record, rules, expected)).encode()
    files = {GRAPH_NAME: graph, CARD_NAME: card, RECORD_NAME: durable.sealed_bytes(record)}
    durable.write_folder(to, {name: _writer(data) for name, data in files.items()})


def _writer(data: bytes) -> durable.PartWriter:
    return lambda file: file.write(data)
