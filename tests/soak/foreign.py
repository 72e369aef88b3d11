"""R14: data are data. Nothing that Podium writes is a pickle or an archive, nothing that it reads runs code, and
benign weights of others are read.

Every hostile file is first read by a careless reader, which must run it: a payload that does nothing would prove
nothing.
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save as save_safetensors

import podium
from podium import durable
from podium.models.tiny import TinyTrunk
from podium.models.weight_files import read_weight_file

from .command_line import TINY, NoWaiting, ask, draw, refusal_problem
from .hostile_files import code_words, hostile_parquets, hostile_weights, hostile_yamls, is_live
from .trial import Figure, Trial, count
from .written_files import file_problem, source_problem

__all__ = ["TRIALS"]

LEAKS = ("--allow-leaks", "near_duplicate")
WHOLE = ("--set", "model.freeze=none", "predict_views=[plain]", "--checkpoint-every", "0")


def _lay_out(root: Path) -> None:
    """Two classes of eight images."""
    for row in range(16):
        draw(root / "pets" / ("cat", "dog")[row % 2] / f"{row}.png", row, tint=row)


def _must(root: Path, *arguments: object, backend: durable.Backend | None = None) -> None:
    answer = ask(*arguments, at=root, backend=backend)
    if answer.code:
        raise RuntimeError(f"podium {arguments[0]} gave {answer.code}: {answer.last_line}")


# What Podium writes


class _Keeping(NoWaiting):
    """Keeps the content of every file at the moment it gets its name, checkpoints that are removed again included."""

    def __init__(self) -> None:
        self.written: dict[Path, bytes] = {}

    def replace(self, source: Path, target: Path) -> None:
        """Look before it is named."""
        for path in [source, *source.rglob("*")]:  # a checkpoint is a folder
            if path.is_file():
                self.written[(target / path.relative_to(source)).absolute()] = path.read_bytes()
        super().replace(source, target)


def _runs(root: Path, n: int) -> dict[Path, bytes]:
    """Every file that some commands wrote, by path."""
    _lay_out(root)
    draw(root / "pets" / "cat" / "=1+1.png", 90)
    (root / "pets" / "dog" / "@bad.png").write_bytes(b"no image")
    keeping = _Keeping()
    commands: list[tuple[object, ...]] = [
        ("scan", "pets", "--out", "scan"),
        ("train", "pets", *TINY, "--folds", "2", "--name", "whole", "--max-bad", "0.2", *WHOLE, *LEAKS),
        ("predict", "whole", "pets", "--threads", "1", "--device", "cpu"),
        ("submit", "whole"),
        ("split", "pets", "--folds", "2", "--out", "folds", "--max-bad", "0.2", *LEAKS),
        ("train", "pets", *TINY, "--folds", "2", "--name", "heads", "--max-bad", "0.2", *LEAKS),
        ("train", "--resume", "heads", "--threads", "1", "--device", "cpu"),
        ("report", "heads"),
    ]
    for command in commands[: max(4, n)]:
        _must(root, *command, backend=keeping)
    for path in root.rglob("*"):
        if path.is_file() and "pets" not in path.relative_to(root).parts:
            keeping.written.setdefault(path, path.read_bytes())
    return keeping.written


def _written(n: int, folder: Path) -> Figure:
    files = _runs(folder, n)
    endings = sorted({path.suffix for path in files})
    return count(
        ((str(path.relative_to(folder)), partial(file_problem, path, data)) for path, data in files.items()),
        f"kinds {' '.join(endings)}",
    )


def _source(n: int, folder: Path) -> Figure:
    package = Path(podium.__file__).parent
    files = sorted(package.rglob("*.py"))[:n]
    return count((str(path.relative_to(package)), partial(source_problem, path, package)) for path in files)


# What Podium reads


def _try_weights(ending: str, data: bytes, root: Path) -> str | None:
    path, marker = root / f"weights{ending}", root / "marker"
    path.write_bytes(data)
    line = f"model.weights={path}"
    answer = ask("train", root / "pets", *TINY, "--set", line, "--folds", "2", "--json", at=root)
    path.unlink()
    if marker.exists():
        return "code was run"
    if list((root / "runs").glob("[!.]*")):
        return "a run folder was left"
    return refusal_problem(answer, 1, [path.name])


def _weights(n: int, folder: Path) -> Figure:
    _lay_out(folder)
    if not is_live(folder / "marker"):
        return Figure(1, 0, "the payload does nothing", ("a careless reader did not run it",))
    files = list(hostile_weights(folder / "marker"))
    order = np.random.default_rng(14).permutation(len(files))[:n]
    return count((files[k][0], partial(_try_weights, *files[k][1:], folder)) for k in order)


def _benign_files() -> Iterator[tuple[str, str, bytes]]:
    weights = TinyTrunk(seed=5).state_dict()
    contents = {
        "plain": weights,
        "wrapped": {"state_dict": weights, "epoch": 3, "name": "a model"},
        "averaged": {"model": {"w": torch.zeros(1)}, "state_dict_ema": weights},
        "parallel": {"model": {f"module.{name}": value for name, value in weights.items()}},
        "compiled": {f"_orig_mod.{name}": value for name, value in weights.items()},
    }
    for name, content in contents.items():
        for is_zip, ending in itertools.product((True, False), (".pt", ".pth", ".bin")):
            buffer = io.BytesIO()
            torch.save(content, buffer, _use_new_zipfile_serialization=is_zip)
            yield f"{name}, {'zip' if is_zip else 'legacy'}, {ending}", ending, buffer.getvalue()
    yield "safetensors", ".safetensors", save_safetensors(weights)


def _read_benign(ending: str, data: bytes, folder: Path) -> str | None:
    path = folder / f"weights{ending}"
    path.write_bytes(data)
    found, wanted = read_weight_file(path), TinyTrunk(seed=5).state_dict()
    same = set(found) == set(wanted) and all(torch.equal(found[name], value) for name, value in wanted.items())
    return None if same else f"other tensors: {sorted(found)[:3]}"


def _benign(n: int, folder: Path) -> Figure:
    odd = folder / os.fsdecode(b"caf\xe9 \xea\xb0\x80")
    odd.mkdir()
    places = itertools.cycle((folder, odd))
    files = itertools.islice(_benign_files(), n)
    return count(
        (name, partial(_read_benign, ending, data, place))
        for (name, ending, data), place in zip(files, places, strict=False)
    )


def _settings_of(root: Path) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Commands with a recipe, an option or a table that names code."""
    marker = root / "marker"
    train = ("train", root / "pets", *TINY, "--folds", "2")
    for name, text in hostile_yamls(marker).items():
        path = root / f"{name}.yaml"
        path.write_text(text)
        yield f"recipe file: {name}", (*train, "--recipe", path)
        yield f"recipe line: {name}", (*train, "--set", f"optimizer.name={text}")
    keys = ("model.name", "model.weights", "optimizer.name", "loss", "schedule", "predict_views", "metric", "image.fit",
            "training.precision", "augmentations")  # fmt: skip
    for key, word in itertools.product(keys, code_words(marker)):
        yield f"{key}: {word}", (*train, "--set", f"{key}={word}")
    (root / "local").mkdir()
    (root / "local" / "config.json").write_text('{"architecture": "resnet18", "num_classes": 2}')
    for word in (f"local-dir:{root / 'local'}", "hf-hub:evil/model", "hf_hub:evil/model", "http://127.0.0.1/x"):
        yield f"model.name: {word}", (*train, "--set", f"model.name={word}")
        yield f"model.weights: {word}", (*train, "--set", f"model.weights={word}")
    for option, word in itertools.product(("--composite", "--metric", "--preset", "--device"), code_words(marker)):
        yield f"{option}: {word}", (*train, option, word)


def _try_command(command: tuple[object, ...], root: Path) -> str | None:
    answer = ask(*command, "--runs", root / "runs", "--json", at=root)
    if (root / "marker").exists():
        return "code was run"
    if answer.code not in (1, 2, 3):
        return f"exit code {answer.code}"
    if len(answer.complaint) > 20_000:
        return f"a line of {len(answer.complaint)} characters"
    return refusal_problem(answer, answer.code, with_fix=False)


def _settings(n: int, folder: Path) -> Figure:
    _lay_out(folder)
    commands = list(_settings_of(folder))
    order = np.random.default_rng(15).permutation(len(commands))[:n]
    return count((commands[k][0], partial(_try_command, commands[k][1], folder)) for k in order)


def _try_parquet(data: bytes, root: Path) -> str | None:
    """Read as a table of four rows, or refused; never run."""
    root.mkdir()
    for row in range(4):
        (root / f"{row}.png").write_bytes(b"x")
    (root / "labels.parquet").write_bytes(data)
    answer = ask("scan", root, "--json")
    if (root.parent / "marker").exists():
        return "code was run"
    if answer.code:
        return refusal_problem(answer, 3, ["labels.parquet"])
    return None if answer.record["n_samples"] == 4 else f"{answer.record['n_samples']} samples"


def _parquets(n: int, folder: Path) -> Figure:
    files = itertools.islice(hostile_parquets(folder / "marker").items(), n)
    return count((name, partial(_try_parquet, data, folder / str(k))) for k, (name, data) in enumerate(files))


# A run folder from elsewhere


def _spoil_yaml(run: Path, text: str) -> None:
    (run / "recipe.yaml").write_text(text)


def _spoil_weights(run: Path, data: bytes) -> None:
    for path in run.rglob("*.safetensors"):
        path.write_bytes(data)
        about = path.with_name("model.json")
        if about.is_file():
            record = dict(durable.read_json(about)) | {"sha256": durable.sha256_file(path)}
            durable.write_json(about, record)


def _spoil_file(run: Path, name: str, data: bytes) -> None:
    (run / name).write_bytes(data)


def _spoilings(run: Path, marker: Path) -> Iterator[tuple[str, Callable[[Path], None]]]:
    for name, text in hostile_yamls(marker).items():
        yield f"recipe.yaml: {name}", partial(_spoil_yaml, text=text)
    bare = [data for name, ending, data in hostile_weights(marker) if ending == ".safetensors" and "mkdir" in name]
    for number, data in enumerate(bare):
        yield f"weights {number}", partial(_spoil_weights, data=data)
    texts = {
        "a tag": f"!!python/object/apply:os.mkdir ['{marker}']".encode(),
        "a pickle": bare[-1],
        "a list": b"[]",
        "a word": b'"__import__"',
        "null": b"null",
        "deep": b"[" * 100_000,
    }
    names = ["run.json", "samples.json", "folds.json", "scores.json", "predictions/oof.parquet", "samples.csv"]
    for name, (kind, data) in itertools.product(names, texts.items()):
        if (run / name).is_file():
            yield f"{name}: {kind}", partial(_spoil_file, name=name, data=data)


def _try_run(spoil: Callable[[Path], None], root: Path) -> str | None:
    shutil.copytree(root / "runs", root / "foreign")
    try:
        spoil(root / "foreign" / "mine")
        commands: list[tuple[object, ...]] = [
            ("runs",),
            ("report", "mine"),
            ("predict", "mine", root / "pets", "--threads", "1", "--device", "cpu"),
            ("submit", "mine"),
            ("train", "--resume", "mine", "--threads", "1", "--device", "cpu"),
        ]
        for command in commands:
            answer = ask(*command, "--runs", root / "foreign", "--json", at=root)
            if (root / "marker").exists():
                return f"podium {command[0]} ran code"
            problem = refusal_problem(answer, answer.code, with_fix=False) if answer.code else None
            if problem:
                return f"podium {command[0]}: {problem[:300]}"
    finally:
        shutil.rmtree(root / "foreign")
    return None


def _foreign_runs(n: int, folder: Path) -> Figure:
    _lay_out(folder)
    lines = (*TINY, "--folds", "2", "--name", "mine", "--only-folds", "0", *LEAKS)
    _must(folder, "train", "pets", *lines, "--cache", folder / "cache")
    spoilings = list(_spoilings(folder / "runs" / "mine", folder / "marker"))
    order = np.random.default_rng(16).permutation(len(spoilings))[:n]
    return count((spoilings[k][0], partial(_try_run, spoilings[k][1], folder)) for k in order)


# The page


MARKUP = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script><script>alert(1)", "{{7*7}}", "{% raw %}",
    "{% include 'x' %}", "javascript:alert(1)", "&lt;b&gt;", "' onmouseover='alert(1)", "<!--", "]]>", "$x^2$",
    r"$\frac{1$", "</style><script>", "<svg onload=alert(1)>", "\u202eabc", "a" * 90,
)  # fmt: skip


class _Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.odd: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            is_inside = str(value).startswith(("data:image/", "#")) or value == "data:,"
            is_link = name in ("src", "href", "action", "xlink:href") and not is_inside
            if name.startswith("on") or name == "srcdoc" or is_link:
                self.odd.append(f"<{tag} {name}={value!r}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _try_page(word: str, root: Path) -> str | None:
    """A class, files, a group and the folder itself with this name; its report holds the words, and nothing of them is
    markup."""
    name = word.replace("/", "\u2215").replace("\\", "\u29f5")
    folder = root / name / "data"
    for row in range(12):
        draw(folder / (name, "plain")[row % 2] / f"{row} {name[:80]}.png", row, tint=row)
    (folder / "plain" / f"bad {name}.png").write_bytes(b"no image")
    limits = ("--max-bad", "0.2", "--runs", root / "runs", "--name", "page")
    answer = ask("train", folder, *TINY, "--folds", "2", *limits, *LEAKS)
    if answer.code:
        return f"train gave {answer.code}: {answer.last_line}"
    page = _Page()
    html = (root / "runs" / "page" / "report.html").read_text()
    page.feed(html)
    unexpected = set(page.tags) & {"iframe", "object", "embed", "base", "form"}
    if page.odd or unexpected or page.tags.count("script") > 1:
        return f"markup: {page.odd[:3]} {unexpected} {page.tags.count('script')} scripts"
    if name not in "".join(page.text):
        return "the page does not show the name as it is"
    return _csv_problem(root / "runs" / "page")


def _csv_problem(run: Path) -> str | None:
    for path in run.rglob("*.csv"):
        if path.name != "submission.csv" and (problem := file_problem(path, path.read_bytes())):
            return f"{path.name}: {problem}"
    return None


def _pages(n: int, folder: Path) -> Figure:
    words = list(itertools.islice(MARKUP, n))
    return count((word, partial(_try_page, word, folder / str(k))) for k, word in enumerate(words))


TRIALS: tuple[Trial, ...] = (
    Trial("R14", "files that Podium writes are plain data", _written, 8, 4),
    Trial("R14", "source files that make no code of data", _source, 10_000, 10_000),
    Trial("R14", "weight files that would run code are refused", _weights, 400, 20),
    Trial("R14", "weight files of others are read", _benign, 31, 31),
    Trial("R14", "recipes and options never name code", _settings, 400, 40),
    Trial("R14", "tables with pickles inside", _parquets, 6, 6),
    Trial("R14", "run folders from elsewhere run nothing", _foreign_runs, 200, 5),
    Trial("R14", "names are text in the report", _pages, len(MARKUP), 3),
)
