"""A preset with larger images is looked at on a few of them, by the clock, before all are decoded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import podium
from podium.crossval import foresee, time_budget
from podium.crossval.foresee import check_time, has_other_size
from podium.crossval.minutes import TimeBudget
from podium.dataset.prepared import Prepared
from podium.errors import UsageError
from podium.recipe import PRESETS, Recipe, load_recipe
from podium.recipe.image_spec import ImageSpec
from podium.recipe.presets import strong
from podium.store import list_runs
from podium.tables import Samples
from podium.training.rehearsal import Rehearsal
from podium.training.time_plan import Speeds
from podium.workflows import train_in_minutes
from podium.workflows.train_and_resume import train
from tiny.contest import Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]
STRONG = ("image.size_px=48", "image.stored_px=48", "model.freeze=none", "predict_views=[plain]")


class Clock:
    """Seconds that pass only while images are decoded, and what a rehearsal measures."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, decode_s: float, train_s: float) -> None:
        self.now = 0.0
        store = foresee.store_in_memory

        def slowly(images: list[Path], *sides: object, **how: object) -> object:
            self.now += decode_s * len(images)
            return store(images, *sides, **how)  # type: ignore[arg-type]

        def rehearse(recipe: Recipe, *given: object) -> Rehearsal:
            return Rehearsal(Speeds(0.0, 0.0 if recipe.model.freeze == "backbone" else train_s, 0.0), view_bytes=1)

        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr(foresee, "store_in_memory", slowly)
        monkeypatch.setattr(foresee, "rehearse", rehearse)
        monkeypatch.setattr(time_budget, "rehearse", rehearse)


@pytest.fixture
def prepared(contest: Contest, tmp_path: Path) -> Prepared:
    return podium.prepare(contest("single"), folds=2, recipe=make_recipe(), settings=make_settings(tmp_path))


@pytest.mark.parametrize(
    ("minutes", "decode_s", "train_s", "words"),
    [
        (10, 0.1, 0.1, None),  # 36 images decoded in 4 s; 20 epochs of 2 x 18 images in 72 s, of 600 s
        (10, 0.1, 1.0, "20 epochs would take about 12 minutes"),
        (10, 15.0, 0.1, "Decoding takes 9 minutes"),  # nothing is left of the time
        (1.9, 0.1, 0.0, "114 seconds are too few to look"),
    ],
)
def test_what_all_images_take_is_foreseen(
    minutes: float,
    decode_s: float,
    train_s: float,
    words: str | None,
    prepared: Prepared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Clock(monkeypatch, decode_s=decode_s, train_s=train_s)
    budget = TimeBudget(minutes, least_epochs=20)
    recipe, settings = make_recipe(*STRONG, "training.epochs=20"), make_settings(tmp_path)
    if words is None:
        check_time(recipe, prepared, [0, 1], settings, budget)
        return
    with pytest.raises(UsageError, match=words):
        check_time(recipe, prepared, [0, 1], settings, budget)


def test_only_another_size_is_looked_at(prepared: Prepared) -> None:
    own = make_recipe()
    assert not has_other_size(make_recipe("image.stored_px=40", "model.freeze=none"), prepared, own)
    assert has_other_size(make_recipe(*STRONG), prepared, own)


@pytest.mark.long
@pytest.mark.parametrize(("train_s", "second"), [(0.01, "strong"), (1.0, "finetune"), (9.0, None)])
def test_strong_is_taken_where_there_is_time(
    train_s: float, second: str | None, contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else no image is decoded at its size, and what fits is trained; the score of the baseline stands."""
    Clock(monkeypatch, decode_s=0.1, train_s=train_s)
    monkeypatch.setattr(time_budget, "MOST_TIMES", 1)
    small = strong().model_copy(update={"image": ImageSpec(size_px=48, stored_px=48)})
    monkeypatch.setitem(PRESETS, "strong", lambda: small)
    monkeypatch.setattr(train_in_minutes, "CORNERS", ())
    notes, settings = Notes(), make_settings(tmp_path)
    lines = ["model.name=tiny", "model.weights=random", "training.precision=fp32"]
    best = train(contest("single"), overrides=lines, folds=2, minutes=10, name="x", settings=settings, progress=notes)
    runs = [run.name for run in list_runs(settings.runs)]
    assert runs[:2] == ["x-baseline", *([f"x-{second}"] if second else [])]
    assert runs[-1] == best.name == ("x" if second else "x-baseline")
    own = [run for run in list_runs(settings.runs) if not run.is_ensemble]
    sides = {tuple(load_recipe(run.recipe_file).image.sides) for run in own}
    assert ((48, 48) in sides) == (second == "strong")
    said = any("Not trained, strong" in note and "20 epochs would take" in note for note in notes.notes)
    assert said == (second != "strong")
