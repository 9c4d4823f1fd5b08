"""Everyday words for the light and the weather, in the words that the playground world has."""

import re

_SEASON = r"winter(?:time)?|snowstorms?|blizzards?"
_STORM = r"(?:thunder|rain)?storms?|drizzle|downpours?"
_RULES = tuple((re.compile(pattern, re.IGNORECASE), word) for pattern, word in (
    # what it looks like: "a winter landscape", "a stormy day"
    (rf"\b(?:{_SEASON})(?=\s+(?:landscape|scene|field|day|night|picture|photo|weather|background))",
     "snowy"),
    (r"\bstormy\b", "rainy"),
    (r"\b(?:starry|starlit|moonlit)\s+(?=nights?\b)", ""),
    (r"\b(?:starry|starlit|moonlit)\b", "night"),
    # when and in what: "in winter", "during a storm", "at noon"
    (rf"\b(?:in|during|for)\s+(?:(?:the|a)\s+)?(?:{_SEASON})\b", "in falling snow"),
    (rf"\b(?:in|during)\s+(?:(?:the|a)\s+)?(?:{_STORM})\b", "in the rain"),
    (r"\b(?:at\s+(?:noon|midday)|in\s+the\s+(?:morning|afternoon))\b", "in daylight"),
    # alone: "make it winter", "let there be a storm"
    (rf"\b(?:a\s+)?(?:{_SEASON})\b", "snow"),
    (rf"\b(?:a\s+)?(?:{_STORM})\b", "rain"),
    (r"\b(?:noon|midday|morning|afternoon)\b", "daytime"),
    (r"\bsunny\b", "clear"),
))


def everyday(text: str) -> str:
    """An English request with such words as "winter" or "at noon" said as the world's captions and
    instructions say them; all else as it is."""
    for pattern, word in _RULES:
        text = pattern.sub(word, text)
    return text
