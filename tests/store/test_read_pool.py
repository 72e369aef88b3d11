from __future__ import annotations

from pathlib import Path

import pytest

from podium import durable
from podium.errors import CorruptFileError
from podium.store import RunFolder, read_pool


def test_is_the_recipes_or_the_one_of_the_scores_or_the_mean(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert read_pool(run) == "mean"
    durable.write_json(run.scores_file, {"of_images": {"pool": "noisy_or"}})
    assert read_pool(run) == "noisy_or", "an ensemble has no recipe"
    run.recipe_file.write_text("pool: max\n")
    assert read_pool(run) == "max"
    run.recipe_file.write_text("pool: null\n")
    assert read_pool(run) == "mean"
    run.recipe_file.write_text("pool: [\n")
    with pytest.raises(CorruptFileError, match="cannot be read"):
        read_pool(run)
