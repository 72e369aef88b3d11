"""Signals are handled where they were, whatever a library does in between."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import textwrap

import pytest

from podium.machine.signal_stack import _read, _Stack, kept_signal_stack

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signal stacks are read on Linux")


def test_a_stack_that_a_library_leaves_is_put_back() -> None:
    before = _read()
    memory = ctypes.create_string_buffer(1 << 16)
    with kept_signal_stack():
        ctypes.CDLL(None).sigaltstack(ctypes.byref(_Stack(ctypes.addressof(memory), 0, 1 << 16)), None)
        within = _read()
    after = _read()
    assert before is not None
    assert within is not None
    assert after is not None
    assert within.sp == ctypes.addressof(memory)
    assert (after.sp, after.flags, after.size) == (before.sp, before.flags, before.size)


@pytest.mark.long
def test_openvino_leaves_no_stack_behind_that_goes_with_it() -> None:
    pytest.importorskip("openvino")
    code = """
    import torch
    from podium.backbone.compiled import Graph
    from podium.machine.signal_stack import _read

    class Mean(torch.nn.Module):
        def forward(self, images):
            return images.float().mean((1, 2))

    graph = Graph(Mean().eval(), torch.randint(0, 255, (4, 8, 8, 3), dtype=torch.uint8))
    before = _read().sp
    graph.compile("fp32", 1)
    print(_read().sp == before)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
