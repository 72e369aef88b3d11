"""An ensemble is a run like any other: scored, predicted, submitted, reported, compared; for every task shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import podium
from podium import durable
from podium.cli import main
from podium.dataset import FoldOptions
from podium.decisions import Blend
from podium.errors import UsageError
from podium.store import RunFolder, find_stale, read_ensemble
from podium.tables import Samples, load_predictions, mean_predictions
from podium.workflows import Run, train
from tiny.contest import TASKS, Notes, draw_images, make_recipe, make_settings
from tiny.retouched import retouch

Contest = Callable[[str], Samples]
LINES = {"a": [], "b": ["optimizer.lr=0.3"], "c": ["image.size_px=48", "image.stored_px=48"]}


def start(samples: Samples, folder: Path, name: str, *lines: str, folds: object = 2) -> Run:
    recipe = make_recipe("training.epochs=1", *lines)
    return train(samples, recipe=recipe, name=name, folds=folds, progress=Notes(), settings=make_settings(folder))


@pytest.fixture(scope="module", params=TASKS)
def place(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, samples = tmp_path_factory.mktemp(request.param), contest(request.param)
    first = start(samples, folder, "a", *LINES["a"])
    for name in ("b", "c"):
        start(samples, folder, name, *LINES[name], folds=FoldOptions(folds_from=first.folder.path))
    draw_images(folder / "test", 5, seed=9)
    (folder / "test" / "torn.png").write_bytes(b"no image")
    return folder


def combine(place: Path, *members: str, **how: object) -> Run:
    made = podium.ensemble(*(members or ("a", "b", "c")), runs=place / "runs", progress=Notes(), **how)  # type: ignore[arg-type]
    return Run(made.folder, make_settings(place))


@pytest.mark.long
@pytest.mark.parametrize("blend", ["mean", "logits", "ranks", "vote"])
def test_it_predicts_what_its_runs_predict_together(place: Path, blend: str) -> None:
    made = combine(place, blend=blend, weights=(6, 3, 1))
    record = read_ensemble(made.folder)
    assert record is not None
    runs = [Run(RunFolder(place / "runs" / name), make_settings(place)) for name in "abc"]
    own = [run.predict(place / "test", name="own", progress=Notes()) for run in runs]
    notes = Notes()
    found = made.predict(place / "test", progress=notes)
    expected = Blend.from_dict(record.blend).combine([part.align(found.ids).probs for part in own], found.task)
    readable = found.ids != "torn.png"
    for name, values in expected.items():
        assert np.allclose(found.probs[name][readable], values[readable], atol=1e-6)
        assert np.allclose(found.probs[name][~readable], made.oof.probs[name].mean(axis=0), atol=1e-6)
    assert sum("cannot be decoded" in note for note in notes.notes) == 1
    image = Image.open(place / "test" / found.ids[0])
    alone = made.predict(image, progress=Notes())
    assert np.allclose(
        alone.probs[found.task.targets[0].name][0], found.probs[found.task.targets[0].name][0], atol=1e-5
    )


@pytest.mark.slow
def test_it_has_a_score_of_its_own_and_a_report(place: Path) -> None:
    made = combine(place)
    runs = [podium.load_run(name, runs=place / "runs") for name in "abc"]
    oof = mean_predictions([run.oof for run in runs])
    assert made.scores.main.value == podium.score_predictions(oof, runs[0].samples).main.value
    assert made.scores.expected is not None
    page = made.folder.report_file.read_text()
    assert "Runs of the ensemble" in page
    assert [line.name for line in made.members.lines] == ["a", "b", "c"]
    assert "of 3 runs" in made.folder.model_card_file.read_text()
    row = podium.list_runs(place / "runs")[-1]
    assert (row.name, row.preset, row.state) == (made.name, "ensemble", "finished")
    assert podium.compare("a", made.name, runs=place / "runs").main.arms[0].name == made.name
    assert not find_stale(made.folder)


@pytest.mark.slow
@pytest.mark.parametrize("weights", ["search", "greedy", "subset"])
def test_weights_that_labels_chose_are_judged_on_other_folds(place: Path, weights: str) -> None:
    made = combine(place, weights=weights, per_head=True)
    record = read_ensemble(made.folder)
    assert record is not None
    assert set(record.by_fold) == {"0", "1"}
    assert "equal" in record.against
    assert made.members.over_equal is not None
    for own in record.blend["weights"].values():
        assert sum(own) == pytest.approx(1)


@pytest.mark.slow
def test_the_best_subsets_are_named(place: Path) -> None:
    made = combine(place, weights="subset", subsets=100, top=2)
    assert [note.split(":")[0] for note in made.members.notes] == ["Subset 1 of 7", "Subset 2 of 7"]
    with pytest.raises(UsageError, match="where weights are 'subset'"):
        combine(place, top=3)
    with pytest.raises(UsageError, match="at least one subset"):
        combine(place, weights="subset", subsets=0)


@pytest.mark.long
def test_it_is_submitted_decided_evaluated_and_labels_images(place: Path, tmp_path: Path) -> None:
    made = combine(place)
    made.predict(place / "test", progress=Notes())
    template = tmp_path / "sample.csv"
    ids = load_predictions(made.folder.predictions_file("test")).ids
    template.write_text("id,answer\n" + "".join(f"{name},\n" for name in ids))
    if made.oof.task.composite is not None or (len(made.oof.task.heads) == 1 and not made.oof.task.heads[0].is_multi):
        code = main(["submit", made.name, str(template), "--runs", str(place / "runs"), "--values", "class_number"])
        assert code == 0
        assert made.folder.submissions_file.is_file()
    labelled = retouch(made.samples.take(np.arange(12)), tmp_path / "retouched")
    assert made.evaluate(labelled, progress=Notes()).main.value >= 0
    assert len(made.label_suspects(progress=Notes())) > 0
    pseudo = made.pseudo_labels(place / "test", tmp_path / "pseudo", progress=Notes())
    assert len(pseudo) > 0


@pytest.mark.slow
def test_the_command_says_the_same(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["ensemble", "a", "b", "c", "--runs", str(place / "runs"), "--weights", "6:3:1"]
    assert main([*words, "--name", "shown"]) == 0
    shown = capsys.readouterr().out
    assert "0.600" in shown
    assert "the best run alone" in shown
    assert "next     podium predict shown FOLDER" in shown
    assert main([*words, "--json", "-q"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [line["weight"] for line in record["members"]["lines"]] == [0.6, 0.3, 0.1]
    assert main(["ensemble", "a", "b", "--runs", str(place / "runs"), "--weights", "6", "x"]) == 2
    assert "cannot read --weights 6 x" in capsys.readouterr().err


@pytest.mark.slow
def test_what_needs_models_of_its_own_is_refused(place: Path) -> None:
    made = combine(place)
    for call in (
        lambda: made.refit(progress=Notes()),
        lambda: podium.resume(made.name, settings=made.settings),
        lambda: made.predict(place / "test", models="refit", progress=Notes()),
        lambda: made.predictor(),
        lambda: combine(place, "a", made.name),
    ):
        with pytest.raises(UsageError, match="is an ensemble of a, b, c"):
            call()
    with pytest.raises(UsageError, match="is no ensemble"):
        _ = podium.load_run("a", runs=place / "runs").members


@pytest.mark.slow
def test_a_run_that_changed_or_went_is_noticed(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    first = start(samples, tmp_path, "a")
    other = start(samples, tmp_path, "b", "seed=3")
    made = combine(tmp_path, "a", "b")
    assert not find_stale(made.folder)
    changed = other.oof
    from podium.tables import save_predictions

    save_predictions(changed.take(np.arange(len(changed))[::-1]), other.folder.oof_file)
    assert any("b" in stale.what and "scores.json" in stale.file for stale in find_stale(made.folder))
    durable.remove_tree(first.folder.path)
    with pytest.raises(UsageError, match="these runs of it are gone: a"):
        made.predict(samples, progress=Notes())
    with pytest.raises(UsageError, match="needs two members"):
        combine(tmp_path, "b")


@pytest.mark.long
def test_runs_on_bags_are_combined_image_by_image_and_judged_bag_by_bag(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    bag = np.array([f"{name}/{label}" for name, label in zip(samples.group_keys, samples.labels["mask"], strict=True)])
    samples = replace(samples, bag=bag.astype(object))
    first = start(samples, tmp_path, "a", "pool=max")
    start(samples, tmp_path, "b", "seed=3", "pool=max", folds=FoldOptions(folds_from=first.folder.path))
    made = combine(tmp_path, "a", "b")
    assert len(made.oof) == len(samples)
    assert made.scores.of_images is not None
    assert (made.scores.of_images.n_bags, made.scores.of_images.pool) == (len(set(bag)), "max")
    assert made.scores.main.n_groups == first.scores.main.n_groups
    assert made.predict(samples, progress=Notes()).bag is not None
