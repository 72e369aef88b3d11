"""An exported model as a function from images to answers, loaded once and asked many times; no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.arguments import strict_arguments
from podium.deployed.answers import Answers
from podium.deployed.engines import Engine, Session, choose_engine, open_session
from podium.deployed.model_record import GRAPH_NAME, ModelRecord, read_record
from podium.errors import ImageError, UsageError
from podium.images import Form, Limits, decode_bytes, decode_file, pack_forms, store_as, upright_rgb
from podium.images.outcome import Decoded
from podium.tables import Task, as_text_array

if TYPE_CHECKING:
    from PIL import Image

    from podium.deployed.predict_files import PredictedFiles
    from podium.machine.progress import Progress

__all__ = ["BATCH", "Asked", "DeployedModel", "load_model"]

Asked: TypeAlias = "NDArray[np.uint8] | str | Path | bytes | Image.Image"
"""Upright RGB pixels uint8 (H, W, 3), the path of a file, the bytes of one, or an image of Pillow."""
BATCH = 32
"""Images that the graph takes at a time; a few more or less than that are as quick."""


class DeployedModel:
    """An exported model, in memory. Calls from several threads wait for one another.

    Args:
        record: What the folder says.
        graph: Its graph.
        engine: Who computes.
        n_threads: Threads of the engine; 0 leaves the number to it.

    Attributes:
        record: What the folder says.
        engine: Who computes.
    """

    def __init__(self, record: ModelRecord, graph: bytes, engine: Engine, *, n_threads: int = 0) -> None:
        self.record, self.engine = record, engine
        self._graph, self._n_threads = graph, n_threads
        self._sessions: dict[int, Session] = {}
        self._alone = Lock()

    @property
    def task(self) -> Task:
        """What it answers."""
        return self.record.task

    @property
    def model_id(self) -> str:
        """SHA-256 of the graph: which model it is."""
        return self.record.model_id

    def predict(self, images: Sequence[Asked], *, ids: Sequence[str] | None = None) -> Answers:
        """Answers for images of any size.

        Args:
            images: Arrays, paths, bytes of files, or images of Pillow, mixed as you like.
            ids: Their names; None counts from "0".

        Raises:
            UsageError: If there are no images.
            ImageError: If an image cannot be decoded; names the first.
        """
        if not len(images):
            raise UsageError("there are no images to predict.")
        names = [str(row) for row in range(len(images))] if ids is None else list(ids)
        pixels = np.stack([self.prepare(image, name) for image, name in zip(images, names, strict=True)])
        return self.answer(pixels, ids=names)

    def prepare(self, image: Asked, name: str = "") -> NDArray[np.uint8]:
        """One image as the networks see it first, uint8 (height, width, 3): decoded, upright, resized. Of an ensemble
        whose runs prepare images differently, each form has three channels of its own.

        It is the code that a training decodes with, and takes no lock.

        Raises:
            ImageError: If it cannot be decoded.
        """
        return pack_forms(
            [
                store_as(_decode(image, name, form), form.size, form.fit, form.preprocessing)
                for form in self.record.forms
            ]
        )

    def answer(self, pixels: NDArray[np.uint8], *, ids: Sequence[str] | None = None) -> Answers:
        """Answers for prepared images.

        Args:
            pixels: What `prepare` gives, uint8 (N, height, width, channels).
            ids: Their names; None counts from "0".

        Raises:
            ImageError: If the array has another type or shape.
        """
        wanted = self.record.shape
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != wanted:
            raise ImageError(
                f"got {pixels.dtype} of shape {pixels.shape}, expected uint8 (N, {', '.join(map(str, wanted))})."
            )
        parts = [self._run(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        names = [str(row) for row in range(len(pixels))] if ids is None else list(ids)
        heads = self.task.targets
        return Answers(
            self.task,
            as_text_array(names),
            {head.name: found[f"{head.name}.probs"] for head in heads},
            {head.name: found[f"{head.name}.answer"] for head in heads},
            self.model_id,
        )

    def predict_files(
        self,
        folder: str | Path,
        *,
        out: str | Path,
        workers: int | None = None,
        follow_links: bool = False,
        progress: Progress | None = None,
    ) -> PredictedFiles:
        """Answer every image of a folder and write a table, with as much memory for a million images as for a hundred,
        save their names.

        Files are decoded by worker processes, so one that hangs or crashes a decoder costs its own answer alone: its
        row says why. Answers are kept in parts of 4,096 images beside the table; a start after a kill goes on with
        them, unless the model or an image of the part has changed.

        Args:
            folder: Folder of images, at any depth.
            out: A new file: .parquet or .csv. Columns: `id`, the path in the folder; every target's answer;
                `target=class` for each probability; `decode_error`.
            workers: Processes that decode; None takes the cores.
            follow_links: Whether to follow links to folders outside of the folder.
            progress: Receives progress and notes.

        Raises:
            UsageError: If the table is there already, or its ending says no format.
            SourceError: If the folder is missing or holds no image.
            StorageError: If the table cannot be written.
            Stopped, Interrupted: After SIGTERM or Ctrl-C; parts that are done are kept.

        Example:
            podium.load_model("deployed").predict_files("photos", out="answers.parquet")
        """
        from podium.deployed.predict_files import predict_files
        from podium.machine.progress import Silent

        silent = Silent() if progress is None else progress
        to = Path(out).expanduser()
        return predict_files(self, Path(folder).expanduser(), to, silent, workers=workers, follow_links=follow_links)

    def warm_up(self) -> None:
        """Compile the graph now and not when the first image is asked about."""
        for size in (1, BATCH):
            self._run(np.zeros((size, *self.record.shape), np.uint8))

    def _run(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """The graph's outputs for at most `BATCH` images, by a session for one image or for a full batch."""
        size = 1 if len(pixels) == 1 else BATCH
        full = pixels
        if len(pixels) < size and self.engine == "openvino":  # compiled for one size, which is a tenth quicker
            full = np.concatenate([pixels, np.zeros((size - len(pixels), *pixels.shape[1:]), np.uint8)])
        with self._alone:
            if size not in self._sessions:
                self._sessions[size] = self._open(size)
            outputs = self._sessions[size](np.ascontiguousarray(full))
        return {name: values[: len(pixels)] for name, values in outputs.items()}

    def _open(self, size: int) -> Session:
        shape = dict(zip(("height", "width", "channels"), self.record.shape, strict=True))
        if self.engine == "openvino":
            shape["batch"] = size
        precision, n_threads = self.record.precision, self._n_threads
        return open_session(self._graph, self.engine, precision=precision, n_threads=n_threads, shape=shape)


def _decode(image: Any, name: str, form: Form) -> NDArray[np.uint8]:
    """Upright pixels, as a training decodes for this form."""
    limits = Limits(value_range=form.value_range)
    if isinstance(image, str | Path):
        return _pixels_of(decode_file(image, limits=limits, target_px=form.target_px, with_facts=False), image)
    if isinstance(image, bytes | bytearray | memoryview):
        found = decode_bytes(bytes(image), limits=limits, target_px=form.target_px, with_facts=False)
        return _pixels_of(found, name)
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            raise ImageError(f"image {name!r} is {image.dtype} of shape {image.shape}, expected uint8 RGB (H, W, 3).")
        return image
    if not hasattr(image, "getbands"):
        raise ImageError(f"image {name!r} is a {type(image).__name__}; expected an array, a path, bytes or Pillow's.")
    try:
        image.load()
        return upright_rgb(image, limits=limits)
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"image {name!r} cannot be decoded: {error}.") from error


def _pixels_of(decoded: Decoded, where: str | Path) -> NDArray[np.uint8]:
    if decoded.pixels is None:
        raise ImageError(f"cannot be decoded: {decoded.outcome.value}, {decoded.reason}", where=where)
    return decoded.pixels


@strict_arguments()
def load_model(folder: str | Path, *, engine: str = "auto", threads: int = 0) -> DeployedModel:
    """An exported model, ready to be asked; torch is not needed.

    Args:
        folder: What `podium export` wrote.
        engine: "onnxruntime", "openvino", or "auto" for the quicker one that is installed.
        threads: Threads of the engine; 0 leaves the number to it.

    Raises:
        UsageError: If it is no exported model, or the engine is not installed.
        StorageError: If another version of Podium exported it.
        CorruptFileError: If a file was changed or is damaged.

    Example:
        model = podium.load_model("deployed")
        model.predict(["photo.jpg"]).names("label")
    """
    if threads < 0:
        raise UsageError(f"threads must be at least 0, got {threads}.", field="threads")
    record = read_record(Path(folder).expanduser())
    chosen = choose_engine(engine, record.precision)
    graph = durable.read_bytes(Path(folder).expanduser() / GRAPH_NAME)
    return DeployedModel(record, graph, chosen, n_threads=threads)
