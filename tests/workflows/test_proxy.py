"""A proxy drawn, trained on, and its order of recipes compared with that on all images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import podium
from podium.cli import main
from podium.errors import LabelError, PodiumError, UsageError
from podium.tables import load_samples
from tiny.contest import TINY, draw_images


@pytest.fixture
def table(tmp_path: Path) -> Path:
    names = draw_images(tmp_path / "photos", 48)
    rows = [f"{name},{'ab'[row % 2]},{'xyz'[row % 3]},p{row // 2}" for row, name in enumerate(names)]
    (tmp_path / "train.csv").write_text("image,label,kind,person\n" + "\n".join(rows) + "\n")
    return tmp_path / "train.csv"


@pytest.mark.long
def test_a_proxy_is_data_and_its_order_of_recipes_is_judged(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    read = ["photos", "--labels", "train.csv", "--label-columns", "label", "kind", "--group", "person"]
    assert main(["proxy", *read, "--n", "24", "--folds", "2", "--out", "small", "--test", "train.csv", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["n"], told["n_whole"], told["n_groups"]) == (24, 48, 12)
    assert told["max_drift"] < 0.05
    assert [one["head"] for one in told["test_drift"]] == ["label", "kind"]
    assert len(load_samples(tmp_path / "small")) == 24
    machine = ["--folds", "2", "--device", "cpu", "--threads", "1", "-q"]
    for name, source in (("small", ["small"]), ("full", read)):
        for place, line in enumerate(("optimizer.lr=1e-3", "optimizer.lr=1e-2")):
            assert main(["train", *source, *machine, "--name", f"{name}-{place}", "--set", *TINY, line]) == 0
    capsys.readouterr()
    assert main(["agree", "small-1", "small-0", "--whole", "full-0", "full-1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["runs"] for one in found["recipes"]] == [["small-1", "full-1"], ["small-0", "full-0"]]
    assert found["tau"]["value"] in (-1, 1, None)
    assert found["regret"] >= 0
    for one in found["recipes"]:
        assert one["scores"] == [podium.load_run(name).scores.main.value for name in one["runs"]]
    with pytest.raises(UsageError, match="full-1 are on one side only"):
        podium.agree(["small-0"], ["full-0", "full-1"])
    assert len(podium.agree(["small-0", "small-1"], ["full-1", "full-0"], by_order=True).names) == 2


@pytest.mark.parametrize(
    ("n", "more", "error", "words"),
    [
        (48, {}, UsageError, "is no part of 48 images"),
        (14, {}, UsageError, "too few for 3 classes of 'kind' in 5 folds"),
        (24, {"folds": 1}, UsageError, "at least 2"),
        (24, {"folds": 13 - 5, "group": "label"}, UsageError, "2 groups cannot be thinned out"),
        (24, {"unlabelled": True}, LabelError, "no labels"),
    ],
)
def test_what_is_no_proxy_is_refused(
    n: int, more: dict[str, object], error: type[PodiumError], words: str, table: Path
) -> None:
    given = {"labels": table, "label_columns": ["label", "kind"], "group": "person", **more}
    with pytest.raises(error) as caught:
        podium.proxy(table.parent / "photos", n, **given)  # type: ignore[arg-type]
    assert words in str(caught.value)
