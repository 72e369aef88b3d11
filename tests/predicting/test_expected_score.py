"""What a submission is expected to score: kept with the scores, and told for the test set that is predicted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.cli import main
from podium.dataset import FoldOptions
from podium.errors import UsageError
from podium.metrics import Scores, metric
from podium.metrics import score as score_by
from podium.predicting.expected_score import expect_of_predictions
from podium.recipe import Recipe
from podium.tables import Samples
from podium.workflows import Run, compose_recipe, train
from podium.workflows.decide import decide_run
from tiny.contest import Notes, draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]


SOLVED = ("model.name=tiny", "model.weights=random", "image.size_px=32", "model.frozen_engine=torch", "head.kind=ridge")


def train_on(contest: Contest, shape: str, root: Path, recipe: Recipe) -> Run:
    return train(
        contest(shape),
        recipe=recipe,
        folds=FoldOptions(folds=3),
        name="mine",
        settings=make_settings(root),
        progress=Notes(),
    )


@pytest.fixture(scope="module")
def solved(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with solved heads of several labels, and predictions of a test set."""
    root = tmp_path_factory.mktemp("solved")
    run = train_on(contest, "multi", root, compose_recipe("baseline", overrides=[*SOLVED, "metric=f1_macro"]))
    draw_images(root / "test", 12, seed=1)
    run.predict(root / "test", progress=Notes())
    return run


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_every_shape_of_task_has_a_range(shape: str, contest: Contest, tmp_path: Path) -> None:
    run = train_on(contest, shape, tmp_path, make_recipe())
    expected = run.scores.expected
    assert expected is not None
    assert not expected.gain.is_measured  # trained in epochs: nothing cheap measures it
    assert expected.value == run.scores.main.value
    assert expected.low < run.scores.main.low
    n_labelled = run.scores.targets[run.scores.main_target].n
    assert (expected.n_images, expected.n_groups, expected.is_assumed) == (n_labelled, 18, True)


@pytest.mark.long
def test_the_gain_of_solved_heads_is_that_of_half_of_the_groups(solved: Run) -> None:
    expected, main_score = solved.scores.expected, solved.scores.main
    assert expected is not None
    assert expected.gain.is_measured
    assert expected.gain.score_whole == main_score.value  # all three folds were solved on their halves
    assert expected.value == pytest.approx(min(1.0, main_score.value + expected.gain.value))
    assert Scores.from_dict(json.loads(json.dumps(solved.scores.to_dict()))).expected == expected


@pytest.mark.slow
def test_a_smaller_test_set_and_a_public_part_have_wider_ranges(solved: Run) -> None:
    few, many = solved.expect(10), solved.expect(10_000)
    whole = expect_of_predictions(solved.folder, "test")
    public = expect_of_predictions(solved.folder, "test", public_share=0.5)
    assert few is not None
    assert many is not None
    assert few.high - few.low > many.high - many.low
    assert whole is not None
    assert public is not None
    assert (whole.n_images, public.n_images) == (12, 6)
    with pytest.raises(UsageError, match="between 0 and 1"):
        expect_of_predictions(solved.folder, "test", public_share=30)
    with pytest.raises(UsageError, match="at least one image"):
        solved.expect(0)


@pytest.mark.slow
def test_commands_say_where_the_test_score_is_expected(
    solved: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = ["--runs", str(solved.folder.path.parent)]
    out = ["--out", str(tmp_path / "submission.csv")]
    assert main(["submit", "mine", *runs, *out, "--public-share", "30"]) == 2
    assert not (tmp_path / "submission.csv").exists()
    capsys.readouterr()
    assert main(["submit", "mine", *runs, *out, "--public-share", "0.5"]) == 0
    said = capsys.readouterr().out
    assert "expected " in said
    assert "on 12 images" in said
    assert "on 6 images" in said
    assert main(["submit", "mine", *runs, *out, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["expected"]["n_images"] == 12
    assert "public" not in record


def test_decided_thresholds_move_what_is_expected(solved: Run) -> None:
    before = solved.expect(36)
    decide_run(solved.folder, thresholds=0.2)
    after = solved.expect(36)
    decide_run(solved.folder)
    assert before is not None
    assert after is not None
    oof, samples = solved.oof, solved.samples
    labels = samples.target_labels("tags")[samples.rows_of(oof.ids)]
    decided = (oof.probs["tags"] >= 0.2).astype(float)
    score = score_by(metric("f1_macro"), decided, labels, oof.task.heads[0])
    assert after.value == pytest.approx(min(1.0, score + after.gain.value))
