"""A run that is killed, stopped or half deleted ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from podium import durable
from podium.dataset import FoldOptions
from podium.errors import CorruptFileError, RecipeError
from podium.store import SECONDS_NAME, RunFolder, read_seconds
from podium.tables import Samples, save_samples
from podium.workflows import Run, resume, train
from tiny.contest import TINY, Notes, copy_run, go_on, make_recipe, make_settings, results_of
from tiny.nursery import NoWaiting, Nursery

Contest = Callable[[str], Samples]
FROZEN = ("training.epochs=3", "training.ema_decay=0.9")
BLOCKS = (
    "model.freeze=blocks",
    "model.frozen_blocks=1",
    "model.cached_views=2",
    "augmentations=[{kind: horizontal_flip}, {kind: random_shift}]",
    "predict_views=[plain]",
    *FROZEN,
)
WHOLE = ("model.freeze=none", "predict_views=[plain]", "model.drop_rate=0.2", "training.sampler=square_root", *FROZEN)
ON_DEVICE = (*WHOLE, "training.augment_on=device", "augmentations=[{kind: rotate}, {kind: color_jitter}]")


@pytest.fixture(scope="module")
def samples(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scanned contest on disk, which child processes read."""
    folder, samples = tmp_path_factory.mktemp("samples"), contest("attributes")
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(3), len(samples))
    shares[samples.labels["age"] < 0] = -1
    save_samples(replace(samples, weight=rng.random(len(samples)), soft={"age": shares}), folder)
    return folder


@dataclass(frozen=True)
class Case:
    """A recipe, what it ends with undisturbed, and how long that takes."""

    lines: tuple[str, ...]
    results: dict[str, bytes]
    duration_s: float


@pytest.fixture(scope="module")
def warm(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Imports and first calls take their time, which is no part of a duration."""
    go_on(tmp_path_factory.mktemp("first"), samples, WHOLE)


OTHERS = {"blocks": BLOCKS, "whole": WHOLE, "device": ON_DEVICE}
RECIPES = [
    pytest.param(FROZEN, id="frozen"),
    *(pytest.param(OTHERS[it], id=it, marks=pytest.mark.slow) for it in OTHERS),
]


@pytest.fixture(scope="module", params=RECIPES)
def case(request: pytest.FixtureRequest, samples: Path, warm: None, tmp_path_factory: pytest.TempPathFactory) -> Case:
    root, started = tmp_path_factory.mktemp("undisturbed"), time.monotonic()
    results = results_of(go_on(root, samples, request.param))
    assert len(results) >= 8
    return Case(request.param, results, time.monotonic() - started)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    server = Nursery()
    yield server
    server.close()


@pytest.mark.long
def test_each_training_knows_how_long_its_epochs_took(samples: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    run = RunFolder(go_on(tmp_path, samples, FROZEN))
    elapsed = time.monotonic() - started
    assert sorted(read_seconds(run)) == [(fold, "all") for fold in run.read()["folds"]]
    assert 0 < sum(read_seconds(run).values()) < elapsed
    torn = run.training_folder(0, "all") / SECONDS_NAME
    assert [record["epoch"] for record in durable.Journal(torn).read()] == [0, 1, 2]
    durable.write_bytes(torn, b"torn by a power cut\n")
    durable.remove_file(run.predictions_file("oof", 0))
    for name in ("model.safetensors", "model.json"):
        durable.remove_file(torn.parent / name)
    durable.remove_file(run.scores_file)
    go_on(tmp_path, samples, FROZEN)
    assert [record["epoch"] for record in durable.Journal(torn).read()] == [0, 1, 2]


@pytest.mark.soak
def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(
    case: Case, samples: Path, tmp_path: Path, nursery: Nursery
) -> None:
    rng = np.random.default_rng(int.from_bytes(os.urandom(4), "little"))
    for _ in range(int(os.environ.get("PODIUM_KILLS", "2"))):
        child = nursery.start(tmp_path, samples, case.lines)
        time.sleep(case.duration_s * float(rng.random()))
        nursery.kill(child)
        assert nursery.wait() in (0, -signal.SIGKILL)
    assert results_of(go_on(tmp_path, samples, case.lines)) == case.results


@pytest.mark.long
def test_a_run_killed_at_file_operations_all_along_ends_with_the_same_bytes(
    case: Case, samples: Path, tmp_path: Path, nursery: Nursery
) -> None:
    """Each child gets a little further than the one before it, and dies within a save, a rename or between them."""
    codes = []
    for k in range(7, 700, 97):
        nursery.start(tmp_path, samples, case.lines, kill_at=k)
        codes.append(nursery.wait())
        if codes[-1] == 0:
            break
    assert set(codes[:-1]) == {-signal.SIGKILL}
    assert results_of(go_on(tmp_path, samples, case.lines)) == case.results


@pytest.mark.slow
@pytest.mark.parametrize("case", [WHOLE], ids=["whole"], indirect=True)
def test_a_run_on_a_cloud_drive_killed_at_file_operations_ends_with_the_same_bytes(
    case: Case, samples: Path, tmp_path: Path, nursery: Nursery
) -> None:
    """Only the child that starts the run is told of the drive: the run remembers it."""
    codes, slots = [], set()
    run = tmp_path / "runs" / "mine"
    for k in range(40, 900, 151):
        nursery.start(tmp_path, samples, case.lines, kill_at=k, cloud_drive=not (run / "run.json").is_file())
        codes.append(nursery.wait())
        slots |= {path.name for path in run.glob("fold-*/all/checkpoints/*") if path.is_dir()}
        if codes[-1] == 0:
            break
    assert set(codes[:-1]) == {-signal.SIGKILL}
    assert slots == {"slot-a", "slot-b"}
    assert results_of(go_on(tmp_path, samples, case.lines)) == case.results
    assert not list(run.glob("fold-*/all/checkpoints"))


@pytest.mark.long
def test_on_a_cloud_drive_nothing_large_is_ever_deleted_or_replaced(contest: Contest, tmp_path: Path) -> None:
    """What the bin of the drive gets: files that were emptied, and small ones that are replaced."""
    binned: list[tuple[str, int]] = []

    class Drive(NoWaiting):
        def unlink(self, path: Path) -> None:
            binned.append((path.name, path.stat().st_size))
            super().unlink(path)

        def replace(self, source: Path, target: Path) -> None:
            if target.is_file():
                binned.append((target.name, target.stat().st_size))
            super().replace(source, target)

    def train_on(name: str, *, cloud_drive: bool) -> Run:
        settings = make_settings(tmp_path / name, checkpoint_seconds=0.0, cloud_drive=cloud_drive)
        return train(contest("single"), recipe=make_recipe(*WHOLE), folds=2, settings=settings)

    plain = train_on("plain", cloud_drive=False)
    with durable.using_backend(Drive()):
        run = train_on("drive", cloud_drive=True)
    sizes = {name: size for name, size in binned if name.startswith("tensors") or name.endswith(".safetensors")}
    assert sizes == {"tensors.safetensors": 0}
    assert max(size for _, size in binned) < 20_000
    assert results_of(run.folder.path) == results_of(plain.folder.path)
    assert run.folder.read()["cloud_drive"] is True


@pytest.fixture(scope="module")
def first_finished(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    settings = make_settings(tmp_path_factory.mktemp("finished"))
    return train(contest("single"), recipe=make_recipe(*FROZEN), folds=3, settings=settings)


@pytest.fixture
def finished(first_finished: Run, tmp_path: Path) -> Run:
    """A run to spoil."""
    return copy_run(first_finished, tmp_path)


def go_on_with(run: Run, **options: object) -> Run:
    return resume(run.name, settings=run.settings, **options)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_finished_run_is_only_scored_again(finished: Run) -> None:
    before = results_of(finished.folder.path)
    progress = Notes()
    go_on_with(finished, progress=progress)
    assert results_of(finished.folder.path) == before
    assert progress.stages == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "gone", ["predictions/oof-fold-2.parquet", "fold-1/all/model.json", "fold-0", "backbone", "scores.json"]
)
def test_what_is_deleted_is_made_again_with_the_same_numbers(gone: str, finished: Run) -> None:
    before = results_of(finished.folder.path)
    path = finished.folder.path / gone
    if path.is_dir():
        durable.remove_tree(path)
    else:
        path.unlink()
    for fold in range(3):
        if f"fold-{fold}" in gone:
            finished.folder.predictions_file("oof", fold).unlink(missing_ok=True)
    go_on_with(finished)
    after = results_of(finished.folder.path)
    assert {name: after[name] for name in after} == {name: before[name] for name in after}
    assert set(before) - set(after) <= {"backbone/model.safetensors"}


@pytest.mark.slow
@pytest.mark.parametrize("lines", [FROZEN, (*WHOLE, "predict_views=[plain]")], ids=["frozen", "whole"])
def test_a_run_from_before_a_setting_existed_goes_on_and_predicts(
    lines: tuple[str, ...], contest: Contest, tmp_path: Path
) -> None:
    settled = ("model.cached_views=0", "training.layout=channels_last")
    samples, settings = contest("single"), make_settings(tmp_path)
    run = train(samples, recipe=make_recipe(*lines, *settled), folds=2, settings=settings)
    before = results_of(run.folder.path)
    said = run.predict(samples, name="said").probs["mask"]
    text = run.folder.recipe_file.read_text().splitlines()
    newer = ("cached_views:", "frozen_precision:", "frozen_engine:", "layout:", "augment_on:")
    older = [line for line in text if not line.strip().startswith(newer)]
    assert len(text) - len(older) == len(newer)
    run.folder.recipe_file.write_text("\n".join(older))
    durable.remove_tree(run.folder.path / "fold-1")
    run.folder.predictions_file("oof", 1).unlink()
    again = go_on_with(run)
    np.testing.assert_array_equal(again.predict(samples, name="again").probs["mask"], said)
    after = results_of(run.folder.path)
    for results in (before, after):  # what they were computed with was not known before
        results["scores.json"] = json.dumps(json.loads(results["scores.json"])["targets"]).encode()
    assert {name: after[name] for name in before} == before


@pytest.mark.slow
def test_the_cache_may_be_deleted(finished: Run) -> None:
    before = results_of(finished.folder.path)
    durable.remove_tree(finished.settings.cache_folder)
    durable.remove_tree(finished.folder.path / "fold-1")
    finished.folder.predictions_file("oof", 1).unlink()
    go_on_with(finished)
    assert results_of(finished.folder.path) == before


TORN = {FROZEN: b"", BLOCKS: b'{"torn', WHOLE: b"garbage\n"}
"""What a power cut may leave, one kind a recipe: what a resume makes of it does not hang on the recipe."""


@pytest.mark.long
@pytest.mark.parametrize("case", TORN, ids=["frozen", "blocks", "whole"], indirect=True)
def test_a_journal_that_a_power_cut_tore_does_not_block_a_resume(
    case: Case, samples: Path, tmp_path: Path, nursery: Nursery
) -> None:
    """The journal is not forced to the disk; the checkpoint has the epochs."""
    child = nursery.start(tmp_path, samples, case.lines)
    folder = tmp_path / "runs" / "mine" / "fold-0" / "all"
    deadline = time.monotonic() + 60
    while not (folder / "journal.jsonl").is_file():
        assert time.monotonic() < deadline
        time.sleep(0.001)
    nursery.kill(child)
    assert nursery.wait() == -signal.SIGKILL
    (folder / "journal.jsonl").write_bytes(TORN[case.lines])
    assert results_of(go_on(tmp_path, samples, case.lines)) == case.results


def test_another_recipe_is_refused_with_the_difference(finished: Run) -> None:
    with pytest.raises(RecipeError, match="different recipe") as caught:
        go_on_with(finished, recipe=make_recipe(*FROZEN, "optimizer.lr=0.5", "seed=3"))
    assert sorted(line.split(":")[0] for line in caught.value.details) == ["optimizer.lr", "seed"]
    go_on_with(finished, recipe=make_recipe(*FROZEN))


def test_edited_tables_are_refused(finished: Run) -> None:
    path = finished.folder.path / "folds.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows[:-1], rows[-1][:-1] + str((int(rows[-1][-1]) + 1) % 3)]))
    with pytest.raises(CorruptFileError, match="changed after"):
        go_on_with(finished)


@pytest.mark.slow
def test_a_class_that_is_not_in_a_fold_does_not_stop_a_run(contest: Contest, tmp_path: Path) -> None:
    """A metric that has no value for an epoch is no number; the run goes on and can be resumed."""
    samples = contest("single").take(np.arange(0, 36, 2)[:12])  # of one class only
    assert samples.task is not None
    labels = np.zeros(12, dtype=np.int64)
    labels[:2] = 1
    rare = replace(samples, labels={"mask": labels}, group=None)
    recipe = make_recipe("metric=roc_auc_macro")
    how = FoldOptions(folds=3)
    run = train(rare, recipe=recipe, folds=how, settings=make_settings(tmp_path, checkpoint_seconds=0.0))
    assert len(run.oof) == 12


LONG = (*WHOLE, "training.epochs=40")


@pytest.mark.long
def test_a_signal_ends_a_command_within_seconds_and_it_goes_on_to_the_same_bytes(samples: Path, tmp_path: Path) -> None:
    """By SIGTERM here; the soak has Ctrl-C too (R5)."""
    machine = ["--runs", "runs", "--threads", "1", "--device", "cpu", "--checkpoint-seconds", "1000", "--quiet"]
    command = [sys.executable, "-m", "podium", "train", str(samples), "--folds", "2", "--name", "mine", *machine]
    child = subprocess.Popen(
        [*command, "--set", *TINY, *LONG], cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    training = tmp_path / "runs" / "mine" / "fold-0" / "all"
    try:
        deadline = time.monotonic() + 120
        while not (training / "journal.jsonl").is_file():
            assert child.poll() is None, child.stderr and child.stderr.read()
            assert time.monotonic() < deadline, "the training did not start"
            time.sleep(0.005)
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=30) == 75  # 5 seconds are promised; this machine may be busy
        assert child.stderr is not None
        assert "--resume" in child.stderr.read()
    finally:
        child.kill()
        child.communicate()
    assert list(training.glob("checkpoints/*")), "no checkpoint was due, so this is the stop's own"
    alone = go_on(tmp_path / "alone", samples, LONG, every_s=60)
    assert results_of(go_on(tmp_path, samples, LONG, every_s=60)) == results_of(alone)
