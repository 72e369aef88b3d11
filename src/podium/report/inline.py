"""Single drawings of a run, shown in place in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

from podium import durable
from podium.errors import UnknownNameError, UsageError
from podium.listing import count_of, part_of
from podium.report.contents import RunContents, read_contents
from podium.report.mistakes_section import Mistake, describe_mistakes
from podium.report.plots import draw_all, draw_targets
from podium.report.raster import as_png
from podium.report.sections import RunReport, describe_run
from podium.report.thumbnails import ThumbnailBook
from podium.store import RunFolder

__all__ = ["Gallery", "Plot", "Plots"]


@dataclass(frozen=True)
class Plot:
    """A drawing that a notebook shows.

    Args:
        title: What it shows.
        png: The picture, as the bytes of a PNG file.
    """

    title: str
    png: bytes

    def __repr__(self) -> str:
        return f"Plot({self.title!r})"

    def _repr_png_(self) -> bytes:
        return self.png

    def save(self, path: str | Path) -> Path:
        """Write it as a PNG file; gives the path.

        Raises:
            StorageError: If the file cannot be written.
        """
        durable.write_bytes(Path(path), self.png)
        return Path(path)


@dataclass(frozen=True)
class Gallery:
    """Images with captions that a notebook shows.

    Args:
        title: What they are.
        images: Address (a data URL, or "" with a reason in the caption) and caption of each.
    """

    title: str
    images: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return f"Gallery({self.title!r}, {count_of(len(self), 'image')})"

    def _repr_html_(self) -> str:
        figures = "".join(
            '<figure style="display:inline-block;width:150px;margin:4px;vertical-align:top">'
            f'<img src="{escape(address)}" alt=""><figcaption><small>{escape(caption)}</small></figcaption></figure>'
            for address, caption in self.images
        )
        return f"<div><p><strong>{escape(self.title)}</strong></p>{figures}</div>"


class Plots:
    """The drawings of a run's report, one by one: `run.plot.confusion()`.

    Args:
        run: The run folder.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run

    def __repr__(self) -> str:
        drawings = ", ".join(name for name in vars(type(self)) if not name.startswith("_"))
        return f"Plots of run {self._run.name!r}: {drawings}"

    @cached_property
    def _contents(self) -> RunContents:
        return read_contents(self._run)

    @cached_property
    def _report(self) -> RunReport:
        return describe_run(self._contents)

    def scores(self) -> Plot:
        """The score of every target, with its interval."""
        headline = self._report.headline
        if headline.interval is None:
            raise self._nothing("scores")
        title = "Score of every target" if headline.targets else "Score"
        return Plot(title, as_png(title, [draw_targets(headline)]))

    def classes(self, target: str | None = None) -> Plot:
        """F1 of every class, with intervals.

        Args:
            target: A head's name or the composite's; None takes the main one.
        """
        return self._draw("classes", self._place(target))

    def confusion(self, target: str | None = None) -> Plot:
        """The confusion matrix: rows are labels, columns predictions.

        Args:
            target: A head's name or the composite's; None takes the main one.

        Raises:
            UsageError: If the target is a multi-label head.
        """
        place = self._place(target)
        if self._report.targets[place - 1 :] and not self._report.targets[place - 1].confusion:
            name = self._report.targets[place - 1].name
            raise UsageError(f"{name!r} has several labels per image, and so no one matrix.", fix="Draw its classes().")
        return self._draw("confusion", place)

    def ranking(self, target: str | None = None) -> Plot:
        """Precision-recall and ROC curves of every class against the rest.

        Args:
            target: A head's name or the composite's; None takes the main one.
        """
        return self._draw("ranking", self._place(target))

    def calibration(self) -> Plot:
        """The fraction right by probability, and how many answers have which probability."""
        return self._draw("calibration")

    def curves(self, model: str | None = None) -> Plot:
        """Score and loss of every fold over the epochs.

        Args:
            model: One of several models of a fold (`model.arrangement=separate`); None takes the first.
        """
        models = () if self._report.curves is None else self._report.curves.models
        if model is not None and model not in models:
            raise UnknownNameError("model", model, models)
        return self._draw("curves", 1 if model is None else 1 + models.index(model))

    def mistakes(self, target: str | None = None) -> Gallery:
        """The images that were predicted wrongly with the most confidence.

        Args:
            target: A head's name or the composite's; None takes the main one.
        """
        galleries = describe_mistakes(self._contents)
        if not galleries or self._contents.samples is None:
            raise self._nothing("mistakes")
        names = [gallery.name for gallery in galleries]
        if target is not None and target not in names:
            raise UnknownNameError("target", target, names)
        gallery = galleries[0 if target is None else names.index(target)]
        book = ThumbnailBook(self._contents.samples, self._contents.limits)
        images = [(book.take(mistake.image).address, _caption(mistake)) for mistake in gallery.mistakes]
        return Gallery(f"{gallery.name}: {part_of(gallery.n_wrong, gallery.n, gallery.unit)} wrong", tuple(images))

    def _place(self, target: str | None) -> int:
        names = [item.name for item in self._report.targets]
        if target is not None and target not in names:
            raise UnknownNameError("target", target, names)
        return 1 if target is None else 1 + names.index(target)

    def _draw(self, kind: str, number: int | None = None) -> Plot:
        wanted = kind if number is None else f"{kind}-{number}"
        for name, title, drawings in draw_all(self._report):
            if name == wanted:
                return Plot(title, as_png(title, drawings))
        raise self._nothing(kind)

    def _nothing(self, kind: str) -> UsageError:
        state = "it has no such data" if self._run.is_finished else "it is not finished"
        return UsageError(f"there is nothing to draw for {kind!r} of run {self._run.name!r}: {state}.")


def _caption(mistake: Mistake) -> str:
    truth, answer = ", ".join(mistake.truth) or "-", ", ".join(mistake.answer) or "-"
    return f"{truth} → {answer} ({mistake.prob:.0%}) {mistake.id}"
