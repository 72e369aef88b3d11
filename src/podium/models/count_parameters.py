"""How large a model is."""

from __future__ import annotations

from torch import nn

__all__ = ["count_parameters"]


def count_parameters(model: nn.Module) -> dict[str, int]:
    """Numbers of parameters: "all", and those that are "trained"; buffers such as the means of batch norm do not count.

    Example:
        >>> count_parameters(nn.Linear(3, 2))
        {'all': 8, 'trained': 8}
    """
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return {"all": sum(n for n, _ in sizes), "trained": sum(n for n, is_trained in sizes if is_trained)}
