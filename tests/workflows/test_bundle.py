"""A run packed and made again: equal to the byte, changed files and images named, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import podium
from podium import durable
from podium.bundle.bundle_record import read_bundle
from podium.durable import fill_disk_at, using_backend
from podium.errors import CorruptFileError, ImageError, PodiumError, StorageError, UsageError
from podium.tables import Predictions, Samples
from podium.workflows import Run, train
from tiny.contest import copy_run, draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]
WHOLE = ("model.freeze=none", "predict_views=[plain,hflip]")


def submit(run: Run, root: Path, columns: str = "mask", **options: object) -> bytes:
    """A submission from twelve new images, written outside of the run."""
    names = draw_images(root / "test", 12, seed=5)
    sample = root / "sample.csv"
    head = columns.split()
    sample.write_text("\n".join([",".join(["id", *head]), *(",".join([name, *"0" * len(head)]) for name in names)]))
    podium.submit(run.predict(root / "test"), template=sample, out=root / "sub.csv", **options)
    return (root / "sub.csv").read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bundles")


@pytest.fixture(scope="module")
def run(contest: Contest, place: Path) -> Run:
    """A frozen backbone, the heads of two folds, three attributes and a composite class."""
    return train(contest("attributes"), recipe=make_recipe(), folds=2, name="mine", settings=make_settings(place))


@pytest.fixture(scope="module")
def submitted(run: Run, place: Path) -> bytes:
    return submit(run, place, "mask age")


@pytest.fixture(scope="module")
def bundle(run: Run, submitted: bytes, place: Path) -> Path:
    run.bundle(place / "bundle")
    return place / "bundle"


def copy_of(bundle: Path, to: Path) -> Path:
    shutil.copytree(bundle, to)
    return to


@pytest.mark.long
def test_rerun_makes_the_same_bytes_elsewhere(bundle: Path, submitted: bytes, place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "test", tmp_path / "moved")
    found = podium.rerun(copy_of(bundle, tmp_path / "b"), tmp_path / "moved", to=tmp_path / "again", exact=True)
    assert found.same_bytes
    assert found.compared.has_same_bits
    assert (tmp_path / "again" / "submission.csv").read_bytes() == submitted
    names = sorted(path.name for path in (tmp_path / "again").iterdir())
    assert names == ["predictions.parquet", "rerun.json", "submission.csv"]
    assert durable.read_sealed(tmp_path / "again" / "rerun.json")["agrees"]


@pytest.mark.long
def test_the_script_does_it_in_a_process_of_its_own(bundle: Path, place: Path, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHON": sys.executable, "OUT": str(tmp_path / "out")}
    words = ["sh", str(bundle / "rerun.sh"), str(place / "test"), "--exact", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, env=env, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["same_bytes"] is True


@pytest.mark.slow
def test_the_bundle_names_every_file_and_holds_no_image(bundle: Path) -> None:
    record = read_bundle(bundle)
    there = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert there == {*record.files, "bundle.json"}
    assert not [name for name in there if name.endswith((".png", ".html", ".lock")) and "requirements" not in name]
    assert record.tolerance == 1e-4
    for name in ("Dockerfile", "Dockerfile.cuda"):
        text = (bundle / name).read_text()
        assert "$python" not in text
        assert "\nUSER 1000\n" in text, "not root"
    assert "://" not in (bundle / "requirements.lock").read_text()


def test_a_changed_and_a_missing_image_are_named(bundle: Path, place: Path, tmp_path: Path) -> None:
    images = copy_of(place / "test", tmp_path / "images")
    Image.fromarray(np.zeros((9, 9, 3), dtype=np.uint8)).save(images / "03.png")
    (images / "07.png").unlink()
    with pytest.raises(ImageError, match=r"1 test image missing: 07.png; 1 test image changed: 03.png"):
        podium.rerun(bundle, images, to=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_changed_weight_file_is_refused(bundle: Path, place: Path, tmp_path: Path) -> None:
    other = copy_of(bundle, tmp_path / "b")
    weights = next(other.rglob("fold-1/*/model.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(CorruptFileError, match=r"1 file of the bundle changed or gone: runs/mine/fold-1/all/model"):
        podium.rerun(other, place / "test", to=tmp_path / "out")


@pytest.mark.slow
def test_predictions_that_differ_are_told_with_the_worst_image(
    bundle: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from podium.workflows import rerun as module

    load = module.load_predictions

    def nudged(path: Path) -> Predictions:
        made = load(path)
        probs = np.array(made.probs["mask"])
        probs[4] = 1 - probs[4] if "out" in path.parts else probs[4]
        return replace(made, probs={**made.probs, "mask": probs})

    monkeypatch.setattr(module, "load_predictions", nudged)
    with pytest.raises(PodiumError, match=r"a probability by .* for image '04.png'"):
        podium.rerun(bundle, place / "test", to=tmp_path / "out")
    assert not durable.read_sealed(tmp_path / "out" / "rerun.json")["agrees"]


@pytest.mark.long
def test_images_go_with_it_when_asked(run: Run, submitted: bytes, tmp_path: Path) -> None:
    found = run.bundle(tmp_path / "b", with_images=True)
    assert found.record.has_images
    assert podium.rerun(tmp_path / "b", to=tmp_path / "out", exact=True).same_bytes


@pytest.mark.long
@pytest.mark.parametrize(("shape", "columns"), [("single", "mask"), ("multi", "red green")])
def test_other_shapes_whole_networks_and_the_refit(shape: str, columns: str, contest: Contest, tmp_path: Path) -> None:
    run = train(contest(shape), recipe=make_recipe(*WHOLE), folds=2, settings=make_settings(tmp_path))
    run.refit()
    names = draw_images(tmp_path / "test", 12, seed=5)
    sample = tmp_path / "sample.csv"
    sample.write_text(
        f"id,{columns.replace(' ', ',')}\n" + "".join(f"{n}{',0.5' * len(columns.split())}\n" for n in names)
    )
    values = "probability" if shape == "multi" else "auto"
    predictions = run.predict(tmp_path / "test", models="refit", tta="none")
    podium.submit(predictions, template=sample, out=tmp_path / "sub.csv", values=values)
    run.bundle(tmp_path / "b")
    found = podium.rerun(tmp_path / "b", tmp_path / "test", to=tmp_path / "out", exact=True)
    assert found.same_bytes
    assert found.compared.has_same_bits


@pytest.mark.long
def test_an_ensemble_takes_its_runs_along(run: Run, contest: Contest, place: Path, tmp_path: Path) -> None:
    mine = copy_run(run, tmp_path)
    train(contest("attributes"), recipe=make_recipe("seed=1"), folds=2, name="other", settings=mine.settings)
    both = podium.ensemble("mine", "other", runs=mine.settings.runs, name="both")
    submit(Run(both.folder, mine.settings), tmp_path, "mask age")
    found = Run(both.folder, mine.settings).bundle(tmp_path / "b")
    assert found.record.runs == ("both", "mine", "other")
    assert podium.rerun(tmp_path / "b", tmp_path / "test", to=tmp_path / "out", exact=True).same_bytes


@pytest.mark.long
def test_without_a_submission_the_predictions_are_compared(run: Run, place: Path, tmp_path: Path) -> None:
    fresh = copy_run(run, tmp_path)
    for name in ("submissions.jsonl", "submission.csv"):
        (fresh.folder.path / name).unlink(missing_ok=True)
    draw_images(tmp_path / "test", 12, seed=5)
    fresh.predict(tmp_path / "test")
    fresh.bundle(tmp_path / "b")
    found = podium.rerun(tmp_path / "b", tmp_path / "test", to=tmp_path / "out", exact=True)
    assert (found.same_bytes, found.n_lines) == (True, None)


def test_what_cannot_be_made_again_is_refused_in_one_line(run: Run, bundle: Path, place: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a bundle"):
        run.bundle(bundle)
    other = copy_run(run, tmp_path)
    shutil.rmtree(other.folder.path / "predictions" / "test-images")
    with pytest.raises(UsageError, match="did not note their images"):
        other.bundle(tmp_path / "b")
    shutil.rmtree(other.folder.path / "submissions")
    (other.folder.path / "submissions.jsonl").unlink()
    for path in (other.folder.path / "predictions").glob("test*"):
        path.unlink()
    with pytest.raises(UsageError, match="no submission and no predictions 'test'"):
        other.bundle(tmp_path / "b")
    other.folder.scores_file.unlink()
    with pytest.raises(UsageError, match="not finished"):
        other.bundle(tmp_path / "b")
    record = durable.read_json(other.folder.run_file)
    durable.write_json(other.folder.run_file, record | {"format": 1})
    with pytest.raises(StorageError):
        other.bundle(tmp_path / "b")
    with pytest.raises(UsageError, match="this is no bundle"):
        podium.rerun(tmp_path, to=tmp_path / "out")
    with pytest.raises(UsageError, match="holds no test images"):
        podium.rerun(bundle, to=tmp_path / "out")
    assert not (tmp_path / "b").exists()


def test_a_sample_that_changed_since_is_refused(run: Run, submitted: bytes, place: Path, tmp_path: Path) -> None:
    sample = place / "sample.csv"
    before = sample.read_bytes()
    sample.write_bytes(before + b"\n")
    try:
        with pytest.raises(UsageError, match="sample submission of the last submission is gone, or another one"):
            run.bundle(tmp_path / "b")
    finally:
        sample.write_bytes(before)


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 20, 60])
def test_a_full_disk_leaves_nothing(run: Run, submitted: bytes, tmp_path: Path, at: int) -> None:
    with using_backend(fill_disk_at(at)), pytest.raises(StorageError, match="space"):
        run.bundle(tmp_path / "b")
    assert not list(tmp_path.iterdir())
