from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from podium.data import cache_builder, cache_filling
from podium.data.cache_builder import build_cache
from podium.data.cache_filling import JOURNAL_NAME
from podium.data.cache_key import cache_key
from podium.data.image_cache import FACTS_NAME, MARK_NAME, PIXELS_NAME, ImageCache, is_complete, open_cache
from podium.durable import Death, Journal, die_at, fill_disk_at, hold_lock, sha256_file, using_backend
from podium.errors import CorruptFileError, LockedError, SourceError, StorageError
from podium.images import decode_file, resize_to
from podium.tables import Samples, as_text_array

SIZE = {"height": 24, "width": 20}
# Without worker processes: for what is the same with them, and sooner there.
QUICK: dict[str, Any] = SIZE | {"isolation": "thread"}


def save_photo(path: Path, seed: int, *, orientation: int = 1, size: tuple[int, int] = (40, 30)) -> None:
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(path, exif=exif)


def make_samples(root: Path, n: int) -> Samples:
    root.mkdir(exist_ok=True)
    names = [f"{i:03d}.jpg" for i in range(n)]
    for i, name in enumerate(names):
        save_photo(root / name, i, orientation=1 + i % 8)
    return samples_of(root, names)


def samples_of(root: Path, names: list[str]) -> Samples:
    return Samples(root, as_text_array(names), as_text_array(names))


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    return make_samples(tmp_path / "images", 12)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a chunk, so that few images make many commits."""
    monkeypatch.setattr(cache_filling, "_CHUNK_BYTES", 2 * 24 * 20 * 3)


@pytest.mark.slow
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_rows_are_the_one_decode_resized(samples: Samples, tmp_path: Path, fit: str) -> None:
    cache = build_cache(samples, tmp_path / "cache", fit=fit, **SIZE)  # type: ignore[arg-type]
    assert cache.pixels.shape == (12, 24, 20, 3)
    assert cache.ids.tolist() == samples.ids.tolist()
    assert cache.is_usable.all()
    assert (cache.height, cache.width, len(cache)) == (24, 20, 12)
    for row in range(12):
        decoded = decode_file(samples.file(row), target_px=24)
        assert decoded.pixels is not None
        assert decoded.facts is not None
        assert np.array_equal(cache.pixels[row], resize_to(decoded.pixels, 24, 20, fit))  # type: ignore[arg-type]
        for name in ("sha256", "phash", "width", "height", "mode", "format", "orientation", "brightness", "n_bytes"):
            assert getattr(cache.facts, name)[row] == getattr(decoded.facts, name)
        assert cache.facts.orientation[row] == 1 + row % 8
    assert cache.facts.phash.dtype == np.uint64
    assert cache.find_damage().tolist() == []


def test_all_is_read_only(samples: Samples, tmp_path: Path) -> None:
    cache = build_cache(samples, tmp_path / "cache", **QUICK)
    for array in (cache.pixels, cache.is_usable, cache.ids, cache.facts.phash, cache.facts.outcome):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


@pytest.mark.long
def test_a_broken_image_is_zeros_and_not_usable(samples: Samples, tmp_path: Path) -> None:
    samples.file(3).write_bytes(samples.file(3).read_bytes()[:200])
    samples.file(5).write_bytes(b"")
    samples.file(7).unlink()
    cache = build_cache(samples, tmp_path / "cache", **SIZE)
    assert np.flatnonzero(~cache.is_usable).tolist() == [3, 5, 7]
    assert cache.facts.outcome[[3, 5, 7]].tolist() == ["truncated", "empty", "missing"]
    assert all(cache.facts.reason[row] for row in (3, 5, 7))
    assert cache.facts.reason[0] == ""
    assert not cache.pixels[[3, 5, 7]].any()
    assert cache.pixels[[0, 4, 6]].any(axis=(1, 2, 3)).all()


def test_a_second_build_decodes_nothing(samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_cache(samples, tmp_path / "cache", **QUICK)
    monkeypatch.setattr(cache_builder, "decode_into_rows", None)
    again = build_cache(samples, tmp_path / "cache", **QUICK)
    assert again.key == first.key
    assert np.array_equal(again.pixels, first.pixels)


@pytest.mark.long
def test_threads_and_processes_give_the_same_bits(samples: Samples, tmp_path: Path) -> None:
    caches = [
        build_cache(samples, tmp_path / f"{n}{isolation}", n_threads=n, isolation=isolation, **SIZE)  # type: ignore[arg-type]
        for n, isolation in ((1, "thread"), (4, "thread"), (2, "process"))
    ]
    for name in (PIXELS_NAME, FACTS_NAME, MARK_NAME):
        assert len({(cache.folder / name).read_bytes() for cache in caches}) == 1


def test_a_file_that_changes_meanwhile_is_noticed(samples: Samples, tmp_path: Path) -> None:
    def change(done: int, total: int) -> None:
        if done == total:  # it is decoded by then
            save_photo(samples.file(2), 99)

    with pytest.raises(SourceError, match="changed while"):
        build_cache(samples, tmp_path / "cache", on_progress=change, **QUICK)
    cache = build_cache(samples, tmp_path / "cache", **QUICK)
    assert cache.facts.sha256[2] == sha256_file(samples.file(2))


def test_a_file_that_is_only_touched_meanwhile_does_not_matter(samples: Samples, tmp_path: Path) -> None:
    cache = build_cache(samples, tmp_path / "cache", on_progress=lambda *_: os.utime(samples.file(2)), **QUICK)
    assert cache.is_usable.all()


def test_progress_reaches_the_total(samples: Samples, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    build_cache(samples, tmp_path / "cache", on_progress=lambda done, total: seen.append((done, total)), **QUICK)
    assert seen == sorted(seen)
    assert seen[0] == (0, 12)
    assert seen[-1] == (12, 12)


@pytest.mark.long
@pytest.mark.usefixtures("small_chunks")
def test_an_interrupted_build_goes_on(samples: Samples, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done >= 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_cache(samples, tmp_path / "cache", on_progress=stop, **SIZE)
    seen: list[int] = []
    cache = build_cache(samples, tmp_path / "cache", on_progress=lambda done, total: seen.append(done), **SIZE)
    assert 4 <= seen[0] < 12
    assert seen[-1] == 12
    fresh = build_cache(samples, tmp_path / "fresh", **SIZE)
    assert np.array_equal(cache.pixels, fresh.pixels)
    assert (cache.folder / FACTS_NAME).read_bytes() == (fresh.folder / FACTS_NAME).read_bytes()


@pytest.mark.slow
def test_a_stop_ends_the_build_while_an_image_hangs(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, time, podium.images.job as job\n"
        "real = job.decode_file\n"
        "def decode_file(path, **options):\n"
        "    while os.path.basename(path) == '005.jpg':\n"
        "        time.sleep(60)\n"
        "    return real(path, **options)\n"
        "job.decode_file = decode_file\n"
    )
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    calls = []

    def stop(done: int, total: int) -> None:
        calls.append(done)
        if calls.count(5) == 3:  # nothing new, twice
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        build_cache(samples, tmp_path / "cache", n_threads=1, on_progress=stop, **SIZE)
    assert time.monotonic() - started < 20


@pytest.mark.long
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("fault", [die_at, fill_disk_at])
def test_every_operation_may_be_the_last(samples: Samples, tmp_path: Path, fault: object) -> None:
    fresh = build_cache(samples, tmp_path / "fresh", **QUICK)
    few = samples.take(np.arange(5))
    for k in range(1, 200):
        folder = tmp_path / f"cache{k}"
        try:
            with using_backend(fault(k)):  # type: ignore[operator]
                build_cache(few, folder, n_threads=1, **QUICK)
        except (Death, StorageError):
            pass
        else:
            break
        # The dead process is this one and still has its lock, so that the next goes on from a copy of the disk.
        after = tmp_path / f"after{k}"
        if folder.exists():
            shutil.copytree(folder, after)
        cache = build_cache(few, after, n_threads=1, wait_s=0, **QUICK)
        assert cache.find_damage().tolist() == []
        assert np.array_equal(cache.pixels, fresh.pixels[:5])
    else:
        pytest.fail("the build never got through")
    assert k > 15


def test_a_full_disk_is_noticed_before_the_first_image(samples: Samples, tmp_path: Path) -> None:
    seen: list[int] = []
    with pytest.raises(StorageError, match="needed"):
        build_cache(samples, tmp_path / "cache", height=10**6, width=10**6, on_progress=lambda a, b: seen.append(a))
    assert seen == []


@pytest.mark.parametrize("name", [PIXELS_NAME, FACTS_NAME, MARK_NAME])
@pytest.mark.parametrize("damage", [b"", b"{}", None])
def test_a_damaged_cache_is_built_anew(samples: Samples, tmp_path: Path, name: str, damage: bytes | None) -> None:
    cache = build_cache(samples, tmp_path / "cache", **QUICK)
    expected = np.array(cache.pixels)
    if damage is None:
        (cache.folder / name).write_bytes((cache.folder / name).read_bytes()[:-1])
    else:
        (cache.folder / name).write_bytes(damage)
    with pytest.raises(CorruptFileError):
        open_cache(cache.folder)
    said: list[str] = []
    assert np.array_equal(build_cache(samples, tmp_path / "cache", announce=said.append, **QUICK).pixels, expected)
    assert said == ["The cache of decoded images is damaged; the images are decoded again."]


@pytest.mark.parametrize("how", ["zeros", "a bit", "rows swapped"])
def test_damaged_pixels_are_decoded_again_and_only_they(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    cache = build_cache(samples, tmp_path / "cache", **QUICK)
    path, expected = cache.folder / PIXELS_NAME, np.array(cache.pixels)
    before = {name: (cache.folder / name).read_bytes() for name in (PIXELS_NAME, FACTS_NAME, MARK_NAME)}
    pixels = np.array(expected)
    if how == "zeros":
        pixels[4:9] = 0
    elif how == "a bit":
        pixels[7, 3, 2, 1] ^= 64
    else:
        pixels[[2, 5]] = pixels[[5, 2]]
    damaged = np.flatnonzero((pixels != expected).any(axis=(1, 2, 3)))
    path.write_bytes(pixels.tobytes())
    decode, decoded = cache_builder.decode_into_rows, []
    monkeypatch.setattr(
        cache_builder, "decode_into_rows", lambda items, *a, **k: decode(_noted(items, decoded), *a, **k)
    )
    said: list[str] = []
    again = build_cache(samples, tmp_path / "cache", announce=said.append, **QUICK)
    assert np.array_equal(again.pixels, expected)
    assert decoded == damaged.tolist()
    words = "is damaged; it is" if len(damaged) == 1 else "are damaged; they are"
    assert said == [f"{len(damaged)} of 12 images in the cache {words} decoded again."]
    assert {name: (again.folder / name).read_bytes() for name in before} == before
    assert build_cache(samples, tmp_path / "cache", announce=said.append, **QUICK).key == again.key
    assert len(said) == 1


def _noted(items: Any, rows: list[int]) -> Any:
    for item in items:
        rows.append(item[0])
        yield item


def test_a_disk_that_gives_back_other_bytes_is_blamed(
    samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageCache, "find_damage", lambda cache: np.array([1]))
    with pytest.raises(CorruptFileError, match=r"pixels\.u8: what was read back is not what was written"):
        build_cache(samples, tmp_path / "cache", announce=lambda line: None, **QUICK)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("target", [JOURNAL_NAME, PIXELS_NAME])
def test_a_damaged_unfinished_build_starts_over(samples: Samples, tmp_path: Path, target: str) -> None:
    def stop(done: int, total: int) -> None:
        if done >= 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_cache(samples, tmp_path / "cache", on_progress=stop, **QUICK)
    file = tmp_path / "cache" / cache_key(samples, 24, 20) / target
    data = bytearray(file.read_bytes())
    data[20] ^= 1
    file.write_bytes(data if target == JOURNAL_NAME else data[:-1])
    cache = build_cache(samples, tmp_path / "cache", **QUICK)
    assert cache.find_damage().tolist() == []
    assert cache.is_usable.all()


def test_a_second_builder_is_refused_or_waits(samples: Samples, tmp_path: Path) -> None:
    place = tmp_path / "cache" / cache_key(samples, 24, 20)
    with hold_lock(place), pytest.raises(LockedError):
        build_cache(samples, tmp_path / "cache", wait_s=0, **QUICK)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(build_cache(samples, tmp_path / "cache", **QUICK)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 3
    assert all(np.array_equal(result.pixels, results[0].pixels) for result in results)


def test_no_images_is_an_error(samples: Samples, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no images"):
        build_cache(samples.take([]), tmp_path / "cache", **QUICK)


@pytest.mark.slow
def test_names_that_are_not_ascii_or_utf8(tmp_path: Path) -> None:
    root = tmp_path / "images"
    root.mkdir()
    raw = os.fsdecode(b"caf\xe9 \n,.jpg")
    save_photo(root / raw, 1)
    save_photo(root / "사진.jpg", 2)
    from podium.tables import path_to_text

    names = as_text_array([path_to_text(raw), "사진.jpg"])
    cache = build_cache(Samples(root, names, names), tmp_path / "cache", **SIZE)
    assert cache.is_usable.all()
    assert cache.ids.tolist() == names.tolist()


# Imports once, then starts one real process for each line it is told; that process is killed from outside.
BUILDER = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    from podium.data import cache_builder, cache_filling
    from podium.tables import Samples, as_text_array

    cache_filling._CHUNK_BYTES = 3 * 24 * 20 * 3
    root, folder = Path(sys.argv[1]), sys.argv[2]
    names = as_text_array(sorted(path.name for path in root.iterdir()))
    while sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            samples = Samples(root, names, names)
            cache_builder.build_cache(samples, folder, height=24, width=20, n_threads=2, wait_s=0)
            os._exit(0)
        print(pid, flush=True)
        sys.stdin.readline()
        os.waitpid(pid, 0)
        print("ended", flush=True)
    """
)


def check_marked_rows(place: Path, expected: ImageCache) -> None:
    """Every row that the journal calls done holds its pixels."""
    stored = np.fromfile(place / PIXELS_NAME, np.uint8).reshape(expected.pixels.shape)
    for line in Journal(place / JOURNAL_NAME).read():
        rows = [int(row) for row in line["rows"]]
        assert np.array_equal(stored[rows], expected.pixels[rows])


@pytest.mark.long
def test_killed_at_random_moments_no_row_is_marked_that_is_not_done(tmp_path: Path) -> None:
    samples = make_samples(tmp_path / "images", 150)
    expected = build_cache(samples, tmp_path / "fresh", **QUICK)
    folder = tmp_path / "cache"
    place = folder / expected.folder.name
    rng = random.Random(0)
    n_killed_inside, whole_s = 0, 0.0
    command = [sys.executable, "-c", BUILDER, str(samples.root), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdin is not None
        assert starter.stdout is not None
        for turn in range(100):
            starter.stdin.write("go\n")
            starter.stdin.flush()
            pid = int(starter.stdout.readline())
            started = time.monotonic()
            if turn > 0:  # the first one runs to its end, to see how long that takes
                time.sleep(rng.uniform(0.0, whole_s))
                os.kill(pid, signal.SIGKILL)
            starter.stdin.write("wait for it\n")
            starter.stdin.flush()
            assert starter.stdout.readline() == "ended\n"
            whole_s = whole_s or time.monotonic() - started
            if is_complete(place):
                shutil.rmtree(place)
            elif (place / JOURNAL_NAME).exists():
                check_marked_rows(place, expected)
                n_killed_inside += 1
                if n_killed_inside == 5:
                    break
    assert n_killed_inside == 5
    cache = build_cache(samples, folder, **SIZE)
    assert np.array_equal(cache.pixels, expected.pixels)
    assert (cache.folder / FACTS_NAME).read_bytes() == (expected.folder / FACTS_NAME).read_bytes()


MEASURE = textwrap.dedent(
    """
    import re, sys
    from pathlib import Path
    from podium.data import EvalLoader, TrainLoader, build_cache, open_cache, sample_keys
    from podium.durable import pages
    from podium.tables import Samples, as_text_array
    import numpy as np

    pages.PageBudget.__init__.__defaults__ = (16 * 2**20,)

    def resident_mib(which):
        return int(re.search(which + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

    root, folder, n = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    names = as_text_array([f"{i}/../0.png" for i in range(n)])
    paths = as_text_array(["0.png"] * n)
    before = resident_mib("VmRSS")
    cache = build_cache(Samples(root, names, paths), folder, height=512, width=512)
    rows = np.arange(n)
    loader = TrainLoader(cache.pixels, rows, {}, keys=sample_keys(names), batch_size=8, height=64, width=64)
    for batch in loader.from_position(0):
        pass
    for batch in EvalLoader(cache.pixels, rows, 8, 64, 64):
        pass
    assert len(cache.find_damage()) == 0
    print(cache.pixels.nbytes / 2**20, resident_mib("VmHWM") - before)
    """
)


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of a process from /proc")
def test_memory_stays_far_below_the_size_of_the_cache(tmp_path: Path) -> None:
    root = tmp_path / "images"
    root.mkdir()
    save_photo(root / "0.png", 0, size=(64, 64))
    command = [sys.executable, "-c", MEASURE, str(root), str(tmp_path / "cache"), "500"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    size_mib, grown_mib = (float(word) for word in printed.split())
    assert size_mib == 375
    assert grown_mib < 300


def test_who_waits_for_another_builder_can_give_up(samples: Samples, tmp_path: Path) -> None:
    def give_up(problem: LockedError) -> None:
        raise KeyError(problem.what)

    place = tmp_path / "cache" / cache_key(samples, 24, 20)
    with hold_lock(place), pytest.raises(KeyError, match="in use by process"):
        build_cache(samples, tmp_path / "cache", while_waiting=give_up, **QUICK)
