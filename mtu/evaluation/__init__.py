"""Measuring models of the playground world: the scene reader, judges, reports."""

from .reader import SceneReader
from .reading import Found, Reading, read

__all__ = ["Found", "Reading", "SceneReader", "read"]
