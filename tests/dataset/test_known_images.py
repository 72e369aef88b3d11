"""Images to be predicted that a run has learnt from: found by file and by look, the holdout and other images not."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium import durable
from podium.dataset import FoldOptions
from podium.dataset.fingerprints import encode_fingerprints, fingerprints_of
from podium.dataset.known_images import find_known_images
from podium.dataset.prepare import prepare_samples
from podium.dataset.prepared import Prepared
from podium.dataset.ready_images import make_ready
from podium.splits import LeakReport
from podium.store import RunFolder
from podium.store.run_folder import FORMAT
from podium.tables import HOLDOUT, Samples, as_text_array
from tiny.contest import Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]


@pytest.fixture
def prepared(contest: Contest, tmp_path: Path) -> tuple[RunFolder, Prepared]:
    """A run with a holdout: its record, its fingerprints and its cache."""
    how, settings = FoldOptions(folds=2, holdout_fraction=0.25), make_settings(tmp_path)
    data, cache = prepare_samples(contest("single"), make_recipe(), how, settings, Notes())
    run, kept = RunFolder(tmp_path / "run"), encode_fingerprints(fingerprints_of(cache, data.samples.ids))
    durable.write_bytes(run.fingerprints_file, kept)
    record = {"cache": str(settings.cache_folder), "cache_key": cache.folder.name}
    record |= {"fingerprints_sha256": hashlib.sha256(kept).hexdigest()}
    durable.write_json(run.run_file, {"format": FORMAT, "created": "2026-11-30T10:00:00", "folds": [0, 1], **record})
    return run, data


def find(prepared: tuple[RunFolder, Prepared], images: Samples, folder: Path) -> LeakReport | None:
    run, data = prepared
    ready = make_ready(images, make_recipe(), make_settings(folder), Notes())
    return find_known_images(run, data.samples, data.folds, ready)


@pytest.mark.slow
def test_images_of_the_folds_are_known_and_those_of_the_holdout_are_not(
    prepared: tuple[RunFolder, Prepared], tmp_path: Path
) -> None:
    _, data = prepared
    is_held = data.folds.fold == HOLDOUT
    assert 0 < is_held.sum() < len(data)
    held, learnt = (data.samples.take(np.flatnonzero(is_held == wanted)) for wanted in (True, False))
    known = find(prepared, learnt, tmp_path)
    assert known is not None
    assert known.counts["same_bytes"].n_pairs == len(learnt)
    assert known.judged_fraction == 1
    unknown = find(prepared, held, tmp_path)
    assert unknown is not None
    assert unknown.counts["same_bytes"].n_pairs == unknown.counts["near_duplicate"].n_pairs == 0


def test_a_copy_under_another_name_and_one_saved_anew_are_known(
    prepared: tuple[RunFolder, Prepared], tmp_path: Path
) -> None:
    _, data = prepared
    seen, other = (data.samples.file(int(row)) for row in np.flatnonzero(data.folds.fold != HOLDOUT)[:2])
    folder = tmp_path / "new"
    folder.mkdir()
    shutil.copy(seen, folder / "copy.png")
    Image.open(other).save(folder / "anew.bmp")
    noise = np.random.default_rng(77).integers(0, 256, (36, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "strange.png")
    names = as_text_array(["copy.png", "anew.bmp", "strange.png"])
    known = find(prepared, Samples(folder, names, names), tmp_path)
    assert known is not None
    assert {(pair.kind, pair.a, pair.b) for pair in known.pairs} == {
        ("same_bytes", seen.name, "copy.png"),
        ("near_duplicate", other.name, "anew.bmp"),
    }
    assert known.judged_fraction == pytest.approx(2 / 3)


@pytest.mark.slow
@pytest.mark.parametrize("damage", [None, "fingerprints", "cache"])
def test_the_folder_knows_without_the_cache_and_the_cache_without_the_folder(
    prepared: tuple[RunFolder, Prepared], contest: Contest, tmp_path: Path, damage: str | None
) -> None:
    run, _ = prepared
    expected = find(prepared, contest("multi"), tmp_path / "elsewhere")
    assert expected is not None
    assert not expected.is_clean
    if damage == "fingerprints":
        run.fingerprints_file.write_bytes(run.fingerprints_file.read_bytes()[:-20])
    elif damage == "cache":
        durable.remove_tree(cache_of(run))
    assert find(prepared, contest("multi"), tmp_path / "elsewhere") == expected


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_with_neither_nothing_can_be_said(
    prepared: tuple[RunFolder, Prepared], contest: Contest, tmp_path: Path, damage: str
) -> None:
    run, _ = prepared
    run.fingerprints_file.unlink()
    if damage == "missing":
        durable.remove_tree(cache_of(run))
    else:
        (cache_of(run) / "facts.parquet").write_bytes(b"damaged")
    assert find(prepared, contest("multi"), tmp_path / "elsewhere") is None


def cache_of(run: RunFolder) -> Path:
    record = run.read()
    return Path(record["cache"]) / record["cache_key"]
