from __future__ import annotations

import numpy as np
import pytest

from podium.demo.drawing import Stroke, draw_letter
from podium.demo.paper import STYLES, paint


@pytest.mark.parametrize("hue", [0.0, 0.2, 0.4, 0.6, 0.8])
@pytest.mark.parametrize("style", STYLES)
def test_letter_stands_out_from_the_ground(style: str, hue: float) -> None:
    ink = draw_letter("B", Stroke("DejaVuSans.ttf", 50), size_px=96, centre=(48, 48))
    picture = paint(ink, style, hue, np.random.default_rng(3))
    assert picture.shape == (96, 96, 3)
    far = np.abs(picture[ink > 0.95].mean(axis=0) - picture[ink == 0].mean(axis=0)).max()
    assert far > 0.3
    assert (np.abs(picture - 0.5) < 0.8).all()
