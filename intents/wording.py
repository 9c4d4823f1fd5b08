"""The words a step hands to the backbone: the wish without greetings, manners and settings."""

from __future__ import annotations

import re

from .slots import without_settings

OPENER = (
    r"(?:(?:hi|hello|hey|ok|okay|so|well|hmm+|umm+|um(?=[,.!])|great|nice|perfect|thanks|thank you|"
    r"cool(?! down| off| up| the| it)|good morning|alright|lovely|yes|please|"
    r"pls|plz|now|next|just|also|kindly|and|then|but|"
    r"hola|bonjour|salut|hallo|ciao|ol[aá]|oi|por favor|bitte|per favore|"
    r"s'il (?:te|vous) pla[iî]t|stp|svp)"
    r"(?: there| so| a lot| very much)?[,!.:]*\s+)"
)
_OPENERS = re.compile(rf"^{OPENER}+", re.I)
_REQUEST = re.compile(
    r"^(?:(?:can|could|would|will) (?:you|u|we|i)(?: please| also| maybe)?\s+|"
    r"i(?:'d| would)? (?:also )?(?:like|love|want|need) (?:you )?(?:to )?|i want (?:you )?to |"
    r"let's |let me |"
    r"would you mind |is it possible to |do you think you could |help me (?:to )?|go ahead and |"
    r"[¿¡]?(?:puedes|podr[ií]as|puede usted) |(?:peux-tu|pourrais-tu|pouvez-vous|tu peux) |"
    r"(?:kannst|k[oö]nntest|w[uü]rdest) du (?:bitte )?|(?:puoi|potresti) |"
    r"(?:voc[eê] )?(?:pode|poderia|podes) )",
    re.I,
)
_MEDIUM = (
    r"(?:new |nice |quick )?(?:picture|image|photo|photograph|pic|drawing|illustration|scene|"
    r"artwork)"
)
IGNORE = re.compile(
    r"^(?:ignor(?:e|ing)|forget|disregard|skip|never mind|not|don't \w+|do not \w+)\b[^,;:.|]*?"
    r"(?:[,;:.|]|\band\b)\s*(?:just |now |instead |please )*",
    re.I,
)
_LEAD = re.compile(
    rf"^(?:(?:draw|paint|sketch|generate|create|make|render|design|illustrate|produce|"
    rf"imagine|show|"
    rf"visuali[sz]e|compose|craft|give|have|get|see|do|whip up|come up with|put together|"
    rf"depict|doodle)\b(?!\s+(?:of|style|drops?|splash|brush|on)\b)"
    rf"(?:\s+(?:me|us|for me|for us))?(?:\s*:)?\s+|(?:an?other|a|an|the|one more|"
    rf"some)\s+{_MEDIUM}\s+"
    rf"(?:of|showing|with|where|that shows)\s+|(?:new|next|another|fresh)\s+(?:{_MEDIUM}|"
    rf"one)\s*[:,]\s*|"
    rf"{_MEDIUM}\s+of\s+|(?:how|what) about\s+|(?:of|showing)\s+)",
    re.I,
)
# The same in Spanish, French, German, Italian and Portuguese: "dibújame", "une image de", …
_LEAD_FOREIGN = re.compile(
    r"^(?:(?:dib[uú]ja(?:me)?|p[ií]nta(?:me)?|genera(?:me)?|cr[eé]a(?:me)?|hazme|mu[eé]strame|"
    r"quiero|dessine(?:-moi)?|dessinez|peins(?:-moi)?|g[eé]n[eè]re(?:-moi)?|cr[eé]e(?:-moi)?|"
    r"montre-moi|je veux|je voudrais|zeichne?|male?|erstelle?|erzeuge?|generiere?|zeig|"
    r"ich (?:will|m[oö]chte)|disegna(?:mi)?|dipingi(?:mi)?|mostrami|voglio|vorrei|"
    r"desenhe?a?(?:-me)?|pinte|crie|gere|mostre(?:-me)?|quero)(?: mir| uns)?\s+|"
    r"(?:una?|une|eine?|uma) (?:imagen|foto|dibujo|image|photo|dessin|bild|foto|zeichnung|"
    r"immagine|disegno|imagem|desenho) (?:de|d'|von|di|d[ei]) ?)(?=\w)",
    re.I,
)
_TAIL = re.compile(
    r"(?:[,.!\s]+(?:please|pls|plz|(?:many )?thanks|thank you|thx|cheers|for me|if (?:you can|"
    r"possible)|would you|will you|can you|asap|por favor|s'il (?:te|vous) pla[iî]t|stp|svp|bitte|"
    r"danke|per favore|grazie|gracias|merci|obrigad[oa])(?: (?:so|very) much| a lot| in advance)?)+"
    r"[\s.!?]*$",
    re.I,
)
_STANDS_AS_OBJECT = re.compile(r"(?:it|them|this|that|him|her)\b", re.I)


def backbone_text(task: str, text: str) -> str:
    """What the backbone reads for one step.

    t2i: the prompt without lead-ins ("draw me a" goes, "a" stays when it stood there) and settings;
    edit and inpaint: the instruction without greetings and politeness; sr: "". What comes out goes
    in again unchanged.
    """
    if task == "sr":
        return ""
    while (shorter := _bare(task, text)) != text:
        text = shorter
    return text


def _bare(task: str, text: str) -> str:
    bare = " ".join(text.split())
    bare = _OPENERS.sub("", bare)
    if task == "t2i":
        bare = IGNORE.sub("", bare)
    wish = bare
    bare = _REQUEST.sub("", bare, count=1)
    # "I want it darker" says what is wanted of "it" only with its "I want".
    if task != "t2i" and _STANDS_AS_OBJECT.match(bare) and re.match(r"i\b", wish, re.I):
        bare = wish
    bare = _OPENERS.sub("", bare)
    bare = _TAIL.sub("", bare).rstrip(" ?!.…,;")
    if task == "t2i":
        bare = _prompt(bare)
    return bare or " ".join(text.split())


def _prompt(bare: str) -> str:
    bare = without_settings(bare)
    for _ in range(3):
        shorter = _LEAD_FOREIGN.sub("", _LEAD.sub("", bare, count=1), count=1)
        if shorter == bare or not shorter:
            break
        bare = shorter
    return without_settings(_TAIL.sub("", bare))
