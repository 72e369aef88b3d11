"""What a run decides stays with it: predict and submit follow, and an option of theirs comes first."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from podium.cli import main
from podium.decisions import DecisionRules
from podium.errors import CorruptFileError, UnknownNameError, UsageError
from podium.metrics import score
from podium.predicting.run_rules import load_rules
from podium.submission import SubmissionOptions
from podium.tables import Samples, as_certain_probs, decide, load_predictions
from podium.workflows import Run, train
from podium.workflows.decide import decide_run
from podium.workflows.submit import submit_run
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]


@pytest.fixture
def trained(contest: Contest, tmp_path: Path) -> Callable[[str], Run]:
    def start(shape: str) -> Run:
        recipe = make_recipe(*(("model.arrangement=joint",) if shape == "attributes" else ()))
        run = train(contest(shape), recipe=recipe, folds=2, settings=make_settings(tmp_path))
        run.predict(contest(shape))
        return run

    return start


def answers(run: Run, column: str) -> list[str]:
    with (run.folder.path / "predictions" / "test.csv").open(newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


@pytest.mark.slow
def test_thresholds_change_answers_and_their_score(trained: Callable[[str], Run]) -> None:
    run = trained("multi")
    probs = run.oof.probs["tags"]
    middle = float(np.quantile(probs[:, 0], 0.8))
    plain = answers(run, "tags")
    decision = decide_run(run.folder, thresholds={"red": middle, "green": 0.0})
    head, labels = run.oof.task.heads[0], run.samples.take(run.samples.rows_of(run.oof.ids)).labels["tags"]
    before, after = (decide(probs, head, limits) for limits in (0.5, (middle, 0.0)))
    assert decision.n_changed == {"tags": int((before != after).any(axis=1).sum())}
    found = decision.differences["tags"]
    wanted = [score(found.metric, as_certain_probs(decided, head), labels, head) for decided in (before, after)]
    assert found.difference.value == pytest.approx(wanted[1] - wanted[0])
    assert all("green" in cell for cell in answers(run, "tags"))
    decide_run(run.folder)
    assert answers(run, "tags") == plain
    assert not run.folder.decisions_file.exists()


@pytest.mark.slow
def test_a_consistent_decoding_reaches_the_answers(trained: Callable[[str], Run]) -> None:
    run = trained("attributes")
    composite = run.oof.task.composite
    assert composite is not None
    decide_run(run.folder, decoding="class_first")
    test = load_predictions(run.folder.predictions_file("test"))
    decided = DecisionRules(composite="class_first").decide(test)
    assert answers(run, "age") == [composite.head_classes[1][index] for index in decided["age"]]
    names = [f"{mask}, {age}" for mask, age in zip(answers(run, "mask"), answers(run, "age"), strict=True)]
    assert answers(run, composite.name) == names


@pytest.mark.slow
def test_the_command_reports_and_resets(trained: Callable[[str], Run], capsys: pytest.CaptureFixture[str]) -> None:
    run = trained("multi")
    words = ["decide", run.name, "--runs", str(run.folder.path.parent)]
    assert main([*words, "--thresholds", "red=0.9"]) == 0
    assert "decisions.json" in capsys.readouterr().out
    assert load_rules(run.folder, run.oof.task).thresholds == {"tags": (0.9, 0.5)}
    assert main(words) == 0
    assert "default" in capsys.readouterr().out
    assert main([*words, "--thresholds", "red=x"]) == 2
    assert main([*words, "--thresholds", "blue=0.2"]) == 2


@pytest.mark.slow
def test_an_unfinished_run_and_a_damaged_file_are_refused(trained: Callable[[str], Run]) -> None:
    run = trained("single")
    with pytest.raises(UsageError):
        decide_run(run.folder, thresholds=0.4)
    run.folder.decisions_file.write_text('{"thresholds": {"tags": [1]}, "composite": "independent"}')
    with pytest.raises(CorruptFileError):
        submit_run(run.folder, None)
    run.folder.oof_file.unlink()
    with pytest.raises(UsageError, match="not finished"):
        decide_run(run.folder)


@pytest.mark.slow
def test_tuned_thresholds_are_judged_by_fold_and_followed(
    trained: Callable[[str], Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained("multi")
    head, oof = run.oof.task.heads[0], run.oof
    labels = run.samples.take(run.samples.rows_of(oof.ids)).labels["tags"]
    decision = run.decide(tune="f1_micro")
    found = decision.tuned["tags"]
    nested = np.zeros_like(labels)
    for fold, limits in found.by_fold.items():
        nested[oof.fold == fold] = decide(oof.probs["tags"][oof.fold == fold], head, limits)
    gain = score("f1_micro", as_certain_probs(nested, head), labels, head)
    gain -= score("f1_micro", as_certain_probs(decide(oof.probs["tags"], head), head), labels, head)
    assert found.gain.difference.value == pytest.approx(gain)
    assert (load_rules(run.folder, oof.task).thresholds == {"tags": found.values}) == found.helps
    test = load_predictions(run.folder.predictions_file("test"))
    rules = load_rules(run.folder, oof.task)
    chosen = rules.decide(test)["tags"]
    assert [cell == "" for cell in answers(run, "tags")] == (chosen.sum(axis=1) == 0).tolist()
    assert main(["decide", run.name, "--runs", str(run.folder.path.parent), "--tune", "f1_micro"]) == 0
    assert "with thresholds of the other folds" in capsys.readouterr().out
    with pytest.raises(UsageError, match="judges probabilities"):
        run.decide(tune="log_loss")
    with pytest.raises(UsageError, match="chooses"):
        run.decide(tune="f1_micro", thresholds=0.4)
    with pytest.raises(UsageError, match="nothing is tuned"):
        run.decide(one_threshold=True)


@pytest.mark.slow
def test_class_weights_reach_the_answers_and_not_the_probabilities(
    trained: Callable[[str], Run], tmp_path: Path
) -> None:
    run = trained("single")
    name, head = run.oof.task.main_target.name, run.oof.task.main_target
    record = {"thresholds": {}, "composite": "independent", "weights": {name: [1e6] + [1.0] * (head.n_classes - 1)}}
    run.folder.decisions_file.write_text(json.dumps(record))
    submit_run(run.folder, None)
    assert set(answers(run, name)) == {head.classes[0]}
    test = load_predictions(run.folder.predictions_file("test"))
    sample = tmp_path / "sample.csv"
    rows = [["id", *head.classes], *([key, *["0.5"] * head.n_classes] for key in test.ids)]
    sample.write_text("\n".join(",".join(row) for row in rows) + "\n")
    record_of = submit_run(run.folder, sample, out=tmp_path / "out.csv")
    assert any("class weights" in note and "not used" in note for note in record_of.notes)
    with pytest.raises(UsageError, match="one threshold is for"):
        run.decide(tune="f1_macro", one_threshold=True)


@pytest.mark.slow
def test_a_calibration_reaches_submissions_of_probabilities_and_thresholds_after_it(
    trained: Callable[[str], Run], tmp_path: Path
) -> None:
    run = trained("multi")
    head = run.oof.task.heads[0]
    decision = run.decide(calibrate="vector", tune="f1_micro")
    found = decision.calibrated["tags"]
    assert found.losses[1] - found.losses[0] == pytest.approx(found.loss.difference.value)
    rules = load_rules(run.folder, run.oof.task)
    assert ("tags" in rules.calibration) == found.helps
    test = load_predictions(run.folder.predictions_file("test"))
    sample = tmp_path / "sample.csv"
    rows = [["id", *head.classes], *([key, *["0.5"] * head.n_classes] for key in test.ids)]
    sample.write_text("\n".join(",".join(row) for row in rows) + "\n")
    submit_run(run.folder, sample, out=tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        written = np.array([[float(row[name]) for name in head.classes] for row in csv.DictReader(file)])
    expected = found.final.apply(test.probs["tags"], head) if found.helps else test.probs["tags"]
    assert written == pytest.approx(expected)
    run.report()
    with pytest.raises(UnknownNameError, match="temperature"):
        run.decide(calibrate="platt")


@pytest.mark.slow
def test_unknown_is_said_in_answers_and_where_the_organiser_has_a_word(
    trained: Callable[[str], Run], tmp_path: Path
) -> None:
    run = trained("single")
    head = run.oof.task.main_target
    decision = run.decide(coverage=0.5, conformal=0.8)
    lowest = decision.abstained[head.name].lowest
    assert decision.abstained[head.name].coverage == pytest.approx(0.5, abs=0.3)
    test = load_predictions(run.folder.predictions_file("test"))
    probs = test.probs[head.name]
    best = probs.argmax(axis=1)
    is_sure = probs.max(axis=1) >= lowest
    wanted = [head.classes[c] if sure else "unknown" for c, sure in zip(best, is_sure, strict=True)]
    assert answers(run, head.name) == wanted
    least = decision.sets[head.name].lowest
    sizes = [len(cell.split("|")) for cell in answers(run, f"{head.name} set")]
    assert sizes == np.maximum(1, (probs >= least).sum(axis=1)).tolist()
    sample = tmp_path / "sample.csv"
    sample.write_text("\n".join(["id,answer", *(f"{key},{head.classes[0]}" for key in test.ids)]) + "\n")
    record = submit_run(run.folder, sample, out=tmp_path / "a.csv")
    assert any("unknown_value" in note for note in record.notes)
    submit_run(run.folder, sample, out=tmp_path / "b.csv", options=SubmissionOptions(unknown_value="none of these"))
    with (tmp_path / "b.csv").open(newline="") as file:
        written = [row["answer"] for row in csv.DictReader(file)]
    assert [cell == "none of these" for cell in written] == (~is_sure).tolist()
    with pytest.raises(UsageError, match="is an answer of"):
        submit_run(run.folder, sample, out=tmp_path / "c.csv", options=SubmissionOptions(unknown_value=head.classes[0]))
    run.decide()
    with pytest.raises(UsageError, match="never says unknown"):
        submit_run(run.folder, sample, out=tmp_path / "c.csv", options=SubmissionOptions(unknown_value="x"))
    with pytest.raises(UsageError, match="Give one"):
        run.decide(abstain=0.1, coverage=0.5)


@pytest.mark.slow
def test_several_labels_are_never_unknown(trained: Callable[[str], Run]) -> None:
    with pytest.raises(UsageError, match="one class per image"):
        trained("multi").decide(abstain=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_expected_shares_reach_answers_and_submissions_and_leave_scores_alone(
    trained: Callable[[str], Run], shape: str
) -> None:
    run = trained(shape)
    head = next(head for head in run.oof.task.heads if head.name in ("mask", "tags"))
    label = head.classes[0]
    before = run.expect(40)
    decision = run.decide(prevalence={f"{head.name}={label}": 0.9})
    assert any("cannot be checked" in note for note in decision.notes)
    rules = load_rules(run.folder, run.oof.task)
    test = load_predictions(run.folder.predictions_file("test"))
    shifted = rules.decide(test)[head.name]
    words = answers(run, head.name)
    for cell, value in zip(words, shifted, strict=True):
        named = [head.classes[place] for place in (np.flatnonzero(value) if head.is_multi else [value])]
        assert cell in ("|".join(named), " ".join(named), ", ".join(named))
    plain = decide(test.probs[head.name], head)
    first = (shifted == 0).sum() >= (plain == 0).sum() if not head.is_multi else (shifted[:, 0] >= plain[:, 0]).all()
    assert first
    after = run.expect(40)
    assert (after and after.value) == (before and before.value)
    told = run.decide(prevalence="estimate")
    assert set(told.shifted) == {one.name for one in run.oof.task.targets}
    run.report()
    with pytest.raises(UnknownNameError, match="predictions"):
        run.decide(prevalence="estimate:nothing")


@pytest.mark.slow
def test_the_command_reads_shares_from_a_table(
    trained: Callable[[str], Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained("single")
    table = tmp_path / "shares.csv"
    table.write_text("class,share\nworn,0.8\n")
    words = ["decide", run.name, "--runs", str(run.settings.runs)]
    assert main([*words, "--prevalence", str(table), "--json"]) == 0
    shares = json.loads(capsys.readouterr().out)["prevalence"]["mask"]["expected"]
    assert shares == pytest.approx({"worn": 0.8, "none": 0.2})
    assert main([*words, "--prevalence", "worn=0.8"]) == 0
    assert "as given" in capsys.readouterr().out
    assert main([*words, "--prevalence", "worn=much"]) == 2
