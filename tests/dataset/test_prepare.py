"""Samples on their way to prepared data: what is refused before and after decoding, what is kept, what is told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium.data import ImageCache
from podium.dataset import FoldOptions
from podium.dataset.prepare import check_folds, open_prepared_images, prepare_samples
from podium.dataset.prepared import Prepared
from podium.errors import DataError, ImageError, LeakError, SplitError, UsageError
from podium.problems import Problems
from podium.splits import LeakReport, make_folds
from podium.tables import Samples, as_text_array, save_folds
from tiny.contest import N, Notes, make_recipe, make_samples, make_settings

Contest = Callable[[str], Samples]


def prepare(
    samples: Samples, folder: Path, progress: Notes | None = None, **how: object
) -> tuple[Prepared, ImageCache]:
    options = FoldOptions(**{"folds": 3, **how})  # type: ignore[arg-type]
    return prepare_samples(samples, make_recipe(), options, make_settings(folder), progress or Notes())


def check(samples: Samples, options: FoldOptions) -> int:
    problems = Problems()
    n_folds = check_folds(samples, options, problems, Notes())
    problems.raise_all()
    return n_folds


def with_copy(samples: Samples, *, of: int = 0, at: int = 2) -> Samples:
    """One file under two ids of one class, and nobody's groups."""
    paths = samples.paths.copy()
    paths[at] = paths[of]
    return replace(samples, paths=as_text_array(paths.tolist()), group=None)


@pytest.mark.slow
def test_the_options_reach_the_folds(contest: Contest, tmp_path: Path) -> None:
    samples = contest("attributes")
    for asked in (
        {"folds": 4},
        {"split_seed": 7},
        {"holdout_fraction": 0.25},
        {"stratify_by": "age"},
        {"split_method": "stratified"},
    ):
        how = {"folds": 3, **asked}
        leaky = {"allow_leaks": ("same_group",)}
        prepared, _ = prepare(samples, tmp_path, **how, **leaky)
        assert prepared.folds.digest == make_folds(samples, **how).digest  # type: ignore[arg-type]
        assert check(samples, FoldOptions(**how, **leaky)) == how["folds"]  # type: ignore[arg-type]


def test_digests_and_pixels_are_those_of_the_files(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    prepared, cache = prepare(samples, tmp_path)
    files = [samples.file(row) for row in range(N)]
    assert prepared.sha256.tolist() == [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    assert cache.pixels.shape == (N, 32, 32, 3)
    assert prepared.quarantine == ()
    assert prepared.audit["n_images"] == N


@pytest.mark.long
def test_an_unreadable_image_is_left_out_of_everything_but_the_quarantine(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    samples.file(4).write_bytes(b"no image")
    settings = make_settings(tmp_path, max_bad_fraction=1 / N)
    notes = Notes()
    how = FoldOptions(folds=3)
    prepared, _ = prepare_samples(samples, make_recipe(), how, settings, notes)
    left = [name for name in samples.ids if name != "04.png"]
    assert prepared.samples.ids.tolist() == prepared.folds.ids.tolist() == left
    assert len(prepared.sha256) == len(left)
    assert [row[0] for row in prepared.quarantine] == ["04.png"]
    assert "1 of 36 images cannot be decoded: 04.png." in notes.notes
    assert len(open_prepared_images(prepared, make_recipe(), settings, notes)[1].rows_of(left)) == len(left)
    with pytest.raises(ImageError, match="1 of 36 images cannot be used"):
        prepare(samples, tmp_path, folds=3)


def test_folds_of_an_earlier_split_are_used_again(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    first, _ = prepare(samples, tmp_path, split_seed=5)
    save_folds(first.folds, tmp_path / "old")
    frozen = FoldOptions(folds_from=tmp_path / "old")
    turned = samples.take(np.arange(N)[::-1])
    assert check(turned, frozen) == 3
    second, _ = prepare_samples(turned, make_recipe(), frozen, make_settings(tmp_path), Notes())
    assert second.folds.digest == first.folds.digest
    assert second.folds.ids.tolist() == second.samples.ids.tolist() == samples.ids.tolist()[::-1]


def test_frozen_folds_refuse_samples_that_changed(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    save_folds(make_folds(samples, folds=3), tmp_path)
    frozen = FoldOptions(folds_from=tmp_path)
    labels = samples.labels["mask"].copy()
    labels[3] = 0
    fewer, other = samples.take(np.arange(N - 2)), replace(samples, labels={"mask": labels})
    for changed in (fewer, other):
        with pytest.raises(SplitError, match="made for another sample table"):
            prepare_samples(changed, make_recipe(), frozen, make_settings(tmp_path), Notes())
    with pytest.raises(SplitError, match=r"missing.*34\.png, 35\.png"):
        check(fewer, frozen)  # images that are not there will not be found by decoding


def test_frozen_folds_may_lack_images_that_could_not_be_decoded(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    save_folds(make_folds(samples.take(np.arange(N - 2)), folds=3), tmp_path)
    assert check(samples, FoldOptions(folds_from=tmp_path)) == 3


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"allow_leaks": ("same_bites",)}, UsageError, "same_bytes"),
        ({"folds": 1}, UsageError, "folds"),
        ({"split_seed": -1}, UsageError, "split_seed"),
        ({"holdout_fraction": 1.5}, UsageError, "holdout_fraction"),
        ({"stratify_by": "maks"}, UsageError, "mask"),
        ({"folds": N}, SplitError, "18 groups are too few for 36 folds"),
    ],
)
def test_what_is_known_to_be_wrong_is_refused_before_any_image_is_decoded(
    how: dict[str, object], error: type[Exception], message: str, contest: Contest, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        check(contest("single"), FoldOptions(**how))  # type: ignore[arg-type]


def test_a_folder_without_folds_is_named(contest: Contest, tmp_path: Path) -> None:
    with pytest.raises(SplitError, match="there are no folds here") as refused:
        check(contest("single"), FoldOptions(folds_from=tmp_path))
    assert refused.value.where == str(tmp_path)
    with pytest.raises(UsageError, match="same_bytes"):
        check(contest("single"), FoldOptions(folds_from=tmp_path, allow_leaks=("same_bites",)))


@pytest.mark.slow
def test_duplicates_are_kept_on_one_side_unless_strict_or_accepted(contest: Contest, tmp_path: Path) -> None:
    twins = with_copy(contest("single"))  # with a fold for every image of its class, they are apart
    with pytest.raises(LeakError, match="1 file found on both sides") as refused:
        prepare(twins, tmp_path, folds=18, strict=True)
    assert "00.png" in " ".join(refused.value.details)
    with pytest.raises(LeakError):
        prepare(twins, tmp_path, folds=18, strict=True, allow_leaks=("same_group",))
    accepted, _ = prepare(twins, tmp_path, folds=18, allow_leaks=("same_bytes", "near_duplicate"))
    assert accepted.leaks.accepted == ("same_bytes",)
    assert accepted.leaks.counts["same_bytes"].n_pairs == 1
    assert not accepted.samples.has_groups
    notes = Notes()
    joined, _ = prepare(twins, tmp_path, notes, folds=17)
    assert joined.leaks.is_clean
    assert joined.folds.fold[0] == joined.folds.fold[2]
    assert joined.samples.group_keys[0] == joined.samples.group_keys[2]
    assert len(set(joined.samples.group_keys)) == N - 1
    assert str(joined.leaks.joined) in notes.notes
    assert LeakReport.from_dict(joined.leaks.to_dict()) == joined.leaks


@pytest.mark.slow
def test_too_many_duplicates_are_named_where_folds_cannot_be_made(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    same = replace(samples, paths=as_text_array([samples.paths[0]] * N), group=None)
    with pytest.raises(SplitError, match=r"^1 group is too few for 2 folds.*36 images in 1 cluster") as refused:
        prepare(same, tmp_path, folds=2, allow_leaks=("same_group",))
    assert "`allow_leaks=['same_group', 'same_bytes']`" in str(refused.value)
    prepare(same, tmp_path, folds=2, allow_leaks=("same_group", "same_bytes"))
    twins = with_copy(samples)
    with pytest.raises(SplitError, match=r"35 groups are too few for 36 folds.*1 file that exists") as refused:
        prepare(twins, tmp_path, folds=N)
    prepare(twins, tmp_path, **refused.value.retry)


@pytest.mark.parametrize(
    ("n_copies", "how", "wanted"),
    [
        (9, {"folds": 30, "split_method": "random"}, {"strict": False, "split_method": "auto", "folds": 27}),
        (9, {"folds": 20, "split_method": "random"}, {"strict": False, "split_method": "auto"}),
        (1, {"folds": 18}, {"strict": False}),
    ],
)
def test_the_command_that_leaves_out_strict_goes_through(
    n_copies: int, how: dict[str, object], wanted: dict[str, object], contest: Contest, tmp_path: Path
) -> None:
    """Joined duplicates leave fewer groups, and a method that ignores groups divides them."""
    samples = contest("single")
    paths = samples.paths.copy()
    paths[2 : 2 * n_copies + 1 : 2] = paths[0]
    copies = replace(samples, paths=paths, group=None)
    folds = FoldOptions(strict=True, **how)  # type: ignore[arg-type]
    with pytest.raises(DataError) as refused:
        prepare_samples(copies, make_recipe(), folds, make_settings(tmp_path), Notes())
    assert refused.value.retry == wanted
    prepare_samples(copies, make_recipe(), replace(folds, **wanted), make_settings(tmp_path), Notes())  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("is_named", [False, True])
def test_folds_made_with_duplicates_on_one_side_are_used_again(
    is_named: bool, contest: Contest, tmp_path: Path
) -> None:
    samples = with_copy(contest("single"))
    if is_named:
        samples = replace(samples, group=contest("single").group)
    first, _ = prepare(samples, tmp_path)
    assert first.leaks.joined is not None
    first.save(tmp_path / "old")
    frozen, turned = FoldOptions(folds_from=tmp_path / "old"), samples.take(np.arange(N)[::-1])
    assert check(turned, frozen) == 3
    second, _ = prepare_samples(turned, make_recipe(), frozen, make_settings(tmp_path), Notes())
    assert second.folds.digest == first.folds.digest
    assert second.leaks == first.leaks
    regrouped = replace(samples, group=as_text_array([f"camera {row % 5}" for row in range(N)]))
    with pytest.raises(SplitError, match="labels or groups changed"):
        check(regrouped, frozen)
    labels = samples.labels["mask"].copy()
    labels[3] = 0
    with pytest.raises(SplitError, match="labels or groups changed"):
        check(replace(samples, labels={"mask": labels}), frozen)


@pytest.mark.parametrize(
    "how",
    [{"folds": 4}, {"split_seed": 1}, {"holdout_fraction": 0.1}, {"stratify_by": "mask"}, {"split_method": "group"}],
)  # fmt: skip
def test_options_of_new_folds_are_refused_beside_frozen_ones(
    how: dict[str, object], contest: Contest, tmp_path: Path
) -> None:
    samples = contest("single")
    save_folds(make_folds(samples, folds=3), tmp_path)
    assert check(samples, FoldOptions(folds_from=tmp_path, folds=3, strict=True)) == 3
    with pytest.raises(UsageError, match="has no effect beside `folds_from`") as refused:
        check(samples, FoldOptions(folds_from=tmp_path, **how))  # type: ignore[arg-type]
    assert [refused.value.field] == list(how)


@pytest.mark.slow
def test_folds_that_were_given_are_not_cured(contest: Contest, tmp_path: Path) -> None:
    """Of an earlier split, of the source, or of a method that ignores groups; divided groups before any decoding."""
    samples, twins = contest("single"), with_copy(contest("single"))
    save_folds(make_folds(samples, folds=3, split_method="random"), tmp_path)
    with pytest.raises(LeakError, match="divided groups") as refused:
        check(samples, FoldOptions(folds_from=tmp_path))
    assert refused.value.retry == {"allow_leaks": ["same_group"]}
    split = as_text_array(["valid" if row == 2 else "train" for row in range(N)])
    with pytest.raises(LeakError, match="1 divided group"):
        check(replace(samples, split=split), FoldOptions())
    with pytest.raises(LeakError, match=r"1 file found on both sides.*split_method='stratified'") as refused:
        prepare(replace(twins, split=split), tmp_path)
    assert refused.value.retry == {"allow_leaks": ["same_bytes"]}
    held = as_text_array(["test" if row == 2 else "" for row in range(N)])
    with pytest.raises(LeakError, match="1 file found on both sides"):  # nobody named a group, so none is divided
        prepare(replace(twins, split=held), tmp_path, folds=3)
    with pytest.raises(LeakError, match=r"divided groups.*split_method='auto'"):
        prepare(samples, tmp_path, folds=3, split_method="stratified")
    tested = as_text_array(["test" if row == 2 else "train" for row in range(N)])
    with pytest.raises(LeakError, match=r"The data's own split divides them") as refused:
        prepare(replace(twins, split=tested), tmp_path, folds=2)
    assert "split_method" not in str(refused.value)  # auto is what was used


@pytest.mark.slow
def test_bad_images_and_leaks_are_reported_together(tmp_path: Path) -> None:
    samples = with_copy(make_samples(tmp_path / "images", "single"))
    samples.file(4).write_bytes(b"no image")
    with pytest.raises(DataError, match="2 problems: ") as refused:
        prepare(samples, tmp_path, folds=17, strict=True)
    assert refused.value.retry == {"max_bad_fraction": 0.03, "strict": False}


def test_a_forgotten_group_is_hinted_at_though_copies_are_grouped(contest: Contest, tmp_path: Path) -> None:
    notes = Notes()
    ids = as_text_array([f"patient{row // 6}_{row % 6:03d}.png" for row in range(N)])
    named = replace(with_copy(contest("single")), ids=ids)
    prepared, _ = prepare(named, tmp_path, notes)
    (hint,) = [line for line in notes.notes if "patient" in line]
    assert hint in prepared.hints


def test_what_is_odd_about_the_folds_is_told_and_kept_with_the_notes_of_the_scan(
    contest: Contest, tmp_path: Path
) -> None:
    mask = np.zeros(N, dtype=np.int64)
    mask[[0, N // 2]] = 1  # one person
    lone = replace(contest("single"), labels={"mask": mask})
    notes, how = Notes(), FoldOptions(folds=2)
    settings = make_settings(tmp_path)
    prepared, _ = prepare_samples(lone, make_recipe(), how, settings, notes, notes=["from the scan"])
    (told,) = [line for line in notes.notes if "without training images in some folds" in line]
    assert told in prepared.notes
    assert prepared.notes[0] == "from the scan"
    assert "from the scan" not in notes.notes  # the scan has told it


def test_prepared_images_come_back_at_any_size(contest: Contest, tmp_path: Path) -> None:
    prepared, cache = prepare(contest("single"), tmp_path)
    settings = make_settings(tmp_path)
    assert open_prepared_images(prepared, make_recipe(), settings, Notes())[1].key == cache.key
    larger = open_prepared_images(prepared, make_recipe("image.stored_px=40"), settings, Notes())[1]
    assert larger.pixels.shape == (N, 40, 40, 3)


def test_images_that_are_gone_are_missing_and_nothing_is_decoded(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    prepared, _ = prepare(samples, tmp_path)
    (tmp_path / "images").rename(tmp_path / "moved")
    settings, notes = make_settings(tmp_path), Notes()
    with pytest.raises(ImageError, match=r"images: 36 of 36 images are missing") as refused:
        open_prepared_images(prepared, make_recipe(), settings, notes)
    assert len(refused.value.details) == N
    assert not notes.stages
    assert len(list(settings.cache_folder.glob("*/cache.json"))) == 1


@pytest.mark.slow
def test_images_that_changed_since_are_refused_by_name(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", "single")
    prepared, _ = prepare(samples, tmp_path)
    Image.new("RGB", (40, 36), "red").save(samples.file(3))
    samples.file(5).write_bytes(b"no image")
    with pytest.raises(ImageError, match="2 of 36 images differ from the files that were prepared") as refused:
        open_prepared_images(prepared, make_recipe(), make_settings(tmp_path), Notes())
    assert list(refused.value.details) == ["03.png", "05.png"]
    for row in range(30):
        samples.file(row).write_bytes(b"no image")
    with pytest.raises(ImageError, match="30 of 36 images differ"):  # so many are no reason to say something else
        open_prepared_images(prepared, make_recipe(), make_settings(tmp_path), Notes())
