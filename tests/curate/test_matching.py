from __future__ import annotations

from pathlib import Path

import pytest

from podium.curate.files import ImageFiles
from podium.curate.matching import FileMatcher


def matcher(*names: str) -> FileMatcher:
    ids = tuple(sorted(names))
    return FileMatcher(ImageFiles(Path(), ids, ids))


@pytest.mark.parametrize(
    ("cells", "files", "rule", "rank"),
    [
        (["x/a.jpg", "y/b.jpg"], ["x/a.jpg", "y/b.jpg"], "by path", 0),
        (["x/a", "y/b"], ["x/a.jpg", "y/b.jpg"], "by path without ending", 1),
        (["x", "y"], ["x/1.jpg", "x/2.jpg", "y/1.jpg"], "as a folder of images", 2),
        (["in/x/a.jpg", "in/y/b.jpg"], ["x/a.jpg", "y/b.jpg"], "by path, less the leading 'in/'", 3),
        (["in/all/a.jpg", "in/all/b.jpg", ""], ["a.jpg", "b.jpg"], "by path, less the leading 'in/all/'", 3),
        (["in/x/a", "in/y/b"], ["x/a.jpg", "y/b.jpg"], "by path without ending, less the leading 'in/'", 4),
        (["in/x/", "in/y/"], ["x/1.jpg", "y/1.jpg"], "as a folder of images, less the leading 'in/'", 5),
        (["x/a.jpg", "y/b.jpg"], ["a.jpg", "b.jpg"], "by file name alone; the folders differ", 6),
        (["0", "1", "12"], ["000.png", "001.png", "012.png"], "by the number in the file name", 9),
    ],
)
def test_the_plainest_rule_that_finds_files_serves(cells: list[str], files: list[str], rule: str, rank: int) -> None:
    match = matcher(*files).match(cells)
    assert (match.rule, match.rank) == (rule, rank)
    assert match.n_found == sum(map(bool, cells))
    assert [index for images in match.images for index in images] == list(range(len(files)))


def test_a_column_of_empty_cells_finds_nothing() -> None:
    match = matcher("a.jpg").match(["", ""])
    assert match.images == [(), ()]
    assert match.n_found == 0


def test_what_was_overlooked_is_counted() -> None:
    cells = [" a.jpg", "b.jpg ", "C.JPG", "d.jpg", "e.jpg", " no.jpg"]
    match = matcher("a.jpg", "b.jpg", "c.jpg", "d.jpg", "x/e.jpg", "y/e.jpg").match(cells)
    assert (match.n_blanks, match.n_other_case, match.ambiguous, match.n_found) == (2, 1, ["e.jpg"], 4)
    plain = matcher("a.jpg").match(["a.jpg"])
    assert (plain.n_blanks, plain.n_other_case, plain.ambiguous) == (0, 0, [])


def test_a_row_of_one_split_never_means_a_file_of_another() -> None:
    files = matcher("train/a.jpg", "test/b.jpg")
    assert files.match(["pictures/a.jpg", "images/b.jpg"]).n_found == 2  # neither names a split
    assert files.match(["x/train/a.jpg", "y/train/b.jpg"]).images == [(1,), ()]


def test_files_like_a_cell_are_shown_five_at_most() -> None:
    files = matcher(*(f"{n}/a.jpg" for n in range(7)), "a2.jpg", "b.jpg")
    assert files.files_like("z/a.png") == [f"{n}/a.jpg" for n in range(5)]
