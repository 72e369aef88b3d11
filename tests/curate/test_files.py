import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.curate import IMAGE_EXTENSIONS, ScanOptions, scan
from podium.curate.files import list_images
from podium.errors import SourceError, TableError
from podium.tables import load_samples, path_from_text, save_samples


def test_finds_images_of_any_case_and_skips_hidden_and_system_files(make_tree):
    root = make_tree(
        "a/1.JPG", "a/2.jpeg", "b/3.Png", ".hidden/4.jpg", "a/._1.jpg", "__MACOSX/a/1.jpg", "a/Thumbs.db", "a/notes.txt"
    )
    files = list_images(root, IMAGE_EXTENSIONS)
    assert files.ids == ("a/1.JPG", "a/2.jpeg", "b/3.Png")


def test_star_takes_every_file_and_a_dot_before_the_ending_is_allowed(make_tree):
    root = make_tree("a.bin", "b.dat")
    assert list_images(root, ("*",)).ids == ("a.bin", "b.dat")
    assert list_images(root, (".BIN",)).ids == ("a.bin",)


def test_link_loops_end_and_dead_links_are_counted(make_tree, tmp_path):
    root = make_tree("a/1.jpg")
    (root / "a" / "loop").symlink_to(root, target_is_directory=True)
    (root / "a" / "dead.jpg").symlink_to(tmp_path / "nowhere.jpg")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "2.jpg").write_bytes(b"x")
    (root / "linked").symlink_to(elsewhere, target_is_directory=True)
    files = list_images(root, IMAGE_EXTENSIONS, follow_links=True)
    assert files.ids == ("a/1.jpg", "linked/2.jpg")
    assert any("1 link is broken" in note for note in files.notes)
    assert any("1 link leads back" in note for note in files.notes)


def test_a_link_to_a_folder_outside_is_followed_only_when_asked(make_tree, tmp_path):
    root = make_tree("a/1.jpg", ".store/3.jpg")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "2.jpg").write_bytes(b"x")
    (root / "out").symlink_to(outside, target_is_directory=True)
    (root / "b").symlink_to(root / ".store", target_is_directory=True)
    (root / "a" / "file.jpg").symlink_to(outside / "2.jpg")
    files = list_images(root, IMAGE_EXTENSIONS)
    assert files.ids == ("a/1.jpg", "a/file.jpg", "b/3.jpg")  # links to files, and to folders inside, are followed
    (note,) = files.notes
    assert "(out)" in note
    assert "`follow_links=True`" in note
    assert scan(root, ScanOptions(follow_links=True)).samples.ids.tolist()[-1] == "out/2.jpg"
    alone = make_tree("x/y.txt") / "x"
    (alone / "y.txt").unlink()
    (alone / "out").symlink_to(outside, target_is_directory=True)
    with pytest.raises(SourceError, match="1 link leads to folders outside") as caught:
        list_images(alone, IMAGE_EXTENSIONS)
    assert "`follow_links=True`" in str(caught.value)


def test_without_any_image_a_link_is_named_beside_other_files_too(make_tree, tmp_path):
    root = make_tree("x/y.jpg", t="path,label\nimages/1.jpg,a\n")
    (root / "x" / "y.jpg").unlink()
    outside = tmp_path / "far"
    outside.mkdir()
    (root / "images").symlink_to(outside, target_is_directory=True)
    with pytest.raises(SourceError, match="1 link leads to folders outside and was not followed") as caught:
        list_images(root, IMAGE_EXTENSIONS)
    assert "`follow_links=True`" in str(caught.value)
    assert caught.value.details == ("images",)
    (root / "images").unlink()
    (root / "t.csv").unlink()
    (root / "dead.jpg").symlink_to(outside / "nowhere.jpg")
    with pytest.raises(SourceError, match="1 link is broken"):
        list_images(root, IMAGE_EXTENSIONS)


@pytest.mark.parametrize("target", ["/", "../..", "..", "self"])
@pytest.mark.parametrize("follow_links", [False, True])
def test_a_link_to_itself_or_to_what_holds_it_ends_nothing(make_tree, target, follow_links):
    root = make_tree("a/1.jpg", "b/2.jpg")
    (root / "a" / "self").symlink_to(target)
    files = list_images(root, IMAGE_EXTENSIONS, follow_links=follow_links)
    assert files.ids == ("a/1.jpg", "b/2.jpg")
    (note,) = files.notes
    assert "a/self" in note


def test_a_pipe_is_named_as_what_it_is(make_tree, tmp_path):
    root = make_tree("a/1.jpg", "b/2.jpg")
    os.mkfifo(tmp_path / "pipe.csv")
    for options in (ScanOptions(labels=tmp_path / "pipe.csv"), None):
        with pytest.raises(TableError, match="not a regular file"):
            scan(tmp_path / "pipe.csv" if options is None else root, options)


@pytest.mark.parametrize("content", [(), ("readme.txt", "photo.heic")])
def test_folder_without_images_says_what_was_looked_for_and_what_is_there(make_tree, tmp_path, content):
    root = make_tree(*content) if content else tmp_path
    with pytest.raises(SourceError, match=r"\.jpg, \.jpeg") as caught:
        list_images(root, IMAGE_EXTENSIONS)
    assert sorted(caught.value.details) == sorted(content)
    assert caught.value.exit_code == 3


def test_formats_that_are_not_read_are_named_as_such(make_tree):
    root = make_tree("a/1.heic", "a/2.HEIC", "b/3.dng")
    with pytest.raises(SourceError, match=r"2 \.heic, 1 \.dng are there, which it does not read. Convert them"):
        list_images(root, IMAGE_EXTENSIONS)
    assert any("does not read (2 .heic)" in note for note in list_images(root, ("heic",)).notes)


def test_images_inside_other_files_are_named_as_such(make_tree):
    with pytest.raises(SourceError, match="Images inside such files are not read") as caught:
        list_images(make_tree("train-00000-of-00001.parquet", "README.md"), IMAGE_EXTENSIONS)
    assert caught.value.details == ("train-00000-of-00001.parquet",)


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        list_images(tmp_path / "gone", IMAGE_EXTENSIONS)


def test_nfd_name_gets_an_nfc_id_and_is_still_found_on_disk(make_tree):
    spelt = unicodedata.normalize("NFD", "고양이.jpg")
    root = make_tree(f"cat/{spelt}", "dog/1.jpg")
    samples = scan(root).samples
    assert samples.ids[0] == "cat/고양이.jpg"
    assert samples.file(0).exists()


def test_names_equal_but_for_unicode_form_are_refused(make_tree):
    name = "é.jpg"
    root = make_tree(unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))
    with pytest.raises(SourceError, match="differ only in Unicode form"):
        list_images(root, IMAGE_EXTENSIONS)


_NAME = st.binary(min_size=1, max_size=40).filter(
    lambda raw: b"/" not in raw and b"\0" not in raw and not raw.startswith(b".")
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=_NAME)
def test_any_bytes_as_a_name_survive_scan_save_and_load(tmp_path, raw):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw.hex().encode()))
    (folder / "cls0").mkdir(parents=True, exist_ok=True)
    (folder / "cls1").mkdir(exist_ok=True)
    (folder / "cls0" / os.fsdecode(raw + b".png")).write_bytes(b"x")
    (folder / "cls1" / "plain.png").write_bytes(b"x")
    samples = scan(folder).samples
    assert samples.file(0).read_bytes() == b"x"
    assert os.fsencode(path_from_text(samples.paths[0]).name) == raw + b".png"
    samples.ids[0].encode("utf-8")


@pytest.mark.parametrize(
    "name",
    ["a b.png", "a,b.png", 'a"b.png', "a\nb.png", "a\r\nb.png", "😀.png", "가" * 83 + ".png", "=1+1.png", "007", "NA"],
    ids=ascii,
)
def test_awkward_names_survive_the_table_on_disk(make_tree, tmp_path, name):
    name = name if "." in name else name + ".png"
    assert len(name.encode()) <= 255
    root = make_tree(f"cat/{name}", "dog/1.png")
    samples = scan(root).samples
    save_samples(samples, tmp_path)
    again = load_samples(tmp_path)
    assert again.ids.tolist() == samples.ids.tolist()
    assert f"cat/{name}" in again.ids.tolist()
    assert again.file(0).exists()
