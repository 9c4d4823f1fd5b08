"""Directional similarity on features made by hand, and CLIP from a folder as the hub keeps it."""

import numpy as np
import pytest
import torch
from paper_parts import write_clip

from mtu.evaluation.paper.clip import ClipFeatures, directional_similarity
from mtu.evaluation.paper.weights import MissingPart


def test_the_same_the_opposite_and_another_direction():
    start = torch.tensor([[1.0, 0.0, 0.0]] * 4)
    up, side = torch.tensor([0.0, 1.0, 0.0]), torch.tensor([0.0, 0.0, 1.0])
    # from e1 the ends lie on the unit sphere: e2 − e1 and e3 − e1 meet at 60°
    found = directional_similarity(start, up.expand(4, 3), start,
                                   torch.stack([up, side, start[0], 5 * up]))
    assert found.tolist() == pytest.approx([1.0, 0.5, 0.0, 1.0], abs=1e-6)
    there, back = directional_similarity(start, up.expand(4, 3), up.expand(4, 3), start)[:2]
    assert float(there) == float(back) == pytest.approx(-1.0)
    middle = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    plus, across = torch.tensor([[0.0, 1.0, 0, 0]]), torch.tensor([[0.0, 0, 1.0, 0]])
    perpendicular = directional_similarity(plus, -plus, across, -across)
    assert float(perpendicular) == pytest.approx(0.0, abs=1e-6)
    assert float(directional_similarity(middle, plus, middle, middle)) == 0


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return ClipFeatures.from_pretrained(write_clip(tmp_path_factory.mktemp("clip")))


def test_pictures_and_texts_share_a_space(clip):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (40, 50, 3), dtype=np.uint8),
                rng.integers(0, 256, (33, 20, 3), dtype=np.uint8)]
    assert clip.images(pictures).shape == (2, 8)
    assert clip.texts(["a cat", "a much longer text that does not fit at all"]).shape == (2, 8)


def test_features_are_those_of_the_model_itself(clip):
    picture = np.full((32, 32, 3), 200, np.uint8)
    mean, deviation = np.array(clip.processor.image_mean), np.array(clip.processor.image_std)
    pixels = torch.from_numpy((200 / 255 - mean) / deviation).float().reshape(1, 3, 1, 1)
    tokens = clip.tokenizer(["cab"], return_tensors="pt")
    with torch.no_grad():
        whole = clip.model(input_ids=tokens["input_ids"], pixel_values=pixels.expand(1, 3, 32, 32))
    for ours, theirs in ((clip.images([picture]), whole.image_embeds),
                         (clip.texts(["cab"]), whole.text_embeds)):
        torch.testing.assert_close(ours / ours.norm(), theirs)


def test_a_batch_of_texts_gives_what_each_gives_alone(clip):
    texts = ["cab", "a dog"]
    alone = torch.cat([clip.texts([text]) for text in texts])
    torch.testing.assert_close(clip.texts(texts), alone)


@pytest.mark.parametrize("name", ["/nowhere/clip", "nowhere"])
def test_no_model_is_said(name):
    with pytest.raises(MissingPart, match="no CLIP weights"):
        ClipFeatures.from_pretrained(name)


def test_a_folder_without_weights_is_said(tmp_path):
    write_clip(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(MissingPart, match="no CLIP weights.*cannot be read"):
        ClipFeatures.from_pretrained(tmp_path)
