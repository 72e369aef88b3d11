"""A learning rate found: for every task, from whole networks, blocks and features; nothing but the plot is written."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

import podium
from podium import cli
from podium.engine import Objective
from podium.errors import ImageError, RecipeError, SourceError, UsageError
from podium.machine import Silent
from podium.tables import Samples, save_samples
from podium.training.suggested_rate import RateSweep
from podium.workflows import lr_find
from tiny.contest import TINY, N, Notes, draw_images, make_settings

LINES = tuple(line for line in TINY if not line.startswith("model.frozen_"))
WHOLE = ("finetune", (*LINES, "model.freeze=none"))
BLOCKS = ("quick", (*LINES, "model.freeze=blocks", "model.frozen_blocks=1", "model.cached_views=1"))
FROZEN = ("baseline", (*(line for line in LINES if "layout" not in line), "head.kind=gradient"))
Contest = Callable[[str], Samples]


def find(samples: Samples, tmp_path: Path, base: tuple[str, tuple[str, ...]] = WHOLE, *more: str) -> RateSweep:
    preset, lines = base
    return podium.lr_find(
        samples,
        preset=preset,
        overrides=(*lines, *more),
        folds=3,
        steps=30,
        settings=make_settings(tmp_path),
        progress=Silent(),
    )


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
@pytest.mark.parametrize("base", [WHOLE, BLOCKS, FROZEN], ids=["whole", "blocks", "frozen"])
def test_every_task_and_kind_of_input(
    shape: str, base: tuple[str, tuple[str, ...]], contest: Contest, tmp_path: Path
) -> None:
    sweep = find(contest(shape), tmp_path, base)
    curve = sweep.curves["all"]
    assert list(sweep.curves) == ["all"]
    assert curve.rates[0] == pytest.approx(1e-6)
    np.testing.assert_allclose(np.diff(np.log(curve.rates)), 6 * math.log(10) / 29)
    assert np.isfinite(curve.losses).all()
    assert sweep.lr is None or 1e-6 <= sweep.lr <= 1
    assert not list(tmp_path.rglob("*")), "nothing is written"


@pytest.mark.slow
def test_the_same_call_finds_the_same(contest: Contest, tmp_path: Path) -> None:
    first, second = (find(contest("attributes"), tmp_path) for _ in range(2))
    assert first.to_dict() == second.to_dict()


@pytest.mark.slow
def test_the_first_losses_are_those_of_a_training_at_that_rate(contest: Contest, tmp_path: Path) -> None:
    """At 1e-6 nothing moves: the first loss is that of fresh heads, ln 2 for two classes."""
    sweep = find(contest("single"), tmp_path, WHOLE, "loss.single.label_smoothing=0")
    assert sweep.curves["all"].losses[0] == pytest.approx(math.log(2), abs=0.02)


@pytest.mark.slow
def test_every_model_has_a_curve_and_the_lowest_counts(contest: Contest, tmp_path: Path) -> None:
    sweep = find(contest("attributes"), tmp_path, WHOLE, "model.arrangement=separate")
    assert list(sweep.curves) == ["mask", "age", "tags"]
    valleys = [curve.suggestions()["valley"] for curve in sweep.curves.values()]
    assert sweep.lr == pytest.approx(min(value for value in valleys if value is not None), rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "model.head_start=probe",
        "model.unfreeze_after=1",
        "optimizer.sam_rho=0.1",
        "mixing=[mixup]",
        "image.preprocessing=[grayscale]",
    ],
)
def test_parts_of_the_recipe_are_in_it(line: str, contest: Contest, tmp_path: Path) -> None:
    plain = find(contest("single"), tmp_path).curves["all"].losses
    changed = find(contest("single"), tmp_path, WHOLE, line).curves["all"].losses
    assert (len(plain) == len(changed) and (plain == changed).all()) == (line == "model.unfreeze_after=1")


@pytest.mark.slow
def test_a_schedule_of_the_recipe_is_left_out(contest: Contest, tmp_path: Path) -> None:
    plain = find(contest("single"), tmp_path).to_dict()["models"]
    other = find(contest("single"), tmp_path, WHOLE, "schedule={kind: constant, warmup_steps: 500}")
    assert other.to_dict()["models"] == plain


@pytest.mark.slow
def test_it_ends_where_the_loss_explodes(contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compute, calls = Objective.__call__, list[int]()

    def exploding(self: Objective, *given: object) -> torch.Tensor:
        calls.append(1)
        loss: torch.Tensor = compute(self, *given)  # type: ignore[arg-type]
        return loss * (1000 if len(calls) > 20 else 1)

    monkeypatch.setattr(Objective, "__call__", exploding)
    curve = find(contest("single"), tmp_path).curves["all"]
    assert len(curve.rates) == 21
    assert curve.diverged


@pytest.mark.slow
def test_validation_images_and_broken_ones_are_not_read(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    folds = podium.make_folds(samples, folds=3)
    valid = folds.valid_rows(0)
    paths = samples.paths.copy()
    paths[valid] = "gone.png"
    (samples.root / "torn.png").write_bytes(b"no image")
    paths[folds.train_rows(0)[0]] = "torn.png"
    notes = Notes()
    podium.lr_find(
        replace(samples, paths=paths),
        preset="finetune",
        overrides=WHOLE[1],
        folds=3,
        settings=make_settings(tmp_path),
        progress=notes,
    )
    assert [note for note in notes.notes if "cannot be decoded: 1 image." in note]
    with pytest.raises(ImageError, match="no two"):
        find(replace(samples, paths=np.full_like(samples.paths, "torn.png")), tmp_path)
    (samples.root / "torn.png").unlink()


@pytest.mark.long
@pytest.mark.parametrize("name", ["lr.svg", "lr.png"])
def test_the_plot_is_a_picture_and_replaces_nothing(name: str, contest: Contest, tmp_path: Path) -> None:
    sweep = find(contest("attributes"), tmp_path, WHOLE, "model.arrangement=separate")
    written = sweep.plot(tmp_path / name)
    data = written.read_bytes()
    if name.endswith("png"):
        assert data.startswith(b"\x89PNG")
    else:
        words = [item.text for item in ElementTree.fromstring(data).iter() if item.tag.endswith("text")]
        assert {"learning rate", "smoothed loss", "1e-6", "mask", "age", "tags"} <= set(words)
    with pytest.raises(UsageError, match="exists"):
        sweep.plot(written)
    with pytest.raises(UsageError, match=r"\.svg or a \.png"):
        sweep.plot(tmp_path / "lr.pdf")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"lowest": 1.0, "highest": 0.1}, UsageError, "rise from a lowest"),
        ({"lowest": 0.0}, UsageError, "rise from a lowest"),
        ({"steps": 3}, UsageError, "10 to 10,000 steps"),
        ({"overrides": ["optimizer.momentum=0.9"]}, RecipeError, "optimizer.momentum=0.9 has no effect"),
        ({"preset": "baseline", "overrides": ["head.kind=auto"]}, UsageError, "no learning rate to find"),
        ({"preset": "quik"}, UsageError, "Did you mean 'quick'"),
        ({"epochs": 3}, UsageError, "overrides"),
    ],
)
def test_nonsense_is_refused(options: dict[str, object], error: type[Exception], words: str, contest: Contest) -> None:
    with pytest.raises(error, match=words):
        podium.lr_find(contest("single"), **options)  # type: ignore[arg-type]


@pytest.mark.slow
def test_extra_data_are_trained_on_and_deal_no_folds(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = replace(contest("single"), group=None)
    draw_images(tmp_path / "web", N, seed=7)
    web, seen = replace(samples, root=tmp_path / "web"), []
    decode = lr_find._decode

    def note(recipe: object, found: Samples, rows: np.ndarray, *rest: object) -> object:
        seen.append(set(found.ids[rows]))
        return decode(recipe, found, rows, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(lr_find, "_decode", note)
    options = {"overrides": WHOLE[1], "folds": 3, "steps": 20, "settings": make_settings(tmp_path)}
    for extra in (None, {"web": web}):
        podium.lr_find(samples, preset="finetune", extra=extra, progress=Silent(), **options)  # type: ignore[arg-type]
    alone, both = seen
    assert alone == {name for name in both if not name.startswith("web:")}
    assert len(both) == len(alone) + N


def test_images_without_labels_are_refused(contest: Contest) -> None:
    with pytest.raises(SourceError, match="no labels"):
        podium.lr_find(replace(contest("single"), task=None, labels={}))


@pytest.mark.long
def test_the_command_prints_the_flag_to_copy(
    contest: Contest, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_samples(contest("single"), tmp_path / "scan")
    monkeypatch.chdir(tmp_path)
    words = ["lr-find", "scan", "--preset", "finetune", "--folds", "3", "--threads", "1", "--set", *WHOLE[1]]
    assert cli.main([*words, "--plot", "lr.svg"]) == 0
    out = capsys.readouterr().out
    assert "valley" in out
    assert "--lr" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lr.svg", "scan"]
    assert cli.main([*words, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert f"--lr {record['lr']:g}" in out or record["lr"] is None
    assert cli.main([*words, "--plot", "lr.svg"]) == 2
