"""Groups are proposed where looks bear them out, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import adjusted_rand_score

from podium.splits import GroupCandidate, propose_groups, weigh_pattern
from podium.splits.hint_patterns import cut
from podium.tables import Head, Samples, Task, as_text_array

NO_PAIRS = np.empty((0, 2), dtype=np.int64)


def build(
    names: Sequence[str], looks: Sequence[int], labels: Sequence[int], *, spread: float = 1.0, root: Path = Path()
) -> tuple[Samples, NDArray[np.uint8]]:
    """Samples, and thumbnails of which those with one number in `looks` are alike; -1 is like none."""
    rng = np.random.default_rng(0)
    own, noise = rng.normal(0, spread, (max(*looks, 0) + 1, 16, 16)), rng.normal(0, 1, (len(names), 16, 16))
    shown = noise + np.where(np.array(looks)[:, None, None] >= 0, own[looks], rng.normal(0, spread, noise.shape))
    ids = as_text_array(list(names))
    samples = Samples(root, ids, ids, Task((Head("label", "single", ("a", "b")),)), {"label": np.array(labels)})
    return samples, np.clip(128 + 30 * shown, 0, 255).astype(np.uint8)


def tracks_counted_anew() -> tuple[list[str], list[int], list[int]]:
    names = [f"{kind}/{track:02d}_{frame:02d}.jpg" for kind in "ab" for track in range(15) for frame in range(6)]
    return names, [place // 6 for place in range(180)], [place // 90 for place in range(180)]


def test_tracks_counted_anew_in_every_class_keep_its_folder() -> None:
    names, looks, labels = tracks_counted_anew()
    samples, thumbnails = build(names, looks, labels)
    best = propose_groups(samples, thumbnails, NO_PAIRS)[0]
    assert best.origin == "names"
    keys = cut(str(best.change["group"]), names)
    assert keys is not None
    assert adjusted_rand_score(looks, keys) == 1
    assert (best.evidence.n_groups, best.evidence.n_grouped, best.evidence.n_largest) == (30, 180, 6)
    assert best.evidence.closer > 0.9
    assert "180 images lie in 30 groups" in str(best)


def test_names_that_only_count_and_named_groups_give_nothing() -> None:
    names, _, labels = tracks_counted_anew()
    samples, thumbnails = build(names, [-1] * 180, labels)
    assert propose_groups(samples, thumbnails, NO_PAIRS) == []
    names, looks, labels = tracks_counted_anew()
    samples, thumbnails = build(names, looks, labels)
    named = Samples(
        samples.root, samples.ids, samples.paths, samples.task, samples.labels, group=as_text_array(["g"] * 180)
    )
    assert propose_groups(named, thumbnails, NO_PAIRS) == []


def test_what_duplicates_keep_together_anyway_is_no_evidence() -> None:
    names, looks, labels = tracks_counted_anew()
    samples, thumbnails = build(names, looks, labels, spread=5.0)
    chains = np.array([[row, row + 1] for row in range(179) if looks[row] == looks[row + 1]])
    assert propose_groups(samples, thumbnails, NO_PAIRS)
    assert propose_groups(samples, thumbnails, chains) == []


def test_a_word_that_many_names_begin_with_is_no_group_beside_true_ones() -> None:
    pairs = [f"{kind}/{n}-{kind}.jpg" for n in range(60) for kind in "ab"]
    others = [f"a/extra_image_{n}.jpg" for n in range(80)]
    looks = [place // 2 for place in range(120)] + [-1] * 80
    samples, thumbnails = build([*pairs, *others], looks, [0, 1] * 60 + [0] * 80)
    best = propose_groups(samples, thumbnails, NO_PAIRS)[0]
    keys = cut(str(best.change["group"]), [*pairs, *others])
    assert keys is not None
    assert len(set(keys[:120])) == 60
    assert len(set(keys[120:])) == 80


def test_a_column_of_kinds_is_no_group_and_one_of_persons_is() -> None:
    names = [f"{place:04d}.jpg" for place in range(200)]
    samples, thumbnails = build(names, [place // 5 for place in range(200)], [place % 2 for place in range(200)])
    persons = GroupCandidate("column", {"group": "who"}, np.arange(200) // 5)
    kinds = GroupCandidate("column", {"group": "kind"}, np.arange(200) // 25)
    found = propose_groups(samples, thumbnails, NO_PAIRS, [kinds, persons])
    assert [proposal.change for proposal in found] == [{"group": "who"}]
    assert propose_groups(samples, thumbnails, NO_PAIRS, [kinds]) == []
    assert "the column 'who'" in found[0].what


def test_bursts_by_exif(tmp_path: Path) -> None:
    names = [f"{place:04d}.jpg" for place in range(60)]
    samples, thumbnails = build(names, [place // 4 for place in range(60)], [0, 1] * 30, root=tmp_path)
    for place, name in enumerate(names):
        image = Image.fromarray(thumbnails[place])
        entries = image.getexif()
        second = 1000 * (place // 4) + 7 * (place % 4)
        taken = f"2021:03:15 {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        entries.get_ifd(0x8769)[0x9003] = taken
        image.save(tmp_path / name, exif=entries)
    (best,) = propose_groups(samples, thumbnails, NO_PAIRS)
    assert best.origin == "bursts"
    assert best.change["group_from"] in ("exif", "exif:10")
    assert best.evidence.n_groups == 15


def test_a_pattern_is_weighed() -> None:
    names, looks, labels = tracks_counted_anew()
    samples, thumbnails = build(names, looks, labels)
    keys = [name.rpartition("_")[0] for name in names]
    found = weigh_pattern(samples, keys, thumbnails, NO_PAIRS)
    assert found is not None
    assert found.closer > 0.9
    assert found.n_groups == 30
