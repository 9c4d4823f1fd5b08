"""Short answers in words, for messages that ask for no picture."""

import random
import re
from collections.abc import Iterable

from app.palette import LOOKS
from app.turns import Step

_KINDS: tuple[tuple[str, str], ...] = (
    ("thanks", r"\b(thanks?|thank you|thx|ty|cheers|merci|danke|gracias|appreciate)\b"),
    ("bye", r"\b(bye|goodbye|see you|good night|cya|farewell)\b"),
    ("able", r"\b(what (can|do) (you|u)|how (do|does|can) (i|you|this|it)|help|abilities|"
             r"capabilit\w+|what is this|what are you|who are you|able to)\b"),
    ("praise", r"\b(nice|great|love(ly)?|beautiful|cool|awesome|amazing|perfect|good (job|one)|"
               r"well done|wow|brilliant)\b"),
    ("hello", r"^\W*(hi|hey|hello|hiya|yo|howdy|good (morning|afternoon|evening)|greetings|"
              r"bonjour|hallo|hola)\b"),
)

_ANSWERS: dict[str, tuple[str, ...]] = {
    "hello": (
        "Hello. What shall I draw?",
        "Hi there. Describe a picture, or drop one in and say what to change.",
        "Hello. A fox in the snow would be a fine start.",
    ),
    "thanks": (
        "Glad it helped.",
        "You are welcome. Say what to change next, or start something new.",
        "Any time.",
    ),
    "bye": ("See you. Download what you want to keep.", "Goodbye, and come back soon."),
    "able": (
        "I draw from words, change a picture when you say how, enlarge it, and erase things "
        "from it. Just write what you want.",
        "Four things: draw, edit, enlarge and erase. Write it in your own words and I will "
        "work out which.",
    ),
    "praise": (
        "Good to hear. Upscale it if you want to keep it large.",
        "Thank you. Shall we change anything else?",
    ),
    "question": (
        "I work with pictures rather than answers. Tell me what to draw, change, enlarge or "
        "erase.",
        "That one is beyond me; pictures are what I do. Describe one and I will draw it.",
    ),
    "other": (
        "Tell me what to draw, or what to change in the picture.",
        "I am listening. Describe a picture, or say what to change in this one.",
    ),
}

_WANTED: dict[str, str] = {
    "edit": "There is no picture to change yet. Drop one in, or ask me to draw one first.",
    "sr": "There is no picture to enlarge yet. Drop one in, or ask me to draw one first.",
    "inpaint": "There is no picture to erase from yet. Drop one in, or ask me to draw one first.",
}

_VERBS = {"t2i": "draw", "edit": "edit", "sr": "enlarge", "inpaint": "erase"}
_NUMBERS = "no one two three four five six seven eight nine ten".split()

HAVE_IT = "Got it, it is on the canvas. Say what to change or what to erase, or press Upscale."
EMPTY = "Write what you want to see, or drop in a picture."
NO_PREVIOUS = "There is no version before this one; which picture do you mean?"
NOTHING_TO_VARY = "There is nothing to vary yet: ask me to draw something first."
NO_SEED = "No picture before this one has a seed, so it takes a new one."
FLAGGED = "The model's own safety check held that picture back. Try again, or say it another way."
UNUSED_AREA = "The painted area was not used."
LANGUAGES = ("I read English, Spanish, French, German, Italian and Portuguese. Could you say that "
             "in one of them?")
ENGLISH_BEST = "This model reads English best."
UNSURE = "I can read that in two ways. Which one did you mean?"


def kind_of(text: str) -> str:
    """What sort of small talk a message is: one of the kinds that have answers."""
    for kind, pattern in _KINDS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind
    return "question" if text.rstrip().endswith("?") else "other"


def answer(text: str, seed: int) -> str:
    """One friendly sentence or two for a message that asks for no picture; same seed, same one."""
    return random.Random(seed).choice(_ANSWERS[kind_of(text)])


def so_many(count: int, uploads: bool) -> str:
    """Ask back for a picture that there is not: how many there are."""
    many = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    plural = "picture" if count == 1 else "pictures"
    if uploads:
        return f"You sent {many} {plural}; which one do you mean?"
    return f"There {'is' if count == 1 else 'are'} {many} {plural} so far; which one do you mean?"


def drawn_as(prompt: str) -> str:
    """What a drawing was made from, where it was said in other words."""
    return f"Drawn as: {prompt}."


def read_as(plan: Iterable[Step]) -> str:
    """How a message in another language was read."""
    return f"Read as: {'; '.join(step.text or LOOKS[step.task].verb.lower() for step in plan)}"


def untrained(task: str, trained: Iterable[str]) -> str:
    """Say that the model has not learned a task, and what it has learned."""
    verbs = [_VERBS[each] for each in _VERBS if each in trained]
    able = f"; it can {' and '.join(verbs)}" if verbs else ""
    return f"This model has not been trained to {_VERBS[task]} yet{able}."


def failed_step(index: int, task: str, reason: str) -> str:
    """Which step of a plan went wrong (`index` from 0), and why."""
    return f"Step {index + 1}, {LOOKS[task].name}: {reason}"


def request_picture(task: str) -> str:
    """What to say when "edit", "sr" or "inpaint" has no picture to work on."""
    return _WANTED[task]
