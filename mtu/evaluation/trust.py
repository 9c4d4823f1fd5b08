"""How far the scene reader can be trusted: what it says of unseen scenes, right and wrong ones."""

import zlib
from dataclasses import replace

import numpy as np

from mtu.data.reader import RENDER_SIDE, ReaderRows, faulty
from mtu.playground.render import render_array
from mtu.playground.scene import Scene, sample_scene
from mtu.playground.textures import texture
from mtu.playground.vocabulary import PLACES

from .judges import column_of, row_of
from .metrics import mean_measures
from .reader import SceneReader
from .reading import Reading, read

SPOILED = ("blur", "melt", "scramble", "blend", "splice")


def unseen_scenes(seed: int, count: int, name: str = "reader", things: int | None = None):
    """Scenes that the reader was not trained on, things all different: (scene, rng) pairs."""
    for number in range(count):
        rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
        scene = sample_scene(rng, things, "any")
        while len({item.thing for item in scene.items}) < len(scene.items):
            scene = sample_scene(rng, things, "any")
        yield scene, rng


def agrees(scene: Scene, reading: Reading) -> dict[str, bool | float | None]:
    """What of a reading is as in the scene; None where it does not apply.

    things: exactly those of the scene are found. each thing: the share of them that is found.
    named rightly: the share of what is found that is in the scene.
    """
    by_name = {found.thing: found for found in reading.things}
    pairs = [(item, by_name.get(item.thing)) for item in scene.items]
    wanted = {item.thing for item in scene.items}
    colored = [(item, found) for item, found in pairs if item.color]
    return {
        "things": sorted(f.thing for f in reading.things) == sorted(i.thing for i in scene.items),
        "each thing": float(np.mean([f is not None for _, f in pairs])),
        "named rightly": float(np.mean([name in wanted for name in by_name])) if by_name else None,
        "column": all(f and column_of(f) == i.column for i, f in pairs),
        "row": all(f and row_of(f) == i.row for i, f in pairs),
        "color": all(f and f.color == i.color for i, f in colored) if colored else None,
        "place": reading.place == scene.place,
        "time": reading.time == scene.time if PLACES[scene.place].has_time else None,
        "weather": reading.weather == scene.weather if PLACES[scene.place].has_weather else None,
    }




def spoiled_scene(kind: str, number: int, seed: int, atlas_path=None) -> np.ndarray:
    """A picture of one thing made unrecognisable in the way `kind` of SPOILED."""
    (scene, rng), = list(unseen_scenes(seed + number, 1, kind, 1))
    pixels = render_array(scene, RENDER_SIDE, atlas_path)
    return ReaderRows(seed, atlas_path=atlas_path).spoil(pixels, scene, 0, rng, kind)


def trust(reader: SceneReader, seed: int, count: int = 160, atlas_path=None) -> dict:
    """Shares right: "exact" and "faulty" renderings (28 to 35 dB, soft), and shares of "none".

    "none": by kind of damage, nothing is found where one spoiled thing is; "empty" scenes and
    textures (nothing found; for textures no place either).
    """
    scenes = list(unseen_scenes(seed, count))
    exact = [render_array(scene, RENDER_SIDE, atlas_path) for scene, _ in scenes]
    soft = [faulty(pixels, rng) for pixels, (_, rng) in zip(exact, scenes, strict=True)]
    report = {
        name: mean_measures([agrees(scene, reading) for (scene, _), reading
                      in zip(scenes, read(reader, pictures), strict=True)])
        for name, pictures in (("exact", exact), ("faulty", soft))
    }
    none = {}
    for kind in SPOILED:
        pictures = [spoiled_scene(kind, k, seed, atlas_path) for k in range(count)]
        none[kind] = float(np.mean([not r.things for r in read(reader, pictures)]))
    empty = [render_array(replace(scene, items=()), RENDER_SIDE, atlas_path) for scene, _ in scenes]
    none["empty"] = float(np.mean([not r.things for r in read(reader, empty)]))
    cloth = [texture(rng, RENDER_SIDE) for _, rng in scenes]
    none["texture"] = float(np.mean([not r.things and r.place is None
                                     for r in read(reader, cloth)]))
    return report | {"none": none, "scenes": count}
