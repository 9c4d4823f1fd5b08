"""OneBrush's router: what a message asks for, as a plan of steps."""

from .labels import INTENTS, Context
from .plan import Plan, Step
from .router import Prediction, Router

__all__ = ["Context", "INTENTS", "Plan", "Prediction", "Router", "Step"]
