"""OneBrush's router: what a message asks for, as a plan of steps."""

from .labels import INTENTS, Context
from .languages import LANGUAGES, language
from .plan import Plan, Step
from .router import Prediction, Router

__all__ = [
    "Context",
    "INTENTS",
    "language",
    "LANGUAGES",
    "Plan",
    "Prediction",
    "Router",
    "Step",
]
