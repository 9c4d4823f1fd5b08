"""Progress of a picture."""

from typing import NamedTuple

from PIL import Image


class Step(NamedTuple):
    """Progress of a picture: `index` of `of` steps done, and the picture as it is now.

    preview: "RGB" at the model's size (an enlargement's at most 512 pixels wide or high); None in
    latent space, where a picture would cost a decoding.
    """

    index: int
    of: int
    preview: Image.Image | None
