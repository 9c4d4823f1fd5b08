"""The scene reader with its shipped weights: right on true scenes, "none" on wrong ones."""

import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from mtu.data.reader import ReaderRows, labels
from mtu.evaluation import SceneReader, read
from mtu.evaluation.trust import SPOILED, agrees, spoiled_scene, unseen_scenes
from mtu.playground.render import render_array
from mtu.playground.scene import Scene
from mtu.playground.textures import texture
from mtu.playground.vocabulary import PLACES, THINGS

COUNT = 60
SEED = 20_000_003  # no seed that a report of the documentation uses
# what the shipped weights keep with a margin; docs/evaluation.md has what they measure
LEAST = {"exact": 0.88, "faulty": 0.85,
         "blur": 0.95, "melt": 0.7, "scramble": 0.75, "blend": 0.65, "splice": 0.35, "places": 0.75}


def _scenes():
    return [(scene, render_array(scene), rng) for scene, rng in unseen_scenes(SEED, COUNT)]


def _share(values) -> float:
    return float(np.mean(list(values)))


def _agreement(reader, pairs) -> dict[str, float]:
    readings = read(reader, [pixels for _, pixels in pairs])
    rows = [agrees(scene, reading) for (scene, _), reading in zip(pairs, readings, strict=True)]
    return {name: _share(row[name] for row in rows if row[name] is not None) for name in rows[0]}


def test_it_is_small(reader, request):
    assert sum(parameter.numel() for parameter in reader.parameters()) <= 2_000_000
    folder = request.config.rootpath / "assets" / "reader"
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 5_000_000


def test_saved_and_loaded_it_answers_the_same(tmp_path):
    torch.manual_seed(0)
    first = SceneReader().eval()
    first.save_pretrained(tmp_path / "first")
    again = SceneReader.from_pretrained(tmp_path / "first")
    for name, value in again.state_dict().items():
        before = first.state_dict()[name]
        step = before.flatten(1).abs().amax(1).max() / 127 if before.ndim > 1 else 1e-3
        assert (value - before).abs().max() <= 0.501 * step, name
    again.save_pretrained(tmp_path / "again")
    third, pictures = SceneReader.from_pretrained(tmp_path / "again"), torch.rand(2, 3, 128, 128)
    with torch.no_grad():
        one, two, three = (reader(pictures * 2 - 1) for reader in (first, again, third))
    for name in one:
        torch.testing.assert_close(two[name], three[name], rtol=1e-4, atol=1e-4)
        assert (one[name] - two[name]).abs().max() <= 0.1 * one[name].abs().max()
    assert one["thing"].shape == (2, 1 + len(THINGS), 16, 16)
    assert one["place"].shape == (2, 1 + len(PLACES))


def test_a_reader_of_another_vocabulary_is_refused(tmp_path):
    SceneReader().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["classes"]["thing"][1] = "griffin"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="trained on another vocabulary"):
        SceneReader.from_pretrained(tmp_path)
    with pytest.raises(ValueError, match="There is no scene reader in"):
        SceneReader.from_pretrained(tmp_path / "absent")


@pytest.mark.usefixtures("glyphs")
def test_exact_scenes_are_read_right(reader):
    shares = _agreement(reader, [(scene, pixels) for scene, pixels, _ in _scenes()])
    assert min(shares[name] for name in ("place", "time", "weather")) >= 0.95, shares
    assert shares["named rightly"] >= 0.95 and shares["each thing"] >= LEAST["exact"], shares


@pytest.mark.usefixtures("glyphs")
def test_small_faults_do_not_matter(reader):
    def faulty(pixels, rng):
        soft = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1.2))
        noisy = np.asarray(soft, np.float32) + rng.normal(0, 8, pixels.shape)  # 30 dB
        return noisy.clip(0, 255).astype(np.uint8)

    shares = _agreement(reader, [(scene, faulty(p, rng)) for scene, p, rng in _scenes()])
    assert min(shares[name] for name in ("place", "time", "weather")) >= 0.9, shares
    assert shares["named rightly"] >= 0.95 and shares["each thing"] >= LEAST["faulty"], shares


@pytest.mark.usefixtures("glyphs")
@pytest.mark.parametrize("kind", SPOILED)
def test_a_thing_that_cannot_be_named_is_none(reader, kind):
    pictures = [spoiled_scene(kind, number, SEED) for number in range(COUNT)]
    assert _share(not reading.things for reading in read(reader, pictures)) >= LEAST[kind]


@pytest.mark.usefixtures("glyphs")
def test_places_without_things_hold_none(reader):
    empty = [render_array(Scene(s.place, s.time, s.weather, (), s.seed)) for s, _, _ in _scenes()]
    assert _share(not reading.things for reading in read(reader, empty)) >= 0.98


@pytest.mark.usefixtures("glyphs")
def test_a_picture_blurred_beyond_recognition_holds_nothing(reader):
    soft = [np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(20)))
            for _, pixels, _ in _scenes()]
    assert _share(not reading.things for reading in read(reader, soft)) >= 0.97


@pytest.mark.usefixtures("glyphs")
def test_two_scenes_averaged_are_no_place(reader):
    scenes = [(s, p.astype(float)) for s, p, _ in _scenes() if not s.place.startswith("plain")]
    pairs = [(one, two) for (a, one), (b, two) in zip(scenes, scenes[1:], strict=False)
             if a.place != b.place]
    mixed = [((one + two) / 2).astype(np.uint8) for one, two in pairs]
    assert _share(reading.place is None for reading in read(reader, mixed)) >= LEAST["places"]


def test_blank_pictures_and_textures_show_no_thing(reader):
    rng = np.random.default_rng(SEED)
    blank = [np.full((256, 256, 3), shade, np.uint8) for shade in (0, 90, 128, 200, 255)]
    cloth = [texture(rng, 256) for _ in range(COUNT)]
    assert not any(reading.things for reading in read(reader, blank))
    readings = read(reader, cloth)
    assert _share(not reading.things for reading in readings) >= 0.97
    assert _share(reading.place is None for reading in readings) >= 0.95


@pytest.mark.usefixtures("glyphs")
def test_rows_are_seeded_and_their_answers_follow_the_scene():
    one, again, other = ReaderRows(1)[7], ReaderRows(1)[7], ReaderRows(2)[7]
    assert (one.picture == again.picture).all() and (one.thing == again.thing).all()
    assert (one.picture != other.picture).any()
    scene, _ = next(iter(unseen_scenes(0, 1, things=2)))
    thing, _, whole = labels(scene)
    spoiled, color, _ = labels(scene, {0, 1})
    assert len(np.unique(thing)) == 3 and not spoiled.any() and (color < 0).all()
    assert whole["style"] == 0 and whole["place"] > 0
