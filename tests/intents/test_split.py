"""Where messages fall apart, in six languages; that any text is survived."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intents.labels import INTENTS, Context
from intents.plan import backbone_text, planned, split
from intents.verbs import respelled

LISTS = (
    "1. remove the bird\n2. make it autumn",
    "1) remove the bird 2) make it autumn",
    "a) remove the bird b) make it autumn",
    "- remove the bird\n- make it autumn",
    "• remove the bird\n• make it autumn",
    "Step 1: remove the bird. Step 2: make it autumn.",
    "step one: remove the bird; step two: make it autumn",
    "first: remove the bird. second: make it autumn",
    "Please do this:\n1. remove the bird\n2. make it autumn",
    "remove the bird / make it autumn",
    "remove the bird | make it autumn",
    "remove the bird -> make it autumn",
    "remove the bird\nmake it autumn",
    "remove the bird & make it autumn",
    "remove the bird; then make it autumn",
    "remove the bird... then make it autumn",
    "remove the bird. Oh, and make it autumn",
    "remove the bird and, if possible, make it autumn",
    "remove the bird and while you're at it make it autumn",
    "make it autumn, but before that remove the bird",
    "before you make it autumn, remove the bird",
    "after removing the bird, make it autumn",
    "once you've removed the bird, make it autumn",
    "when the bird is gone, make it autumn",
    "make it autumn after removing the bird",
    "remvoe the bird and mkae it autumn",
    "remove the bird thn make it autumn",
)


@pytest.mark.parametrize("text", LISTS)
def test_one_list_said_in_many_ways(text):
    parts = [part.lower().rstrip(" .") for part in split(text)]
    assert [part.replace("removed", "remove") for part in parts] == [
        "remove the bird",
        "make it autumn",
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("quita el perro y luego hazlo de noche", ["quita el perro", "hazlo de noche"]),
        ("primero borra el árbol, después añade una casa", ["borra el árbol", "añade una casa"]),
        (
            "¿puedes quitar el coche y ampliar la imagen?",
            ["¿puedes quitar el coche", "ampliar la imagen?"],
        ),
        ("quítalo y ponle un sombrero", ["quítalo", "ponle un sombrero"]),
        ("enlève le chien puis rends-le plus sombre", ["enlève le chien", "rends-le plus sombre"]),
        (
            "dessine un renard, ensuite ajoute de la neige",
            ["dessine un renard", "ajoute de la neige"],
        ),
        ("d'abord supprime l'arbre et agrandis 4x", ["supprime l'arbre", "agrandis 4x"]),
        ("entferne den Hund und dann mach es Nacht", ["entferne den Hund", "mach es Nacht"]),
        (
            "zuerst lösche den Baum, danach füge Schnee hinzu",
            ["lösche den Baum", "füge Schnee hinzu"],
        ),
        ("togli il cane e poi rendilo più scuro", ["togli il cane", "rendilo più scuro"]),
        ("disegna una volpe, infine aggiungi la neve", ["disegna una volpe", "aggiungi la neve"]),
        ("remova o cachorro e depois deixe-o maior", ["remova o cachorro", "deixe-o maior"]),
        ("desenhe uma raposa, em seguida adicione neve", ["desenhe uma raposa", "adicione neve"]),
    ],
)
def test_other_languages(text, parts):
    assert split(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "quita el gato y el perro",
        "enlève le chat et le chien",
        "entferne die Katze und den Hund",
        "togli il gatto e il cane",
        "remova o gato e o cachorro",
        "a bed and breakfast sign",
        "a female and male lion",
        "stop and go traffic",
        "a cut and polished diamond",
        "cops and robbers, one cop and one robber",
        "write 'then remove it' on the wall",
        "remove the dog because it barks and spoils it",
        "a castle on a hill, then a river below",
    ],
)
def test_one_wish_stays_whole(text):
    assert split(text) == [text]


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("remvoe", "remove"),
        ("mkae", "make"),
        ("delte", "delete"),
        ("Upscal", "upscale"),
        ("crate", "crate"),
        ("place", "place"),
        ("dad", "dad"),
        ("zebra", "zebra"),
    ],
)
def test_slips_of_the_keys(word, right):
    assert respelled(word) == right


@pytest.mark.parametrize(
    ("task", "text", "wanted"),
    [
        ("t2i", "por favor dibuja una casa", "una casa"),
        ("t2i", "dessine-moi un renard s'il te plaît", "un renard"),
        ("t2i", "kannst du mir bitte einen Fuchs malen", "mir bitte einen Fuchs malen"),
        ("t2i", "disegnami una volpe per favore", "una volpe"),
        ("t2i", "um gato vermelho", "um gato vermelho"),
        ("edit", "por favor, hazlo de noche", "hazlo de noche"),
        ("t2i", "sketch of a cat", "sketch of a cat"),
        ("edit", "cool down the colours, please", "cool down the colours"),
    ],
)
def test_words_for_the_backbone(task, text, wanted):
    assert backbone_text(task, text) == wanted


def by_verb(text: str, context: Context) -> dict[str, float]:
    """Scores without a model: removals by their verb, the rest is edited."""
    likely = "inpaint" if text.lower().startswith(("remove", "erase")) else "edit"
    return {name: 0.8 if name == likely else 0.05 for name in INTENTS}


@pytest.mark.parametrize(
    ("text", "masks"),
    [
        ("erase this and then make it winter", [True, False]),
        ("make it winter and remove what I marked", [False, True]),
        ("make it winter, then remove the pram", [False, True]),
        ("remove the pram, then make it winter", [True, False]),
        ("remove the pram", [True]),
        ("make it winter", [False]),
    ],
)
def test_a_painted_area_is_for_the_step_about_it(text, masks):
    _, plan = planned(text, Context(1, True, False), by_verb)
    assert [step.mask for step in plan.steps] == masks
    _, plan = planned(text, Context(1, False, False), by_verb)
    assert not any(step.mask for step in plan.steps)


PHRASES = (
    "remove",
    "the dog",
    "and",
    "then",
    ",",
    "make it",
    "night",
    "draw",
    "a cat",
    "4x",
    "\n",
    "- ",
    "1. ",
    "before",
    "after",
    "removing",
    "no",
    "without",
    "please",
    '"',
    "'",
    "quita",
    "y",
    "first",
    "but",
    "the roof should",
    "gone",
    "don't",
    ";",
    "instead of",
    "here",
    "while you're at it",
)


@given(
    st.text(max_size=80) | st.lists(st.sampled_from(PHRASES), max_size=12).map(" ".join),
    st.booleans(),
)
def test_any_text_has_a_plan(text, mask):
    parts = split(text)
    assert parts and all(isinstance(part, str) for part in parts)
    told, plan = planned(text, Context(1, mask, True), by_verb)
    assert told and all(abs(sum(scores.values()) - 1) < 1e-6 for scores in told)
    assert sum(step.mask for step in plan.steps) <= (len(plan.steps) if mask else 0)
    for task in ("t2i", "edit", "inpaint", "sr"):
        words = backbone_text(task, text)
        assert backbone_text(task, words) == words
