"""What a step's words ask for beyond its text: a size, how many, what must not appear.

The slots are those of intents.slots. What this model cannot follow is said in one short
sentence each; the rest is obeyed.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.backend import Abilities
from app.turns import Step

Size = tuple[int, int]  # (width, height) in pixels

MOST = 4  # pictures of one wish
SCALES = (2, 4)  # what the backbone enlarges by in one go
LARGEST = 4096  # pixels a side that it can make


@dataclass(frozen=True)
class Wish:
    """One step as it is to be run.

    count: how many pictures; scale: what the model enlarges by, 0 where the picture only becomes
    smaller; size: of the result, None as the model makes it; lines: what cannot be had.
    """

    prompt: str
    count: int = 1
    scale: int = 2
    size: Size | None = None
    lines: tuple[str, ...] = ()


def wish_of(step: Step, source: Size | None, able: Abilities) -> Wish:
    """What `step` asks for. source: the size of the picture it works on, None if it draws."""
    slots, prompt, scale, size = step.slots, step.text, 2, None
    lines: list[str] = []
    if step.task == "sr" and source is not None:
        scale, size, lines = _enlarged(slots, source)
    elif step.task == "t2i":
        size, lines = _drawn(slots, able)
        prompt, left = leave_out(prompt, slots.get("without", ()))
        lines += _left_out(slots.get("without", ()), left, able)
    elif step.task == "edit" and "without" in slots:
        prompt, _ = leave_out(prompt, slots["without"])
        lines.append(f"To take out {_listed(slots['without'])}, ask for that by itself.")
    count = count_of(step)
    asked = slots.get("variations", 1)
    if step.task == "sr" and asked > 1:
        lines.append("An enlargement has no variations.")
    elif asked > count:
        lines.append(f"{count} at once is the most, not {asked}.")
    return Wish(prompt, count, scale, size, tuple(lines))


def count_of(step: Step) -> int:
    """How many pictures the step makes, 1 to MOST."""
    return 1 if step.task == "sr" else max(1, min(int(step.slots.get("variations", 1)), MOST))


def seed_of(plan: Sequence[Step]) -> int | None:
    """The seed that the words name first, None if they name none."""
    return next((step.slots["seed"] for step in plan if "seed" in step.slots), None)


def same_seed(plan: Sequence[Step]) -> bool:
    """True if the words ask for the seed of the picture before."""
    return any("same_seed" in step.slots for step in plan)


def without_seeds(plan: Sequence[Step]) -> tuple[Step, ...]:
    """The same plan for another seed than the one that was named."""
    return tuple(
        replace(step, slots={name: value for name, value in step.slots.items()
                             if name not in ("seed", "same_seed")})
        for step in plan)


def leave_out(prompt: str, things: Sequence[str]) -> tuple[str, bool]:
    """The prompt without "no people, cars or text" and whether all of `things` are gone from it.

    No pipeline of ours has a negative prompt, and a model that reads "no people" draws people.
    """
    if not things:
        return prompt, True
    one = f"(?:{'|'.join(re.escape(thing) for thing in sorted(things, key=len, reverse=True))})"
    more = rf"(?:\s*,?\s*(?:or|and|nor)?\s*(?:any |no |the |an? )*{one})*"
    shorter = re.sub(
        r"(?:\s*[,;])?\s*\b(?:and |but )?(?:without|with no|with nobody|not any|no|sans)\s+"
        rf"(?:any |the |an? |more |visible )?{one}{more}\b", "", prompt, flags=re.IGNORECASE)
    shorter = re.sub(r"^(?:,|and\b|or\b|\s)+|(?:,|\band|\bor|\s)+$", "", " ".join(shorter.split()))
    if not shorter:
        return prompt, False
    return shorter, not re.search(rf"\b{one}\b", shorter, re.IGNORECASE)


def _left_out(things: Sequence[str], left: bool, able: Abilities) -> list[str]:
    if not things:
        return []
    if left and able.world:
        return [f"No {_listed(things)}: I only draw what is named."]
    if left:
        return [f"Left out of the words: {_listed(things)}."]
    return [f"I cannot promise to leave out {_listed(things)}."]


def _listed(things: Sequence[str]) -> str:
    return ", ".join(things)


def _enlarged(slots: dict[str, Any], source: Size) -> tuple[int, Size | None, list[str]]:
    """The factor that reaches what was asked for, the exact size, and what cannot be had."""
    if "dpi" in slots:
        return _printed(slots["dpi"], source)
    target, lines = _target(slots, source)
    if target is None:
        return SCALES[0], None, lines
    needed = max(length / own for length, own in zip(target, source, strict=True))
    if needed < 1:
        return 0, target, lines
    scale = next((scale for scale in SCALES if scale >= needed), SCALES[-1])
    reached = (scale * source[0], scale * source[1])
    if needed > SCALES[-1]:
        return scale, None, [f"{scale} times is the most at once: {_by(reached)}, not "
                             f"{_by(target)}. Ask again to go on."]
    return scale, None if target == reached else target, lines


def _target(slots: dict[str, Any], source: Size) -> tuple[Size | None, list[str]]:
    """The (width, height) that scale, width and height ask for; a picture keeps its shape."""
    zooms = [slots[name] / length for name, length in zip(("width", "height"), source, strict=True)
             if name in slots]
    if not zooms:
        zooms = [float(slots["scale"])] if "scale" in slots else []
    if not zooms:
        return None, []
    width, height = (max(1, round(length * min(zooms))) for length in source)
    exact = (slots.get("width", width), slots.get("height", height))
    if abs(exact[0] - width) <= 1 and abs(exact[1] - height) <= 1:
        return exact, []
    return (width, height), [f"It keeps its shape: {_by((width, height))}, not {_by(exact)}."]


def _printed(dpi: int, source: Size) -> tuple[int, Size | None, list[str]]:
    scale = SCALES[-1] if SCALES[-1] * max(source) <= LARGEST else SCALES[0]
    width, height = (2.54 * scale * length / dpi for length in source)
    return scale, None, [f"At {dpi} dots per inch it prints {width:.0f} × {height:.0f} cm."]


def _drawn(slots: dict[str, Any], able: Abilities) -> tuple[Size | None, list[str]]:
    """The size to draw at, None for the model's own, and what cannot be had."""
    side = able.side
    if "width" in slots or "height" in slots:
        wanted = (slots.get("width", side), slots.get("height", side))
    elif "aspect" in slots:
        across, down = (int(part) for part in slots["aspect"].split(":"))
        wanted = (round(side * math.sqrt(across / down)), round(side * math.sqrt(down / across)))
    else:
        return None, []
    if wanted == (side, side):
        return None, []
    if able.world:
        return None, [f"I draw {side} × {side} only, so crop or enlarge it afterwards."]
    most = 2 * side  # beyond it a diffusion model repeats what it draws
    zoom = min(1.0, most / max(wanted))
    size = tuple(max(1, round(length * zoom)) for length in wanted)
    lines = [f"I draw at most {most} a side: {_by(size)}. Enlarge it afterwards."]
    return size, lines if zoom < 1 else []


def _by(size: Sequence[int]) -> str:
    return f"{size[0]} × {size[1]}"
