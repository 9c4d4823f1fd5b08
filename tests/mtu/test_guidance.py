import pytest
import torch

from mtu.guidance import Branch, branches, check_scale, combine


def outputs(rows, full, image, uncond):
    """What a model would give in each of `rows`."""
    by_branch = {(True, True): full, (False, True): image, (False, False): uncond}
    return torch.cat([by_branch[row.text, row.image] for row in rows])


@pytest.mark.parametrize(("text", "image"), [(7.5, 1.6), (4.0, 1.5), (0.0, 2.0), (3.0, 0.5)])
def test_dual_guidance_is_instruct_pix2pix(text, image):
    full, only_image, uncond = torch.randn(3, 2, 4, 8, 8, dtype=torch.float64)
    rows = branches(text, image, has_text=True, has_image=True)
    guided = combine(outputs(rows, full, only_image, uncond), rows)
    expected = uncond + image * (only_image - uncond) + text * (full - only_image)
    torch.testing.assert_close(guided, expected)


@pytest.mark.parametrize(("text", "image"), [(7.5, 1.0), (5.0, 3.0)])
def test_text_only_guidance_ignores_the_image_scale(text, image):
    full, uncond = torch.randn(2, 1, 4, 8, 8, dtype=torch.float64)
    rows = branches(text, image, has_text=True, has_image=False)
    by_branch = {True: full, False: uncond}
    guided = combine(torch.cat([by_branch[row.text] for row in rows]), rows)
    torch.testing.assert_close(guided, uncond + text * (full - uncond))
    assert not any(row.image for row in rows)


def test_rows_of_no_weight_are_not_computed():
    def shown(*args):
        return [(row.text, row.image) for row in branches(*args)]

    uncond, image, full = (False, False), (False, True), (True, True)
    assert shown(7.5, 1.5, True, True) == [uncond, image, full]
    assert shown(7.5, 1.0, True, True) == [image, full]
    assert shown(1.0, 1.0, True, True) == [full]
    assert shown(3.0, 3.0, True, True) == [uncond, full]
    assert shown(0.0, 1.0, True, True) == [image]
    assert shown(1.0, 1.0, False, True) == [image]  # super-resolution
    assert shown(7.5, 2.0, False, True) == [uncond, image]  # a mask and no words
    assert shown(7.5, 1.0, False, False) == [uncond]


@pytest.mark.parametrize("has_text", [True, False])
@pytest.mark.parametrize("has_image", [True, False])
def test_weights_add_up_to_one(has_text, has_image):
    rows = branches(7.5, 1.6, has_text, has_image)
    assert sum(row.weight for row in rows) == pytest.approx(1.0)


def test_a_single_row_is_returned_as_it_is():
    prediction = torch.randn(2, 3)
    assert combine(prediction, (Branch(True, True, 1.0),)) is prediction


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), 101, "7", None, True])
def test_a_bad_scale_is_refused_by_name(bad):
    with pytest.raises(ValueError, match="guidance_scale"):
        check_scale(bad, "guidance_scale")
