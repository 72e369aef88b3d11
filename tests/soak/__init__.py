"""The promises of reliability, put to the test: short in the test suite, long by `scripts/soak`."""

import sys
from pathlib import Path

# The tiny trainings of the other test folders, `tiny.contest` and `engine.tiny_training`, are used here too.
_TESTS = str(Path(__file__).resolve().parent.parent)
if _TESTS not in sys.path:
    sys.path.append(_TESTS)
