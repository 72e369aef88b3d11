"""Tables that say where their images are: DataFrames, and absolute paths outside of the table's folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import podium
from podium.curate import ScanOptions, scan
from podium.errors import SourceError, UsageError


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for place in ("one", "two/deep"):
        (tmp_path / "store" / place).mkdir(parents=True)
        for name in "ab":
            (tmp_path / "store" / place / f"{name}.png").write_bytes(b"x")
    (tmp_path / "store" / "unlisted.png").write_bytes(b"x")
    return tmp_path / "store"


def frame_of(store: Path, *, base: Path | None = None) -> pd.DataFrame:
    files = sorted(store.glob("*/**/*.png"))
    paths = [str(file if base is None else file.relative_to(base)) for file in files]
    return pd.DataFrame({"where": paths, "kind": ["x", "y", "y", "x"]})


IDS = ["one/a.png", "one/b.png", "two/deep/a.png", "two/deep/b.png"]


@pytest.mark.parametrize("is_relative", [False, True])
def test_a_frame_of_paths_is_a_source(is_relative: bool, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(store.parent)
    found = scan(frame_of(store, base=store.parent if is_relative else None))
    assert found.samples.root == store
    assert found.samples.ids.tolist() == IDS
    assert found.samples.labels["kind"].tolist() == [0, 1, 1, 0]
    assert found.unlisted == ()
    assert any("column 'where' names" in note for note in found.notes)


def test_a_table_of_absolute_paths_may_lie_anywhere(store: Path, tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    frame_of(store).to_csv(tmp_path / "tables" / "train.csv", index=False)
    assert scan(tmp_path / "tables" / "train.csv").samples.ids.tolist() == IDS
    inside = store / "train.csv"
    frame_of(store).to_csv(inside, index=False)
    assert "unlisted.png" in scan(inside).unlisted  # a table beside its images speaks of the whole folder


def test_a_frame_beside_a_folder_is_a_table_of_labels(store: Path) -> None:
    frame = frame_of(store, base=store)
    for found in (podium.scan(store, labels=frame), scan(store, ScanOptions(labels=frame))):  # type: ignore[arg-type]
        assert found.samples.ids.tolist() == IDS
        assert found.samples.task is not None


def test_one_frame_of_several_sources(store: Path) -> None:
    from podium.dataset import read_source

    found = read_source({"own": frame_of(store).iloc[:2], "web": frame_of(store).iloc[2:]})
    assert found.samples.ids.tolist() == ["a.png", "b.png", "web:a.png", "web:b.png"]


def test_missing_files_are_named(store: Path) -> None:
    frame = frame_of(store)
    Path(frame["where"][1]).unlink()
    with pytest.raises(SourceError, match="1 of 4 rows names an image that does not exist") as refused:
        scan(frame)
    assert refused.value.details == ("row 3: one/b.png",)
    assert len(scan(frame, ScanOptions(allow_missing_files=True)).samples) == 3


def test_links_keep_their_names(store: Path, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    for name in "ab":
        (tmp_path / "links" / f"{name}{name}.png").symlink_to(store / "one" / f"{name}.png")
    paths = [str(tmp_path / "links" / "aa.png"), str(tmp_path / "links" / "bb.png")]
    assert scan(pd.DataFrame({"p": paths, "y": ["u", "v"]})).samples.ids.tolist() == ["aa.png", "bb.png"]


def test_what_names_no_file_is_refused(store: Path) -> None:
    with pytest.raises(SourceError, match=r"no cell is the path of a file.*`labels`"):
        scan(pd.DataFrame({"image": ["a.png"], "label": ["x"]}))
    with pytest.raises(SourceError, match="no cell is the path"):
        scan(frame_of(store), ScanOptions(image_column="kind"))
    with pytest.raises(UsageError, match="the data is a table that names its images"):
        scan(frame_of(store), ScanOptions(labels=Path("other.csv")))
