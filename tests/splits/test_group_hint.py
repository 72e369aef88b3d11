from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

import numpy as np
import pytest

from podium.advice import options
from podium.splits import hint_groups
from podium.splits.hint_patterns import is_counted
from podium.tables import Samples

Build = Callable[..., Samples]


def labelled(make_samples: Build, ids: Sequence[str], label: Sequence[str] | None = None) -> Samples:
    label = [str(i % 2) for i in range(len(ids))] if label is None else label
    classes = sorted(set(label))
    return make_samples(ids, {"c": np.asarray([classes.index(name) for name in label])}, classes={"c": classes})


PLAIN = {
    "numbers": [f"{i:05d}.jpg" for i in range(300)],
    "numbers with a word": [f"images/cell{i:04d}.jpg" for i in range(300)],
    "numbers after a line": [f"ISIC_{i:07d}.jpg" for i in range(300)],
    "camera": [f"IMG_{1000 + 7 * i}.jpg" for i in range(300)],
    "random": [f"{uuid5(NAMESPACE_DNS, str(i))}.png" for i in range(300)],
    "flickr": [f"{2467959963 - 977 * i}_{uuid5(NAMESPACE_DNS, str(i)).hex[:10]}.jpg" for i in range(300)],
    "train and test": [f"{'train' if i < 200 else 'test'}_{i}.png" for i in range(300)],
    "shards": [f"part{i // 50}/{i:06d}.png" for i in range(300)],
    "bracketed": [f"img ({i}).png" for i in range(300)],
    "floats": [f"{i}.0.png" for i in range(300)],
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_names_give_no_hint(make_samples: Build, name: str) -> None:
    assert hint_groups(labelled(make_samples, PLAIN[name])) == []


@pytest.mark.parametrize(
    ("ids", "label"),
    [
        ([f"{c}/{i}.jpg" for c in ("cat", "dog") for i in range(60)], ["cat"] * 60 + ["dog"] * 60),
        ([f"{c}.{i}.jpg" for c in ("cat", "dog") for i in range(60)], ["cat"] * 60 + ["dog"] * 60),
        ([f"{c}_{i}.jpg" for c in ("beagle", "great_pyrenees", "sphynx") for i in range(40)], ["d"] * 80 + ["c"] * 40),
        ([f"{i % 10}_{i}.png" for i in range(100)], [str(i % 10) for i in range(100)]),
        (
            [f"{s}/{c}/{i}.jpg" for s in "ab" for c in "xyzuvw" for i in range(9)],
            [c for _ in "ab" for c in "xyzuvw" * 9],
        ),
    ],
)
def test_classes_are_not_taken_for_groups(make_samples: Build, ids: list[str], label: list[str]) -> None:
    if len(set(label)) == 6:
        label = [name.split("/")[1] for name in ids]
    assert hint_groups(labelled(make_samples, ids, label)) == []


@pytest.mark.parametrize(
    ("kind", "ids", "group_of"),
    [
        ("person", [f"patient{i // 3}_{i % 3:03d}.jpg" for i in range(60)], r"(patient\d+)_"),
        ("person", [f"x/{i % 3}-Subject {i // 3:02d}.jpg" for i in range(60)], r"(Subject \d+)"),
        ("frames", [f"clip{i // 20}_frame{i % 20:04d}.jpg" for i in range(200)], r"(clip\d+)_"),
        ("frames", [f"gopro_{'abcd'[i % 4]}_frame{i // 4}.png" for i in range(80)], r"(gopro_.)"),
        ("frames", [f"street-frame-{i}.png" for i in range(80)], r"(street)"),
        ("name", [f"IMG_{i // 3}_{'abc'[i % 3]}.jpg" for i in range(60)], r"(IMG_\d+)"),
        ("name", [f"{i // 4:08d}_{i % 4:03d}.png" for i in range(80)], r"(\d+)_"),
        ("folder", [f"images/{i // 7:06d}_male_Asian_{20 + i // 7}/m{i % 7}.png" for i in range(140)], r"/(.*?)/"),
        ("augmented", [f"{i:05d}{x}.jpg" for i in range(30) for x in ("", "_flip", "_rot90")], r"^(\d+)"),
        ("augmented", [f"{i:05d}{x}.jpg" for i in range(30) for x in ("", " (1)", "_aug_3")], r"^(\d+)"),
    ],
)
def test_groups_in_names_are_seen(make_samples: Build, kind: str, ids: list[str], group_of: str) -> None:
    hint = hint_groups(labelled(make_samples, ids))[0]
    assert hint.kind == kind
    assert hint.confidence == "high"
    cut = {name: re.search(hint.pattern, name)[1] for name in ids}
    truth = {name: re.search(group_of, name)[1] for name in ids}
    assert (
        len(set(cut.values())) == len(set(truth.values())) == len(set(zip(cut.values(), truth.values(), strict=True)))
    )
    assert hint.n_groups == len(set(truth.values()))
    assert options(group=hint.pattern) in str(hint)
    assert all(name in str(hint) for name in hint.examples)


def test_names_without_numbers_are_a_fair_hint(make_samples: Build) -> None:
    ids = [f"{first}{second}_{i}.jpg" for first in "kmrt" for second in "aeiou" for i in range(4)]
    assert [(hint.kind, hint.confidence) for hint in hint_groups(labelled(make_samples, ids))] == [("name", "medium")]


def test_tracks_counted_anew_in_every_class_keep_their_folder(make_samples: Build) -> None:
    tracks = [(c, track) for c, n in (("00", 7), ("01", 12), ("02", 9)) for track in range(n)]
    ids = [f"{c}/{track:05d}_{frame:05d}.ppm" for c, track in tracks for frame in range(6)]
    (hint,) = hint_groups(labelled(make_samples, ids, [name[:2] for name in ids]))
    assert hint.n_groups == len(tracks)
    assert {re.findall(hint.pattern, name)[0] for name in ids} == {f"{c}/{track:05d}" for c, track in tracks}


def test_people_of_every_class_are_whole_without_their_folder(make_samples: Build) -> None:
    ids = [f"{c}/{person:02d}_{shot}.jpg" for c in "abc" for person in range(10) for shot in range(5)]
    (hint,) = hint_groups(labelled(make_samples, ids, [name[0] for name in ids]))
    assert hint.n_groups == 10


def test_dates_are_a_weak_hint(make_samples: Build) -> None:
    ids = [f"IMG_2017010{i % 9 + 1}_{i * 977 % 240000:06d}.jpg" for i in range(120)]
    assert [hint.confidence for hint in hint_groups(labelled(make_samples, ids))] == ["low"]


def test_a_named_group_and_unlabelled_folders_silence_hints(make_samples: Build) -> None:
    ids = [f"patient{i // 3}_{i % 3}.jpg" for i in range(60)]
    assert hint_groups(make_samples(ids, group=["g"] * 60)) == []
    assert hint_groups(make_samples([f"class{i // 10}/{i}.jpg" for i in range(100)])) == []
    assert hint_groups(make_samples(ids[:5])) == []


def test_equal_names_in_two_classes_count_unless_they_are_counted(make_samples: Build) -> None:
    numbers = np.random.default_rng(0).choice(10**6, 80, replace=False)
    pairs = [f"{c}/{n}.jpg" for c in ("sick", "well") for n in numbers]
    (hint,) = hint_groups(labelled(make_samples, pairs, ["sick"] * 80 + ["well"] * 80))
    assert (hint.kind, hint.n_groups) == ("same_stem", 80)
    assert is_counted([str(i) for i in range(1, 80)])
    assert not is_counted([str(n) for n in numbers])


def test_classes_in_folders_of_wider_classes_are_no_groups(make_samples: Build) -> None:
    """As in CIFAR-100: each of the wider classes holds several classes, but so does a folder of a person."""
    ids = [f"{wide}/{wide}{fine}/{i}.jpg" for wide in "abcdef" for fine in range(4) for i in range(5)]
    assert hint_groups(labelled(make_samples, ids, [name.split("/")[1] for name in ids])) == []
    turned = [f"{wide}/{fine}/{i}.jpg" for wide in "abcdef" for fine in range(4) for i in range(5)]
    (hint,) = hint_groups(labelled(make_samples, turned, [name.split("/")[1] for name in turned]))
    assert (hint.kind, hint.n_groups) == ("folder", 6)


def test_versions_marked_with_their_class_are_seen(make_samples: Build) -> None:
    faces = [f"with mask/{n}_With-Mask.jpg" for n in range(30)] + [f"without/{n}.jpg" for n in range(30)]
    label = ["with mask"] * 30 + ["without"] * 30
    (hint,) = hint_groups(labelled(make_samples, faces, label))
    assert (hint.kind, hint.n_groups, hint.confidence) == ("same_stem", 30, "medium")
    assert set(hint.examples) == {"with mask/0_With-Mask.jpg", "without/0.jpg"}
    # Numbered anew in every class, each file says its class.
    counted = [f"{name.split('/')[0]}/{n % 30}_{name.split('/')[0]}.jpg" for n, name in enumerate(faces)]
    assert hint_groups(labelled(make_samples, counted, label)) == []


@pytest.mark.parametrize(("n_pairs", "is_hint"), [(9, False), (10, True)])
def test_a_fifth_of_the_images_must_have_their_name_in_two_classes(
    make_samples: Build, n_pairs: int, is_hint: bool
) -> None:
    numbers = np.random.default_rng(0).choice(10**6, 100 - n_pairs, replace=False)
    ids = [f"sick/{n}.jpg" for n in numbers[:50]]
    ids += [f"well/{n}.jpg" for n in (*numbers[:n_pairs], *numbers[50:])]
    assert len(ids) == 100
    found = hint_groups(labelled(make_samples, ids, [name.split("/")[0] for name in ids]))
    assert [hint.kind for hint in found] == ["same_stem"] * is_hint


def of_sizes(*sizes: int) -> list[str]:
    """Names of persons with so many images each."""
    return [f"person{number}_{i}.jpg" for number, size in enumerate(sizes) for i in range(size)]


@pytest.mark.parametrize(
    ("sizes", "is_hint"),
    [
        ((2, 2, 2), True),
        ((2, 3), False),  # fewer than six images, and two groups
        ((3, 3), False),  # fewer than three groups
        ((2, 2, 2, 2, 1, 1, 1, 1), True),  # one and a half images a group
        ((2, 2, 2, 1, 1, 1, 1, 1), False),
        ((7, 7, 6, *[1] * 20), True),  # half of the images share a group
        ((7, 6, 6, *[1] * 21), False),
        ((10, 5, 5), True),  # one group has half of the images
        ((11, 5, 5), False),
    ],
)
def test_persons_must_be_several_and_explain_most_images(
    make_samples: Build, sizes: tuple[int, ...], is_hint: bool
) -> None:
    found = hint_groups(make_samples(of_sizes(*sizes)))
    assert [(hint.kind, hint.n_groups) for hint in found] == [("person", sum(n > 1 for n in sizes))] * is_hint


def test_six_images_are_the_fewest_to_say_anything_of(make_samples: Build) -> None:
    video = [f"street_frame{i}.jpg" for i in range(6)]
    assert [hint.kind for hint in hint_groups(make_samples(video))] == ["frames"]  # one video is a group, too
    assert hint_groups(make_samples(video[:5])) == []


@pytest.mark.parametrize(("n_folders", "is_hint"), [(4, False), (5, True)])
def test_folders_must_be_five(make_samples: Build, n_folders: int, is_hint: bool) -> None:
    ids = [f"{'abcde'[k]}/{3 * k + i}.jpg" for k in range(n_folders) for i in range(3)]
    found = hint_groups(labelled(make_samples, ids))
    assert [(hint.kind, hint.n_groups) for hint in found] == [("folder", n_folders)] * is_hint


@pytest.mark.parametrize(
    ("n_persons", "label_of", "is_hint"),
    [
        (5, lambda person, i: "ab"[person % 2], True),  # a patient has the illness or has it not
        (8, lambda person, i: "abc"[person % 3], True),
        (3, lambda person, i: "ab"[i % 2], True),
        (5, lambda person, i: "abcde"[person], False),  # the class under another name
    ],
)
def test_few_numbered_persons_of_one_class_each(
    make_samples: Build, n_persons: int, label_of: Callable[[int, int], str], is_hint: bool
) -> None:
    ids = [f"patient{person}_{i}.jpg" for person in range(n_persons) for i in range(6)]
    label = [label_of(person, i) for person in range(n_persons) for i in range(6)]
    found = hint_groups(labelled(make_samples, ids, label))
    assert [(hint.kind, hint.n_groups) for hint in found] == [("person", n_persons)] * is_hint


def in_folders(kept: dict[str, str], *, outer: str = "person") -> tuple[list[str], list[str]]:
    """Ids and classes: six images for each class of each folder."""
    pairs = [(name, c) for name, classes in kept.items() for c in classes]
    ids = [f"{name}/{c}/{i}.jpg" if outer == "person" else f"{c}/{name}/{i}.jpg" for name, c in pairs for i in range(6)]
    return ids, [c for _, c in pairs for _ in range(6)]


@pytest.mark.parametrize("outer", ["person", "class"])
@pytest.mark.parametrize(
    ("kept", "n_groups"),
    [
        ({"ann": "ab", "bob": "bc", "eve": "ca", "joe": "da"}, 4),
        ({"ann": "ab", "bob": "bc", "eve": "cda"}, 0),  # more than half of the classes each
        ({"ann": "ab", "bob": "ab"}, 0),
        ({"cats": "ab", "dogs": "cd", "apes": "efg"}, 0),  # wider classes
        ({"site1": "abc", "site2": "abc", "site3": "abc", "site4": "abc"}, 0),
        ({"train": "abcd", "val": "abcd", "test": "abcd"}, 0),
        ({f"part{n}": "abcd"[n % 4] + "abcd"[(n + 1) % 4] for n in range(6)}, 0),  # shards
    ],
)
def test_few_persons_with_few_classes_each(
    make_samples: Build, kept: dict[str, str], n_groups: int, outer: str
) -> None:
    ids, label = in_folders(kept, outer=outer)
    found = hint_groups(labelled(make_samples, ids, label))
    assert [(hint.kind, hint.n_groups) for hint in found] == [("folder", n_groups)] * (n_groups > 0)


@pytest.mark.parametrize(
    ("n_images", "n_copies", "is_hint"), [(90, 2, False), (90, 3, True), (797, 3, False), (796, 4, True)]
)
@pytest.mark.parametrize("has_originals", [True, False])
def test_three_altered_copies_are_enough_or_one_in_two_hundred(
    make_samples: Build, n_images: int, n_copies: int, is_hint: bool, has_originals: bool
) -> None:
    ids = [f"{i:05d}.jpg" for i in range(n_images)]
    ids += [f"{i:05d}_flip.jpg" if has_originals else f"augmented_{i}.jpg" for i in range(n_copies)]
    found = hint_groups(labelled(make_samples, ids))
    n_groups, confidence = (n_copies, "high") if has_originals else (0, "medium")
    assert [(hint.kind, hint.n_groups, hint.confidence) for hint in found] == [
        ("augmented", n_groups, confidence)
    ] * is_hint
    if is_hint:
        assert set(found[0].examples) <= {"00000.jpg", "00000_flip.jpg", *ids[n_images:]}


def test_examples_are_the_first_of_one_group(make_samples: Build) -> None:
    ids = of_sizes(4, 4, 4)
    (hint,) = hint_groups(make_samples(ids))
    assert list(hint.examples) == ids[:3]


@pytest.mark.long
def test_hints_on_real_sets(make_samples: Build, shared_data: Callable[[str], Path]) -> None:
    def read(name: str, column: str) -> list[str]:
        with (shared_data(name) / "labels.csv").open(newline="") as lines:
            table = list(csv.DictReader(lines))
        samples = labelled(make_samples, [row["path"] for row in table], [row[column] or "?" for row in table])
        return [hint.kind for hint in hint_groups(samples)]

    assert read("sign_digits", "label") == []
    assert read("elpv_solar", "module_type") == []
    assert read("fashion_products", "articleType") == []
    assert read("dirty_letters26", "a") == []
    assert read("mask_pairs", "label") == ["same_stem", "augmented"]
    root = shared_data("hymenoptera")
    ants = sorted(str(path.relative_to(root)) for path in root.rglob("*.jpg"))
    assert hint_groups(labelled(make_samples, ants, [name.split("/")[1] for name in ants])) == []
    root = shared_data("mask7_semisynth") / "train"
    people = sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.suffix in (".jpg", ".jpeg", ".png"))
    hints = hint_groups(labelled(make_samples, people, [Path(name).stem.rstrip("12345") for name in people]))
    assert [(hint.kind, hint.n_groups) for hint in hints] == [("folder", 225)]
    with zipfile.ZipFile(shared_data("omniglot_small") / "images_background_small1.zip") as archive:
        letters = [name for name in archive.namelist() if name.endswith(".png")]
    assert hint_groups(labelled(make_samples, letters, ["/".join(name.split("/")[1:3]) for name in letters])) == []
