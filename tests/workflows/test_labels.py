"""From a run's suspects to corrections, a second run on the same folds, and the verdict."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import podium
from podium.cli import main
from podium.curate import ScanOptions, read_corrections
from podium.dataset import FoldOptions
from podium.errors import SplitError, UsageError
from podium.metrics import paired_difference
from podium.tables import Correction, Samples, correct_samples, digest_corrections, load_samples, save_corrections
from podium.workflows import Run, train
from tiny.contest import draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]
ROWS = [
    Correction("00.png", "mask", "worn", "none", "kim", "seen"),
    Correction("18.png", "mask", "worn", "none", "kim", "seen"),
    Correction("03.png", "tags=red", "1", "0"),
    Correction("04.png", "", "", "drop"),
]


@pytest.fixture(scope="module")
def runs(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """A run on the labels as they are, and one on corrected labels and the same folds."""
    folder = tmp_path_factory.mktemp("labels")
    settings, samples = make_settings(folder), contest("attributes")
    before = train(samples, recipe=make_recipe(), folds=2, name="before", settings=settings)
    save_corrections(ROWS, folder / "corrections.csv")
    after = train(
        samples,
        recipe=make_recipe(),
        folds=FoldOptions(folds_from=before.folder.path),
        options=ScanOptions(corrections=folder / "corrections.csv"),
        name="after",
        settings=settings,
    )
    return before, after


@pytest.mark.long
def test_the_run_keeps_the_overlay_and_every_fold(runs: tuple[Run, Run]) -> None:
    before, after = runs
    assert after.samples.corrections == tuple(ROWS)
    assert read_corrections(after.folder.corrections_file)[0] == ROWS
    record = json.loads((after.folder.path / "samples.json").read_text())
    assert record["corrections"]["sha256"] == digest_corrections(ROWS)
    assert not before.folder.corrections_file.exists()
    assert "04.png" not in after.samples.ids
    rows = before.samples.rows_of(after.samples.ids)
    assert (after.folds.fold == before.folds.fold[rows]).all()
    assert after.samples.labels["mask"][0] == 1
    assert before.samples.labels["mask"][0] == 0


@pytest.mark.slow
def test_the_folds_are_kept_for_nothing_but_corrections(runs: tuple[Run, Run], tmp_path: Path) -> None:
    before, _ = runs
    samples = load_samples(before.folder.path)
    labels = {name: column.copy() for name, column in samples.labels.items()}
    labels["mask"][8] ^= 1
    other = correct_samples(replace(samples, labels=labels), ROWS)
    with pytest.raises(SplitError, match="made for another sample table"):
        podium.prepare(
            other, folds=FoldOptions(folds_from=before.folder.path), settings=make_settings(tmp_path), recipe="quick"
        )


def test_the_verdict_judges_on_old_new_and_untouched_labels(runs: tuple[Run, Run]) -> None:
    before, after = runs
    found = before.label_verdict(after)
    assert (found.n_corrected, found.n_dropped) == (3, 1)
    lines = {(line.target, line.labels): line for line in found.lines}
    assert len(lines) == 3 * 4
    old, new = before.oof.align(after.oof.ids), after.oof
    for name, samples in (("original", before.samples), ("corrected", after.samples)):
        rows = samples.rows_of(new.ids)
        labels, groups = samples.labels["mask"][rows], samples.group_keys[rows]
        line = lines["mask", name]
        wanted = paired_difference(
            old.probs["mask"], new.probs["mask"], labels, groups, line.difference.metric, new.task.head("mask")
        )
        assert line.difference.difference.value == pytest.approx(wanted.difference.value)
        assert line.after - line.before == pytest.approx(wanted.difference.value)
    assert lines["mask", "untouched"].n == len(new) - 3
    with pytest.raises(UsageError, match="the same labels"):
        before.label_verdict(before)


@pytest.mark.slow
def test_the_command_lists_writes_and_judges(
    runs: tuple[Run, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = runs
    where = ["--runs", str(before.settings.runs)]
    table, draft = tmp_path / "suspects.csv", tmp_path / "draft.csv"
    command = ["labels", "before", "--top", "4", "--out", str(table), *where]
    assert main([*command, "--write", str(draft)]) == 0
    assert "labels judged out of fold" in capsys.readouterr().out
    with table.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    suspects = before.label_suspects()
    assert [row["image"] for row in rows] == [one.image for one in suspects.top(4)]
    assert read_corrections(draft)[0] == suspects.draft(4)
    page = table.with_suffix(".html").read_text()
    assert page.count("<img ") >= 4
    assert rows[0]["image"] in page
    assert main(command) == 0  # its own files are replaced
    assert main([*command, "--write", str(draft)]) == 2
    assert main(["labels", "before", "--out", str(draft), *where]) == 2
    capsys.readouterr()
    assert main(["labels", "before", "--verdict", str(after.folder.path), "--json", *where]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert (judged["before"], judged["after"], judged["n_corrected"]) == ("before", "after", 3)
    assert main(["labels", "before", str(tmp_path), "--verdict", "after", *where]) == 2
    assert main(["labels", "before", "--next", "3", "--verdict", "after", *where]) == 2
    capsys.readouterr()
    assert main(["labels", "before", "--verdict", "after", *where]) == 0
    assert "untouched" in capsys.readouterr().out
    assert main(["labels", "before", "--json", "--heads", "mask", *where]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["head"] for one in found["suspects"]} == {"mask"}


@pytest.mark.long
def test_annotators_and_repeats_of_the_run(
    runs: tuple[Run, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = runs
    again = train(before.samples, recipe=make_recipe(), folds=2, seed=1, name="again", settings=before.settings)
    mask = before.samples.task.head("mask").classes  # type: ignore[union-attr]
    said = [mask[label] for label in before.samples.labels["mask"]]
    other = [mask[1 - mask.index(said[0])], *said[1:]]
    people = tmp_path / "people.csv"
    with people.open("w", newline="") as opened:
        csv.writer(opened).writerow(["image", "mask=ann", "mask=bob", "mask=eve"])
        csv.writer(opened).writerows(zip(before.samples.ids, said, other, other, strict=True))
    command = ["labels", "before", "--annotators", str(people), "--repeats", "again", "--heads", "mask"]
    command += ["--runs", str(before.settings.runs)]
    table = tmp_path / "suspects.csv"
    assert main([*command, "--out", str(table), "--top", "100"]) == 0
    assert "least trusted first" in capsys.readouterr().out
    with table.open(newline="") as opened:
        rows = {row["image"]: row for row in csv.DictReader(opened)}
    assert rows["00.png"]["votes"] == f"{other[0]}: bob eve; {said[0]}: ann"
    assert {row["runs"] for row in rows.values()} == {"2"}
    assert "1 × " in table.with_suffix(".html").read_text()
    assert main([*command, "--out", str(table), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["annotator"] for one in found["annotators"]} == {"ann", "bob", "eve"}
    same = before.label_suspects(heads="mask", annotators=people, repeats=[again])
    assert [one.to_dict()["image"] for one in same.top(20)] == [one["image"] for one in found["suspects"]]
    with pytest.raises(UsageError, match="not judged on the images and labels"):
        before.label_suspects(repeats=[after])
    with pytest.raises(UsageError, match="cannot repeat itself"):
        before.label_suspects(repeats=["before"])
    assert main(["labels", "before", "--verdict", "after", *command[2:]]) == 2


def test_look_alikes_come_from_the_cache(runs: tuple[Run, Run]) -> None:
    before, _ = runs
    found = before.label_suspects(heads=["mask"], neighbours=True)
    assert "of the look-alikes are" in found[0].reason
    assert np.isfinite([one.score for one in found.top()]).all()


@pytest.mark.long
def test_unlabelled_images_are_listed_to_fill_in(
    runs: tuple[Run, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, _ = runs
    draw_images(tmp_path / "new", 8, seed=5)
    (tmp_path / "new" / "broken.png").write_bytes(b"no image")
    table = tmp_path / "new" / "next.csv"
    command = ["labels", "before", str(tmp_path / "new"), "--next", "5", "--runs", str(before.settings.runs)]
    assert main([*command, "--out", str(table), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["next"]
    assert len({one["image"] for one in found}) == 5
    assert "broken.png" not in {one["image"] for one in found}
    with table.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert list(rows[0]) == ["image", "mask", "age", "red", "green", "uncertainty", "distance", "guess"]
    assert [row["image"] for row in rows] == [one["image"] for one in found]
    assert {row["mask"] for row in rows} == {""}
    assert main([*command, "--out", str(table)]) == 2  # somebody may have filled it in
    assert [one.image for one in before.next_to_label(tmp_path / "new", 5)] == [row["image"] for row in rows]
    assert main(["labels", "before", "--next", "5", "--runs", str(before.settings.runs)]) == 2
