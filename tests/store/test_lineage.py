from __future__ import annotations

from pathlib import Path

from podium import durable
from podium.store import RunFolder, digest_rules


def test_every_rule_of_a_decision_counts(tmp_path: Path) -> None:
    run, seen = RunFolder(tmp_path), set()
    plain = {"thresholds": {}, "composite": "independent"}
    for more in ({}, {"consensus": ["age"]}, {"bags": "max"}, {"parents": {"species": ["cat", "dog"]}}):
        durable.write_sealed(run.decisions_file, {**plain, **more, "made_from": {"oof": "0"}})
        seen.add(digest_rules(run))
    assert len(seen) == 4
