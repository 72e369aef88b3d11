from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping

import pandas as pd
import pytest

from podium.curate import PathPattern
from podium.demo.fonts import FAMILIES
from podium.demo.glyphs import COMPOSITE, LETTERS, PATTERN, SLANTS, WEIGHTS
from podium.demo.paper import STYLES
from podium.tables import Composite

pytestmark = pytest.mark.long  # what all of them need takes seconds to make

Made = Mapping[str, Mapping[str, bytes]]


def test_every_class_is_in_every_group_once(made: Made) -> None:
    pattern = PathPattern.parse(PATTERN)
    found = [pattern.read(name) for name in made["glyphs"] if name.startswith("train/")]
    fields = [field for field in found if field is not None]
    assert len(fields) == len(found) == 1008
    seen = Counter((field["group"], field["letter"], field["weight"], field["slant"]) for field in fields)
    groups = {field["group"] for field in fields}
    assert len(groups) == 42
    assert seen == {(g, a, w, s): 1 for g in groups for a in LETTERS for w in WEIGHTS for s in SLANTS}
    assert {group.split("-")[0] for group in groups} == set(FAMILIES)
    assert {field["style"] for field in fields} == set(STYLES)


def test_number_in_the_name_is_the_class_of_the_formula(made: Made) -> None:
    composite = Composite.from_formula(COMPOSITE, {"letter": LETTERS, "weight": WEIGHTS, "slant": SLANTS})
    pattern = PathPattern.parse(PATTERN)
    for name in made["glyphs"]:
        if name.startswith("train/"):
            field = pattern.read(name)
            assert field is not None
            assert composite.classes[int(field["number"])] == f"{field['letter']}, {field['weight']}, {field['slant']}"


def test_test_images_have_each_class_equally_often(made: Made) -> None:
    answers = pd.read_csv(io.BytesIO(made["glyphs"]["answers.csv"]))
    assert Counter(answers["ans"]) == dict.fromkeys(range(24), 8)
