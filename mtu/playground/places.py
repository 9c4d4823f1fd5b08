"""Backgrounds: how each place of the world is painted, at any resolution.

Every painter gets a Canvas (coordinates are fractions of the side, so a scene looks the same at
256 and at 512 pixels) and a generator seeded by the scene, and paints in daylight; time and
weather are laid over afterwards by `render`.
"""

import numpy as np

from .canvas import Canvas

_PLAIN = {
    "plain white": (244, 243, 240), "plain blue": (108, 168, 226), "plain green": (140, 200, 132),
    "plain pink": (246, 176, 196), "plain yellow": (250, 218, 120),
}


def _waves(canvas, rng, base, swing, count=2.0):
    """A smooth random curve around `base`."""
    phase = rng.uniform(0, 2 * np.pi, 2)
    turns = rng.uniform(0.6, 1.4, 2) * count
    return base + swing * (0.6 * np.sin(turns[0] * 2 * np.pi * canvas.x + phase[0])
                           + 0.4 * np.sin(turns[1] * 4 * np.pi * canvas.x + phase[1]))


def _peaks(canvas, rng, base, height, count):
    """A ridge of triangular peaks above `base`."""
    ridge = np.full_like(canvas.x, base)
    for k in range(count):
        center = (k + rng.uniform(0.2, 0.8)) / count
        slope = rng.uniform(1.0, 1.5)
        ridge = np.minimum(ridge, base - height * rng.uniform(0.7, 1.0)
                           + slope * np.abs(canvas.x - center))
    return ridge


def _sky(canvas, rng, top=(92, 168, 232), bottom=(200, 230, 248), clouds=True):
    canvas.gradient(top, bottom, 0, 0.72)
    canvas.pixels[round(0.72 * canvas.side) :] = bottom
    if clouds:
        for _ in range(int(rng.integers(1, 3))):
            x, y, r = rng.uniform(0.05, 0.95), rng.uniform(0.06, 0.24), rng.uniform(0.05, 0.08)
            for dx, size in ((-1.1, 0.7), (0, 1.0), (1.1, 0.75)):
                canvas.ellipse(x + dx * r, y, r * size * 1.2, r * size * 0.7, (252, 253, 255),
                               0.9, 0.15)


def _beach(canvas, rng):
    _sky(canvas, rng)
    horizon = rng.uniform(0.48, 0.54)
    canvas.gradient((38, 132, 190), (92, 196, 214), horizon, 0.76)
    shore = _waves(canvas, rng, 0.73, 0.012)
    canvas.below(shore - 0.012, (235, 248, 250), 0.66)
    canvas.below(shore, (240, 214, 158), 0.66)


def _desert(canvas, rng):
    _sky(canvas, rng, (112, 184, 232), (250, 232, 196), clouds=False)
    canvas.below(_waves(canvas, rng, 0.55, 0.03, 1.0), (232, 178, 104), 0.4)
    canvas.below(_waves(canvas, rng, 0.66, 0.035, 0.8), (222, 160, 84), 0.5)
    canvas.below(_waves(canvas, rng, 0.8, 0.02, 0.8), (238, 186, 112), 0.7)


def _meadow(canvas, rng):
    _sky(canvas, rng)
    canvas.below(_waves(canvas, rng, 0.58, 0.025, 1.0), (138, 196, 88), 0.45)
    canvas.below(_waves(canvas, rng, 0.7, 0.02, 0.8), (110, 178, 70), 0.55)
    for _ in range(12):
        color = ((255, 240, 120), (255, 255, 255), (248, 140, 170))[int(rng.integers(3))]
        canvas.ellipse(rng.uniform(0, 1), rng.uniform(0.74, 0.98), 0.011, 0.011, color)


def _snow(canvas, rng):
    _sky(canvas, rng, (150, 196, 232), (226, 238, 248))
    canvas.below(_waves(canvas, rng, 0.57, 0.03, 1.0), (214, 228, 244), 0.45)
    canvas.below(_waves(canvas, rng, 0.7, 0.025, 0.8), (246, 249, 254), 0.55)


def _ocean(canvas, rng):
    _sky(canvas, rng)
    canvas.gradient((52, 138, 204), (14, 70, 138), rng.uniform(0.46, 0.52), 1.0)
    for k in range(4):
        y = 0.58 + 0.11 * k
        curve = y + 0.008 * np.sin(14 * np.pi * canvas.x + rng.uniform(0, 6.3))
        canvas.blend(np.clip(1.6 - np.abs(canvas.y - curve) * 256, 0, 1) * 0.35, (190, 226, 246))


def _city(canvas, rng):
    _sky(canvas, rng)
    x = -rng.uniform(0, 0.08)
    while x < 1:
        width, height = rng.uniform(0.1, 0.17), rng.uniform(0.2, 0.46)
        shade = rng.uniform(0.75, 1.1)
        top = 0.76 - height
        canvas.rectangle(x, top, x + width, 0.76, np.array([120, 132, 154]) * shade)
        for row in np.arange(top + 0.03, 0.72, 0.062):
            for col in np.arange(x + 0.02, x + width - 0.025, 0.045):
                canvas.rectangle(col, row, col + 0.022, row + 0.03, (246, 226, 150))
        x += width + 0.004
    canvas.rectangle(0, 0.76, 1, 1, (96, 98, 106))
    for left in np.arange(0.04, 1, 0.2):
        canvas.rectangle(left, 0.9, left + 0.1, 0.915, (236, 230, 208))


def _mountains(canvas, rng):
    _sky(canvas, rng)
    ridge = _peaks(canvas, rng, 0.7, 0.5, 3)
    canvas.below(ridge, (112, 128, 158))
    cap = (ridge + 0.1 + 0.012 * np.sin(40 * canvas.x)) - canvas.y
    inside = np.clip((canvas.y - ridge) * canvas.side, 0, 1) * np.clip(cap * canvas.side, 0, 1)
    canvas.blend(inside * (ridge < 0.42), (248, 250, 255))
    canvas.below(_waves(canvas, rng, 0.72, 0.02, 1.0), (104, 150, 88), 0.6)


def _forest(canvas, rng):
    _sky(canvas, rng, (150, 204, 220), (214, 236, 214), clouds=False)
    for base, size, color in ((0.66, 0.3, (74, 132, 92)), (0.76, 0.38, (40, 98, 62))):
        for k in range(6):
            x = (k + rng.uniform(0.15, 0.85)) / 6
            top = base - size * rng.uniform(0.8, 1.15)
            low, high = round(top * canvas.side), round(base * canvas.side)
            half = (canvas.y[low:high] - top) * 0.32
            inside = np.clip((half - np.abs(canvas.x - x)) * canvas.side + 0.5, 0, 1)
            canvas.blend(inside, color, top, base)
    canvas.below(_waves(canvas, rng, 0.74, 0.012), (88, 122, 60), 0.66)


def _space(canvas, rng):
    canvas.gradient((14, 12, 38), (44, 24, 78))
    center = rng.uniform(0.2, 0.8, 2)
    canvas.ellipse(*center, 0.42, 0.24, (104, 52, 140), 0.4, 1.0)
    for _ in range(40):
        size = rng.uniform(0.003, 0.007)
        canvas.ellipse(rng.uniform(0, 1), rng.uniform(0, 1), size, size, (255, 252, 236))
    x, y = rng.uniform(0.15, 0.85), rng.uniform(0.1, 0.3)
    canvas.ellipse(x, y, 0.075, 0.075, (226, 152, 92))
    canvas.ellipse(x, y, 0.13, 0.022, (240, 206, 150), 0.8)


def _farm(canvas, rng):
    _sky(canvas, rng)
    canvas.below(_waves(canvas, rng, 0.6, 0.01), (226, 194, 92), 0.5)
    x = rng.uniform(0.12, 0.88)
    canvas.rectangle(x - 0.11, 0.44, x + 0.11, 0.62, (178, 56, 48))
    roof = 0.36 + np.abs(canvas.x - x) * 0.7
    inside = (canvas.y > roof) & (canvas.y < 0.445) & (np.abs(canvas.x - x) < 0.125)
    canvas.blend(inside.astype(np.float32), (120, 40, 38))
    canvas.rectangle(x - 0.04, 0.52, x + 0.04, 0.62, (246, 238, 226))
    canvas.below(_waves(canvas, rng, 0.72, 0.008), (128, 182, 78), 0.6)
    for y in (0.655, 0.69):
        canvas.rectangle(0, y, 1, y + 0.012, (236, 228, 214))
    for left in np.arange(rng.uniform(0, 0.1), 1, 0.14):
        canvas.rectangle(left, 0.63, left + 0.018, 0.735, (236, 228, 214))


def _lake(canvas, rng):
    _sky(canvas, rng)
    canvas.below(_waves(canvas, rng, 0.46, 0.04, 1.2), (96, 150, 104), 0.3)
    canvas.gradient((120, 190, 214), (64, 142, 184), 0.54, 0.78)
    for _ in range(5):
        y, x = rng.uniform(0.57, 0.74), rng.uniform(0.1, 0.9)
        canvas.ellipse(x, y, 0.1, 0.004, (206, 234, 244), 0.7)
    canvas.below(_waves(canvas, rng, 0.77, 0.015), (124, 180, 86), 0.7)


def _volcano(canvas, rng):
    _sky(canvas, rng, (150, 130, 150), (246, 196, 160), clouds=False)
    x = rng.uniform(0.3, 0.7)
    slope = 0.2 + np.clip(np.abs(canvas.x - x) - 0.07, 0, None) * 1.15
    canvas.ellipse(x, 0.12, 0.16, 0.08, (110, 98, 104), 0.8, 0.5)
    canvas.below(slope, (84, 66, 70))
    for offset in (-0.045, 0.0, 0.05):
        width = 0.012 + 0.02 * canvas.y
        path = x + offset * (1 + 3 * canvas.y) + 0.02 * np.sin(14 * canvas.y + offset * 60)
        inside = np.clip((width - np.abs(canvas.x - path)) * canvas.side + 0.5, 0, 1)
        canvas.blend(inside * (canvas.y > 0.21) * (canvas.y < 0.74), (252, 112, 36))
    canvas.below(_waves(canvas, rng, 0.73, 0.015), (122, 100, 92), 0.66)


def _moon(canvas, rng):
    canvas.gradient((8, 8, 18), (26, 26, 40))
    for _ in range(30):
        size = rng.uniform(0.003, 0.006)
        canvas.ellipse(rng.uniform(0, 1), rng.uniform(0, 0.6), size, size, (250, 250, 244))
    x, y = rng.uniform(0.15, 0.85), rng.uniform(0.14, 0.28)
    canvas.ellipse(x, y, 0.09, 0.09, (70, 132, 206))
    canvas.ellipse(x - 0.03, y - 0.02, 0.035, 0.025, (120, 178, 110))
    canvas.ellipse(x + 0.03, y + 0.03, 0.03, 0.02, (120, 178, 110))
    canvas.below(_waves(canvas, rng, 0.62, 0.015), (158, 158, 166), 0.5)
    canvas.below(_waves(canvas, rng, 0.76, 0.012), (178, 178, 186), 0.66)
    for _ in range(7):
        x, y, size = rng.uniform(0, 1), rng.uniform(0.68, 0.98), rng.uniform(0.03, 0.07)
        canvas.ellipse(x, y, size, size * 0.32, (128, 128, 138))
        canvas.ellipse(x, y + size * 0.07, size * 0.8, size * 0.22, (146, 146, 154))


def _underwater(canvas, rng):
    canvas.gradient((64, 178, 214), (12, 70, 128), 0, 0.84)
    canvas.pixels[round(0.84 * canvas.side) :] = (12, 70, 128)
    for _ in range(3):
        x, width = rng.uniform(0, 1), rng.uniform(0.04, 0.08)
        beam = np.clip((width - np.abs(canvas.x - x + 0.25 * canvas.y)) / width, 0, 1)
        canvas.blend(beam * np.clip(0.8 - canvas.y, 0, 1) * 0.45, (206, 240, 248))
    for _ in range(14):
        size = rng.uniform(0.006, 0.014)
        canvas.ellipse(rng.uniform(0, 1), rng.uniform(0.05, 0.75), size, size, (190, 230, 242), 0.7)
    for k in range(5):
        x, height = (k + rng.uniform(0.2, 0.8)) / 5, rng.uniform(0.1, 0.2)
        sway = x + 0.015 * np.sin(26 * canvas.y + x * 40)
        inside = np.clip((0.012 - np.abs(canvas.x - sway)) * canvas.side + 0.5, 0, 1)
        canvas.blend(inside * (canvas.y > 0.86 - height), (38, 142, 92))
    canvas.below(_waves(canvas, rng, 0.85, 0.012), (214, 190, 130), 0.78)


def _room(canvas, rng):
    wall = ((240, 222, 196), (206, 222, 226), (228, 212, 230))[int(rng.integers(3))]
    canvas.gradient(wall, wall, 0, 0.7)
    canvas.gradient((176, 122, 76), (196, 144, 96), 0.7, 1)
    canvas.rectangle(0, 0.685, 1, 0.705, (250, 246, 240))
    x = rng.uniform(0.2, 0.6)
    canvas.rectangle(x, 0.12, x + 0.26, 0.46, (250, 248, 244))
    canvas.rectangle(x + 0.02, 0.14, x + 0.24, 0.44, (148, 204, 240))
    canvas.rectangle(x + 0.122, 0.14, x + 0.138, 0.44, (250, 248, 244))
    canvas.rectangle(x + 0.02, 0.285, x + 0.24, 0.3, (250, 248, 244))
    canvas.ellipse(rng.uniform(0.3, 0.7), 0.89, 0.36, 0.075, (192, 84, 84))


def _plain(color):
    def paint(canvas, rng):
        color_here = np.clip(np.array(color) + rng.uniform(-6, 6, 3), 0, 255)
        canvas.gradient(color_here, np.clip(color_here - 12, 0, 255))

    return paint


_PAINTERS = {
    "beach": _beach, "desert": _desert, "meadow": _meadow, "snow": _snow, "ocean": _ocean,
    "city": _city, "mountains": _mountains, "forest": _forest, "space": _space, "farm": _farm,
    "lake": _lake, "volcano": _volcano, "moon": _moon,
    "underwater": _underwater, "room": _room,
    **{name: _plain(color) for name, color in _PLAIN.items()},
}


def paint(place: str, seed: int, side: int) -> Canvas:
    """A daylight background, float32 (side, side, 3) in 0..255, the same for the same seed."""
    canvas = Canvas(side)
    _PAINTERS[place](canvas, np.random.default_rng(seed))
    return canvas
