"""Every section gives plain data, equal to the tables of the run, before anything is drawn."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest

from podium import durable
from podium.metrics import METRICS, Scores, chance_score
from podium.report import RunReport, describe_run, read_contents
from podium.report.section import Section
from podium.splits import summarise_folds
from podium.store import RunFolder, arithmetic_words, read_arithmetic, read_epochs
from podium.tables import load_folds, load_predictions, load_samples

Described = tuple[RunFolder, RunReport, dict[str, Any]]


@pytest.fixture(scope="module")
def described(any_run: RunFolder) -> Described:
    report = describe_run(read_contents(any_run))
    return any_run, report, json.loads(json.dumps(report.to_dict(), allow_nan=False))


@pytest.mark.slow
def test_every_field_of_every_section_is_in_the_document(described: Described) -> None:
    _, report, document = described
    assert list(document) == [item.name for item in fields(report)]
    for item in fields(report):
        value = getattr(report, item.name)
        for section, record in [(value, document[item.name])] if isinstance(value, Section) else []:
            assert list(record) == [inner.name for inner in fields(section)]
            assert section.to_dict() == record
    assert "base64" not in json.dumps(document)
    assert "<svg" not in json.dumps(document)


def test_headline_data(described: Described) -> None:
    run, _, document = described
    scores = Scores.from_dict(durable.read_json(run.scores_file))
    found = document["headline"]
    assert (found["target"], found["metric"]) == (scores.main_target, scores.main_metric)
    assert [found["interval"][name] for name in ("value", "low", "high")] == [
        scores.main.value,
        scores.main.low,
        scores.main.high,
    ]
    lines = {line["target"]: line["interval"]["value"] for line in found["targets"]}
    wanted = {name: target.metrics[scores.main_metric].value for name, target in scores.targets.items()}
    assert lines == (wanted if len(wanted) > 1 else {})


def test_cautions_data(described: Described) -> None:
    _, report, document = described
    names = [caution["name"] for caution in document["cautions"]["cautions"]]
    assert names == [caution.name for caution in report.cautions.cautions]
    assert all(caution["words"] for caution in document["cautions"]["cautions"])


def test_targets_data(described: Described) -> None:
    run, _, document = described
    scores = Scores.from_dict(durable.read_json(run.scores_file))
    assert sorted(target["name"] for target in document["targets"]) == sorted(scores.targets)
    for found in document["targets"]:
        target = scores.targets[found["name"]]
        assert {name: item["value"] for name, item in found["metrics"].items()} == {
            name: item.value for name, item in target.metrics.items()
        }
        assert [line["score"]["f1"] for line in found["classes"]] == [item.f1 for item in target.per_class]
        assert found["confusion"] == ([] if target.kind == "multi" else target.confusion.tolist())


def test_mistakes_data_name_wrong_images(described: Described) -> None:
    run, _, document = described
    samples, oof = load_samples(run.path), load_predictions(run.oof_file)
    row_of = {name: row for row, name in enumerate(oof.ids)}
    for found in document["mistakes"]:
        head = next(head for head in oof.task.targets if head.name == found["name"])
        labels = samples.target_labels(head.name)[samples.rows_of(oof.ids)]
        assert found["mistakes"]
        for mistake in found["mistakes"]:
            row = row_of[mistake["id"]]
            probs = oof.probs[head.name][row]
            if head.is_multi:
                given = {name for name, p in zip(head.classes, probs, strict=True) if p >= 0.5}
                there = {name for name, y in zip(head.classes, labels[row], strict=True) if y == 1}
                assert (set(mistake["truth"]), set(mistake["answer"])) == (there - given, given - there)
                assert mistake["n_wrong"] == len(there ^ given) > 0
            else:
                assert mistake["truth"] == [head.classes[labels[row]]]
                assert mistake["answer"] == [head.classes[int(np.argmax(probs))]] != mistake["truth"]
                assert mistake["prob"] == probs.max()


def test_calibration_data(described: Described) -> None:
    _, _, document = described
    found = document["calibration"]
    n, right = (sum(item[name] for item in found["bins"]) for name in ("n", "n_right"))
    assert math.isclose(found["right"], right / n)
    sure = sum(item["n"] * item["confidence"] for item in found["bins"] if item["n"]) / n
    assert math.isclose(found["mean_confidence"], sure)
    assert [item["confidence"] is None for item in found["bins"]] == [item["n"] == 0 for item in found["bins"]]
    assert found["coverage"][-1]["n"] == n


def test_data_data(described: Described) -> None:
    run, _, document = described
    samples = load_samples(run.path)
    found = document["data"]
    assert found["facts"] == {"images": len(samples), "groups": 40, "quarantined": 1}
    assert len({image["id"] for image in found["sheet"]}) == 12
    assert {image["id"] for image in found["sheet"]} <= set(samples.ids)
    for target in found["targets"]:
        labels = samples.target_labels(target["name"])
        n = sum(line["n"] for line in target["lines"] + target["tail"])
        assert n == int((labels == 1).sum() if labels.ndim == 2 else (labels >= 0).sum())


def test_folds_data(described: Described) -> None:
    run, _, document = described
    samples, folds = load_samples(run.path), load_folds(run.path)
    scores = Scores.from_dict(durable.read_json(run.scores_file))
    assert samples.task is not None
    head = samples.task.main_target
    labels = samples.target_labels(head.name)
    for number, line in enumerate(document["folds"]["lines"]):
        rows = folds.fold == number
        assert line["n"] == rows.sum()
        shares = [(labels[rows] == 1).mean(axis=0)] if head.is_multi else []
        shares = shares or [np.bincount(labels[rows], minlength=head.n_classes) / rows.sum()]
        np.testing.assert_allclose(line["shares"], shares[0], rtol=1e-12)
        assert line["score"] == scores.folds[number].interval.to_dict()
        metric = METRICS[scores.main_metric]
        assert line["chance"] == scores.folds[number].chance == chance_score(metric, labels[rows], head)
        (training,) = line["trainings"]
        panel = document["curves"]["panels"][number]
        assert training == {
            "model": "all", "n_epochs": 12, "best_epoch": panel["best_epoch"], "seconds": 12 * (2.5 + number)
        }  # fmt: skip
    assert document["folds"]["metric"] == scores.main_metric
    for line, part in zip(document["folds"]["lines"], summarise_folds(samples, folds).parts, strict=True):
        assert (line["deviation"], line["deviation_at"]) == (part.deviation, part.deviation_at)
    assert document["folds"]["leaks"]["state"] == "clean"
    assert document["folds"]["digest"] == folds.digest


def test_curves_data_are_the_journals(described: Described) -> None:
    run, _, document = described
    rows = read_epochs(run)
    assert len(rows) == sum(len(panel["epochs"]) for panel in document["curves"]["panels"])
    for panel in document["curves"]["panels"]:
        own = [row for row in rows if (row.fold, row.model) == (panel["fold"], panel["model"])]
        assert panel["train_loss"] == [row.train_loss for row in own]
        assert panel["scores"] == [row.scores[panel["score_name"]] for row in own]
        assert panel["train_scores"] == [row.train_scores[panel["score_name"]] for row in own]
        for name in ("valid_loss", "plain_train_loss", "seconds"):
            assert panel[name] == [getattr(row, name) for row in own]
        assert panel["best"] == max(panel["scores"])
        assert panel["scores"][panel["epochs"].index(panel["best_epoch"])] == panel["best"]


def test_settings_data(described: Described) -> None:
    run, _, document = described
    assert document["settings"]["recipe"] == run.recipe_file.read_text("utf-8")
    assert document["settings"]["facts"]["run"] == run.name
    assert document["settings"]["facts"]["computed with"] == arithmetic_words(read_arithmetic(run))
    assert document["settings"]["commands"] == ["podium train data/train --preset baseline"]
    assert set(document["settings"]["packages"]) <= set(durable.read_json(run.environment_file)["packages"])


def test_numbers_that_are_none_and_values_that_json_lacks() -> None:
    @dataclass(frozen=True)
    class Odd(Section):
        value: Any

    assert Odd((math.nan, -math.inf, 0.5, "x", None)).to_dict() == {"value": [None, None, 0.5, "x", None]}
    with pytest.raises(AssertionError, match="float32"):
        Odd(np.float32(1)).to_dict()


def test_an_empty_folder_is_described_too(any_run: RunFolder) -> None:
    run = RunFolder(any_run.path / "nothing")
    document = describe_run(read_contents(run)).to_dict()
    assert document["headline"]["interval"] is None
    assert [document[name] for name in ("data", "folds", "curves", "calibration")] == [None] * 4
    assert replace(describe_run(read_contents(run)), run="other").to_dict() == document | {"run": "other"}
