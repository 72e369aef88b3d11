import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.curate import ScanOptions, audit, check_quarantine, drop_quarantined, scan
from podium.curate.findings import find_conflicts, find_duplicates
from podium.errors import ImageError
from podium.tables import Head, Samples, Task, as_text_array


def _save(path: Path, pixels: np.ndarray, mode: str | None = None, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **options)


@pytest.fixture
def odd_folder(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (48, 40, 3), dtype=np.uint8)
    root = tmp_path / "odd"
    _save(root / "a/plain.png", noise)
    _save(root / "a/alpha.png", noise, "RGBA")
    _save(root / "a/cmyk.jpg", noise, "CMYK")
    _save(root / "a/tiny.png", noise[:8, :8])
    _save(root / "a/really_png.jpg", noise[:, ::-1].copy(), format="PNG")
    _save(root / "b/deep.png", np.arange(48 * 40, dtype=np.uint16).reshape(48, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    _save(root / "b/turned.jpg", noise, exif=exif)
    _save(root / "b/black.png", np.zeros((40, 40, 3), np.uint8))
    (root / "b/copy.png").write_bytes((root / "a/plain.png").read_bytes())
    (root / "b/empty.jpg").write_bytes(b"")
    (root / "b/text.jpg").write_bytes(b"not an image at all")
    (root / "b/cut.png").write_bytes((root / "a/plain.png").read_bytes()[:-600])
    return root


def _ids(record, name):
    return [Path(image).name for image in record["odd"][name]["ids"]]


def test_every_file_gets_an_outcome_and_odd_ones_are_named(odd_folder):
    samples = scan(odd_folder).samples
    seen = []
    result = audit(samples, n_workers=1, isolation="thread", on_progress=lambda done, total: seen.append((done, total)))
    record = json.loads(json.dumps(result.to_dict()))
    assert seen == [(i, len(samples)) for i in range(1, len(samples) + 1)]
    outcomes = dict(zip(result.ids, result.outcome, strict=True))
    assert outcomes["b/empty.jpg"] == "empty"
    assert outcomes["b/text.jpg"] == "not_an_image"
    assert outcomes["b/cut.png"] == "truncated"
    assert {row.id for row in result.quarantine} == {"b/empty.jpg", "b/text.jpg", "b/cut.png"}
    assert record["n_ok"] == len(samples) - 3
    assert _ids(record, "alpha") == ["alpha.png"]
    assert _ids(record, "cmyk") == ["cmyk.jpg"]
    assert _ids(record, "wide") == ["deep.png"]
    assert _ids(record, "rotated") == ["turned.jpg"]
    assert _ids(record, "tiny") == ["tiny.png"]
    assert _ids(record, "misnamed") == ["really_png.jpg"]
    assert _ids(record, "black") == ["black.png"]
    row = result.ids.tolist().index("b/turned.jpg")
    assert (result.width[row], result.height[row]) == (48, 40)


def test_equal_files_are_found_by_their_bytes_and_conflicts_by_their_labels(odd_folder):
    samples = scan(odd_folder).samples
    result = audit(samples, n_workers=1, isolation="thread")
    for row in np.flatnonzero(result.is_ok):
        assert result.sha256[row] == hashlib.sha256(samples.file(row).read_bytes()).hexdigest()
    assert result.duplicates == (("a/plain.png", "b/copy.png"),)
    assert result.conflicts == result.duplicates


def test_quarantine_limit_and_dropping(odd_folder):
    samples = scan(odd_folder).samples
    result = audit(samples, n_workers=1, isolation="thread")
    with pytest.raises(ImageError, match="3 of 12 images cannot be used") as caught:
        check_quarantine(result)
    assert len(caught.value.details) == 3
    check_quarantine(result, limit_fraction=0.25)
    kept = drop_quarantined(samples, result)
    assert kept.ids.tolist() == [name for name in samples.ids if Path(name).stem not in ("empty", "text", "cut")]


def test_a_class_left_without_images_is_refused_below_the_limit(odd_folder):
    (odd_folder / "c").mkdir()
    (odd_folder / "c/broken.jpg").write_bytes(b"no")
    result = audit(scan(odd_folder).samples, n_workers=1, isolation="thread")
    assert result.emptied == ("label: c",)
    with pytest.raises(ImageError, match="label: c"):
        check_quarantine(result, limit_fraction=1.0)


@pytest.mark.slow
def test_processes_and_threads_agree(odd_folder):
    samples = scan(odd_folder).samples
    one = audit(samples, n_workers=1, isolation="thread").columns()
    two = audit(samples, n_workers=2).columns()
    for name, column in one.items():
        np.testing.assert_array_equal(column, two[name], err_msg=name)


def test_conflicts_in_multi_label_heads_ignore_what_is_not_known():
    ids = as_text_array(["a", "b", "c", "d"])
    labels = np.array([[1, 0], [1, -1], [0, 1], [0, 0]], dtype=np.int8)
    samples = Samples(Path(), ids, ids, Task((Head("tags", "multi", ("x", "y")),)), {"tags": labels})
    duplicates = find_duplicates(ids.tolist(), ["1", "1", "2", "2"])
    assert duplicates == (("a", "b"), ("c", "d"))
    assert find_conflicts(samples, duplicates) == (("c", "d"),)


@pytest.mark.slow
@pytest.mark.shared
def test_rotated_photos_of_the_sign_set_are_found(shared_data):
    samples = scan(shared_data("sign_digits"), ScanOptions(layout="folders", unlabelled=True)).samples
    some = samples.take([row for row, name in enumerate(samples.ids) if name.startswith("images/7/")])
    record = audit(some, n_workers=1, isolation="thread").to_dict()
    assert record["n_ok"] == len(some)
    assert record["odd"]["rotated"]["n"] == 3
