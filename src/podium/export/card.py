"""card.md and model.json of an exported model: what it answers, how good it is, what it was checked with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from podium.decisions import DecisionRules
from podium.images import make_form, packed_shape
from podium.listing import count_of
from podium.metric_words import metric_words
from podium.metrics import ExpectedScore
from podium.printable import printable
from podium.report import expected_words

__all__ = ["card_lines"]


def card_lines(record: Mapping[str, Any], rules: DecisionRules, expected: ExpectedScore | None) -> Iterator[str]:
    """The lines of card.md.

    Args:
        record: What model.json says.
        rules: How the run decides.
        expected: What the shipped model is expected to score; None where nothing can be said.
    """
    yield from (f"# {_cell(record['run'])}", "", _what(record), "")
    yield from ("## Score", "", "| target | metric | score | interval | judged on |", "|---|---|---|---|---|")
    for name, line in record["score"]["targets"].items():
        low, high = line["low"], line["high"]
        spread = "no interval" if low is None else f"{low:.4f} to {high:.4f}"
        value = "–" if line["value"] is None else f"{line['value']:.4f}"
        yield f"| {_cell(name)} | {metric_words(line['metric'])} | {value} | {spread} | {line['n']:,} |"
    yield from ("", _where_from(record, expected), "")
    if record["loss"]:
        yield from ("## Precision", "", *_losses(record), "")
    yield from ("## Classes", "")
    yield from (
        f"- {_cell(name)}: {', '.join(f'`{printable(label)}`' for label in names)}"
        for name, names in record["classes"].items()
    )
    yield from ("", "## Decisions", "", *_decisions(record, rules), "")
    yield from ("## Images", "", *_images(record), "", "## Check", "", *_check(record), "")
    yield from ("## Start weights", "", _origin(record), "", "## Limits", "", *_limits(record), "")


def _what(record: Mapping[str, Any]) -> str:
    n = sum(map(len, record["classes"].values()))
    return (
        f"An image classifier for {count_of(len(record['classes']), 'target')} with {count_of(n, 'class')}:"
        f" {record['model']['backbone']}, trained with Podium {record['podium']}. model.onnx answers with"
        f" {record['model']['ships']}."
    )


def _where_from(record: Mapping[str, Any], expected: ExpectedScore | None) -> str:
    how = "Each image was judged by a model that had not learnt from it (out of fold); intervals resample groups."
    if record["model"]["kind"] == "refit":
        how += " What ships is another model: one trained on all images by the same recipe, which no image judges."
    elif record["model"]["n_models"] > 1:
        how += (
            f" What ships is the mean of those {record['model']['n_models']} models, usually a little better than each."
        )
    if expected is None:
        return how
    return f"{how} Expected of what ships: {expected_words(expected)}."


def _losses(record: Mapping[str, Any]) -> Iterator[str]:
    yield f"The graph computes in {record['precision']}. What that changes beside fp32, out of fold, paired by image:"
    yield from ("", "| engine | metric | change | interval | verdict | other answers |", "|---|---|---|---|---|---|")
    for loss in record["loss"]:
        found = loss["difference"]
        yield (
            f"| {loss['engine']} | {metric_words(loss['metric'])} | {found['value']:+.4f} |"
            f" {found['low']:+.4f} to {found['high']:+.4f} | {loss['verdict']} | {loss['n_other']:,} of {loss['n']:,} |"
        )


def _decisions(record: Mapping[str, Any], rules: DecisionRules) -> Iterator[str]:
    if rules.is_default:
        yield "The most probable class of every target; of several labels those of at least 0.5."
        return
    kept = {key: value for key, value in record["decisions"].items() if key != "by_fold" and value}
    for key, value in kept.items():
        yield f"- {key}: `{printable(str(value))}`"
    if rules.unknown:
        yield '- An answer of -1 is "unknown".'


def _images(record: Mapping[str, Any]) -> Iterator[str]:
    image = record["image"]
    forms = list(map(_form, image["forms"]))
    if image["takes_any_size"]:
        yield "Input `images`: uint8 RGB (N, H, W, 3) of any height and width, upright. The graph resizes to"
        if len(forms) == 1:
            yield f"{forms[0]}; an image of that size is taken as it is."
        else:
            yield f"{'; and to '.join(forms)}: the runs of the ensemble prepare images differently."
    else:
        height, width, channels = packed_shape(list(map(make_form, image["forms"])))
        yield f"Input `images`: uint8 RGB (N, {height}, {width}, {channels}), upright and prepared:"
        yield f"{'; '.join(forms)}. {image['reason'].capitalize()}; `podium predict` and Python do it."
    if len(forms) > 1:
        yield f"Prepared images have {3 * len(forms)} channels, three for each size, in the upper left corner."
    yield "Normalisation, network, averages and decisions are inside."


def _form(form: Mapping[str, Any]) -> str:
    steps = "".join(f", `{step['kind']}`" for step in form["preprocessing"])
    return f"{form['size'][0]} x {form['size'][1]} px (height x width), fit `{form['fit']}`{steps}"


def _check(record: Mapping[str, Any]) -> Iterator[str]:
    found = record["check"]
    yield (
        f"Compared with the run on {count_of(found['n_own'], 'image')} of its own and {found['n_odd']} odd ones, in"
        f" {' and '.join(found['engines'])}. Largest differences:"
    )
    yield ""
    yield f"- a probability from the same pixels: {found['same_pixels']:.1e}"
    if found["from_file"] is not None:
        yield f"- a pixel that the graph resized: {found['levels']:.0f} of 255"
        yield f"- a probability from an image that the graph resized: {found['from_file']:.1e}"
        yield f"- what those pixels change beside the run's own: {found['one_level']:.1e}"
    yield f"- a probability beside `podium predict` ({record['model']['arithmetic']}): {found['predicted']:.1e}"
    if found["n_other"]:
        yield f"- other answers, of images where two lie that close: {found['n_other']}"
    if found["caution"] is not None:
        yield f"- {printable(found['caution'])}"


def _origin(record: Mapping[str, Any]) -> str:
    source, licence = record["start_weights"]["source"], record["start_weights"]["licence"]
    if str(source).startswith("random"):
        return "Random: nothing was learnt before."
    stated = f"Licence: {licence}." if licence else "No licence is stated where Podium could read it."
    return f"{source}. {stated}"


def _limits(record: Mapping[str, Any]) -> Iterator[str]:
    yield f"- It always answers: an image of anything else gets one of these classes{_unless_unknown(record)}."
    yield "- Scores hold for images like those it was trained on; other cameras, places or years need their own test."
    yield f"- It was checked in {', '.join(record['engines'])}; other runtimes may round otherwise."


def _unless_unknown(record: Mapping[str, Any]) -> str:
    return ', or "unknown" where it is not sure' if record["decisions"].get("unknown") else ""


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("<", "&lt;")
