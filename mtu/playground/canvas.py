"""A picture to paint on in fractions of its side: gradients, curves, ellipses, soft edges."""

import numpy as np


class Canvas:
    """A float32 picture (side, side, 3) in 0..255 with soft-edged shapes in fractional units."""

    def __init__(self, side: int):
        self.side = side
        axis = (np.arange(side, dtype=np.float32) + 0.5) / side
        self.x, self.y = axis[None, :], axis[:, None]
        self.pixels = np.empty((side, side, 3), np.float32)

    def gradient(self, top, bottom, start: float = 0.0, stop: float = 1.0) -> None:
        """Fill rows from `start` to `stop` with a vertical gradient."""
        low, high = round(start * self.side), round(stop * self.side)
        ramp = np.linspace(0, 1, max(high - low, 1), dtype=np.float32)[:, None, None]
        self.pixels[low:high] = (1 - ramp) * np.float32(top) + ramp * np.float32(bottom)

    def blend(self, alpha: np.ndarray, color, top: float = 0.0, bottom: float = 1.0) -> None:
        """Lay a colour over with an alpha of 0..1 given for the rows from `top` to `bottom`."""
        low, high = round(top * self.side), round(bottom * self.side)
        part = self.pixels[low:high]
        alpha = alpha if alpha.shape[0] == high - low else alpha[low:high]
        part += alpha[..., None] * (np.float32(color) - part)

    def below(self, height: np.ndarray, color, top: float = 0.0) -> None:
        """Fill everything below the curve height(x) (fractions from the top)."""
        low = round(top * self.side)
        self.blend(np.clip((self.y[low:] - height) * self.side + 0.5, 0, 1), color, top)

    def ellipse(self, x, y, rx, ry, color, strength: float = 1.0, soft: float = 0.0) -> None:
        """A filled ellipse; `soft` widens its edge, in fractions of the radius."""
        reach, s = 1 + soft, self.side
        low, high = self._span(y, ry * reach)
        left, right = self._span(x, rx * reach)
        if high <= low or right <= left:
            return
        dx, dy = (self.x[:, left:right] - x) / rx, (self.y[low:high] - y) / ry
        edge = max(soft, 1.0 / (min(rx, ry) * s))
        alpha = np.clip((1 - np.sqrt(dx * dx + dy * dy)) / edge + 0.5, 0, 1) * strength
        part = self.pixels[low:high, left:right]
        part += alpha[..., None] * (np.float32(color) - part)

    def _span(self, center: float, reach: float) -> tuple[int, int]:
        """Pixel range of center ± reach, one pixel wider, inside the picture."""
        low = int((center - reach) * self.side) - 1
        high = int((center + reach) * self.side) + 2
        return max(low, 0), min(high, self.side)

    def streak(self, x, y, length, slant, width, color, strength) -> None:
        """A slanted line from (x, y) downwards, leaning left by `slant` per unit of height."""
        low, high = max(int(y * self.side), 0), min(int((y + length) * self.side), self.side)
        reach = width + slant * length / 2
        left, right = self._span(x - slant * length / 2, reach)
        if high <= low or right <= left:
            return
        path = x - slant * (self.y[low:high] - y)
        distance = np.abs(self.x[:, left:right] - path)
        alpha = np.clip((width - distance) * self.side, 0, 1) * strength
        part = self.pixels[low:high, left:right]
        part += alpha[..., None] * (np.float32(color) - part)

    def rectangle(self, left, top, right, bottom, color) -> None:
        """A filled rectangle with hard edges."""
        s = self.side
        self.pixels[max(round(top * s), 0) : round(bottom * s),
                    max(round(left * s), 0) : round(right * s)] = color
