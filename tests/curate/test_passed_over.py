"""What was taken for the labels, what was passed over, and what is asked."""

from __future__ import annotations

import re

import pytest

from podium.curate import ScanOptions, scan
from podium.errors import SourceError


def _table(make_tree, header, rows):
    lines = "".join(f"{i}.jpg,{row}\n" for i, row in enumerate(rows))
    return make_tree(*(f"{i}.jpg" for i in range(len(rows))), t=f"image,{header}\n{lines}")


@pytest.mark.parametrize("header", ["blur,eyes,face,score", "score,blur,eyes,face", "blur,eyes,face,beauty"])
def test_a_numeric_target_beside_flags_is_asked_for(make_tree, header):
    rows = []
    for i in range(8):
        flags, number = [f"{i % 2}", f"{i // 2 % 2}", f"{i // 4}"], f"{i * 1.37:.2f}"
        rows.append(",".join([number, *flags] if header.startswith("score") else [*flags, number]))
    root = _table(make_tree, header, rows)
    with pytest.raises(SourceError, match=r"hold only 0 and 1, and (score|beauty) holds numbers") as caught:
        scan(root)
    kinds = []
    for line in caught.value.details:
        (code,) = re.findall(r"`([^`]+)`", line)
        samples = scan(root, eval(f"ScanOptions({code})", {"ScanOptions": ScanOptions})).samples
        kinds.append([head.kind for head in samples.task.heads])
    assert kinds == [["multi"], ["ordinal"]]


def test_columns_that_were_not_used_are_said(make_tree):
    rows = [f"{'mf'[i % 2]},{'ab'[i // 3]},{30 + i}.5" for i in range(6)]
    notes = scan(_table(make_tree, "sex,label,weight", rows)).notes
    (note,) = [note for note in notes if "were not used" in note]
    assert "sex (2 values)" in note
    assert "weight (6 numbers)" in note


def test_bookkeeping_numbers_are_not_asked_for(make_tree):
    rows = [f"{i % 2},{i // 2 % 2},{640 + i}" for i in range(6)]
    assert scan(_table(make_tree, "rust,scab,width", rows)).samples.task.heads[0].kind == "multi"
