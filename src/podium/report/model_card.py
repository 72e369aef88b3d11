"""What a finished run's model is, for whoever uses it later: model.json for programs, MODEL_CARD.md for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from podium import durable
from podium.listing import count_of
from podium.metric_words import metric_words
from podium.metrics import ExpectedScore, Scores, TargetScore
from podium.printable import printable
from podium.report.contents import read_group_words
from podium.report.expected_words import expected_words, why_expected
from podium.report.members_section import blend_words
from podium.store import (
    EnsembleRecord,
    RunFolder,
    load_tables,
    read_ensemble,
    read_evaluations,
    read_plain_yaml,
    weights_of,
    weights_of_refit,
)
from podium.store.refit_record import RefitRecord, read_refit, refit_words
from podium.tables import HOLDOUT, Folds, Samples

__all__ = ["describe_model", "write_model_card"]

YOURS = "Say here what the model is for, what it is not for, and on whose images it was never tested."
"""Stands under "Intended use" until somebody writes there; what they write is kept."""


def write_model_card(run: RunFolder) -> None:
    """Write model.json and MODEL_CARD.md of a scored run; the text under "Intended use" stays as it is.

    Raises:
        StorageError: If a file cannot be read or written.
        CorruptFileError: If a table of the run is not the one it was started with.
    """
    use = _read_use(run)
    card = describe_model(run) | {"intended_use": "" if use == YOURS else use}
    durable.write_json(run.model_file, card)
    durable.write_text(run.model_card_file, "\n".join(_page(card, use)))


def describe_model(run: RunFolder) -> dict[str, Any]:
    """Everything that model.json says, JSON-ready."""
    record, (samples, folds) = run.read(), load_tables(run)
    ensemble = read_ensemble(run)
    recipe = {} if ensemble is not None else read_plain_yaml(durable.read_bytes(run.recipe_file))
    scores = Scores.from_dict(durable.read_json(run.scores_file))
    assert samples.task is not None, "a run has a task"
    backbone, refit = record.get("backbone", {}), read_refit(run, finished=True)
    return {
        "run": run.name,
        "created": record["created"],
        "podium": record["podium"],
        "classes": {head.name: list(head.classes) for head in samples.task.targets},
        "task": samples.task.to_dict(),
        "preprocessing": None if ensemble is not None else _preprocessing(recipe, backbone),
        "model": {
            "backbone": recipe["model"]["name"] if ensemble is None else "ensemble",
            "preset": recipe.get("preset"),
            "weights": weights_of(run, record["folds"]),
            "prediction": _prediction(record, ensemble),
        },
        "ensemble": None if ensemble is None else _members(ensemble),
        "refit": None if refit is None else refit.to_dict() | {"weights": weights_of_refit(run)},
        "start_weights": {"source": backbone.get("weight_source"), "licence": backbone.get("licence")},
        "score": _score(scores),
        "answers": None if scores.of_images is None else scores.of_images.to_dict(),
        "expected": None if scores.expected is None or scores.pessimistic is not None else scores.expected.to_dict(),
        "targets": {name: _target(target, scores.metric_of(name)) for name, target in scores.targets.items()},
        "validation": _validation(samples, folds, record) | {"group_words": read_group_words(run)},
        "evaluations": [_evaluation(item) for item in read_evaluations(run)],
        "data": {"n_images": len(samples), "digest": samples.digest, "table_digest": samples.table_digest},
        "recipe_sha256": durable.sha256_file(run.definition_file),
    }


def _prediction(record: Mapping[str, Any], ensemble: EnsembleRecord | None) -> str:
    if ensemble is None:
        return f"mean of the probabilities of the models of {count_of(len(record['folds']), 'fold')}"
    return f"{blend_words(ensemble)} of {count_of(len(ensemble.members), 'run')}"


def _members(ensemble: EnsembleRecord) -> dict[str, Any]:
    names = [member.name for member in ensemble.members]
    weights = {target: dict(zip(names, own, strict=True)) for target, own in ensemble.blend["weights"].items()}
    return {"runs": names, "blend": ensemble.blend["kind"], "weights": weights}


def _preprocessing(recipe: Mapping[str, Any], backbone: Mapping[str, Any]) -> dict[str, Any]:
    size = recipe["image"]["size_px"]
    height, width = size if isinstance(size, list) else (size, size)
    return {
        "height_px": height,
        "width_px": width,
        "fit": recipe["image"].get("fit", "stretch"),
        "preprocessing": recipe["image"].get("preprocessing", []),
        "colours": "RGB",
        "value_range": [0.0, 1.0],
        "mean": backbone.get("mean"),
        "std": backbone.get("std"),
    }


def _score(scores: Scores) -> dict[str, Any]:
    return {"target": scores.main_target} | _target(scores.targets[scores.main_target], scores.main_metric)


def _target(target: TargetScore, metric: str) -> dict[str, Any]:
    interval = target.metrics[metric].to_dict()
    kept = {name: interval[name] for name in ("value", "low", "high", "level")}
    return {"metric": metric, **kept, "n": target.n, "n_groups": target.n_groups}


def _validation(samples: Samples, folds: Folds, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "method": folds.method,
        "n_folds": folds.n_folds,
        "folds_trained": record["folds"],
        "seed": folds.seed,
        "has_groups": samples.has_groups,
        "n_holdout": int((folds.fold == HOLDOUT).sum()),
        "folds_digest": folds.digest,
    }


def _evaluation(item: Any) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "name": item.name,
        "at": item.at,
        "number": item.number,
        "known_fraction": item.known_fraction,
        "score": _score(item.scores),
        "without_rules": item.main_without_rules,
    }


def _read_use(run: RunFolder) -> str:
    """What stands under "Intended use" now."""
    if not run.model_card_file.is_file():
        return YOURS
    text = durable.read_bytes(run.model_card_file).decode("utf-8", "replace").replace("\r\n", "\n")
    found = re.search(r"^## Intended use\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return (found[1].strip() if found else "") or YOURS


def _page(card: Mapping[str, Any], use: str) -> Iterator[str]:
    """The lines of MODEL_CARD.md, front matter as Hugging Face reads it first."""
    yield from ("---", yaml.safe_dump(_front_matter(card), allow_unicode=True, sort_keys=False).rstrip(), "---", "")
    yield from (f"# {card['run']}", "", *_summary(card), "", "## Intended use", "", use, "", "## Score", "")
    yield from (f"| target | metric | score | interval | {_unit(card)}s |", "|---|---|---|---|---|")
    for name, line in card["targets"].items():
        cells = (_cell(name), metric_words(line["metric"]), _number(line["value"]), _range(line), str(line["n"]))
        yield f"| {' | '.join(cells)} |"
    yield from ("", _how_validated(card))
    if card["expected"] is not None:
        yield from ("", _about_expected(ExpectedScore.from_dict(card["expected"])))
    if card["refit"] is not None:
        yield from ("", _about_refit(card))
    for item in card["evaluations"]:
        yield from ("", _about_evaluation(item))
    yield from ("", "## Classes", "")
    yield from (f"- {_cell(name)}: {', '.join(map(_cell, names))}" for name, names in card["classes"].items())
    if card["ensemble"] is None:
        images, origin = _how_prepared(card["preprocessing"]), _origin(card)
    else:
        names = ", ".join(map(_cell, card["ensemble"]["runs"]))
        images, origin = (f"See the cards of the runs: {names}.",) * 2
    yield from ("", "## Images", "", images, "", "## Start weights", "", origin)
    yield from ("", "## Data and recipe", "", *_digests(card), "")


def _front_matter(card: Mapping[str, Any]) -> dict[str, Any]:
    data, score, source = card["data"], card["score"], str(card["start_weights"]["source"] or "")
    hub = re.match(r"[\w.-]+/[\w.-]+(?=/)", source)
    results = {
        "task": {"type": "image-classification"},
        "dataset": {
            "name": f"{count_of(data['n_images'], 'image')}, digest {data['digest'][:12]}",
            "type": "imagefolder",
        },
        "metrics": [
            {"type": score["metric"], "value": score["value"], "name": f"out-of-fold {metric_words(score['metric'])}"}
        ],
    }
    return {
        "library_name": "podium",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "timm"],
        **({"base_model": hub[0]} if hub else {}),
        "model-index": [{"name": card["run"], "results": [results]}],
    }


def _summary(card: Mapping[str, Any]) -> Iterator[str]:
    model, targets = card["model"], card["classes"]
    n = sum(map(len, targets.values()))
    made = f"{model['backbone']}, preset {model['preset']}" if card["ensemble"] is None else "an ensemble"
    yield (
        f"An image classifier for {count_of(len(targets), 'target')} with {count_of(n, 'class')}:"
        f" {made}, trained with Podium {card['podium']} on"
        f" {card['created'][:10]}. It answers with the {model['prediction']}."
    )


def _unit(card: Mapping[str, Any]) -> str:
    return "image" if card["answers"] is None else "bag"


def _how_validated(card: Mapping[str, Any]) -> str:
    facts, score = card["validation"], card["score"]
    words = facts.get("group_words", "groups")
    groups = f" of {count_of(score['n_groups'], words.removesuffix('s'))}" if score["n_groups"] != score["n"] else ""
    whole = "Groups are never divided." if facts["has_groups"] and words == "groups" else "No groups are named."
    return (
        f"Out-of-fold scores of {count_of(score['n'], _unit(card))}{groups}: each was predicted by a model that did not"
        f" learn from it ({count_of(facts['n_folds'], 'fold')} by `{facts['method']}`,"
        f" {len(facts['folds_trained'])} trained, seed"
        f" {facts['seed']}). {whole} Intervals ({score['level']:.0%}) resample groups.{_how_pooled(card)}"
    )


def _how_pooled(card: Mapping[str, Any]) -> str:
    found = card["answers"]
    if found is None:
        return ""
    return f" One answer is for a bag of images, whose probabilities are pooled ({found['pool']})."


def _about_expected(found: ExpectedScore) -> str:
    return f"Expected of a submission: {expected_words(found)}. {why_expected(found)}."


def _about_refit(card: Mapping[str, Any]) -> str:
    words = refit_words(RefitRecord(card["refit"]["epochs"], card["refit"]["n_images"]))
    return f"Refit: {words}. The scores here are those of the folds' models, by the same recipe."


def _about_evaluation(item: Mapping[str, Any]) -> str:
    score = item["score"]
    what = "The holdout" if item["kind"] == "holdout" else f"Test set {_cell(item['name'])}"
    known = f" {item['known_fraction']:.1%} of the images match training images." if item["known_fraction"] else ""
    if item["without_rules"] is not None:
        known += f" Scored as the run decides; without its rules {_number(item['without_rules'])}."
    return (
        f"{what}, {item['at'][:10]}, look {item['number']}: {metric_words(score['metric'])} {_number(score['value'])}"
        f" ({_range(score)}) on {count_of(score['n'], 'image')}.{known}"
    )


def _how_prepared(facts: Mapping[str, Any]) -> str:
    steps = ", ".join(f"`{step['kind']}`" for step in facts["preprocessing"])
    return (
        f"{facts['colours']}, {facts['height_px']} x {facts['width_px']} px (height x width), fit `{facts['fit']}`,"
        f"{f' {steps},' if steps else ''}"
        f" values scaled to [0, 1], minus mean {facts['mean']}, divided by standard deviation {facts['std']}."
    )


def _origin(card: Mapping[str, Any]) -> str:
    source, licence = card["start_weights"]["source"], card["start_weights"]["licence"]
    stated = f"Licence: {licence}." if licence else "No licence is stated where Podium could read it."
    return "Random: nothing was learnt before." if str(source).startswith("random") else f"{source}. {stated}"


def _digests(card: Mapping[str, Any]) -> Iterator[str]:
    yield f"- data: {count_of(card['data']['n_images'], 'image')}, table of samples `{card['data']['digest']}`"
    yield f"- folds: `{card['validation']['folds_digest']}`"
    yield f"- recipe.yaml: `{card['recipe_sha256']}`"
    yield "- weights: " + ", ".join(f"{name} `{digest}`" for name, digest in card["model"]["weights"].items())


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _range(line: Mapping[str, Any]) -> str:
    return "no interval" if line["low"] is None else f"{line['low']:.4f} to {line['high']:.4f}"


def _cell(text: str) -> str:
    """A name from the data that breaks neither line nor table, and is no HTML."""
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", printable(text))
