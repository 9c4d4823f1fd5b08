"""The router: Router.load().predict(text, ...) → Prediction with its plan."""

from __future__ import annotations

import dataclasses
import functools
import json
from dataclasses import dataclass
from pathlib import Path

import sentencepiece
import torch
from safetensors.torch import load_file

from .labels import INTENTS, Context
from .languages import language
from .model import LettersAlone, RouterConfig, build_model, combined
from .plan import Plan, likeliest, planned
from .text import batch, clean, encode
from .weights import unpack

# Whole messages that answer or wave, in any context. As single words they look like the beginning
# of a command ("no cars", "stop sign"), and drawing on a "no" would be the worst mistake.
ANSWERS = frozenset(
    "no nope nah yes yeah yep yup ok okay k sure fine right hi hello hey thanks thx ty bye wait "
    "stop cancel why what who how hmm hm oh wow lol maybe".split()
)
ASSETS = Path(__file__).parent.parent / "assets" / "intents"


@dataclass(frozen=True)
class Prediction:
    """intent: the likeliest of the first step; scores: all five, summing to 1; confidence: the
    likeliest's score, of the least sure step where the plan has several; language: the message's
    ISO code or "other" (see languages.language)."""

    intent: str
    confidence: float
    scores: dict[str, float]
    plan: Plan
    language: str = "en"

    def to_dict(self) -> dict:
        steps = [step.to_dict() for step in self.plan.steps]
        return {
            "intent": self.intent,
            "confidence": self.confidence,
            "scores": self.scores,
            "plan": steps,
        }


class Router:
    """Text and context → intent and plan. Holds the weights; safe to share between threads."""

    def __init__(self, model: torch.nn.Module, processor, config: RouterConfig):
        self.model = model.eval().requires_grad_(False)
        self.processor, self.config = processor, config

    @classmethod
    def load(cls, path: str | Path | None = None) -> Router:
        """Load a folder written by intents.train (assets/intents by default).

        Raises FileNotFoundError when a file is missing, ValueError when one does not fit.
        """
        folder = Path(path) if path else ASSETS
        for name in ("config.json", "model.safetensors", "tokenizer.model"):
            if not (folder / name).is_file():
                raise FileNotFoundError(
                    f"{folder} has no {name}; make it with python -m intents.train"
                )
        try:
            config = RouterConfig(**json.loads((folder / "config.json").read_text()))
            model = build_model(config)
            state = load_file(folder / "model.safetensors")
            model.load_state_dict(unpack(state))
            processor = sentencepiece.SentencePieceProcessor(
                model_file=str(folder / "tokenizer.model")
            )
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(
                f"{folder} does not hold a router: {str(error).splitlines()[0]}"
            ) from None
        return cls(model, processor, config)

    def part(self, name: str) -> Router:
        """One part of it as a router: "letters", "transformer" or "bag". Raises ValueError for a
        part it has not."""
        if name == "letters" and self.config.letters:
            return Router(LettersAlone(self.model.letters), self.processor, self.config)
        if name not in ("transformer", "bag") or self.config.kind != "both":
            raise ValueError(f"the router is a {self.config.kind}: it has no part {name!r}")
        silent = dataclasses.replace(self.config, letters=0)
        return Router(getattr(self.model, name), self.processor, silent)

    @property
    def threshold(self) -> float:
        """Below this confidence one should ask rather than act."""
        return self.config.threshold

    @torch.inference_mode()
    def scores(self, text: str, context: Context, code: str | None = None) -> dict[str, float]:
        """Calibrated probabilities of the five intents for one text taken as a single wish.

        code: the language of the whole message, told from `text` if not given. What is in a
        language the router has not learnt is never sure enough to act on.
        """
        if clean(text).strip(" .,!?") in ANSWERS:
            return spread({"chat": 0.98})
        pieces = encode(self.processor, text)
        if not pieces:
            return wordless(context)
        ids, features = batch([pieces], [context], self.config.pad)
        heard = self.config.heard(text, context)
        logits = combined(self.model, self.config, ids, features, [heard])[0]
        logits = logits / self.config.temperature
        read = dict(zip(INTENTS, torch.softmax(logits, 0).tolist(), strict=True))
        return unsure(read) if (code or language(text)) == "other" else read

    def predict(
        self, text: str, images: int = 0, mask: bool = False, history: bool = False
    ) -> Prediction:
        """Route one message. images: pictures attached; mask: an area is painted; history: a
        picture already stands in the conversation. Raises TypeError or ValueError otherwise."""
        context = checked(text, images, mask, history)
        code = language(text)
        told, plan = planned(text, context, functools.partial(self.scores, code=code))
        confidence = min(max(scores.values()) for scores in told)
        return Prediction(likeliest(told[0]), confidence, told[0], plan, code)


def wordless(context: Context) -> dict[str, float]:
    """Scores of a message without words: a painted area is to go; a picture alone can mean
    anything, so the app asks; nothing at all is nothing to draw."""
    if context.mask:
        likely = {"inpaint": 0.92}
    elif context.images:
        likely = {"edit": 0.32, "sr": 0.32, "inpaint": 0.18, "chat": 0.16}
    else:
        likely = {"chat": 0.96}
    return spread(likely)


def unsure(scores: dict[str, float]) -> dict[str, float]:
    """The same order, but none above 0.52: the two likeliest readings are to be asked about."""
    return {name: 0.4 * score + 0.6 / len(scores) for name, score in scores.items()}


def spread(likely: dict[str, float]) -> dict[str, float]:
    """All five scores: the given ones, and the rest shared evenly."""
    rest = (1 - sum(likely.values())) / (len(INTENTS) - len(likely))
    return {name: likely.get(name, rest) for name in INTENTS}


best = likeliest  # the name other modules know it by


def checked(text, images, mask, history) -> Context:
    """The context, if all four have the right types; else TypeError or ValueError."""
    if not isinstance(text, str):
        raise TypeError("text must be a string")
    if isinstance(images, bool) or not isinstance(images, int):
        raise TypeError("images must be a whole number")
    if images < 0:
        raise ValueError("images must not be negative")
    if not isinstance(mask, bool) or not isinstance(history, bool):
        raise TypeError("mask and history must be true or false")
    return Context(images, mask, history)
