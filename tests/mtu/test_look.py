import pytest
import torch
from PIL import Image
from tiny_pipelines import picture, seeded, tiny_latent_pipeline, tiny_pipeline

from mtu import MTUPipeline
from mtu.guidance import branches
from mtu.look import GUIDANCE, check_looks, find_cells, first_look, hidden_under
from mtu.requests import Inputs

SIDE = 64
CELL = 16


def plain(value: float) -> torch.Tensor:
    return torch.full((1, 3, SIDE, SIDE), value)


def half_mask(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, (0, 0, size[0] // 2, size[1]))
    return mask


def test_the_cells_that_changed_are_found_and_no_others():
    after = plain(-0.5)
    after[:, 0, 18:46, 34:62] = 0.9
    cells = find_cells(plain(-0.5), after, CELL, local=False)
    assert cells.shape == (1, 1, 4, 4)
    assert set(map(tuple, (cells[0, 0] > 0).nonzero().tolist())) == {
        (1, 2), (1, 3), (2, 2), (2, 3)}


def test_nothing_changed_or_everything_leaves_no_cells_to_hide():
    assert find_cells(plain(0.2), plain(0.2), CELL, local=False) is None
    assert find_cells(plain(0.2), plain(-0.7), CELL, local=False) is None


def test_what_is_hidden_is_like_its_surroundings_and_the_rest_is_as_it_was():
    ramp = torch.linspace(-0.8, 0.8, 64)[None, None, :, None].expand(2, 3, 64, 64).clone()
    marked, area = ramp.clone(), torch.zeros(2, 1, 64, 64)
    marked[..., 20:44, 10:40] = 0.99
    area[..., 20:44, 10:40] = 1
    hidden = hidden_under(marked, area)
    outside = (area == 0).expand_as(hidden)
    assert hidden[outside].equal(ramp[outside])
    assert (hidden - ramp).abs().max() < 0.1  # bands that lie level go on behind the thing


def test_hidden_whole_there_is_nothing_to_go_on():
    assert hidden_under(torch.ones(1, 3, 20, 12), torch.ones(1, 1, 20, 12)).eq(0).all()


@pytest.mark.parametrize(("asked", "looked"), [(5.0, GUIDANCE), (1.0, 1.0), (1.2, 1.2)])
def test_a_look_is_hardly_guided(asked, looked):
    rows = branches(asked, 1.0, has_text=True, has_image=True)
    inputs = Inputs("edit", "a cat", picture(40, 32), None, (64, 64), 16, None, rows, seeded(0))
    look = first_look(inputs, {"edit": 2})
    assert (look.steps, look.rows[-1].weight) == (2, looked)
    assert sum(row.weight for row in look.rows) == pytest.approx(1.0)
    assert inputs.rows == rows  # what follows is guided as asked


@pytest.mark.parametrize("task", ["edit", "inpaint"])
@pytest.mark.parametrize(("steps", "counted"), [(1, 1), (6, 6), (16, 16)])
def test_the_look_is_part_of_the_steps_that_were_asked_for(task, steps, counted):
    pipeline = tiny_pipeline(first_look={"edit": 4, "inpaint": 4})
    shown = list(pipeline.steps(task, "a cat", picture(40, 32), num_inference_steps=steps))
    assert [step.index for step in shown] == list(range(1, counted + 1))
    assert {step.of for step in shown} == {counted}


def test_a_picture_under_a_mask_does_not_depend_on_what_the_mask_hides():
    source, other = picture(64, 64), picture(64, 64)
    other.paste((255, 0, 90), (4, 4, 28, 60))
    mask = half_mask(source.size)

    def filled(pipeline, image):
        answer = pipeline("inpaint", "a cat", image, mask=mask, generator=seeded(3))
        return answer.images[0].crop((0, 0, 31, 64)).tobytes()

    hiding = tiny_pipeline(first_look={"inpaint": 2}, default_size=64)
    assert filled(hiding, source) == filled(hiding, other)
    showing = tiny_pipeline(default_size=64)
    assert filled(showing, source) != filled(showing, other)


def test_latent_pipelines_take_looks_too():
    pipeline = tiny_latent_pipeline()
    pipeline.register_to_config(first_look={"edit": 2})
    run = pipeline("edit", "a cat", picture(40, 32), num_inference_steps=6, generator=seeded(1))
    assert run.images[0].size == (40, 32)


def test_looks_are_saved_and_checked(tmp_path):
    tiny_pipeline(first_look={"edit": 3}).save_pretrained(tmp_path)
    assert MTUPipeline.from_pretrained(tmp_path).config.first_look == {"edit": 3}
    for wrong in ({"sr": 2}, {"t2i": 2}, {"edit": 0}, {"edit": True}, {"edit": 1.5}):
        with pytest.raises(ValueError, match="first_look"):
            check_looks(wrong, ("t2i", "edit", "sr", "inpaint"))
