"""A student of finished runs: what it learns from, what it must not, and a training that was stopped."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import podium
from podium.dataset import FoldOptions
from podium.errors import UsageError
from podium.recipe import load_recipe
from podium.splits import make_folds
from podium.tables import Samples, load_predictions, save_folds
from podium.workflows import Run, compose_recipe, resume, train
from tiny.contest import TINY, N, draw_images, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
WHOLE = ("model.freeze=none", "predict_views=[plain]", "optimizer.lr=0.02")
FROZEN = ("predict_views=[plain]", "feature_views=[plain]", "optimizer.lr=0.1")
TAUGHT = ("distill.teacher=teacher", "distill.weight=1")


def run_of(samples: Samples, folder: Path, name: str, *lines: str, folds: FoldOptions | int = 2) -> Run:
    settings = make_settings(folder)
    return train(samples, recipe=make_recipe(*lines), folds=folds, name=name, settings=settings)


def weights_of(run: Run, fold: int) -> dict[str, np.ndarray]:
    return load_file(run.folder.training_folder(fold, "all") / "model.safetensors")


@pytest.mark.long
@pytest.mark.parametrize(
    "shape", ["single", *(pytest.param(shape, marks=pytest.mark.slow) for shape in ("attributes", "multi"))]
)
def test_a_student_learns_what_the_teacher_of_its_fold_says(shape: str, contest: Contest, tmp_path: Path) -> None:
    samples, images = contest(shape), "mixing=mixup"
    teacher = run_of(samples, tmp_path, "teacher", *FROZEN)
    student = run_of(samples, tmp_path, "student", *WHOLE, *TAUGHT, images)
    told = load_predictions(student.folder.path / "teacher/fold-0/probs.parquet")
    rows = student.folds.train_rows(0)
    assert told.ids.tolist() == samples.ids[rows].tolist()
    found = next(
        made
        for fold, made in teacher.predictor().predict_folds(
            teacher.predictor().store([samples.file(row) for row in rows], ids=told.ids.tolist())
        )
        if fold == 0
    )
    for name, probs in told.probs.items():
        np.testing.assert_allclose(probs, found.probs[name], atol=2e-4)
    assert load_recipe(student.folder.recipe_file).distill.teacher == ("teacher",)
    alone = run_of(samples, tmp_path, "alone", *WHOLE, images)
    assert any(not np.array_equal(value, weights_of(alone, 0)[name]) for name, value in weights_of(student, 0).items())
    both = run_of(samples, tmp_path, "both", *WHOLE, "distill.teacher=[teacher, alone]")
    means = load_predictions(both.folder.path / "teacher/fold-1/probs.parquet")
    assert len(means) == len(student.folds.train_rows(1))
    student.refit()
    assert len(load_predictions(student.folder.path / "teacher/refit/probs.parquet")) == len(samples)


@pytest.mark.long
def test_labels_that_judge_a_student_do_not_reach_it(contest: Contest, tmp_path: Path) -> None:
    """Other labels of fold 0's images: teacher, answers and student of fold 0 stay to the bit; those of fold 1 do not.

    With weight 1 the student learns nothing but what the teacher says, so a leak would have to come through it.
    """
    samples = contest("single")
    folds = make_folds(samples, folds=2)
    judged = folds.valid_rows(0)
    name = next(iter(samples.labels))
    labels = samples.labels[name].copy()
    labels[judged] = np.roll(labels[judged], 1)
    runs = []
    for number, given in enumerate((samples, replace(samples, labels={name: labels}))):
        folder = tmp_path / str(number)
        split = folder / "split"
        save_folds(replace(folds, samples_digest=given.digest), split)
        options = FoldOptions(folds_from=split)
        for run, lines in (("teacher", FROZEN), ("student", (*FROZEN, *TAUGHT))):
            made = run_of(given, folder, run, *lines, folds=options)
        runs.append(made)
    for kind in ("fold-0/all/model.safetensors", "teacher/fold-0/probs.parquet"):
        one, other = (run.folder.path / kind for run in runs)
        assert one.read_bytes() == other.read_bytes()
    one, other = (weights_of(run, 1) for run in runs)
    assert any(not np.array_equal(value, other[key]) for key, value in one.items())


@pytest.mark.long
def test_a_resume_needs_no_teacher_and_is_exact(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    run_of(samples, tmp_path, "teacher", *FROZEN)
    student = run_of(samples, tmp_path, "student", *FROZEN, *TAUGHT)
    before = results_of(student.folder.path)
    for path in student.folder.path.glob("fold-*/all/model.*"):
        path.unlink()
    for path in student.folder.path.glob("predictions/*"):
        path.unlink()
    shutil.move(tmp_path / "runs/teacher", tmp_path / "gone")
    assert results_of(resume("student", settings=make_settings(tmp_path)).folder.path) == before


@pytest.mark.long
def test_a_teacher_that_cannot_teach_is_refused(contest: Contest, tmp_path: Path) -> None:
    samples, settings = contest("single"), make_settings(tmp_path)
    teacher = run_of(samples, tmp_path, "teacher", *FROZEN)

    def refuse(words: str, *lines: str, data: Samples = samples, folds: FoldOptions | int = 2) -> None:
        with pytest.raises(UsageError, match=words):
            run_of(data, tmp_path, "student", *FROZEN, *lines, folds=folds)

    refuse("nobody", "distill.teacher=nobody")
    refuse("other folds", "distill.teacher=teacher", folds=3)
    refuse("learns", "distill.teacher=teacher", data=contest("multi"))
    refuse("other weights", "distill.teacher=teacher", f"distill.teacher_sha256={'a' * 64}")
    refuse("no effect", "distill.weight=0.9")
    refuse("no effect", "head.kind=ridge", "distill.teacher=teacher")
    with pytest.raises(UsageError, match="minutes"):
        train(samples, recipe=make_recipe(*FROZEN, "distill.teacher=teacher"), minutes=1, settings=settings)
    student = run_of(samples, tmp_path, "student", *FROZEN, "distill.teacher=last")
    about = teacher.folder.training_folder(0, "all") / "model.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"sha256": "0" * 64}))
    shutil.rmtree(student.folder.path / "teacher")
    shutil.rmtree(student.folder.training_folder(0, "all"))
    student.folder.predictions_file("oof", 0).unlink()
    with pytest.raises(UsageError, match="other weights"):
        resume("student", settings=settings)


@pytest.mark.long
def test_the_argument_is_the_key(contest: Contest, tmp_path: Path) -> None:
    samples, settings = contest("single"), make_settings(tmp_path)
    teacher = run_of(samples, tmp_path, "teacher", *FROZEN)
    with pytest.raises(UsageError, match="same thing twice"):
        compose_recipe(overrides={"distill.teacher": "a"}, teacher="b")
    for given in ("a", ["a"], Path("a")):
        for overrides in ({"head.kind": "gradient"}, ["head.kind=gradient"], "head.kind=gradient"):
            assert compose_recipe(overrides=overrides, teacher=given).distill.teacher == ("a",)
    changed = {"distill.weight": 1.0}
    student = train(
        samples, recipe=make_recipe(*FROZEN), overrides=changed, teacher=teacher, folds=2, name="one", settings=settings
    )
    by_key = run_of(samples, tmp_path, "two", *FROZEN, *TAUGHT)
    assert load_recipe(student.folder.recipe_file).distill == load_recipe(by_key.folder.recipe_file).distill
    for name, value in weights_of(by_key, 0).items():
        np.testing.assert_array_equal(weights_of(student, 0)[name], value)


@pytest.mark.long
def test_extra_data_teach_both_or_are_refused(contest: Contest, tmp_path: Path) -> None:
    samples, settings = contest("single"), make_settings(tmp_path)
    draw_images(tmp_path / "web", N, seed=7)
    web = replace(samples, root=tmp_path / "web", group=None)

    def start(name: str, teacher: str | None, extra: dict[str, object] | None, *lines: str) -> Run:
        recipe = make_recipe(*FROZEN, *lines)
        return train(samples, recipe=recipe, teacher=teacher, extra=extra, folds=2, name=name, settings=settings)  # type: ignore[arg-type]

    start("plain", None, None)
    more = start("more", None, {"web": (web, 0.5)})
    student = start("student", "more", {"web": (web, 0.5)})
    told = load_predictions(student.folder.path / "teacher/fold-0/probs.parquet")
    assert set(told.ids) == set(student.samples.ids[more.folds.train_rows(0)])
    assert any(name.startswith("web:") for name in told.ids)
    for teacher, extra in (("plain", {"web": (web, 0.5)}), ("more", None)):
        with pytest.raises(UsageError, match="same folds, but other images only train"):
            start("refused", teacher, extra)


def fit_classifier(y: object, **options: object) -> podium.ImageClassifier:
    overrides = [line for line in TINY if not line.startswith("training.epochs")]
    changed = [*overrides, "training.epochs=3", "optimizer.lr=0.1", *options.pop("more", ())]  # type: ignore[misc]
    return podium.ImageClassifier(overrides=changed, device="cpu", **options).fit(IMAGES, y)


IMAGES = np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)
ANSWERS = {
    "single": np.arange(24) % 3,
    "multi": np.column_stack([np.arange(24) % 2, np.arange(24) // 4 % 2]),
    "attributes": np.column_stack([np.arange(24) % 2, np.arange(24) // 4 % 3]),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", ANSWERS)
def test_a_classifier_learns_from_another_one(shape: str) -> None:
    """With weight 1 no label reaches the student: it nears a teacher that is sure, and not what is true."""
    y = ANSWERS[shape]
    teacher = podium.ImageClassifier(overrides=["head.kind=ridge", *TINY[:4]], device="cpu", random_state=3)
    more = ("distill.weight=1", "distill.temperature=1")
    student = fit_classifier(y, teacher=teacher, more=more)
    assert not hasattr(teacher, "classes_")  # it was cloned
    assert student.recipe_.distill.teacher == ("ImageClassifier",)
    twice, alone = fit_classifier(y, teacher=[teacher, teacher], more=more), fit_classifier(y)
    for one, two, plain in zip(
        *(
            np.array(it.predict_proba(IMAGES), ndmin=3) if shape != "attributes" else it.predict_proba(IMAGES)
            for it in (student, twice, alone)
        ),
        strict=True,
    ):
        np.testing.assert_allclose(one, two, atol=1e-5)
        assert not np.allclose(one, plain, atol=1e-3)


def test_a_classifier_takes_no_run_for_a_teacher() -> None:
    for teacher in ("mine", ["mine"]):
        with pytest.raises(UsageError, match="teacher of an ImageClassifier is another one"):
            podium.ImageClassifier(teacher=teacher).fit([], [])
    with pytest.raises(UsageError, match="names runs"):
        podium.ImageClassifier(overrides=["distill.teacher=mine", "head.kind=gradient"]).fit([], [])


@pytest.mark.slow
def test_a_teacher_is_fitted_without_the_validation_images() -> None:
    seen: list[int] = []

    class Counting(podium.ImageClassifier):
        def fit(self, X: object, y: object, sample_weight: object = None) -> Counting:  # noqa: N803
            seen.append(len(X))  # type: ignore[arg-type]
            return super().fit(X, y, sample_weight)

    teacher = Counting(overrides=["head.kind=ridge", *TINY[:4]], device="cpu")
    fit_classifier(ANSWERS["single"], teacher=teacher, validation_fraction=0.25)
    assert seen == [18]
