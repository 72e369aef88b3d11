"""What a search for a learning rate found: losses at rising rates, the rate to take, and its drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium import durable
from podium.errors import UsageError
from podium.listing import agree, count_of
from podium.overview import Overview
from podium.recipe import Recipe
from podium.report.rate_chart import RateLine, as_svg, draw_rates

if TYPE_CHECKING:
    from podium.training.rate_sweep import RateCurve

__all__ = ["RateSweep", "check_plot"]


@dataclass(frozen=True, eq=False)
class RateSweep:
    """Losses at rising learning rates, and what they suggest.

    Args:
        curves: Model name -> its curve; "all" where one model answers all targets.
        recipe: The resolved recipe.
        epochs: Steps over those of an epoch.
        lr: The learning rate to take: the valley, of several models the lowest; None where no loss falls.
    """

    curves: Mapping[str, RateCurve]
    recipe: Recipe
    epochs: float
    lr: float | None = field(init=False)

    def __post_init__(self) -> None:
        valleys = [curve.suggestions()["valley"] for curve in self.curves.values()]
        found = [value for value in valleys if value is not None]
        object.__setattr__(self, "lr", float(f"{min(found):.2g}") if found else None)

    @property
    def n_steps(self) -> int:
        """Steps that were taken for the first model."""
        return len(next(iter(self.curves.values())).rates)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts, with every rate and loss."""
        curves = {
            name: {
                "suggestions": curve.suggestions(),
                "diverged": curve.diverged,
                "rates": curve.rates.tolist(),
                "losses": curve.losses.tolist(),
                "smoothed": curve.smoothed.tolist(),
            }
            for name, curve in self.curves.items()
        }
        return {"lr": self.lr, "epochs": self.epochs, "recipe": self.recipe.preset, "models": curves}

    def plot(self, path: str | Path) -> Path:
        """Draw the smoothed loss over the learning rate into a file that ends in .svg or .png.

        Raises:
            UsageError: If the file ends otherwise, or exists.
        """
        target = check_plot(Path(path))
        lines = [
            RateLine(
                name if len(self.curves) > 1 else "",
                curve.rates.tolist(),
                curve.smoothed.tolist(),
                curve.suggestions()["valley"],
            )
            for name, curve in self.curves.items()
        ]
        drawing = draw_rates(lines)
        if target.suffix.lower() == ".svg":
            durable.write_bytes(target, as_svg(drawing))
        else:
            from podium.report.raster import as_png

            durable.write_bytes(target, as_png("Learning rate", [drawing]))
        return target

    def overview(self) -> Overview:
        """The suggestions as a table, a model a row."""
        names = ("valley", "steep", "minimum/10")
        rows = [
            (name, *(_show(curve.suggestions()[what]) for what in names), f"{curve.rates[-1]:.1e}")
            for name, curve in self.curves.items()
        ]
        length = f"{self.epochs:.2g} {agree(self.epochs, 'epoch', 'epochs')}"
        facts = [f"lr {_show(self.lr)}", count_of(self.n_steps, "step"), length]
        return Overview("RateSweep", facts, header=("model", *names, "ended at"), rows=rows)

    def __repr__(self) -> str:
        return str(self.overview())

    def _repr_html_(self) -> str:
        return self.overview().to_html()


def _show(rate: float | None) -> str:
    return "none" if rate is None else f"{rate:.1e}"


def check_plot(path: Path) -> Path:
    """The path of a drawing that may be written.

    Raises:
        UsageError: If it ends neither in .svg nor in .png, or exists.
    """
    if path.suffix.lower() not in {".svg", ".png"}:
        raise UsageError("a plot is an .svg or a .png file.", where=path, field="plot")
    if path.exists():
        raise UsageError("this file exists.", where=path, field="plot", fix="Choose another name, or remove it.")
    return path
