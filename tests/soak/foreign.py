"""R14: data are data. Nothing that Podium writes is a pickle or an archive, nothing that it reads runs code, and
benign weights of others are read.

Every hostile file is first read by a careless reader, which must run it: a payload that does nothing would prove
nothing.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save as save_safetensors

import podium
from podium.models.tiny import TinyBackbone
from podium.models.weight_files import read_weight_file

from .command_line import LEAKS, TINY, NoWaiting, ask, ask_well, draw, draw_pets, refusal_problem
from .hostile_files import code_words, hostile_parquets, hostile_weights, hostile_yamls, is_live
from .report_names import MARKUP, try_report_names
from .spoilt_runs import try_foreign_runs
from .trial import Figure, Trial, count
from .written_files import file_problem, source_problem

__all__ = ["TRIALS"]

WHOLE = ("--set", "model.freeze=none", "predict_views=[plain]", "--checkpoint-seconds", "0")


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
    draw_pets(root)
    draw(root / "pets" / "cat" / "=1+1.png", 90)
    (root / "pets" / "dog" / "@bad.png").write_bytes(b"no image")
    keeping = _Keeping()
    commands: list[tuple[object, ...]] = [
        ("scan", "pets", "--out", "scan"),
        ("train", "pets", *TINY, "--folds", "2", "--name", "whole", "--max-bad-fraction", "0.2", *WHOLE, *LEAKS),
        ("predict", "whole", "pets", "--threads", "1", "--device", "cpu"),
        ("submit", "whole"),
        ("split", "pets", "--folds", "2", "--out", "folds", "--max-bad-fraction", "0.2", *LEAKS),
        ("train", "pets", *TINY, "--folds", "2", "--name", "heads", "--max-bad-fraction", "0.2", *LEAKS),
        ("train", "--resume", "heads", "--threads", "1", "--device", "cpu"),
        ("report", "heads"),
    ]
    for command in commands[: max(4, n)]:
        ask_well(root, *command, backend=keeping)
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
    draw_pets(folder)
    if not is_live(folder / "marker"):
        return Figure(1, 0, "the payload does nothing", ("a careless reader did not run it",))
    files = list(hostile_weights(folder / "marker"))
    order = np.random.default_rng(14).permutation(len(files))[:n]
    return count((files[k][0], partial(_try_weights, *files[k][1:], folder)) for k in order)


def _benign_files() -> Iterator[tuple[str, str, bytes]]:
    weights = TinyBackbone(seed=5).state_dict()
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
    found, wanted = read_weight_file(path), TinyBackbone(seed=5).state_dict()
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
    draw_pets(folder)
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


TRIALS: tuple[Trial, ...] = (
    Trial("R14", "files that Podium writes are plain data", _written, 8, 4),
    Trial("R14", "source files that make no code of data", _source, 10_000, 10_000),
    Trial("R14", "weight files that would run code are refused", _weights, 400, 15),
    Trial("R14", "weight files of others are read", _benign, 31, 31),
    Trial("R14", "recipes and options never name code", _settings, 400, 15),
    Trial("R14", "tables with pickles inside", _parquets, 6, 6),
    Trial("R14", "run folders from elsewhere run nothing", try_foreign_runs, 200, 2),
    Trial("R14", "names are text in the report", try_report_names, len(MARKUP), 3),
)
