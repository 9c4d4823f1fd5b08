"""The words a command begins with, in six languages, and slips of the keys in the English ones."""

from __future__ import annotations

import re
from functools import lru_cache

VERBS = frozenset(
    (
        "add animate apply attach blow blur brighten bring change clean clear color colour "
        "colorize colourize convert correct crop darken deblur decorate decrease delete "
        "denoise desaturate design double draw dress drop duplicate dye edit eliminate enhance "
        "enlarge erase exchange expand export extend fill fix flip generate get give hang have "
        "hide illustrate improve include increase insert invert let lighten lose magnify make "
        "mirror move paint photoshop pixelate place posterize put quadruple raise recolor "
        "recolour redraw reduce remaster remove render repaint repair replace resize restore "
        "restyle retouch rotate saturate save scale scrub set sharpen shift shrink sketch smooth "
        "soften straighten strip stylize substitute swap switch take tint transform trim triple "
        "turn unblur upsample upscale wash wipe wrap write zoom centre center dim tilt"
    ).split()
)
# Also nouns or adjectives: commands only before "it", "the", "up", …
DOUBTFUL = (
    "open close warm cool cover light frame label age type lower surround lift push pull drag "
    "slide rub cut print"
)
# May be a whole command without an object.
ALONE = (
    "upscale enlarge sharpen denoise deblur unblur enhance colorize colourize upsample double "
    "triple magnify brighten darken desaturate"
).split()
DRAWING = (
    "draw paint sketch create generate imagine design render illustrate produce show depict compose"
).split()
ASKED = (
    r"(?:(?:please|pls|plz|also|second(?:ly)?|third(?:ly)?|2nd|3rd|finish (?:with|by)|"
    r"finally|lastly|later|just|only|now|next|then|afterwards|after that|maybe|"
    r"(?:can|could|would|will) (?:you|u)|i(?:'d like| want| need) (?:you )?to|let's)[, ]+)*"
)
_OBJECT = (
    r"(?:out|it|this|that|them|the|these|those|his|her|my|our|their|its|every\w+|all|up|down)\b"
)
COMMAND = re.compile(
    rf"\s*{ASKED}(?:(?:{'|'.join(sorted(VERBS))})\b(?!-)|get rid of\b|"
    rf"(?:{DOUBTFUL.replace(' ', '|')}) {_OBJECT}|"
    r"i(?:'d| would)? (?:also )?(?:want|need|like|love|prefer)\b|(?:an? )?\d+x (?:upscale|"
    r"enlargement)\b)",
    re.I,
)
VERB_ALONE = re.compile(rf"\s*{ASKED}(?:{'|'.join(sorted(VERBS))})[\s.!?]*$", re.I)
MAY_STAND_ALONE = re.compile(rf"\s*{ASKED}(?:{'|'.join(ALONE)})\b", re.I)

FOREIGN = {
    "es": "quita quitar elimina eliminar borra borrar saca retira añade añadir agrega pon poner "
    "coloca haz hacer deja vuelve cambia cambiar reemplaza sustituye convierte transforma "
    "mueve pinta pintar dibuja dibujar colorea amplía agranda aumenta mejora enfoca "
    "duplica triplica escala ampliar agrandar mover reemplazar convertir recorta aclara "
    "oscurece genera restaura rellena",
    "fr": "enlève enlever enlevez retire retirer supprime supprimer supprimez efface ôte ajoute "
    "ajouter ajoutez mets mettre mettez fais faites rends remplace remplacer transforme "
    "convertis déplace peins dessine agrandis agrandir améliore augmente éclaircis "
    "assombris recadre crée génère restaure remplis nettoie",
    "de": "entferne entfern lösche lösch radiere nimm füge setze setz stelle mache mach ersetze "
    "verwandle ändere verschiebe bewege zeichne färbe vergrößere vergrößer skaliere "
    "verdopple verdreifache schärfe entrausche drehe schneide erstelle erzeuge tausche "
    "lass fülle restauriere",
    "it": "togli rimuovi elimina cancella leva aggiungi metti rendi fai cambia sostituisci "
    "trasforma converti sposta dipingi disegna colora ingrandisci raddoppia triplica "
    "migliora togliere rimuovere aggiungere rendere ingrandire schiarisci scurisci ruota "
    "ritaglia genera restaura riempi",
    "pt": "remova remover tira retire apague apaga elimine adicione adiciona acrescente coloque "
    "coloca põe ponha faça faz deixe deixa torne mude muda substitua troque transforme "
    "converta mova pinte desenhe desenha aumente amplie dobre duplique triplique melhore "
    "clareie escureça gere restaure preencha adicionar aumentar",
}
# Commands with a pronoun tied on: "quítalo", "rendilo", "deixe-o", "rends-le".
_TIED = {
    "es": "me|lo|la|los|las|le",
    "it": "mi|lo|la|li|le",
    "pt": "-(?:me|l?[oa]s?)",
    "fr": "-(?:moi|le|la|les)",
    "de": "(?!)",
}
_POLITE = (
    r"[¿¡]?(?:(?:por favor|s'il te plaît|stp|bitte|per favore|auch|también|aussi|anche|também|"
    r"puedes|podr[ií]as|peux-tu|pourrais-tu|kannst du|k[oö]nntest du|puoi|potresti|"
    r"(?:voc[eê] )?(?:pode|poderia|podes)),? )*"
)


# Letters as they are also met: accents left out, or put in where a pronoun is tied on ("quítalo").
_LETTERS = {
    "a": "aá", "e": "eé", "i": "ií", "o": "oó", "u": "uú",
    "á": "áa", "é": "ée", "è": "èe", "ê": "êe", "í": "íi", "ó": "óo", "ô": "ôo", "ú": "úu",
    "ñ": "ñn", "ç": "çc", "õ": "õo", "ã": "ãa",
}  # fmt: skip
_UMLAUTS = {"ä": "(?:ä|ae|a)", "ö": "(?:ö|oe|o)", "ü": "(?:ü|ue|u)", "ß": "(?:ß|ss)"}


def _loosely(word: str) -> str:
    """An expression for the word and its spellings without accents: "añade", "anade"."""
    return "".join(_UMLAUTS.get(c) or (f"[{_LETTERS[c]}]" if c in _LETTERS else c) for c in word)


def _foreign_command() -> re.Pattern:
    kinds = []
    for code, words in FOREIGN.items():
        forms = "|".join(_loosely(word) for word in words.split())
        kinds.append(rf"(?:{forms})(?:{_TIED[code]})?")
    return re.compile(rf"\s*{_POLITE}(?:{'|'.join(kinds)})(?=[\s,.;!?]|$)", re.I)


FOREIGN_COMMAND = _foreign_command()

_SLIPS = {
    "ad": "add",
    "mke": "make",
    "mak": "make",
    "maek": "make",
    "ereas": "erase",
    "sharpn": "sharpen",
    "tunr": "turn",
    "thn": "then",
    "thenn": "then",
    "tehn": "then",
    "thne": "then",
    "adn": "and",
    "nad": "and",
    "annd": "and",
    "amd": "and",
}
# Words that a slip would turn into a command, and that are none.
_WORDS = frozenset(
    "pace crate pant pint pain bing shit sift spit sale rise rase trip cear moe mace tun fad clan "
    "clean chance shrub carp fill ope born eras hags lager diary".split()
)


@lru_cache(maxsize=4096)
def respelled(word: str) -> str:
    """A command with one slip of the keys, put right; any other word as it is.

    A slip is two letters swapped, one doubled, or one left out of five or more.
    """
    low = word.lower()
    if low in _SLIPS:
        return _SLIPS[low]
    if len(low) < 4 or low in VERBS or low in _WORDS or not low.isascii():
        return word
    found = {verb for verb in (*sorted(VERBS), "then") if _is_slip(low, verb)}
    return found.pop() if len(found) == 1 else word


def _is_slip(word: str, verb: str) -> bool:
    if len(word) == len(verb):
        odd = [i for i, (a, b) in enumerate(zip(word, verb, strict=True)) if a != b]
        return (
            len(verb) >= 4
            and len(odd) == 2
            and odd[1] == odd[0] + 1
            and (word[odd[0]] == verb[odd[1]] and word[odd[1]] == verb[odd[0]])
        )
    if len(word) == len(verb) + 1:
        return any(word == verb[: i + 1] + verb[i:] for i in range(len(verb)))
    if len(word) + 1 == len(verb) >= 5:
        return word[0] == verb[0] and any(
            word == verb[:i] + verb[i + 1 :] for i in range(1, len(verb))
        )
    return False
