"""One answer for several images: from a table to folds, scores, decisions, predictions and a submission."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

import podium
from podium.cli import main
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.decisions import judged_answers
from podium.errors import LabelError, PodiumError, RecipeError, SourceError, UsageError
from podium.machine import Settings
from podium.metrics import score_predictions
from podium.recipe import Recipe
from podium.store import read_epochs
from podium.tables import Correction, save_corrections
from podium.workflows import Run, compose_recipe, train
from tiny.contest import TINY, draw_images, make_recipe, make_settings

N_BAGS = 12
SHAPES = {
    "single": ("mask",),
    "multi": ("red", "green"),
    "attributes": ("mask", "size"),
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """36 photos of 12 products of two hospitals; every third photo of a product differs in the label "green"."""
    names = draw_images(tmp_path / "photos", 36)
    rows = []
    for row, name in enumerate(names):
        product = row // 6 * 2 + row % 2
        red, green = row % 2, int(product % 3 == 0 and row % 3 == 0)
        rows.append(f"{name},P{product:02d},{'ab'[product % 2]},{'sml'[product % 3]},{red},{green},{row % 4},{row % 3}")
    head = "image,product,mask,size,red,green,other,fold\n"
    (tmp_path / "train.csv").write_text(head + "\n".join(rows) + "\n")
    return tmp_path / "train.csv"


def train_bags(table: Path, shape: str = "single", *lines: str, recipe: Recipe | None = None, **options: object) -> Run:
    given = {"labels": table, "label_columns": SHAPES[shape], "answer_per": "product", **options}
    if shape == "multi":
        given["bag_labels"] = "any"
    return train(
        table.parent / "photos",
        options=ScanOptions(**given),  # type: ignore[arg-type]
        folds=2,
        recipe=recipe or make_recipe(*lines),
        settings=make_settings(table.parent),
    )


@pytest.mark.parametrize(
    "shape", [pytest.param(name, marks=[] if name == "multi" else [pytest.mark.slow]) for name in SHAPES]
)
def test_folds_scores_answers_and_submission_are_of_bags(shape: str, table: Path, tmp_path: Path) -> None:
    run = train_bags(table, shape, "pool=max")
    samples, folds, scores = run.samples, run.folds, run.scores
    assert samples.bag is not None
    for fold in range(2):
        assert not set(samples.bag[folds.valid_rows(fold)]) & set(samples.bag[folds.train_rows(fold)])
    assert {target.n for target in scores.targets.values()} == {N_BAGS}
    assert scores.of_images is not None
    assert (scores.of_images.pool, scores.of_images.n_images) == ("max", 36)
    head = run.oof.task.heads[0]
    products = sorted(set(samples.bag))
    rows = [np.flatnonzero(samples.bag[samples.rows_of(run.oof.ids)] == name) for name in products]
    pooled = np.array([run.oof.probs[head.name][own].max(axis=0) for own in rows])
    truth = np.array([samples.labels[head.name][samples.bag == name].max(axis=0) for name in products])
    decided = (pooled >= 0.5).astype(int) if head.is_multi else pooled.argmax(axis=1)
    f1 = scores.targets[head.name].metrics["f1_macro"].value
    assert f1 == pytest.approx(f1_score(truth, decided, average="macro", zero_division=0))
    page = run.folder.report_file.read_text(encoding="utf-8")
    assert "12 bags" in page
    assert "Single images: " in page
    predictions = run.predict(table.parent / "photos", rows=table, answer_per="product")
    assert len(predictions) == 36, "probabilities are of images"
    with (run.folder.path / "predictions" / "test.csv").open() as file:
        assert sorted(row["id"] for row in csv.DictReader(file)) == products
    columns = [f"{name},0" for name in products]
    field = ",".join(["product", *(column for column in SHAPES[shape])])
    zeros = ",0" * (len(SHAPES[shape]) - 1)
    (tmp_path / "sample.csv").write_text("\n".join([field, *(f"{line}{zeros}" for line in columns)]) + "\n")
    if shape == "multi":
        record = podium.submit(predictions, template=tmp_path / "sample.csv", out=tmp_path / "mine.csv")
        assert record.n_rows == N_BAGS


@pytest.mark.slow
@pytest.mark.parametrize("is_solved", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_an_epoch_is_scored_by_bags_so_patience_and_best_are_too(shape: str, is_solved: bool, table: Path) -> None:
    lines = ["pool=max", "predict_views=[plain]", "feature_views=[plain]"]
    recipe = make_recipe(*lines)
    if is_solved:
        idle = ("head.", "training.epochs", "training.batch_size", "training.precision", "training.layout")
        own = [line for line in TINY if not line.startswith(idle)]
        recipe = compose_recipe("baseline", overrides=[*own, "head.kind=logistic", *lines])
    run = train_bags(table, shape, recipe=recipe)
    last = {row.fold: row.scores for row in read_epochs(run.folder)}
    answers, samples = judged_answers(run.oof, run.samples, "max")
    for fold in range(2):
        own = answers.take(np.flatnonzero(answers.fold == fold))
        scores = score_predictions(own, samples.take(samples.rows_of(own.ids)), n_resamples=0)
        for head in run.oof.task.heads:
            metric = scores.metric_of(head.name)
            value = scores.targets[head.name].metrics[metric].value
            assert last[fold][head.name] == pytest.approx(value, nan_ok=True)


@pytest.mark.long
def test_decide_chooses_a_pool_that_predictions_and_evaluations_follow(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    read = ["--labels", "train.csv", "--label-columns", "mask", "--answer-per", "product"]
    machine = ["--name", "mine", "--folds", "2", "--device", "cpu", "--threads", "1", "-q", "--set", *TINY]
    assert main(["train", "photos", *read, *machine]) == 0
    out = capsys.readouterr().out
    assert "12 bags" in out
    assert "single images: " in out
    assert main(["predict", "mine", "photos", "-q"]) == 2
    assert "--answer-per: the run has one answer for several images" in capsys.readouterr().err
    assert main(["predict", "mine", "photos", "--rows", "train.csv", "--answer-per", "product", "-q"]) == 0
    mean = Path("runs/mine/predictions/test.csv").read_bytes()
    assert "36 images predicted, answers for 12 bags" in capsys.readouterr().out
    assert main(["labels", "mine", "photos", "--next", "3", "-q"]) == 0, "which image to label is asked of images"
    capsys.readouterr()
    assert main(["decide", "mine", "--pool", "noisy_or"]) == 0
    assert json.loads(Path("runs/mine/decisions.json").read_bytes())["bags"] == "noisy_or"
    assert Path("runs/mine/predictions/test.csv").read_bytes() != mean, "answers follow the pool"
    capsys.readouterr()
    draw_images(tmp_path / "new", 36, seed=1)
    assert main(["evaluate", "mine", "new", *read, "-q", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores["of_images"]["pool"] == "noisy_or"
    assert scores["targets"]["mask"]["n"] == N_BAGS
    assert main(["train", "photos", *read, *machine[2:], "pool=max", "--name", "other"]) == 0
    capsys.readouterr()
    assert main(["compare", "mine", "other", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_images"] == N_BAGS
    assert main(["decide", "mine", "--pool", "auto", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["pools"]["pools"]) == {"mean", "median", "max", "noisy_or", "logit_mean"}
    assert told["rules"]["bags"] == told["pools"]["best"]
    assert main(["decide", "mine"]) == 0
    assert not Path("runs/mine/decisions.json").exists()
    assert Path("runs/mine/predictions/test.csv").read_bytes() == mean


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"label_columns": ("other",)}, LabelError, "'other' differs inside"),
        ({"label_columns": ("red", "green"), "label_kind": "multi"}, LabelError, "'labels' differ inside 4 bags"),
        ({"group": "other"}, SourceError, "lie in several groups: "),
        ({"fold_column": "fold"}, PodiumError, "the folds divide 12 bags: "),
        ({"answer_per": "image"}, SourceError, "names no bag of two images"),
        ({"answer_per": None, "bag_labels": "any"}, UsageError, "bag_labels: has no effect without bags"),
    ],
)
def test_bags_that_cannot_be_one_answer_are_refused(
    changes: dict[str, object], error: type[PodiumError], words: str, table: Path
) -> None:
    with pytest.raises(error) as caught:
        train_bags(table, **changes)
    assert words in str(caught.value)


@pytest.mark.slow
def test_a_pool_without_bags_is_refused(table: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="each image has an answer of its own"):
        train_bags(table, "single", "pool=max", answer_per=None)
    settings: Settings = make_settings(tmp_path)
    run = train(
        table.parent / "photos",
        options=ScanOptions(labels=table, label_columns=("mask",), group="product"),
        folds=2,
        recipe=make_recipe(),
        settings=settings,
    )
    with pytest.raises(UsageError, match="answers each image"):
        run.predict(table.parent / "photos", rows=table, answer_per="product")


@pytest.mark.long
def test_corrected_labels_are_judged_by_bags(table: Path) -> None:
    before = train_bags(table)
    wrong = before.samples
    assert wrong.bag is not None
    names = wrong.task.head("mask").classes  # type: ignore[union-attr]
    rows = [
        Correction(name, "mask", names[label], names[1 - label])
        for name, bag, label in zip(wrong.ids, wrong.bag, wrong.labels["mask"], strict=True)
        if bag == "P03"
    ]
    save_corrections(rows, table.parent / "corrections.csv")
    options = ScanOptions(
        labels=table, label_columns=("mask",), answer_per="product", corrections=table.parent / "corrections.csv"
    )
    after = train(
        table.parent / "photos",
        options=options,
        folds=FoldOptions(folds_from=before.folder.path),
        recipe=make_recipe(),
        settings=make_settings(table.parent),
        name="after",
    )
    found = before.label_verdict(after)
    assert found.unit == found.header[3] == "bags"
    lines = {line.labels: line for line in found.lines}
    assert {name: line.n for name, line in lines.items()} == {"original": 12, "corrected": 12, "untouched": 11}
    assert lines["original"].before == pytest.approx(before.scores.main.value)
    assert lines["corrected"].after == pytest.approx(after.scores.main.value)
