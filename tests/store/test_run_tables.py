"""A run's tables are the ones it was started with: an edit is noticed, and so is a whole other table in their place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podium import durable
from podium.errors import CorruptFileError
from podium.store import RunFolder, check_tables, create_run, digest_tables, load_tables
from podium.tables import Folds, Head, Samples, Task, as_text_array, save_folds, save_samples

NAMES = [f"{row}.png" for row in range(6)]


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    ids = as_text_array(NAMES)
    task = Task((Head("kind", "single", ("a", "b")),))
    years = np.array([0.1, np.nan, 3, 4, 5, 6])
    source = as_text_array(["here"] * 6)
    return Samples(
        tmp_path / "images", ids, ids, task, {"kind": np.arange(6) % 2}, source=source, numbers={"years": years}
    )


def folds_of(samples: Samples, *numbers: int) -> Folds:
    return Folds(samples.ids, np.array(numbers), 2, "given", 0, samples.digest)


@pytest.fixture
def run(samples: Samples, tmp_path: Path) -> RunFolder:
    folds = folds_of(samples, 0, 1, 0, 1, 0, 1)

    def fill(run: RunFolder) -> None:
        save_samples(samples, run.path)
        save_folds(folds, run.path)

    return create_run(tmp_path / "runs", "mine", {"folds": [0], **digest_tables(samples, folds)}, fill=fill)


def test_the_tables_come_back_in_one_order(run: RunFolder, samples: Samples) -> None:
    loaded, folds = load_tables(run)
    assert loaded.ids.tolist() == folds.ids.tolist() == samples.ids.tolist()
    assert folds.fold.tolist() == [0, 1, 0, 1, 0, 1]


def test_folds_of_another_split_are_refused(run: RunFolder, samples: Samples) -> None:
    save_folds(folds_of(samples, 1, 0, 0, 1, 0, 1), run.path)
    with pytest.raises(CorruptFileError, match=r"folds\.csv: these are not the folds"):
        load_tables(run)


def test_another_table_of_samples_is_refused_also_where_the_folds_would_fit_it(
    run: RunFolder, samples: Samples
) -> None:
    other = replace(samples, source=None)
    assert other.digest == samples.digest
    save_samples(other, run.path)
    with pytest.raises(CorruptFileError, match=r"samples\.csv: this is not the table"):
        load_tables(run)


def test_a_run_of_an_older_version_remembers_no_digests(run: RunFolder, samples: Samples) -> None:
    record = run.read()
    del record["samples_digest"], record["folds_digest"]
    durable.write_json(run.run_file, record)
    assert len(load_tables(run)[0]) == 6
    check_tables(run, record, samples=replace(samples, source=None), folds=folds_of(samples, 1, 0, 0, 1, 0, 1))
