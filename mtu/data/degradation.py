"""The two-order degradation of Real-ESRGAN (Wang et al. 2021, arXiv 2107.10833, section 3).

Twice over: blur, resize, noise, JPEG; then a last sinc filter before or after the second JPEG.
First everything is chosen (`sample_plan`), then it is done (`apply_plan`), both from a seed. The
ranges are the paper's for ×2; kernels' shapes, their probabilities and what surrounds the ranges
are those of its published training recipe for ×2. Its sharpening of the target is left out.

Pictures are float32 tensors (1, 3, H, W) in [0, 1].
"""

import io
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from mtu.playground.degrade import enlarge

from .kernels import blur_kernel, sinc_kernel

SIZES = tuple(range(7, 22, 2))  # of kernels, in pixels
MODES = ("area", "bilinear", "bicubic")
KERNELS = {  # probability of (shape, whether round)
    ("gaussian", True): 0.45, ("gaussian", False): 0.25,
    ("generalized", True): 0.12, ("generalized", False): 0.03,
    ("plateau", True): 0.12, ("plateau", False): 0.03}
BETA = {"gaussian": (1.0, 1.0), "generalized": (0.5, 4.0), "plateau": (1.0, 2.0)}
SINC = 0.1  # probability that an order's blur is a sinc filter
FINAL_SINC = 0.8
GAUSSIAN = 0.5  # else Poisson noise
GREY = 0.4
JPEG = (30, 95)


@dataclass(frozen=True)
class Order:
    """The ranges of one of the two orders."""

    blur: float  # probability
    sigma: tuple[float, float]  # pixels
    resize: dict[str, float]  # probability of up, down, keep
    scale: tuple[float, float]
    noise: tuple[float, float]  # standard deviation of 255
    poisson: tuple[float, float]  # factor


FIRST = Order(1.0, (0.2, 3.0), {"up": 0.2, "down": 0.7, "keep": 0.1}, (0.15, 1.5), (1, 30),
              (0.05, 3.0))
SECOND = Order(0.8, (0.2, 1.5), {"up": 0.3, "down": 0.4, "keep": 0.3}, (0.3, 1.2), (1, 25),
               (0.05, 2.5))


@dataclass(frozen=True)
class Blur:
    """A kernel by its name ("none", "sinc", or a shape) and numbers."""

    name: str
    size: int = 7
    cutoff: float = np.pi
    sigma: tuple[float, float] = (1.0, 1.0)
    angle: float = 0.0
    beta: float = 1.0

    def kernel(self) -> np.ndarray:
        if self.name == "sinc":
            return sinc_kernel(self.size, self.cutoff)
        return blur_kernel(self.name, self.size, *self.sigma, self.angle, self.beta)


@dataclass(frozen=True)
class Pass:
    """What one order does: blur, resize, noise, JPEG."""

    blur: Blur
    resize: str  # "up", "down" or "keep"
    scale: float
    mode: str
    noise: str  # "gaussian" or "poisson"
    strength: float
    grey: bool
    quality: int


@dataclass(frozen=True)
class Plan:
    """Every choice of one degradation."""

    first: Pass
    second: Pass
    last: Blur  # "sinc" or "none"
    last_mode: str
    sinc_before_jpeg: bool


def _one_of(rng: np.random.Generator, chances: dict):
    return list(chances)[int(rng.choice(len(chances), p=list(chances.values())))]


def _sample_sinc(rng: np.random.Generator, lowest: float) -> Blur:
    size = int(rng.choice(SIZES))
    if not lowest:  # a small kernel cannot hold a low cutoff
        lowest = np.pi / 3 if size < 13 else np.pi / 5
    return Blur("sinc", size, cutoff=float(rng.uniform(lowest, np.pi)))


def sample_blur(rng: np.random.Generator, order: Order) -> Blur:
    """The blur of one order, "none" where it is left out."""
    if rng.random() >= order.blur:
        return Blur("none")
    if rng.random() < SINC:
        return _sample_sinc(rng, 0.0)
    shape, is_round = _one_of(rng, KERNELS)
    sigma_x = float(rng.uniform(*order.sigma))
    sigma_y = sigma_x if is_round else float(rng.uniform(*order.sigma))
    angle = 0.0 if is_round else float(rng.uniform(-np.pi, np.pi))
    low, high = BETA[shape]  # below and above 1 as often, where the range holds both
    beta = float(rng.uniform(low, 1) if rng.random() < 0.5 else rng.uniform(1, high))
    return Blur(shape, int(rng.choice(SIZES)), sigma=(sigma_x, sigma_y), angle=angle, beta=beta)


def sample_pass(rng: np.random.Generator, order: Order) -> Pass:
    """Every choice of one order."""
    blur, resize = sample_blur(rng, order), _one_of(rng, order.resize)
    scale = {"up": rng.uniform(1, order.scale[1]), "down": rng.uniform(order.scale[0], 1),
             "keep": 1.0}[resize]
    noise = "gaussian" if rng.random() < GAUSSIAN else "poisson"
    strength = rng.uniform(*(order.noise if noise == "gaussian" else order.poisson))
    return Pass(blur, resize, float(scale), str(rng.choice(MODES)), noise, float(strength),
                bool(rng.random() < GREY), int(rng.integers(JPEG[0], JPEG[1] + 1)))


def sample_plan(rng: np.random.Generator) -> Plan:
    """Every choice of one degradation."""
    first, second = sample_pass(rng, FIRST), sample_pass(rng, SECOND)
    last = _sample_sinc(rng, np.pi / 3) if rng.random() < FINAL_SINC else Blur("none")
    return Plan(first, second, last, str(rng.choice(MODES)), bool(rng.random() < 0.5))


def blurred(image: torch.Tensor, blur: Blur) -> torch.Tensor:
    """The picture through a kernel, its edges mirrored (repeated where it is too small)."""
    if blur.name == "none":
        return image
    kernel = torch.from_numpy(blur.kernel()).float().expand(3, 1, -1, -1)
    reach = blur.size // 2
    mirror = "reflect" if min(image.shape[-2:]) > reach else "replicate"
    return F.conv2d(F.pad(image, (reach,) * 4, mirror), kernel, groups=3)


def resized(image: torch.Tensor, size: tuple[int, int], mode: str) -> torch.Tensor:
    """The picture at (height, width), each at least 1, without smoothing first, as the original."""
    corners = None if mode == "area" else False
    size = tuple(max(int(length), 1) for length in size)
    return F.interpolate(image, size, mode=mode, align_corners=corners)


def gaussian_noise(image: torch.Tensor, sigma: float, grey: bool,
                   rng: np.random.Generator) -> torch.Tensor:
    """Noise of standard deviation sigma/255; grey: the same in the three channels."""
    shape = (1, 1 if grey else 3, *image.shape[-2:])
    noise = torch.from_numpy(rng.standard_normal(shape, np.float32)) * (sigma / 255)
    return (image + noise).clamp(0, 1)


def poisson_noise(image: torch.Tensor, scale: float, grey: bool,
                  rng: np.random.Generator) -> torch.Tensor:
    """Shot noise: scale·(Poisson(v·x)/v − x), of variance scale²·x/v at the value x.

    v is the number of distinct 8-bit values in the picture, as a power of two; grey: the noise of
    the picture's luma, the same in the three channels.
    """
    levels = (image * 255).round().clamp(0, 255) / 255
    if grey:
        luma = torch.tensor([0.2989, 0.587, 0.114]).view(1, 3, 1, 1)
        levels = ((levels * luma).sum(1, keepdim=True) * 255).round().clamp(0, 255) / 255
    values = 2.0 ** np.ceil(np.log2(max(len(levels.unique()), 2)))
    counts = torch.from_numpy(rng.poisson(levels.double().numpy() * values)).float()
    return (image + scale * (counts / values - levels)).clamp(0, 1)


def jpeg(image: torch.Tensor, quality: int) -> torch.Tensor:
    """The picture through a real JPEG file of this quality (1 to 95)."""
    buffer = io.BytesIO()
    _to_picture(image).save(buffer, "JPEG", quality=quality)
    return _to_tensor(np.asarray(Image.open(buffer).convert("RGB")))


def _to_picture(image: torch.Tensor) -> Image.Image:
    pixels = (image[0].clamp(0, 1) * 255).round().to(torch.uint8)
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def _to_tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.tensor(pixels).permute(2, 0, 1)[None].float() / 255


def _noised(image: torch.Tensor, step: Pass, rng: np.random.Generator) -> torch.Tensor:
    add = gaussian_noise if step.noise == "gaussian" else poisson_noise
    return add(image, step.strength, step.grey, rng)


def apply_plan(sharp: np.ndarray, plan: Plan, scale: int, rng: np.random.Generator) -> Image.Image:
    """Do what a plan says: uint8 (H, W, 3) → a picture of 1/scale its width and height."""
    height, width = sharp.shape[:2]
    first, second = plan.first, plan.second
    image = blurred(_to_tensor(sharp), first.blur)
    image = resized(image, (height * first.scale, width * first.scale), first.mode)
    image = jpeg(_noised(image, first, rng), first.quality)
    image = blurred(image, second.blur)
    small = (height / scale * second.scale, width / scale * second.scale)
    image = _noised(resized(image, small, second.mode), second, rng)
    if not plan.sinc_before_jpeg:
        image = jpeg(image, second.quality)
    image = resized(image, (height // scale, width // scale), plan.last_mode)
    image = blurred(image, plan.last)
    if plan.sinc_before_jpeg:
        image = jpeg(image, second.quality)
    return _to_picture(image)


def degrade(sharp: np.ndarray, scale: int, rng: np.random.Generator) -> np.ndarray:
    """A degraded picture brought back to the target's size: uint8 (H, W, 3) → uint8 (H, W, 3)."""
    small = apply_plan(sharp, sample_plan(rng), scale, rng)
    return enlarge(small, (sharp.shape[1], sharp.shape[0]))
