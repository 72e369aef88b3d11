"""What `podium split` and an audit say of groups that nobody named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import podium
from podium.machine import Settings, Silent
from tiny.bursts import draw_bursts


@pytest.mark.slow
def test_split_and_audit_propose_the_pattern_with_evidence(tmp_path: Path) -> None:
    data = draw_bursts(tmp_path / "data", n_objects=20, n_frames=6)
    settings = Settings(runs=tmp_path / "runs", threads=1)
    prepared = podium.prepare(data, folds=3, settings=settings, progress=Silent())
    said = next(hint for hint in prepared.hints if "nearer to one of its group" in hint)
    pattern = re.search(r"group=r?'(.*)'", said)
    assert pattern is not None
    tracks = {re.findall(pattern[1], str(name))[0] for name in prepared.samples.ids}
    assert len(tracks) == 20
    found = podium.audit(data, features=False, settings=settings, progress=Silent())
    finding = next(item for item in found.findings if item.check == "groups")
    assert finding.level == "caution"
    assert finding.change == {"group": pattern[1]}
    record = json.loads(json.dumps(found.to_dict(), allow_nan=True))["groups"][0]
    assert record["evidence"]["n_groups"] == 20
    assert record["evidence"]["closer"] > 0.7
    named = podium.prepare(
        data, folds=3, options=podium.ScanOptions(group=pattern[1]), settings=settings, progress=Silent()
    )
    assert named.hints == ()
    assert len(np.unique(named.samples.group)) == 20
