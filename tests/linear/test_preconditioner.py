from __future__ import annotations

import torch

from podium.linear import preconditioner
from podium.linear.preconditioner import make_preconditioner


def test_is_the_inverse_where_all_other_directions_are_alike(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(preconditioner, "N_AXES", 3)
    monkeypatch.setattr(preconditioner, "N_ITERATIONS", 9)
    draw = torch.Generator().manual_seed(1)
    axes = torch.linalg.qr(torch.randn(12, 12, generator=draw)).Q
    values = torch.tensor([90.0, 40.0, 20.0] + [0.5] * 9)
    matrix = axes @ values.diag() @ axes.T
    found = make_preconditioner(matrix)
    gradient = torch.randn(13, 2, 4, generator=draw)
    curve, penalty = torch.rand(2, 4, generator=draw) + 0.1, torch.tensor([0.3, 0.01])
    inverse = found.divide(gradient, curve, penalty)
    for j in range(2):
        for c in range(4):
            whole = curve[j, c] * matrix + penalty[j] * torch.eye(12)
            torch.testing.assert_close(whole @ inverse[:-1, j, c], gradient[:-1, j, c], atol=5e-3, rtol=0)
    torch.testing.assert_close(inverse[-1] * curve, gradient[-1])
