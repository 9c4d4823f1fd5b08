"""The four tasks as the user meets them: name, verb and colour; and the fifth reading, words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """One task's name and colours. ink on tint, and the dark pair, keep a contrast of 4.5."""

    name: str
    verb: str  # what a button says that takes a message this way
    ink: str
    tint: str
    dark_ink: str
    dark_tint: str


LOOKS: dict[str, Look] = {
    "t2i": Look("Draw", "Draw a new picture", "#5b21b6", "#ede9fe", "#c4b5fd", "#2e1f55"),
    "edit": Look("Edit", "Change this picture", "#854d0e", "#fef3c7", "#fcd34d", "#3d2c0a"),
    "sr": Look("Enlarge", "Make it larger", "#115e59", "#ccfbf1", "#5eead4", "#0c3833"),
    "inpaint": Look("Erase", "Take it out", "#9f1239", "#ffe4e6", "#fda4af", "#4a1322"),
    "chat": Look("Answer", "Just answer", "#334155", "#e2e8f0", "#cbd5e1", "#283345"),
}


def css() -> str:
    """The colours as CSS variables, `.ob-<task>` setting --ink and --tint, light and dark."""
    rules = []
    for task, look in LOOKS.items():
        rules.append(f".ob-{task} {{ --ink: {look.ink}; --tint: {look.tint}; }}")
        rules.append(f".dark .ob-{task} {{ --ink: {look.dark_ink}; --tint: {look.dark_tint}; }}")
    return "\n".join(rules)
