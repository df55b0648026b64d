"""Pictures of texts: in letters that a font must be found for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import ImageFont

from lexigym.envs.text import picture
from lexigym.envs.text.picture import CHINESE_FONTS, Scene, draw_picture

CHINESE = Scene("How are you?", "你好", ("你好吗",), 0.5, {})
FRENCH = Scene("Where is it?", "Où est-il ?", ("Où est-il ?",), 1.0, {})


@pytest.fixture(autouse=True)
def _no_font_is_known_yet() -> Any:
    picture._font.cache_clear()
    yield
    picture._font.cache_clear()


def test_the_first_font_there_is_draws_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    known = ImageFont.truetype

    def truetype(name: Any, size: int, **others: Any) -> Any:
        # Pillow's own font is no name.
        if not isinstance(name, str):
            return known(name, size, **others)
        asked.append(name)
        if name != CHINESE_FONTS[2]:
            raise OSError("cannot open resource")
        return ImageFont.load_default(2 * size)

    monkeypatch.setattr(ImageFont, "truetype", truetype)
    drawn = draw_picture(CHINESE)
    assert asked == list(CHINESE_FONTS[:3])
    draw_picture(CHINESE)
    assert len(asked) == 3
    monkeypatch.setattr(picture, "IDEOGRAPHS", "\U0010ffff")
    assert not np.array_equal(drawn, draw_picture(CHINESE))


def test_without_one_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ImageFont.truetype

    def truetype(name: Any, size: int, **others: Any) -> Any:
        if not isinstance(name, str):
            return known(name, size, **others)
        raise OSError("cannot open resource")

    monkeypatch.setattr(ImageFont, "truetype", truetype)
    with pytest.warns(UserWarning, match="drawn as boxes: install one"):
        assert draw_picture(CHINESE).dtype == np.uint8
    assert draw_picture(FRENCH).shape == draw_picture(FRENCH).shape
