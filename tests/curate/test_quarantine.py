"""Too many unusable images are refused with a limit that would hold; fewer are left out, in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from podium.curate.audit import Audit
from podium.curate.quarantine import check_quarantine, drop_quarantined
from podium.errors import ImageError, PodiumError
from podium.tables import Samples, as_text_array


def make_audit(outcomes: Sequence[str], emptied: tuple[str, ...] = ()) -> Audit:
    n = len(outcomes)
    text, whole = as_text_array([""] * n), np.zeros(n, np.int64)
    return Audit(
        ids=as_text_array([f"{i}.jpg" for i in range(n)]),
        outcome=as_text_array(list(outcomes)),
        reason=as_text_array(["" if outcome == "ok" else "broken" for outcome in outcomes]),
        sha256=text,
        n_bytes=whole,
        width=whole,
        height=whole,
        mode=text,
        format=text,
        orientation=whole,
        phash=whole.astype(np.uint64),
        brightness=np.zeros(n),
        value_low=np.zeros(n),
        value_high=np.zeros(n),
        range_low=np.zeros(n),
        range_high=np.zeros(n),
        has_alpha=np.zeros(n, bool),
        n_frames=whole,
        emptied=emptied,
    )


def test_the_limit_is_allowed_and_one_more_is_not() -> None:
    check_quarantine(make_audit(["ok"] * 99 + ["corrupt"]))
    check_quarantine(make_audit(["ok"] * 4))
    with pytest.raises(ImageError) as caught:
        check_quarantine(make_audit(["ok"] * 98 + ["corrupt"] * 2))
    assert "2 of 100 images" in caught.value.what
    assert "at most 0.01 is allowed" in caught.value.what
    assert caught.value.details == ("98.jpg: corrupt, broken", "99.jpg: corrupt, broken")


@pytest.mark.parametrize(("n_bad", "n"), [(1, 7), (2, 7), (3, 7), (5, 7), (7, 7), (29, 100), (57, 100), (58, 100)])
def test_the_limit_that_the_error_names_holds(n_bad: int, n: int) -> None:
    audit = make_audit(["ok"] * (n - n_bad) + ["corrupt"] * n_bad)
    with pytest.raises(ImageError, match="max_bad_fraction=") as caught:
        check_quarantine(audit)
    named = float(str(caught.value.fix).split("max_bad_fraction=")[1].split("`")[0])
    check_quarantine(audit, limit_fraction=named)


def test_a_class_that_is_left_without_images_is_refused_whatever_the_limit() -> None:
    names = tuple(f"pet: {i}" for i in range(7))
    with pytest.raises(ImageError) as caught:
        check_quarantine(make_audit(["ok", "corrupt"], names), limit_fraction=1.0)
    assert "pet: 0, pet: 1, pet: 2, pet: 3, pet: 4 and 2 more" in caught.value.what


def test_what_is_left_keeps_its_order() -> None:
    audit = make_audit(["corrupt", "ok", "corrupt", "ok"])
    ids = as_text_array(["3.jpg", "2.jpg", "1.jpg", "0.jpg"])
    samples = Samples(Path(), ids, ids, None, {})
    assert drop_quarantined(samples, audit).ids.tolist() == ["3.jpg", "1.jpg"]
    with pytest.raises(PodiumError, match=r"no samples with these ids: 0\.jpg\."):
        drop_quarantined(samples.take(np.array([0, 1])), audit)
