"""T20: the head that is chosen, beside scikit-learn's tuned logistic regression, on equal features.

    python benchmarks/heads.py [--data ../shared/data] [--sets digits ...] [--ways auto ...] [--folds 5] [--outer 3]

Every contestant gets the same standardised features of the packaged network in both views of each training image, the
same folds, and the same inner folds' rule (groups stay whole). Each is judged on the mean of both views of the fold's
images: accuracy and macro F1, or mean average precision for several labels. CPU seconds are those of the head alone,
the choice of its strength included. One thread.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import average_precision_score, f1_score, log_loss

from podium import Settings, compose_recipe, make_folds
from podium.data import store_in_memory
from podium.engine import Checkpoints, TrainState
from podium.machine import Silent
from podium.recipe import Recipe, build_backbone_of, resolve_recipe, resolve_statistics
from podium.stopping import StopRequest
from podium.tables import Head, Samples, Task, as_text_array
from podium.training.autotune import resolve_without_autotune
from podium.training.fitting import LabelledRows, prepare_fitting
from podium.training.inner_parts import deal_inner_parts
from podium.training.inputs import FeatureInputs
from podium.training.make_inputs import make_inputs
from podium.training.solved_training import train_solved

CPU = torch.device("cpu")
WAYS = ("auto", "logistic", "gradient descent", "LogisticRegressionCV")
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Contest:
    """A data set: its images, labels and groups."""

    files: list[str]
    head: Head
    labels: Labels
    groups: NDArray[np.object_]


def read_table(data: Path, name: str, label: str | list[str], group: str | None, most: int = 10**9) -> Contest:
    table = pd.read_csv(data / name / "labels.csv").dropna(subset=label)
    table = table.sample(min(most, len(table)), random_state=0)
    files = [str(next(p for p in (data / name / f, data / name / "images" / f) if p.is_file())) for f in table["path"]]
    groups = table[group] if group else pd.Series(files)
    keys = as_text_array(groups.astype(str).tolist())
    if isinstance(label, list):
        return Contest(files, Head("label", "multi", tuple(label)), table[label].to_numpy(np.int64), keys)
    numbers, classes = pd.factorize(table[label].astype(str), sort=True)
    return Contest(files, Head("label", "single", tuple(classes)), numbers.astype(np.int64), keys)


def read_ants(data: Path) -> Contest:
    files = sorted(str(path) for path in (data / "hymenoptera").glob("*/*/*.jpg"))
    labels = np.array([int("bees" in Path(file).parent.name) for file in files])
    return Contest(files, Head("label", "single", ("ants", "bees")), labels, as_text_array(files))


def read_faces(data: Path, attribute: str) -> Contest:
    """The photos of mask7, by person: gender, or age in three bins."""
    files = sorted(str(path) for path in (data / "mask7_semisynth" / "train" / "images").glob("*/*.jpg"))
    people = [Path(file).parent.name for file in files]
    ages = [int(name.split("_")[3]) for name in people]
    genders = [name.split("_")[1] for name in people]
    numbers = [name == "male" for name in genders] if attribute == "gender" else [(a >= 30) + (a >= 60) for a in ages]
    classes = ("female", "male") if attribute == "gender" else ("<30", "30-59", ">=60")
    return Contest(files, Head("label", "single", classes), np.array(numbers, dtype=np.int64), as_text_array(people))


SETS: dict[str, Callable[[Path], Contest]] = {
    "ants": read_ants,
    "digits": lambda data: read_table(data, "sign_digits", "label", "group"),
    "solar": lambda data: read_table(data, "elpv_solar", "defect_probability", None),
    "covid": lambda data: read_table(data, "covid_chestxray", "finding", "patient"),
    "face age": lambda data: read_faces(data, "age"),
    "face gender": lambda data: read_faces(data, "gender"),
    "gender": lambda data: read_table(data, "fashion_products", "gender", None, 2500),
    "usage": lambda data: read_table(data, "fashion_products", "usage", None, 2500),
    "letters": lambda data: read_table(data, "dirty_letters26", [chr(97 + i) for i in range(26)], "group"),
}


def make_features(contest: Contest, recipe: Recipe) -> FeatureInputs:
    image, settings = recipe.image, Settings(threads=1, device="cpu")
    stored = store_in_memory(contest.files, *image.stored_sides, image.fit, n_threads=1, limits=image.limits)
    recipe = resolve_statistics(recipe, stored.pixels, np.arange(len(contest.files)))
    task = Task((contest.head,))
    inputs = make_inputs(recipe, task, stored, CPU, settings, Silent(), backbone=build_backbone_of(recipe))
    assert isinstance(inputs, FeatureInputs)
    return inputs


def solve(kind: str, recipe: Recipe, inputs: FeatureInputs, contest: Contest, rows: Labels) -> Any:
    chosen = compose_recipe(recipe=recipe, overrides=[f"head.kind={kind}"])
    task, train = Task((contest.head,)), make_rows(contest, rows)
    model = inputs.build_model(task, rows, seed=0)
    if kind == "gradient":
        fitting = prepare_fitting(chosen, task, model, inputs, train, None, metric=None, seed=0, device=CPU)
        model.load_state_dict(fitting.run(TrainState(), Checkpoints(Path(), every_s=float("inf")), StopRequest()))
        words = ""
    else:
        stop = StopRequest()
        solved = train_solved(chosen, task, model, inputs, train, None, metric=None, seed=0, stop=stop, device=CPU)
        words = " + ".join(f"{item.factor:.2f} {item.kind}" for item in solved.heads["label"].candidates if item.factor)
    return lambda features: model(features)["label"].detach(), words


def make_rows(contest: Contest, rows: Labels) -> LabelledRows:
    ids = as_text_array([f"{row:06}" for row in rows])
    return LabelledRows(rows, ids, {"label": contest.labels[rows]}, groups=contest.groups[rows])


def tune(recipe: Recipe, inputs: FeatureInputs, contest: Contest, rows: Labels) -> Any:
    """LogisticRegressionCV as its own guide has it: standardised, ten strengths, inner folds by group."""
    model = inputs.build_model(Task((contest.head,)), rows, seed=0)
    source = inputs.feature_rows(model, rows)
    train, labels = source.read().numpy(), contest.labels[rows]
    given = make_rows(contest, rows)
    part = deal_inner_parts(contest.head, given.ids, given.group_keys, labels, train.shape[1], seed=0)
    assert part is not None
    both = np.concatenate([part] * source.n_views)
    folds = [(np.flatnonzero(both != k), np.flatnonzero(both == k)) for k in range(part.max() + 1)]
    columns = labels.T if contest.head.is_multi else labels[None]
    fitted = []
    for column in columns:
        y = np.concatenate([column] * source.n_views)
        fitted.append(
            LogisticRegressionCV(cv=folds, max_iter=300, use_legacy_attributes=False, scoring="accuracy").fit(train, y)
        )

    def predict(features: torch.Tensor) -> torch.Tensor:
        x = ((features - model.feature_mean) / model.feature_scale).numpy()
        if not contest.head.is_multi and contest.head.n_classes > 2:
            logits = np.full((len(x), contest.head.n_classes), -20.0)  # of a class that no training image has
            logits[:, fitted[0].classes_] = fitted[0].decision_function(x)
            return torch.from_numpy(logits)
        scores = [item.decision_function(x) for item in fitted]
        return torch.from_numpy(np.column_stack(scores if contest.head.is_multi else [-scores[0] / 2, scores[0] / 2]))

    return predict, ""


def judge(predict: Any, inputs: FeatureInputs, contest: Contest, rows: Labels) -> list[float]:
    views = [torch.from_numpy(np.array(view[rows])) for view in inputs.features]
    act = torch.sigmoid if contest.head.is_multi else lambda z: torch.softmax(z, 1)
    probs = np.mean([act(predict(view).double()).numpy() for view in views], axis=0)
    y = contest.labels[rows]
    if contest.head.is_multi:
        return [float(average_precision_score(y, probs, average="macro")), float("nan"), float("nan")]
    loss = log_loss(y, probs, labels=range(contest.head.n_classes))
    return [float((probs.argmax(1) == y).mean()), float(f1_score(y, probs.argmax(1), average="macro")), float(loss)]


def compare(name: str, contest: Contest, n_folds: int, n_outer: int, chosen_ways: list[str]) -> None:
    recipe = compose_recipe("baseline", overrides=["image.size_px=96", "model.frozen_engine=torch"])
    recipe = resolve_without_autotune(resolve_recipe(recipe, median_side_px=96), CPU)
    inputs = make_features(contest, recipe)
    ids = as_text_array([f"{row:06}" for row in range(len(contest.files))])
    samples = Samples(Path(), ids, ids, Task((contest.head,)), {"label": contest.labels}, group=contest.groups)
    folds = make_folds(samples, folds=n_folds)
    ways: dict[str, Callable[[Labels], Any]] = {
        "auto": lambda rows: solve("auto", recipe, inputs, contest, rows),
        "logistic": lambda rows: solve("logistic", recipe, inputs, contest, rows),
        "gradient descent": lambda rows: solve("gradient", recipe, inputs, contest, rows),
        "LogisticRegressionCV": lambda rows: tune(recipe, inputs, contest, rows),
    }
    for way in chosen_ways:
        fit = ways[way]
        scores, seconds, said = [], 0.0, []
        for fold in range(n_outer):
            started = time.process_time()
            predict, words = fit(folds.train_rows(fold))
            seconds += time.process_time() - started
            said.append(words)
            scores.append(judge(predict, inputs, contest, folds.valid_rows(fold)))
        shape = f"{len(contest.files)} x {inputs.features.shape[2]}, {contest.head.n_classes}"
        numbers = " | ".join(f"{value:.4f}" for value in np.mean(scores, axis=0))
        chosen = f" ({', '.join(said)})" if way == "auto" else ""
        print(f"| {name} | {shape} | {way}{chosen} | {numbers} | {seconds / n_outer:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--folds", type=int, default=5, help="folds that are made")
    parser.add_argument("--outer", type=int, default=3, help="folds that are judged")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print("| set | images x features, classes | head | accuracy or mAP | macro F1 | log loss | CPU s a fold |")
    print("|---|---|---|---|---|---|---|")
    for name in options.sets:
        contest = SETS[name](options.data)
        compare(name, contest, options.folds, 1 if contest.head.is_multi else options.outer, options.ways)


if __name__ == "__main__":
    main()
