"""Features of a frozen network: computed once, resumed after any cut, never taken from a damaged file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from podium import durable
from podium.backbone import features as features_module
from podium.backbone.features import compute_features, feature_key
from podium.errors import DivergedError, LockedError

N, D, VIEWS = 23, 3, ("plain", "hflip")


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features_module, "CHUNK", 5)


class Source:
    """Gives each row its number, and dies at a call."""

    def __init__(self, die_at: int | None = None) -> None:
        self.calls: list[tuple[str, list[int]]] = []
        self.die_at = die_at

    def __call__(self, view: str, rows: np.ndarray) -> torch.Tensor:
        if len(self.calls) == self.die_at:
            raise KeyboardInterrupt
        self.calls.append((view, rows.tolist()))
        return torch.from_numpy(rows)[:, None].float() + (100 if view == "hflip" else 0)


def encode(batch: torch.Tensor) -> torch.Tensor:
    return torch.cat([batch, batch**2, -batch], dim=1)


def compute(folder: Path, source: Callable[..., Any], **settings: Any) -> np.ndarray:
    options = {"n_samples": N, "shape": (D,), "views": VIEWS, "batch_size": 2} | settings
    return compute_features(folder, lambda view, rows: encode(source(view, rows)), **options)


def wanted() -> np.ndarray:
    base = np.stack([np.arange(N), np.arange(N) + 100.0])[:, :, None]
    return np.concatenate([base, base**2, -base], axis=2).astype(np.float32)


def test_every_view_of_every_image_once(tmp_path: Path) -> None:
    source, told = Source(), []
    found = compute(tmp_path, source, on_progress=lambda done, total: told.append((done, total)))
    np.testing.assert_array_equal(found, wanted())
    assert found.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0, 0] = 1
    for view in VIEWS:
        rows = [row for name, batch in source.calls if name == view for row in batch]
        assert rows == list(range(N))
    assert told[-1] == (2 * N, 2 * N)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_second_call_computes_nothing(tmp_path: Path) -> None:
    compute(tmp_path, Source())
    np.testing.assert_array_equal(compute(tmp_path, Source(die_at=0)), wanted())


@pytest.mark.parametrize("die_at", range(0, 30, 3))
def test_a_computation_cut_anywhere_goes_on_at_its_last_mark(die_at: int, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        compute(tmp_path, first := Source(die_at))
    source = Source()
    np.testing.assert_array_equal(compute(tmp_path, source), wanted())
    n_batches = 2 * 14  # 23 images in chunks of five, each of three batches, the last of two
    assert len(source.calls) <= n_batches - len(first.calls) + 3


@pytest.mark.parametrize("damage", ["journal", "size", "gone"])
def test_damaged_features_are_computed_anew(damage: str, tmp_path: Path) -> None:
    compute(tmp_path, Source())
    path, journal = tmp_path / "features.bin", tmp_path / "done.jsonl"
    if damage == "journal":
        journal.write_bytes(journal.read_bytes().replace(b"0", b"1"))
    elif damage == "size":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    np.testing.assert_array_equal(compute(tmp_path, Source()), wanted())


@pytest.mark.parametrize("how", ["zeros", "a bit", "chunks swapped"])
def test_damaged_chunks_are_computed_again_and_only_they(how: str, tmp_path: Path) -> None:
    compute(tmp_path, Source())
    path = tmp_path / "features.bin"
    stored = np.fromfile(path, np.float32).reshape(2, N, D)
    if how == "zeros":
        stored[0, 3:7] = 0  # in two chunks of five rows
    elif how == "a bit":
        stored.view(np.uint32)[0, 7, 1] ^= 1
    else:
        stored[0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]] = stored[0, [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]]
    path.write_bytes(stored.tobytes())
    source, damaged = Source(), []
    np.testing.assert_array_equal(compute(tmp_path, source, on_damage=damaged.append), wanted())
    assert {row for view, rows in source.calls for row in rows if view == "plain"} == (
        set(range(5, 10)) if how == "a bit" else set(range(10))
    )
    assert all(view == "plain" for view, _ in source.calls)
    assert damaged == [5 if how == "a bit" else 10]
    np.testing.assert_array_equal(compute(tmp_path, Source(die_at=0)), wanted())


def test_a_chunk_that_was_damaged_before_the_rest_was_computed_is_found(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        compute(tmp_path, Source(die_at=15))
    path = tmp_path / "features.bin"
    stored = np.fromfile(path, np.float32)
    stored[0] += 1
    path.write_bytes(stored.tobytes())
    np.testing.assert_array_equal(compute(tmp_path, Source()), wanted())


def test_two_at_once_compute_it_once(tmp_path: Path) -> None:
    """The second waits for the first, as two runs on the same images must."""
    inside, go_on, results = threading.Event(), threading.Event(), []

    class Slow(Source):
        def __call__(self, view: str, rows: np.ndarray) -> torch.Tensor:
            inside.set()
            assert go_on.wait(30)
            return super().__call__(view, rows)

    second = Source()
    threads = [threading.Thread(target=lambda s=s: results.append(compute(tmp_path, s))) for s in (Slow(), second)]
    threads[0].start()
    assert inside.wait(30)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert second.calls == []
    for found in results:
        np.testing.assert_array_equal(found, wanted())


def test_keys_tell_everything_apart() -> None:
    keys = {feature_key(*parts) for parts in (("a", 1), ("a", "1"), ("a1",), (["a", 1],), ("a", 2), (1, "a"))}
    assert len(keys) == 6
    assert feature_key({"x": 1, "y": 2}) == feature_key({"y": 2, "x": 1})


def test_maps_are_kept_as_half_precision(tmp_path: Path) -> None:
    def maps_of(source: Source) -> Callable[[str, np.ndarray], torch.Tensor]:
        return lambda view, rows: (source(view, rows)[:, :, None, None] / 7).expand(-1, 2, 3, 4)

    options: dict[str, Any] = {"n_samples": N, "shape": (2, 3, 4), "views": VIEWS, "batch_size": 4}
    found = compute_features(tmp_path, maps_of(Source()), dtype=np.float16, **options)
    assert found.dtype == np.float16
    assert found.shape == (2, N, 2, 3, 4)
    wanted = (np.stack([np.arange(N), np.arange(N) + 100.0]) / 7).astype(np.float16)
    np.testing.assert_array_equal(found[:, :, 1, 2, 3], wanted)
    source = Source()
    compute_features(tmp_path, maps_of(source), dtype=np.float16, **options)
    assert source.calls == []


def test_features_beyond_the_type_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match="float16"):
        compute_features(
            tmp_path,
            lambda view, rows: Source()(view, rows) * 1e6,
            n_samples=N,
            shape=(1,),
            views=VIEWS,
            batch_size=4,
            dtype=np.float16,
        )


def test_two_starters_compute_every_batch_once(tmp_path: Path) -> None:
    sources = [Source(), Source()]
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda source=source: found.append(compute(tmp_path, source))) for source in sources
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for features in found:
        np.testing.assert_array_equal(features, wanted())
    calls = [call for source in sources for call in source.calls]
    assert len(calls) == len({(view, *rows) for view, rows in calls}) == 2 * 14


def test_who_waits_for_the_features_of_another_can_give_up(tmp_path: Path) -> None:
    def give_up(problem: LockedError) -> None:
        raise problem

    with durable.hold_lock(tmp_path), pytest.raises(LockedError, match="in use"):
        compute(tmp_path, Source(die_at=0), while_waiting=give_up)
