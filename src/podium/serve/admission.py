"""Who is let in: as many images as can be answered in time, and no request twice as late as promised.

A request is refused before work on it begins, so that what was accepted keeps its deadline. How long an image takes is
measured: the server's own warm-up starts the estimate, and every batch renews it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from podium.serve.refusal import Refusal

__all__ = ["Admission", "Pace"]

_SHARE = 0.5
"""Of the time that is left, how much the expected work may take: the rest is for what was not expected."""
_STALLED = 0.75
"""The same for the oldest request inside: where it waits longer, the estimate is wrong, as while workers are replaced.
A file that hangs its decoder is given up before."""
_NEWEST = 0.2
"""Weight of the newest measurement in the running mean."""
_HALF_LIFE_S = 5.0
_BODIES = 8
"""Largest bodies that are held at a time."""


class Pace:
    """Seconds that an image takes: a running mean, which fades to the best of all measurements while nothing is new.

    Without fading, one slow moment could refuse everything that would have corrected it.
    """

    def __init__(self) -> None:
        self._mean, self._best, self._noted = 0.0, float("inf"), 0.0

    def note(self, seconds: float) -> None:
        """Learn from one image, or from the mean of a batch."""
        self._mean = seconds if self._noted == 0 else (1 - _NEWEST) * self._mean + _NEWEST * seconds
        self._best = min(self._best, seconds)
        self._noted = time.monotonic()

    @property
    def seconds(self) -> float:
        """What the next image will take; 0 until one was measured."""
        if self._noted == 0:
            return 0.0
        share: float = 0.5 ** ((time.monotonic() - self._noted) / _HALF_LIFE_S)
        return max(self._best, share * self._mean)


class Admission:
    """Counts what is inside. Used on the event loop only.

    Args:
        most_images: Images inside at most.
        most_bytes: Bytes of one request at most.

    Attributes:
        n_images: Images that were let in and are not answered yet.
        n_bytes: Bytes of requests that are held.
        image_s: Seconds that the model takes for an image.
        decode_s: Seconds until the next image is decoded, with all workers busy.
        is_draining: Whether nothing is let in any more.
        is_ready: Whether the model is warm.
    """

    def __init__(self, most_images: int, most_bytes: int) -> None:
        self._most_images = most_images
        self._most_held = _BODIES * most_bytes
        self.n_images = self.n_bytes = 0
        self.image_s, self.decode_s = Pace(), Pace()
        self._entered: dict[object, float] = {}  # in the order of their coming
        self.is_draining = self.is_ready = False

    @property
    def wait_s(self) -> float:
        """Seconds until all that is inside is answered."""
        return self.expect(0)

    @property
    def _oldest_s(self) -> float:
        """Seconds that the oldest request has been inside."""
        return time.monotonic() - next(iter(self._entered.values())) if self._entered else 0.0

    def expect(self, n_new: int) -> float:
        """Seconds until `n_new` further images would be answered."""
        return (self.n_images + n_new) * (self.image_s.seconds + self.decode_s.seconds)

    def check_door(self) -> None:
        """Refuse a request whose body is not read yet.

        Raises:
            Refusal: If nobody is let in now.
        """
        if not self.is_ready:
            raise self._busy("starting", "the model is not ready yet.")
        if self.is_draining:
            raise self._busy("stopping", "the server is about to stop.", closes=True)
        if self.n_images >= self._most_images or self.n_bytes >= self._most_held:
            raise self._busy("busy", "too many images are waiting.")

    @contextmanager
    def enter(self, n_images: int, left_s: float) -> Iterator[None]:
        """Let in a request whose images are known, for the length of the block.

        Args:
            n_images: Its images.
            left_s: Seconds until its deadline.

        Raises:
            Refusal: If it could not be answered in time.
        """
        self.check_door()
        is_alone = self.n_images == 0
        if self.n_images + n_images > self._most_images and not is_alone:
            raise self._busy("busy", "too many images are waiting.")
        if self._oldest_s > _STALLED * left_s:
            raise self._busy("busy", "what is inside takes longer than expected.")
        is_only = is_alone and n_images == 1  # let in whatever is expected: it renews the estimate
        if self.expect(n_images) > left_s * (1.0 if is_alone else _SHARE) and not is_only:
            fix = " Send fewer images at a time." if is_alone and n_images > 1 else ""
            raise self._busy("busy", f"it would not be answered within its deadline.{fix}")
        self.n_images += n_images
        ticket = object()
        self._entered[ticket] = time.monotonic()
        try:
            yield
        finally:
            self.n_images -= n_images
            del self._entered[ticket]

    @contextmanager
    def hold(self) -> Iterator[Held]:
        """Counts the bytes of a request for the length of the block."""
        held = Held(self)
        try:
            yield held
        finally:
            self.n_bytes -= held.n_bytes

    def take(self, n_bytes: int) -> None:
        """Hold further bytes.

        Raises:
            Refusal: If too many are held by all requests together.
        """
        if self.n_bytes + n_bytes > self._most_held:
            raise self._busy("busy", "too many requests are being read.", closes=True)
        self.n_bytes += n_bytes

    def _busy(self, code: str, message: str, *, closes: bool = False) -> Refusal:
        return Refusal(503, code, message, retry_after_s=max(1, math.ceil(self.wait_s)), closes=closes)


class Held:
    """Bytes of one request.

    Args:
        admission: Counts those of all.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.n_bytes = 0

    def take(self, n_bytes: int) -> None:
        """Hold further bytes of it.

        Raises:
            Refusal: If too many are held by all requests together.
        """
        self._admission.take(n_bytes)
        self.n_bytes += n_bytes
