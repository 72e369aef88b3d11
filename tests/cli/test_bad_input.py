"""What a stranger does wrong: one line says what, where and what to do; the exit code is the documented one; with
`--json` there is one document; nothing is left behind; and all of it is found before an image is decoded."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from podium import durable
from podium.cli import main
from podium.cli.console import Console

TINY = (
    *("--set", "model.name=tiny", "model.weights=random", "image.size_px=32", "image.stored_px=32"),
    *("head.kind=gradient", "training.epochs=1", "training.batch_size=8"),
)
USUAL = {"--folds": "2", "--threads": "1", "--device": "cpu"}
IDS = [f"{name}/{number}.png" for name in ("cat", "dog") for number in range(8)]


class _NoWaiting(durable.Backend):
    def fsync(self, descriptor: int) -> None:
        pass

    def fsync_dir(self, folder: object) -> None:
        pass


@pytest.fixture(autouse=True, scope="module")
def _quick() -> Iterator[None]:
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with durable.using_backend(_NoWaiting()):
        yield
    torch.set_num_threads(n_threads)


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line that says what is wrong."""
        lines = [line for line in self.err.splitlines() if line.startswith("podium: ")]
        assert len(lines) == 1, self.err
        return lines[0]

    @property
    def details(self) -> list[str]:
        lines = [line.strip() for line in self.err.splitlines() if line.startswith("  ")]
        return [line for line in lines if not line.startswith("to go on: ")]

    @property
    def record(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        document: dict[str, Any] = json.loads(self.out)
        return document


def with_tiny(*arguments: object) -> list[object]:
    """The arguments of a training, with the tiny model and whatever else they leave out."""
    return [*TINY, *(word for pair in USUAL.items() if pair[0] not in arguments for word in pair), *arguments]


Ask = Callable[..., Answer]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Answer(code, *capsys.readouterr())

    return run


def draw(path: Path, seed: int, *, tint: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (36, 40, 3), dtype=np.uint8)
    pixels[..., tint % 3] //= 3
    Image.fromarray(pixels).save(path)


def write_table(path: Path, header: str, rows: list[str], *, encoding: str = "utf-8") -> None:
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))


def lay_out(root: Path) -> None:
    """Good images, and around them everything that a stranger may get wrong."""
    for row, name in enumerate(IDS):
        draw(root / "pets" / name, row, tint=name.startswith("dog"))
        draw(root / "flat" / f"{row:03d}.png", row)
    for name, n in (("cat", 6), ("owl", 1)):
        for number in range(n):
            draw(root / "rare" / name / f"{number}.png", 100 + 10 * n + number)
    for number in range(4):
        draw(root / "one" / "cat" / f"{number}.png", 200 + number)
    (root / "empty").mkdir()
    (root / "file").write_text("in the way")
    (root / "essay.pdf").write_bytes(b"%PDF-1.4")
    (root / "noise.csv").write_bytes(bytes(range(256)))
    labels = [f"{name},{name[:3]}" for name in IDS]
    write_table(root / "good.csv", "image,label", labels)
    write_table(root / "gone.csv", "image,label", [*labels, *(f"cat/{n}.png,cat" for n in range(100, 125))])
    write_table(root / "twice.csv", "image,label", [*labels, *labels[:12]])
    write_table(root / "torn.csv", "image,label", [*labels[:3], "cat/4.png,cat,extra"])
    write_table(root / "bare.csv", *labels[:1], labels[1:])  # type: ignore[arg-type]
    write_table(root / "same.csv", "image,label", [f"{name},pet" for name in IDS])
    people = [f"{name},{name[:3]},{name[:3]}{int(name[4]) % (8 if name[0] == 'c' else 1)}" for name in IDS]
    write_table(root / "people.csv", "image,label,patient", people)
    attributes = [f"{name},{name[:3]},{'mf'[row % 2]},{20 + 3 * row},{row % 4}" for row, name in enumerate(IDS)]
    write_table(root / "many.csv", "image,kind,sex,age,number", attributes)
    write_table(
        root / "tags.csv", "image,red,green", [f"{name},{row % 2},{int(row == 3)}" for row, name in enumerate(IDS)]
    )
    recipes = {
        "torn": "a: [1,",
        "code": "!!python/object/apply:os.system ['touch pwned']",
        "list": "- a",
        "nothing": "",
    }
    for name, text in recipes.items():
        (root / f"{name}.yaml").write_text(text)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("yard")
    lay_out(root)
    return root


MANY = ("pets", "--labels", "many.csv", "--label-columns", "kind", "sex", "age")
BINS = ("--bins", "age=30,60")
ORDER = ("--classes", "kind=cat,dog", "sex=m,f")

REFUSED: dict[str, tuple[tuple[str, ...], int, list[str]]] = {
    # the source
    "empty folder": (("empty",), 3, ["empty: no image found", "the folder is empty", "--extensions"]),
    "no folder": (("petz",), 3, ["petz: there is no such", "Did you mean 'pets'"]),
    "no folder, none near": (("elsewhere/x",), 3, ["'elsewhere' does not exist either"]),
    "no table": (("essay.pdf",), 3, ["essay.pdf: this is neither a folder nor a table", ".csv"]),
    "one image": (("pets/cat/0.png",), 3, ["this is one image", "pets/cat"]),
    "one class": (("one",), 3, ["one: these images have no labels", "at least two classes", "--labels"]),
    "one class in a table": (("pets", "--labels", "same.csv"), 3, ["no labels"]),
    "no labels": (("flat",), 3, ["no labels", "--labels"]),
    # tables
    "a key without --set": (("pets", "optimizer.lr=3e-4"), 3, ["no such file", "with --set optimizer.lr=3e-4."]),
    "table not there": (("pets", "--labels", "god.csv"), 3, ["god.csv: there is no such file", "'good.csv'"]),
    "bytes": (("pets", "--labels", "noise.csv"), 3, ["noise.csv", "UTF-8"]),
    "rows without image": (("pets", "--labels", "gone.csv"), 3, ["25 of 41 rows", "--allow-missing-files"]),
    "table in folders": (("pets", "--labels", "good.csv", "--layout", "folders"), 2, ["good.csv", "--layout"]),
    "table as the source in folders": (("good.csv", "--layout", "folders"), 2, ["good.csv", "--layout"]),
    "rows twice": (
        ("pets", "--labels", "twice.csv"),
        3,
        ["'image' names 16 images in 28 rows", "--duplicates first"],
    ),
    "a cell too many": (("pets", "--labels", "torn.csv"), 3, ["torn.csv: 1 row", "--delimiter"]),
    "no header": (("pets", "--labels", "bare.csv"), 3, ["no header", "image,label"]),
    "wrong delimiter": (("pets", "--labels", "good.csv", "--delimiter", ";"), 3, ["--delimiter ,"]),
    "wrong encoding": (("pets", "--labels", "good.csv", "--encoding", "utf-17"), 2, ["utf-17"]),
    "image column": (
        ("pets", "--labels", "good.csv", "--image-column", "imge"),
        3,
        ["'imge'", "--image-column", "'image'"],
    ),
    "label column": (
        ("pets", "--labels", "good.csv", "--label-columns", "lable"),
        3,
        ["--label-columns: there is no column", "'lable'", "'label'"],
    ),
    "group column": (("pets", "--labels", "people.csv", "--group", "pateint"), 2, ["'pateint'", "'patient'"]),
    "split column": (("pets", "--labels", "good.csv", "--split-column", "x"), 3, ["'x'", "'image', 'label'"]),
    # patterns, bins, class numbers
    "pattern fits nothing": (("pets", "--pattern", "{kind}-{n}.png"), 3, ["16 of 16 images", "--allow-unmatched"]),
    "pattern fits some": (("pets", "--pattern", "cat/{n}.png"), 3, ["8 of 16 images", "--allow-unmatched"]),
    "pattern torn": (("pets", "--pattern", "{kind"), 2, ["a single '{'"]),
    "bins of words": ((*MANY, "--bins", "kind=3,5"), 3, ["16 cells of 'kind' are not numbers", "--missing-values"]),
    "bins of no head": ((*MANY, "--bins", "agee=3"), 2, ["'agee'", "'age'"]),
    "bins that fall": ((*MANY, "--bins", "age=60,30"), 3, ["[60, 30]", "30,60"]),
    "no bijection": (
        (*MANY, *BINS, *ORDER, "--composite", "kind*6+sex*2+age"),
        3,
        ["each once", "kind*6 + sex*3"],
    ),
    "formula of no head": (
        (*MANY, *BINS, "--composite", "kind*6+gender*3+age"),
        3,
        ["'gender'", "'kind', 'sex'"],
    ),
    "formula without order": ((*MANY, *BINS, "--composite", "kind*6+sex*3+age"), 3, ["--classes kind=cat,dog sex=f,m"]),
    "other class numbers": (
        (*MANY, *BINS, *ORDER, "--composite", "kind*6+sex*3+age", "--composite-column", "number"),
        3,
        ["differ from column 'number'"],
    ),
    "unlisted class": (("pets", "--classes", "label=cat,bird"), 3, ["8 rows", "['dog']", "--classes"]),
    # folds
    "rare class": (("rare", "--strict"), 3, ["'owl' of 'label' has 1 image, fewer than 2 folds", "--strict"]),
    "too many folds": (("pets", "--folds", "10", "--strict"), 3, ["has 8 images, fewer than 10 folds", "--folds 8"]),
    "rare in groups": (("pets", "--labels", "people.csv", "--strict"), 3, ["'dog' of 'label' has 1 group,"]),
    "rare label": (("pets", "--labels", "tags.csv", "--strict"), 3, ["'green' of 'labels' has 1 image"]),
    "rare attribute": ((*MANY, "--bins", "age=21,60", "--strict"), 3, ["'<21' of 'age' has 1 image"]),
    "one fold": (("pets", "--folds", "1"), 2, ["at least 2, got 1", "--only-folds 0"]),
    "no number of folds": (("pets", "--folds", "-2"), 2, ["--folds", "at least 2, got -2"]),
    "seed of the folds": (("pets", "--split-seed", "-1"), 2, ["--split-seed", "0 or more, got -1"]),
    "seed": (("pets", "--seed", "-1"), 2, ["--seed", "0 or more, got -1"]),
    "seed in the recipe": (("pets", "--set", "seed=-1"), 2, ["seed", "got -1"]),
    "fold that is not": (("pets", "--only-folds", "7"), 2, ["there is no fold 7", "0 to 1"]),
    "holdout of all": (("pets", "--holdout-fraction", "1.5"), 2, ["[0, 1), got 1.5"]),
    "no frozen folds": (
        ("pets", "--folds-from", "empty"),
        3,
        ["--folds-from: there are no folds here", "podium split"],
    ),
    "split method": (("pets", "--split-method", "stratfied"), 2, ["'stratfied'", "'stratified'"]),
    "stratify by": ((*MANY, *BINS, "--stratify-by", "sexx"), 2, ["'sexx'", "'sex'"]),
    "kind of leak": (("pets", "--allow-leaks", "same_byte"), 2, ["'same_byte'", "'same_bytes'"]),
    # recipe
    "preset": (("pets", "--preset", "basline"), 2, ["'basline'", "'baseline'"]),
    "recipe not there": (("pets", "--recipe", "trn.yaml"), 2, ["trn.yaml", "'torn.yaml'"]),
    "recipe torn": (("pets", "--recipe", "torn.yaml"), 2, ["torn.yaml: not a plain YAML", "line 1"]),
    "recipe of code": (("pets", "--recipe", "code.yaml"), 2, ["code.yaml", "python/object"]),
    "recipe a list": (("pets", "--recipe", "list.yaml"), 2, ["list.yaml: not a recipe"]),
    "recipe empty": (("pets", "--recipe", "nothing.yaml"), 2, ["nothing.yaml: not a recipe"]),
    "recipe a folder": (("pets", "--recipe", "empty"), 2, ["this is a folder"]),
    "key": (("pets", "--set", "training.epoch=3"), 2, ["'training.epoch'", "'training.epochs'"]),
    "value": (("pets", "--set", "training.epochs=many"), 2, ["training.epochs", "got 'many'"]),
    "no value": (("pets", "--set", "epochs"), 2, ["key.path=value"]),
    "view": (("pets", "--set", "predict_views=[plain,hflop]"), 2, ["'hflip'", "got 'hflop'"]),
    "model": (("pets", "--set", "model.name=resnet17"), 2, ["'resnet17'", "'resnet18'"]),
    "optimizer": (("pets", "--set", "optimizer.name=adamz"), 2, ["'adamz'", "'adam'"]),
    "head weight": (("pets", "--set", "loss.head_weights={lable: 2.0}"), 2, ["'lable'", "'label'"]),
    "weights not packaged": (("pets", "--set", "model.name=resnet18", "model.weights=packaged"), 1, ["'resnet18'"]),
    "weight file": (
        ("pets", "--set", "model.weights=no.safetensors"),
        1,
        ["no.safetensors: there is no such weight file"],
    ),
    "metric": (("pets", "--metric", "f1_marco"), 2, ["'f1_marco'", "'f1_macro'"]),
    "metric of ordinals": (
        ("pets", "--metric", "quadratic_kappa"),
        2,
        ["does not fit single target", "--ordinal label"],
    ),
    "metric of one label": (
        ("pets", "--labels", "tags.csv", "--metric", "accuracy"),
        2,
        ["multi target", "f1_macro"],
    ),
    "joint without class": (
        (*MANY, *BINS, "--set", "model.arrangement=joint"),
        2,
        ["joint", "--composite"],
    ),
    # machine, names, places
    "device": (("pets", "--device", "cdua"), 2, ["'cdua'", "'cuda'"]),
    "threads": (("pets", "--threads", "0"), 2, ["at least 1, got 0"]),
    "share of bad": (("pets", "--max-bad-fraction", "2"), 2, ["--max-bad-fraction", "got 2.0"]),
    "checkpoints": (("pets", "--checkpoint-seconds", "-1"), 2, ["--checkpoint-seconds", "got -1"]),
    "run of a path": (("pets", "--name", "a/b"), 2, ["'a/b' cannot name a run"]),
    "run of nothing": (("pets", "--name", ""), 2, ["'' cannot name a run"]),
    "run called last": (("pets", "--name", "last"), 2, ["'last' cannot name a run"]),
    "run too long": (("pets", "--name", "x" * 300), 2, ["cannot name a run", "100 bytes"]),
    "runs below a file": (("pets", "--runs", "file/runs"), 1, ["file: a file is in the way"]),
    "cache below a file": (("pets", "--cache", "file/cache"), 1, ["file: a file is in the way"]),
    "option": (("pets", "--foldz", "3"), 2, ["--foldz", "podium train --help"]),
    "option without number": (("pets", "--folds", "x"), 2, ["--folds", '"x"']),
    "no source": ((), 2, ["no data was named", "podium train FOLDER"]),
    "images elsewhere": (("pets", "--root", "pets"), 2, ["--root", "--resume"]),
    "resume of nothing": (("--resume", "last"), 2, ["no runs here"]),
    "resume of a name": (("--resume", "mine"), 2, ["no runs here"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_training_is_refused_before_anything_is_done(
    case: str, yard: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, code, parts = REFUSED[case]
    monkeypatch.chdir(yard)
    answer = ask("train", *(arguments if "--resume" in arguments else with_tiny(*arguments)), "--json")
    assert answer.code == code, answer.err
    assert answer.record["exit_code"] == code
    assert all(part in answer.complaint for part in parts), answer.complaint
    assert len(answer.details) <= 11
    assert "decode" not in answer.err
    left = {path.name for path in (yard / "runs").glob("*")} if (yard / "runs").exists() else set()
    assert left <= {".cache"}
    assert not list(yard.rglob("*.tmp*"))
    assert not (yard / "pwned").exists()


@pytest.mark.slow
def test_ten_of_a_long_list_are_shown_and_all_are_in_a_file(
    yard: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(yard)
    answer = ask("scan", "pets", "--labels", "gone.csv")
    assert answer.out == ""
    assert answer.details[:2] == ["row 18: cat/100.png", "row 19: cat/101.png"]
    kept = Path(answer.details[10].removeprefix("... and 15 more; all 25 are in "))
    assert (kept.name, yard in kept.parents) == ("details.txt", False)
    lines = kept.read_text().splitlines()
    assert lines[0] == answer.complaint.removeprefix("podium: ")
    assert lines[1:] == [f"row {number}: cat/{number + 82}.png" for number in range(18, 43)]
    assert len(ask("scan", "pets", "--labels", "gone.csv", "--json").record["details"]) == 25
    done = ask("scan", "pets", "--labels", "gone.csv", "--allow-missing-files", "--out", "found")
    assert (done.code, len((yard / "found" / "missing.csv").read_text().splitlines())) == (0, 26)


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8-sig", ","), ("utf-16", ","), ("cp949", ","), ("utf-8", ";"), ("utf-8", "\t")]
)
def test_tables_of_every_office_are_read_alike(encoding: str, mark: str, yard: Path, tmp_path: Path, ask: Ask) -> None:
    rows = [f"{row:03d}{mark}{'NA' if row % 2 else '고양이'}" for row in range(16)]
    write_table(tmp_path / "labels.csv", f"id{mark}종류", rows, encoding=encoding)
    answer = ask("scan", yard / "flat", "--labels", tmp_path / "labels.csv", "--json")
    assert answer.code == 0, answer.err
    head = answer.record["task"]["heads"][0]
    assert (answer.record["n_samples"], head["name"], head["classes"]) == (16, "종류", ["NA", "고양이"])


@dataclass(frozen=True)
class Desk:
    """A place with a finished run "mine", and test images."""

    root: Path
    classes: tuple[str, ...] = ("cat", "dog")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    root = tmp_path_factory.mktemp("desk")
    lay_out(root)
    for number in range(6):
        draw(root / "new" / f"{number:02d}.png", 300 + number)
        (root / "broken" / f"{number}.png").parent.mkdir(exist_ok=True)
        (root / "broken" / f"{number}.png").write_bytes(b"no image")
    here = Path.cwd()
    os.chdir(root)
    try:
        with (root / "log").open("w") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            assert main([str(word) for word in ["train", *with_tiny("pets", "--name", "mine")]]) == 0
            assert main(["predict", "mine", "new"]) == 0
            assert main(["split", "pets", "--folds", "2", "--out", "frozen"]) == 0
    finally:
        os.chdir(here)
    write_sample(root / "sample.csv", [f"{number:02d}.png" for number in range(6)])
    write_sample(root / "more.csv", [f"{number:02d}.png" for number in range(20)])
    write_sample(root / "fewer.csv", ["00.png", "01.png"])
    write_sample(root / "again.csv", ["00.png", "00.png", "01.png"])
    write_table(root / "columns.csv", "id,height", [f"{number:02d}.png,1.5" for number in range(6)])
    return Desk(root)


def write_sample(path: Path, ids: list[str]) -> None:
    write_table(path, "id,label", [f"{name},cat" for name in ids])


COMMANDS: dict[str, tuple[tuple[str, ...], int, list[str]]] = {
    "no command": (("trian",), 2, ["'trian'", "'train'"]),
    "predict no run": (("predict", "mien", "new"), 2, ["'mien'", "'mine'"]),
    "predict empty": (("predict", "mine", "empty"), 3, ["empty: no image found"]),
    "predict nothing": (("predict", "mine", "newer"), 3, ["newer: there is no such"]),
    "predict broken": (("predict", "mine", "broken"), 3, ["broken: none of the 6 images can be decoded"]),
    "predict view": (("predict", "mine", "new", "--tta", "hflop"), 2, ["'hflop'", "'hflip'"]),
    "predict name": (("predict", "mine", "new", "--name", "a/b"), 2, ["'a/b' cannot name predictions"]),
    "predict without source": (("predict", "mine"), 2, ["podium predict --help"]),
    "submit ids missing": (("submit", "mine", "more.csv"), 3, ["14 of 20 ids of column 'id' have no prediction"]),
    "submit ids extra": (("submit", "mine", "fewer.csv"), 3, ["4 predictions have no row", "--allow-extra"]),
    "submit ids twice": (("submit", "mine", "again.csv"), 3, ["occurs twice", "row 3"]),
    "submit columns": (("submit", "mine", "columns.csv"), 3, ["columns.csv: column 'height'", "not classes"]),
    "submit id column": (("submit", "mine", "sample.csv", "--id-column", "idd"), 2, ["'idd'", "'id'"]),
    "submit no sample": (("submit", "mine", "smple.csv"), 3, ["smple.csv", "'sample.csv'"]),
    "submit no predictions": (
        ("submit", "mine", "sample.csv", "--name", "b"),
        2,
        ["'b'", "podium predict mine", "--name b"],
    ),
    "submit onto the sample": (("submit", "mine", "sample.csv", "--out", "sample.csv"), 2, ["another file"]),
    "submit below a file": (("submit", "mine", "sample.csv", "--out", "file/x.csv"), 2, ["file"]),
    "submit values": (("submit", "mine", "sample.csv", "--values", "prob"), 2, ["'prob'", "probability"]),
    "run exists": (("train", "pets", "--name", "mine"), 2, ["run 'mine' exists", "--resume mine"]),
    "resume unknown": (("train", "--resume", "mien"), 2, ["'mien'", "'mine'"]),
    "resume with source": (("train", "pets", "--resume", "mine"), 2, ["Leave out the data"]),
    "resume with folds": (("train", "--resume", "mine", "--folds", "3"), 2, ["Leave out --folds."]),
    "resume with data options": (
        ("train", "--resume", "mine", "--max-bad-fraction", "0.5"),
        2,
        ["Leave out --max-bad-fraction"],
    ),
    "resume other recipe": (("train", "--resume", "mine", "--set", "seed=3"), 2, ["different recipe"]),
    "resume no such fold": (("train", "--resume", "mine", "--only-folds", "9"), 3, ["no fold 9"]),
    "folds of others": (
        ("train", "rare", "--folds-from", "frozen"),
        3,
        ["missing ids: ", " and 6 more", "podium split"],
    ),
    "report of nothing": (("report", "mien"), 2, ["'mien'"]),
    "diff of one": (("runs", "--diff", "mine"), 2, ["compares two runs"]),
    "scan out below a file": (("scan", "pets", "--out", "file/x"), 2, ["file"]),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_is_refused_and_changes_nothing(
    case: str, desk: Desk, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, code, parts = COMMANDS[case]
    monkeypatch.chdir(desk.root)
    before = {path: path.stat().st_mtime_ns for path in (desk.root / "runs" / "mine").rglob("*") if path.is_file()}
    answer = ask(*arguments, "--json")
    assert answer.code == code, answer.err
    assert answer.record["exit_code"] == code
    assert all(part in answer.complaint for part in parts), answer.complaint
    assert len(answer.details) <= 11
    after = {path: path.stat().st_mtime_ns for path in (desk.root / "runs" / "mine").rglob("*") if path.is_file()}
    assert {path.name for path in after if before.get(path) != after[path]} <= {"run.lock"}
    assert {path.name for path in (desk.root / "runs").iterdir()} == {".cache", "mine"}
    assert not (desk.root / "file" / "x").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="here is a GPU")
@pytest.mark.parametrize("command", [("train", "pets"), ("predict", "mine", "new")])
def test_a_gpu_that_is_not_there(
    command: tuple[str, ...], desk: Desk, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.root)
    answer = ask(*command, "--device", "cuda")
    assert (answer.code, "no NVIDIA GPU" in answer.complaint) == (2, True)


def test_weights_that_cannot_be_fetched_name_the_file_and_its_place(
    desk: Desk, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.root)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("PODIUM_WEIGHTS", str(desk.root / "weights"))
    answer = ask("train", "pets", "--set", "model.name=resnet18", "model.weights=pretrained")
    assert answer.code == 1
    assert f"Put timm/resnet18.a1_in1k/model.safetensors at {desk.root}/weights/resnet18.a1_in1k" in answer.complaint


def test_folds_edited_by_hand_are_noticed(
    desk: Desk, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.root)
    folds = shutil.copytree(desk.root / "frozen", tmp_path / "frozen") / "folds.csv"
    folds.write_text(folds.read_text().replace(",0\n", ",1\n", 1))
    answer = ask("train", "pets", "--folds-from", tmp_path / "frozen", "--runs", tmp_path / "runs")
    assert (answer.code, "changed after it was written" in answer.complaint) == (3, True)


def test_one_damaged_run_does_not_hide_the_others(
    desk: Desk, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "runs"
    for name in ("good", "torn", "other"):
        shutil.copytree(desk.root / "runs" / "mine", runs / name)
    (runs / "torn" / "scores.json").write_text('{"main')
    (runs / "other" / "run.json").write_text("[]")
    states = {row["name"]: row["state"] for row in ask("runs", "--runs", runs, "--json").record["runs"]}
    assert set(states) == {"good", "torn", "other"}
    assert states["good"] == "finished"
    assert states["torn"] == "scores.json is damaged; podium train --resume torn scores again"
    assert states["other"].startswith("cannot be read")


@pytest.fixture
def train(ask: Ask, tmp_path: Path) -> Callable[..., Answer]:
    """A training of the tiny model into a place of its own."""
    return lambda *arguments: ask("train", *with_tiny(*arguments), "--runs", tmp_path / "runs")


@pytest.mark.long
def test_unreadable_images_are_refused_counted_and_listed(
    yard: Path, train: Callable[..., Answer], tmp_path: Path
) -> None:
    folder = shutil.copytree(yard / "pets", tmp_path / "pets")
    (folder / "cat" / "x.png").write_bytes(b"no image")
    (folder / "dog" / "y.png").write_bytes((folder / "dog" / "0.png").read_bytes()[:800])
    answer = train(folder)
    assert answer.code == 3
    assert "2 of 18 images cannot be used (not_an_image 1, truncated 1)" in answer.complaint
    assert "--max-bad-fraction 0.12" in answer.complaint
    assert not list((tmp_path / "runs").glob("[!.]*"))
    assert train(folder, "--max-bad-fraction", "0.12", "--name", "a").code == 0
    rows = (tmp_path / "runs" / "a" / "quarantine.csv").read_text().splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [["cat/x.png", "not_an_image"], ["dog/y.png", "truncated"]]
    for number in range(8):
        (folder / "dog" / f"{number}.png").write_bytes(b"no image")
    answer = train(folder, "--max-bad-fraction", "0.9")
    assert (answer.code, "label: dog" in answer.complaint) == (3, True)


@pytest.mark.slow
def test_a_class_rarer_than_folds_works_when_allowed(yard: Path, train: Callable[..., Answer]) -> None:
    assert train(yard / "rare", "--only-folds", "0").code == 0


@pytest.mark.long
def test_leaks_are_refused_accepted_by_name_or_cured(yard: Path, train: Callable[..., Answer], tmp_path: Path) -> None:
    folder = shutil.copytree(yard / "pets", tmp_path / "pets")
    for number in range(7):
        shutil.copy(folder / "cat" / f"{number}.png", folder / "cat" / f"copy of {number}.png")
    shutil.copy(folder / "cat" / "7.png", folder / "dog" / "wrong.png")
    answer = train(folder, "--strict")
    assert answer.code == 3
    assert "Leave out --strict" in answer.complaint
    assert "--allow-leaks same_bytes" in answer.complaint
    assert all(line.startswith("same_bytes: ") for line in answer.details)
    assert "to go on: podium train " in answer.err
    assert "Identical files with different labels, 1 time: cat/7.png = dog/wrong.png" in answer.err
    assert train(folder, "--allow-leaks", "same_bytes", "--name", "leaky").code == 0
    run = tmp_path / "runs" / "leaky"
    assert json.loads((run / "folds.json").read_text())["leaks"]["accepted"] == ["same_bytes"]
    assert "Accepted: same_bytes" in (run / "report.html").read_text()
    assert train(folder, "--name", "cured").code == 0
    assert json.loads((tmp_path / "runs" / "cured" / "folds.json").read_text())["leaks"]["is_clean"]


@pytest.mark.long
@pytest.mark.parametrize("stage", ["decode images", "features of the frozen backbone, 2 views", "fold 1, steps"])
def test_ctrl_c_anywhere_ends_with_130_and_goes_on(
    stage: str, yard: Path, train: Callable[..., Answer], ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed: list[int] = []

    def press() -> None:
        if not pressed:  # a second one ends at once
            pressed.append(signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    def pressing(self: Console, title: str, total: int) -> Any:
        @contextlib.contextmanager
        def block() -> Iterator[Callable[[int], None]]:
            yield lambda done: press() if title == stage and done else None

        return block()

    with monkeypatch.context() as patch:
        patch.setattr(Console, "stage", pressing)
        answer = train(yard / "pets", "--json")
    assert (answer.code, answer.record["exit_code"]) == (130, 130)
    assert "--resume" in answer.complaint
    has_run = bool(list((tmp_path / "runs").glob("*/run.json")))
    assert has_run == (stage != "decode images")
    again = ask("train", "--resume", "last", "--runs", tmp_path / "runs") if has_run else train(yard / "pets")
    assert again.code == 0, again.err
    assert [path.name for path in (tmp_path / "runs").glob("[!.]*")] == ["baseline-1"]


@pytest.mark.slow
def test_two_starters_of_one_run(yard: Path, train: Callable[..., Answer], tmp_path: Path) -> None:
    with durable.hold_lock(tmp_path / "runs" / "mine"):
        answer = train(yard / "pets", "--name", "mine")
    assert (answer.code, "in use by process" in answer.complaint) == (1, True)


@pytest.mark.long
def test_a_full_disk_leaves_no_half_run(
    yard: Path, train: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train(yard / "pets", "--name", "first").code == 0

    class Full(_NoWaiting):
        def write(self, descriptor: int, data: memoryview) -> int:
            if os.fstat(descriptor).st_size or len(data) > 300:  # the short files before samples.csv still fit
                raise OSError(28, "No space left on device")
            return super().write(descriptor, data)

    with durable.using_backend(Full()):
        answer = train(yard / "pets")
    assert (answer.code, "the disk is full" in answer.complaint) == (1, True)
    assert [path.name for path in (tmp_path / "runs").glob("[!.]*")] == ["first"]


@pytest.mark.long
def test_odd_names_survive_the_whole_way(tmp_path: Path, ask: Ask, train: Callable[..., Answer]) -> None:
    names = ["a,b.png", 'q"u.png', "new\nline.png", "😀.png", "가.png", "=1+1.png", "x" * 200 + ".png"]
    for kind in ("고양이", "dog 🐶"):
        for row, name in enumerate(names):
            draw(tmp_path / "odd" / kind / name, row + 50 * len(kind))
    stray = os.fsencode(tmp_path / "odd" / "dog 🐶") + b"/bad\xff.png"
    shutil.copy(tmp_path / "odd" / "dog 🐶" / "😀.png", stray)
    ids = {f"{kind}/{name}" for kind in ("고양이", "dog 🐶") for name in names} | {"dog 🐶/bad\\xff.png"}
    assert ask("scan", tmp_path / "odd", "--out", tmp_path / "scan").code == 0
    assert train(tmp_path / "scan", "--name", "odd").code == 0
    runs = ("--runs", tmp_path / "runs")
    assert ask("predict", "odd", tmp_path / "odd", *runs).code == 0
    assert ask("submit", "odd", "--out", tmp_path / "out.csv", *runs).code == 0
    import csv

    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        assert {row["id"] for row in csv.DictReader(file)} == ids


@pytest.mark.long
def test_a_reader_that_goes_away_is_no_error(desk: Desk) -> None:
    command = f"'{sys.executable}' -m podium runs --runs '{desk.root}/runs'"
    for line in (f"{command} | head -0", f"{command} | true", f"{command} >&-"):
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), line


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_on_a_full_disk_is_told(desk: Desk) -> None:
    command = f"'{sys.executable}' -m podium runs --runs '{desk.root}/runs' >/dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 1, "a list of runs is nothing but its output"
    assert done.stderr == "podium: standard output: the results could not be printed: No space left on device.\n"


EACH = """
import json, os, sys
import podium.cli, podium.workflows.train_and_resume, torch, timm  # takes longer than the work: once, and a fork each
codes = []
for words in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        sys.exit(podium.cli.main(words))
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
with open("codes.json", "w") as file:
    json.dump(codes, file)
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("log", "processes"),
    [
        pytest.param("2>&1 | head -0", "2", marks=pytest.mark.soak),
        (">/dev/full 2>/dev/full", "1"),
    ],
)
def test_a_lost_log_changes_neither_the_work_nor_its_exit_code(
    yard: Path, tmp_path: Path, log: str, processes: str
) -> None:
    train = with_tiny(yard / "pets", "--name", "mine", "--processes", processes)
    commands = [["train", *map(str, train)], ["predict", "mine", str(yard / "flat")], ["train", "nowhere"]]
    words = f"'{sys.executable}' -c {shlex.quote(EACH)} {shlex.quote(json.dumps(commands))} {log}"
    done = subprocess.run(["bash", "-c", words], cwd=tmp_path, capture_output=True, check=False)
    assert done.stdout == b""
    codes = json.loads((tmp_path / "codes.json").read_text())
    assert codes == [0, 0, 3], "what fails is told to fail, also where nobody hears why"
    run = tmp_path / "runs" / "mine"
    assert (run / "report.html").is_file()
    assert (run / "predictions" / "test.csv").is_file()


@pytest.mark.long
def test_all_that_stops_a_run_is_reported_at_once_with_one_command(
    yard: Path, train: Callable[..., Answer], ask: Ask, tmp_path: Path
) -> None:
    folder = shutil.copytree(yard / "pets", tmp_path / "pets")
    (folder / "cat" / "x.png").write_bytes(b"no image")
    for number in range(7):
        shutil.copy(folder / "cat" / f"{number}.png", folder / "cat" / f"copy of {number}.png")
    answer = train(folder, "--strict", "--json")
    assert answer.code == 3
    assert "2 problems: (1) " in answer.complaint
    assert answer.record["retry"] == {"max_bad_fraction": 0.05, "strict": False}
    command = answer.record["command"]
    assert "--strict" not in command
    again = ask(*shlex.split(command.removeprefix("podium ").replace("--json", "")))
    assert again.code == 0, again.err
