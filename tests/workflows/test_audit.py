"""An audit names what was put into a folder of images, from shell and Python, and spares the training its decode."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

import podium
from podium.auditing import Finding
from podium.cli import main
from podium.machine import Settings, Silent
from tiny.contest import make_settings

BLOBS = 8


def photo(seed: int) -> Image.Image:
    """A smooth picture of its own, which a hash tells from all others."""
    small = np.random.default_rng(seed).integers(0, 256, (BLOBS, BLOBS, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((96, 80), Image.Resampling.NEAREST)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of forty photos, with one example of everything that can be wrong."""
    place = tmp_path_factory.mktemp("data")
    for number in range(80):
        name = place / ("cat" if number % 2 else "dog") / f"{number * 7919 % 1000:03d}.png"
        name.parent.mkdir(exist_ok=True)
        photo(number).save(name)
    photo(900).save(place / "cat" / "copy.png")
    photo(900).save(place / "dog" / "copy.png")
    photo(901).save(place / "cat" / "near.png")
    photo(901).save(place / "cat" / "near.jpg", quality=60)
    photo(902).save(place / "dog" / "plain.png")
    photo(902).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(place / "dog" / "mirror.png")
    (place / "dog" / "broken.png").write_bytes(b"no image")
    Image.new("RGB", (96, 80), (90, 90, 90)).save(place / "cat" / "blank.png")
    photo(903).filter(ImageFilter.GaussianBlur(9)).save(place / "cat" / "soft.png")
    photo(904).quantize(16).save(place / "cat" / "palette.png")
    exif = Image.Exif()
    exif[274] = 6
    photo(905).save(place / "cat" / "turned.jpg", exif=exif)
    Image.fromarray(np.random.default_rng(1).integers(0, 900, (80, 96)).astype(np.uint16)).save(
        place / "cat" / "deep.png"
    )
    return place


def look(folder: Path, settings: Settings, **options: object) -> dict[str, Finding]:
    found = podium.audit(folder, settings=settings, progress=Silent(), **options)
    return {finding.check: finding for finding in found.findings}


@pytest.mark.slow
def test_everything_that_was_put_in_is_found_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    found = look(folder, make_settings(tmp_path))
    names = {
        check: set(finding.ids) | {name for one in finding.sets for name in one} for check, finding in found.items()
    }
    assert names.pop("value_range") == set()
    assert names == {
        "broken": {"dog/broken.png"},
        "conflicting_labels": {"cat/copy.png", "dog/copy.png"},
        "duplicates": {"cat/copy.png", "dog/copy.png"},
        "near_duplicates": {"cat/near.png", "cat/near.jpg"},
        "mirrored": {"dog/plain.png", "dog/mirror.png"},
        "blank": {"cat/blank.png"},
        "blurred": {"cat/soft.png"},
        "palette": {"cat/palette.png"},
        "rotated": {"cat/turned.jpg"},
        "wide": {"cat/deep.png"},
    }
    assert found["broken"].level == found["conflicting_labels"].level == "error"  # one of 92, and two of 92
    assert found["broken"].change == {"max_bad_fraction": 0.011}
    assert found["value_range"].change == {"overrides": ["image.value_range=[0, 1023]"]}


@pytest.mark.long
def test_what_it_finds_has_an_exit_code_and_a_command_to_copy(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["audit", str(folder), "--runs", str(tmp_path), "--quiet"]
    assert main(common) == 3
    assert f"podium train {folder} --max-bad-fraction 0.011" in capsys.readouterr().out
    assert main([*common, "--max-bad-fraction", "0.05", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["worst"] == "caution"
    assert record["classes"] == {"label": {"cat": 48, "dog": 44}}


@pytest.mark.slow
def test_a_training_decodes_nothing_again(folder: Path, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, max_bad_fraction=0.05)
    podium.audit(folder, settings=settings, progress=Silent())
    before = {path: path.stat().st_mtime_ns for path in settings.cache_folder.rglob("pixels.u8")}
    podium.prepare(folder, settings=settings, progress=Silent())
    assert {path: path.stat().st_mtime_ns for path in settings.cache_folder.rglob("pixels.u8")} == before
    assert len(before) == 1


@pytest.mark.slow
def test_a_test_set_is_compared_with_the_data(folder: Path, tmp_path: Path) -> None:
    test = tmp_path / "test"
    test.mkdir()
    photo(901).save(test / "a.png")
    for number in range(20):
        photo(2000 + number).save(test / f"{number}.png")
    leak = look(folder, make_settings(tmp_path), test=test, features=False)["test_leaks"]
    assert {name for one in leak.sets for name in one} == {"cat/near.png", "cat/near.jpg", "test:a.png"}


@pytest.mark.slow
def test_the_folder_holds_a_page_the_findings_and_a_row_of_facts_for_each_image(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["audit", str(folder), "--runs", str(tmp_path), "--out", str(out), "--quiet"]) == 3
    page, record = (out / "audit.html").read_text(), json.loads((out / "audit.json").read_text())
    for finding in record["findings"]:
        for name in (*finding["ids"], *(name for one in finding["sets"] for name in one)):
            assert f'alt="{name}"' in page or name == "dog/broken.png"
    assert "podium train" in page
    with (out / "images.csv").open() as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert len(rows) == record["n_images"] == 92
    assert (rows["cat/turned.jpg"]["width"], rows["cat/turned.jpg"]["height"]) == ("80", "96")
    assert rows["dog/broken.png"]["outcome"] != "ok"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    assert main(["audit", str(folder), "--runs", str(tmp_path), "--out", str(tmp_path / "mine")]) == 2
    capsys.readouterr()


@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_every_shape_of_task_is_audited_whole(
    shape: str, contest: Callable[[str], podium.Samples], tmp_path: Path
) -> None:
    samples = replace(contest(shape), group=None)  # few groups say little about cues
    found = podium.audit(samples, settings=make_settings(tmp_path), progress=Silent())
    assert set(found.to_dict()["classes"]) == {head.name for head in samples.task.heads}
    assert {cue.head for cue in found.cues} == {head.name for head in samples.task.heads}
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert "Audit" in repr(found)


@pytest.mark.slow
def test_the_test_rows_of_the_data_are_compared_with_the_others(folder: Path, tmp_path: Path) -> None:
    for split in ("train", "test"):
        for number in range(60):
            image = photo(3000 + number + 100 * (split == "test"))
            name = tmp_path / "data" / split / "ab"[number % 2] / f"{number}.png"
            name.parent.mkdir(parents=True, exist_ok=True)
            (image if split == "train" else image.point(lambda value: value // 3)).save(name)
    found = podium.audit(tmp_path / "data", settings=make_settings(tmp_path), features=False, progress=Silent())
    (shift,) = (finding for finding in found.findings if finding.check == "shift")
    assert "brightness alone 1.00" in shift.what
    assert found.to_dict()["n_test_images"] == 60
    found.save(tmp_path / "out")
    assert 'alt="test:test/' in (tmp_path / "out" / "audit.html").read_text()


def test_images_without_a_group_are_told(contest: Callable[[str], podium.Samples], tmp_path: Path) -> None:
    samples = contest("single")
    group = samples.group.copy()
    group[:3] = ""
    found = podium.audit(replace(samples, group=group), settings=make_settings(tmp_path), progress=Silent())
    (missing,) = (finding for finding in found.findings if finding.check == "missing_groups")
    assert (missing.level, missing.n) == ("caution", 3)


@pytest.mark.slow
def test_a_given_split_that_leaks_is_an_error_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    for number in range(40):
        for split in ("train", "valid"):
            name = data / split / "ab"[number % 2] / f"{number}.png"
            name.parent.mkdir(parents=True, exist_ok=True)
            photo(number if number < 4 else number + 100 * (split == "valid")).save(name)
    assert main(["audit", str(data), "--runs", str(tmp_path), "--quiet"]) == 3
    said = capsys.readouterr().out
    assert "error    The data's own split leaks" in said
    assert f"podium train {data} --split-method stratified" in said
    assert f"podium audit {data} --out audit" in said


@pytest.mark.slow
def test_spellings_and_groups_that_are_the_classes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["cat", "Cat", "dog"]
    for number in range(30):
        path = tmp_path / "data" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        photo(number).save(path)
    rows = "".join(f"{number}.png,{names[number % 3]},g{number % 3}\n" for number in range(30))
    table = tmp_path / "labels.csv"
    table.write_text(f"path,kind,person\n{rows}")
    common = ["--labels", str(table), "--label-columns", "kind", "--group", "person"]
    assert main(["audit", str(tmp_path / "data"), *common, "--runs", str(tmp_path), "--quiet"]) == 3
    said = capsys.readouterr().out
    command = f"podium train {tmp_path / 'data'} --labels {table} --label-columns kind"
    assert f"{command} --group person --merge-spellings\n" in said
    assert f"{command} --group none\n" in said
    assert "Every class of 'kind' lies in one group" in said
