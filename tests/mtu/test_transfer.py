"""A picture changed as a whole: the source's structure in the prediction's colours."""

import torch
from tiny_pipelines import picture, seeded, tiny_pipeline

from mtu import MTUPipeline
from mtu.blur import bell_blur
from mtu.compose import composite
from mtu.images import to_pil, to_tensor
from mtu.transfer import transferred

SIDE = 256


def scene() -> torch.Tensor:
    """A red disc, with an edge of a pixel, on a sky over a field, (1, 3, H, W)."""
    y, x = torch.meshgrid(*[torch.linspace(0, 1, SIDE)] * 2, indexing="ij")
    ground = (y > 0.6).float()
    disc = ((0.25 - torch.hypot(x - 0.5, y - 0.5)) * SIDE + 0.5).clamp(0, 1)
    sky, field, red = ((torch.tensor(color).view(1, 3, 1, 1)) for color in (
        (0.5, 0.7, 0.95), (0.35, 0.6, 0.2), (0.85, 0.15, 0.2)))
    behind = sky + ground * (field - sky)
    return behind + disc * (red - behind)


def at_night(picture: torch.Tensor) -> torch.Tensor:
    return picture * torch.tensor([0.35, 0.4, 0.6]).view(1, 3, 1, 1)


def error(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).square().mean().sqrt())


def test_a_blurred_tint_is_made_sharp():
    source = scene()
    right, blurred = at_night(source), bell_blur(at_night(source), 4)
    made = transferred(source, blurred)
    assert error(made, right) < 0.4 * error(blurred, right)


def test_a_grid_over_it_is_made_even():
    source, right = scene(), at_night(scene())
    grid = ((torch.arange(SIDE) % 16 == 0).float() * 0.04)[None, None, None].expand(1, 3, SIDE, -1)
    assert error(transferred(source, right + grid), right) < 0.5 * error(right + grid, right)


def test_what_the_source_holds_nothing_of_stays_as_predicted():
    source, predicted = scene(), at_night(scene())
    predicted[..., 10:22, 90:102] = 0.95  # a moon in the plain sky
    made = transferred(source, predicted)
    assert (made - predicted)[..., 11:21, 91:101].abs().max() < 0.05


def test_an_unchanged_picture_stays_as_it_is():
    assert error(transferred(scene(), scene()), scene()) < 0.004


def test_only_a_change_of_the_whole_picture_takes_its_structure():
    source = to_pil(2 * scene() - 1)
    blurred = to_pil(2 * bell_blur(at_night(scene()), 4) - 1)
    plain, ours = (composite(source, blurred, None, False, kept) for kept in (False, True))
    right = to_tensor(to_pil(2 * at_night(scene()) - 1))
    assert error(to_tensor(ours), right) < 0.5 * error(to_tensor(plain), right)
    part = blurred.convert("L").point(lambda value: 0)
    part.paste(255, (0, 0, 60, 60))
    kept, left = (composite(source, blurred, part, None, structure) for structure in (True, False))
    assert kept.tobytes() == left.tobytes()


def test_whether_structure_is_kept_is_saved_with_the_model(tmp_path):
    tiny_pipeline(keep_structure=True).save_pretrained(tmp_path)
    loaded = MTUPipeline.from_pretrained(tmp_path)
    assert loaded.config.keep_structure
    source = picture(32, 32)

    def edited(pipeline):
        return pipeline("edit", "make it night", source, generator=seeded(1)).images[0].tobytes()

    assert edited(loaded) != edited(tiny_pipeline())
