from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from podium.errors import StorageError
from podium.submission import SubmissionOptions, check_submission, read_template
from podium.tables import Task

CLASSES = "id,ans\r\nx,0\r\ny,0\r\nz,0\r\n"
CHANCES = "id,cat,dog,owl\nx,0.2,0.3,0.5\ny,0.2,0.3,0.5\n"
DECISIONS = "id,cat,dog,owl\nx,0,0,1\ny,0,0,1\n"


def check(sample: Callable[..., Path], task: Task, template: str | bytes, written: str | bytes) -> list[str]:
    path = sample(template)
    out = path.with_name("out.csv")
    out.write_bytes(written if isinstance(written, bytes) else written.encode())
    findings = check_submission(out, read_template(path), task, options=SubmissionOptions())
    return [f"{finding.severity}: {finding.what} {'; '.join(finding.details)}" for finding in findings]


@pytest.mark.parametrize("template", [CLASSES, CHANCES, DECISIONS, CLASSES + "\r\n  "])
def test_the_sample_itself_passes(sample: Callable[..., Path], tasks: dict[str, Task], template: str) -> None:
    assert check(sample, tasks["pets"], template, template) == []


@pytest.mark.parametrize(
    ("template", "written", "said"),
    [
        (CLASSES, "", "the file is empty"),
        (CLASSES, CLASSES.replace("id,", "ID,"), "the header is ['ID', 'ans']"),
        (CLASSES, "ans,id\r\n0,x\r\n0,y\r\n0,z\r\n", "the header is ['ans', 'id']"),
        (CLASSES, CLASSES.replace("y,0", "y,0,0"), "1 row does not have 2 cells. row 3: 3 cells"),
        (CLASSES, CLASSES.replace("y,0\r\n", "\r\n"), "1 id of column 'id' of the sample is missing. 'y'"),
        (CLASSES, CLASSES.replace("y,0\r\nz,0", "\r\ny,0\r\nz,9"), "row 5: '9' is not a class number"),
        (CLASSES, CLASSES.replace("y,0\r\n", ""), "1 id of column 'id' of the sample is missing. 'y'"),
        (CLASSES, CLASSES + "q,0\r\n", "1 id of column 'id' is not in the sample. 'q'"),
        (CLASSES, CLASSES + "x,0\r\n", "1 id of column 'id' occurs twice. 'x'"),
        (CLASSES, "id,ans\r\ny,0\r\nx,0\r\nz,0\r\n", "in a different order (2 rows differ). row 2: 'y', expected 'x'"),
        (CLASSES, CLASSES.replace("y,0", "y,"), "column 'ans': 1 cell is wrong. row 3: the cell is empty"),
        (CLASSES, CLASSES.replace("y,0", "y,3"), "row 3: '3' is not a class number of 'pet' (0 to 2)"),
        (CLASSES, CLASSES.replace("y,0", "y,0.0"), "row 3: '0.0' is not a class number"),
        (CLASSES, CLASSES.replace("y,0", "y,nan"), "row 3: 'nan' is not a class number"),
        (CLASSES, CLASSES.replace("y,0", 'y,"0'), "the file is not a table"),
        (CLASSES, CLASSES.encode("utf-16"), "not utf-8"),
        (CLASSES, CLASSES.replace("\r", ""), "warning: lines end with '\\n'"),
        (CHANCES, CHANCES.replace("y,0.2", "y,inf"), "row 3: 'inf' is not a probability"),
        (CHANCES, CHANCES.replace("y,0.2", "y,-0.1"), "row 3: '-0.1' is not a probability"),
        (CHANCES, CHANCES.replace("y,0.2", "y,0.3"), "1 row over the classes of 'pet' does not sum to 1. row 3: 1.1"),
        (DECISIONS, DECISIONS.replace("y,0", "y,1"), "does not sum to 1. row 3: 2"),
        (DECISIONS, DECISIONS.replace("y,0", "y,2"), "row 3: '2' is not 0 or 1"),
    ],
)
def test_every_fault_is_found(
    sample: Callable[..., Path], tasks: dict[str, Task], template: str, written: str | bytes, said: str
) -> None:
    findings = check(sample, tasks["pets"], template, written)
    assert any(said in finding for finding in findings), findings


def test_a_lost_mark_and_a_changed_column_are_found(sample: Callable[..., Path], tasks: dict[str, Task]) -> None:
    marked = b"\xef\xbb\xbf" + CLASSES.encode()
    assert "mark of the sample is missing" in check(sample, tasks["pets"], marked, CLASSES)[0]
    counted = ",image,ans\n0,x,0\n1,y,0\n"
    found = check(sample, tasks["pets"], counted, counted.replace("1,y", "7,y"))
    assert found == ["error: column 'column_1' must stay as in the sample (1 row differs). row 3: '7', expected '1'"]


def test_a_missing_file_is_named(sample: Callable[..., Path], tasks: dict[str, Task], tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such file"):
        check_submission(tmp_path / "none.csv", read_template(sample(CLASSES)), tasks["pets"])
