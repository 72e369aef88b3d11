"""How likely bytes are Korean, Japanese or Chinese text in each of the encodings that were common before UTF-8.

A short table holds too little text for statistics of words, and two bytes are a letter in several of these encodings
at once. So each encoding is judged by whether its letters are ordinary ones: Hangul by its initial, vowel and final,
the others by the level that their standard gives a letter (level 1 holds the common ones).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable

__all__ = ["EAST_ASIAN", "guess_east_asian", "is_ordinary"]

# How often each part occurs in Korean text, in the order of Unicode; rough, but rare syllables differ by powers of ten.
_INITIALS = (0.13, 0.01, 0.08, 0.10, 0.01, 0.06, 0.06, 0.04, 3e-3, 0.10, 3e-3, 0.22, 0.08, 3e-3, 0.03, 0.01, 0.02, 0.02,
             0.08)  # fmt: skip
_VOWELS = (0.20, 0.05, 0.01, 1e-3, 0.10, 0.05, 0.05, 0.01, 0.11, 0.02, 3e-3, 0.02, 0.01, 0.08, 0.01, 2e-3, 0.01, 0.01,
           0.10, 0.02, 0.15)  # fmt: skip
_FINALS = {0: 0.55, 4: 0.15, 21: 0.08, 8: 0.08, 1: 0.05, 16: 0.04, 19: 0.02, 17: 0.02, 20: 0.015}
_RARE_FINAL = 5e-3
_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3

_COMMON, _SIGN, _RARE, _ODD = 1e-4, 8e-6, 1e-6, 1e-8  # signs alone make no language
_LEAST = math.log(1e-5)
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_COUNTED = 1_000_000


def _korean(letter: bytes) -> float:
    code = ord(letter.decode("cp949"))
    if not _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
        return _SIGN if letter[0] <= 0xAC and letter[1] >= 0xA1 else _RARE / 10
    place = code - _FIRST_SYLLABLE
    initial, vowel, final = place // 588, place // 28 % 21, place % 28
    return _INITIALS[initial] * _VOWELS[vowel] * _FINALS.get(final, _RARE_FINAL)


def _shift_jis(letter: bytes) -> float:
    if len(letter) == 1:  # half-width kana, one byte each
        return _ODD
    code = int.from_bytes(letter, "big")
    if 0x829F <= code <= 0x8396 or code == 0x815B:  # kana, and the sign for a long vowel
        return 5e-3
    if code < 0x889F:
        return _SIGN
    return _COMMON if code <= 0x9872 else _RARE


def _euc_jp(letter: bytes) -> float:
    if letter[0] in (0xA4, 0xA5) or letter == b"\xa1\xbc":
        return 5e-3
    if letter[0] < 0xB0:
        return _SIGN if letter[0] <= 0xA8 and len(letter) == 2 and letter[0] != 0x8E else _ODD
    return _COMMON if letter[0] <= 0xCF else _RARE


def _gb18030(letter: bytes) -> float:
    if len(letter) == 4 or letter[1] < 0xA1 or letter[0] < 0xA1:
        return _ODD
    if letter[0] < 0xB0:
        return _SIGN
    return _COMMON if letter[0] <= 0xD7 else _RARE


def _big5(letter: bytes) -> float:
    if letter[0] < 0xA4:
        return _SIGN
    return _COMMON if letter[0] <= 0xC6 else _RARE


EAST_ASIAN: dict[str, Callable[[bytes], float]] = {
    "cp949": _korean,
    "cp932": _shift_jis,
    "gb18030": _gb18030,
    "cp950": _big5,
    "euc_jp": _euc_jp,
}
"""The encodings that are tried, each with the probability of one letter's bytes."""


def _mean_log_likelihood(text: str, encoding: str) -> float:
    """Mean log probability of a letter outside ASCII; minus infinity where there is none."""
    likelihood = EAST_ASIAN[encoding]
    counts = Counter("".join(_FOREIGN.findall(text))[:_COUNTED])
    if not counts:
        return -math.inf
    logs = (n * math.log(likelihood(letter.encode(encoding))) for letter, n in counts.items())
    return sum(logs) / counts.total()


def is_ordinary(text: str, encoding: str) -> bool:
    """Whether the letters outside ASCII are ones that people write in an encoding.

    Args:
        text: Text that was decoded by `encoding`.
        encoding: One of `EAST_ASIAN`.
    """
    return _mean_log_likelihood(text, encoding) > _LEAST


def guess_east_asian(data: bytes, *, decode: Callable[[bytes, str], str | None]) -> str | None:
    """The encoding under which the letters are most ordinary, or None where they are ordinary in none.

    Args:
        data: Bytes of a text.
        decode: Gives the text in an encoding, None where the bytes do not fit it.
    """
    texts = {encoding: decode(data, encoding) for encoding in EAST_ASIAN}
    scores = {name: _mean_log_likelihood(text, name) for name, text in texts.items() if text is not None}
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best is not None and scores[best] > _LEAST else None
