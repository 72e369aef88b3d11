"""What a server tells of its model: classes, how good it is, how it decides."""

from __future__ import annotations

from typing import Any

from podium.deployed import DeployedModel

__all__ = ["model_facts"]

_TOLD = ("run", "podium", "classes", "views", "decisions", "score", "expected", "start_weights", "precision")


def model_facts(model: DeployedModel) -> dict[str, Any]:
    """The facts of model.json that answer a client's questions; no path is among them."""
    record = model.record.record
    return {
        "model_id": model.model_id,
        "engine": model.engine,
        "kinds": {head.name: head.kind for head in model.task.targets},
        **{name: record.get(name) for name in _TOLD},
        "backbone": record["model"]["backbone"],
        "ships": record["model"]["ships"],
        "image": [
            {"height_px": form.size[0], "width_px": form.size[1], "fit": form.fit} for form in model.record.forms
        ],
    }
