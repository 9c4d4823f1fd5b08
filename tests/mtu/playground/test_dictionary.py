"""Requests in five languages in the world's own English, and what the world does not know."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtu.playground.captions import caption
from mtu.playground.dictionary import LANGUAGES, closest, translate, unknown_words
from mtu.playground.edits import sample_edit, sample_removal
from mtu.playground.instructions import instruction
from mtu.playground.lexicon import FOLDER, lexicon
from mtu.playground.phrases import plural
from mtu.playground.scene import sample_scene
from mtu.playground.vocabulary import COLORS, PLACES, THINGS

SENTENCES = {
    "es": """
un gato rojo en la playa de noche = a red cat on the beach at night
quita el globo = remove the balloon
hazlo de noche = make it night
añade un árbol a la izquierda = add a tree on the left
haz el gato más grande = make the cat bigger
reemplaza el perro por un gato = replace the dog with a cat
pinta el coche de azul = paint the car blue
cambia el fondo a una playa = change the background to a beach
dos gatos pequeños en el bosque = two small cats in the forest
quítalo = remove it
mueve la casa a la derecha = move the house to the right
haz que nieve = make it snow
conviértelo en pixel art = turn it into pixel art
un paisaje nevado con un muñeco de nieve = a snowy landscape with a snowman
quita al perro de la izquierda = remove the dog on the left
un globo rojo grande sobre fondo blanco = a large red balloon on a white background
haz el coche azul = make the car blue
¿puedes quitar el paraguas, por favor? = remove the umbrella
en blanco y negro = in black and white
quita el globo y hazlo de noche = remove the balloon and make it night
una rosa rosa = a pink rose
sin el perro = without the dog
tres estrellas amarillas en el cielo = three yellow stars in the sky
un caballo debajo de un árbol bajo la lluvia = a horse under a tree in the rain
dibuja un búho en el desierto al atardecer = draw an owl in the desert at sunset
un pingüino y un pulpo en el océano = a penguin and an octopus in the ocean
pon una corona en el medio = put a crown in the middle
haz la casa más pequeña = make the house smaller
un tigre bajo el agua = a tiger underwater
dos ratones en la luna = two mice on the moon
cambia el fondo a un arrecife de coral = change the background to a coral reef
quita el osito de peluche = remove the teddy bear
un camión de bomberos rojo en la ciudad = a red fire engine in the city
""",
    "fr": """
un chat rouge sur la plage la nuit = a red cat on the beach at night
enlève le ballon = remove the balloon
rends-le plus grand = make it bigger
ajoute un arbre à gauche = add a tree on the left
remplace le chien par un chat = replace the dog with a cat
mets-le de nuit = make it night
peins la voiture en bleu = paint the car blue
deux petits chats dans la forêt = two small cats in the forest
une maison rouge au bord du lac au coucher du soleil = a red house by the lake at sunset
ajoute des étoiles dans le ciel = add stars in the sky
rends le chat plus petit = make the cat smaller
transforme-le en pixel art = turn it into pixel art
déplace le chien vers la droite = move the dog to the right
l'éléphant à côté de l'arbre = the elephant next to the tree
sans le parapluie = without the umbrella
en noir et blanc = in black and white
une rose rose = a pink rose
peux-tu enlever le cheval s'il te plaît ? = remove the horse
mets le château à la place de la maison = put the castle in place of the house
un grand ours sous la pluie = a large bear in the rain
fais tomber la nuit = make it night
rends la voiture bleue = make the car blue
enlève le petit chien de gauche = remove the small dog on the left
qu'il neige = make it snow
un hibou dans la neige = an owl in the snow
enlève le ballon puis fais tomber la nuit = remove the balloon, then make it night
trois étoiles jaunes = three yellow stars
dessine une tortue dans le désert = draw a turtle in the desert
un requin au fond de la mer = a shark at the bottom of the sea
deux souris sur la lune = two mice on the moon
un cerf-volant dans le ciel = a kite in the sky
enlève l'appareil photo = remove the camera
un ours en peluche et une souris = a teddy bear and a mouse
""",
    "de": """
ersetze den Hund durch eine Katze = replace the dog with a cat
eine rote Katze am Strand bei Nacht = a red cat on the beach at night
entferne den Ballon = remove the balloon
mach es Nacht = make it night
mach die Katze größer = make the cat bigger
mach die Katze groesser = make the cat bigger
füge einen Baum links hinzu = add a tree on the left
zwei kleine Katzen im Wald = two small cats in the forest
male das Auto blau = paint the car blue
verschiebe das Haus nach rechts = move the house to the right
lass es schneien = make it snow
den Hund entfernen = remove the dog
kannst du bitte den Hund entfernen? = remove the dog
verwandle es in Pixelkunst = turn it into pixel art
nimm den kleinen Hund links weg = remove the small dog on the left
ein großer Bär im Regen = a large bear in the rain
ein Fuchs im Schnee bei Sonnenuntergang = a fox in the snow at sunset
in schwarz-weiß = in black and white
drei gelbe Sterne am Himmel = three yellow stars in the sky
mach das Auto blau = make the car blue
Hund weg = remove the dog
ohne den Regenschirm = without the umbrella
setze einen Löwen in die Mitte = put a lion in the middle
zwei Löwen = two lions
mach den Hintergrund zu einem Strand = turn the background into a beach
entferne den Ballon und mach es Nacht = remove the balloon and make it night
eine Katze neben einem Haus = a cat next to a house
ein Bild von einem Pinguin = a picture of a penguin
mach den Hund kleiner = make the dog smaller
ein Hai unter Wasser = a shark underwater
drei Mäuse auf dem Mond = three mice on the moon
verwandle den Hintergrund in eine Mondlandschaft = turn the background into a moonscape
entferne das Feuerwehrauto = remove the fire engine
drei Schlüssel = three keys
""",
    "it": """
un gatto rosso sulla spiaggia di notte = a red cat on the beach at night
togli il palloncino = remove the balloon
rendilo più grande = make it bigger
sostituisci il cane con un gatto = replace the dog with a cat
fallo di notte = make it night
aggiungi un albero a sinistra = add a tree on the left
due gattini nella foresta = two cats in the forest
colora la macchina di blu = paint the car blue
sposta la casa a destra = move the house to the right
fai nevicare = make it snow
trasformalo in pixel art = turn it into pixel art
togli il cane piccolo a sinistra = remove the small dog on the left
un grande orso sotto la pioggia = a large bear in the rain
una volpe nella neve al tramonto = a fox in the snow at sunset
in bianco e nero = in black and white
tre stelle gialle nel cielo = three yellow stars in the sky
senza l'ombrello = without the umbrella
puoi togliere il cavallo per favore? = remove the horse
metti un leone al centro = put a lion in the middle
cambia lo sfondo in una spiaggia = turn the background into a beach
rendi la macchina blu = make the car blue
l'elefante accanto all'albero = the elephant next to the tree
dei gatti in un prato = cats in a meadow
una rosa rosa = a pink rose
toglilo = remove it
rendi il cane più piccolo = make the dog smaller
togli il palloncino e poi fallo di notte = remove the balloon, then make it night
disegna un pinguino sulla neve = draw a penguin in the snow
uno squalo sott'acqua = a shark underwater
due topi sulla luna = two mice on the moon
un'ape e una coccinella = a bee and a ladybug
un camion dei pompieri in città = a fire engine in the city
un polpo in fondo al mare = an octopus at the bottom of the sea
""",
    "pt": """
um gato vermelho na praia à noite = a red cat on the beach at night
remova o balão = remove the balloon
deixe-o maior = make it bigger
substitua o cachorro por um gato = replace the dog with a cat
adicione uma árvore à esquerda = add a tree on the left
dois gatinhos na floresta = two cats in the forest
pinte o carro de azul = paint the car blue
mova a casa para a direita = move the house to the right
faça nevar = make it snow
transforme-o em pixel art = turn it into pixel art
tire o cachorro pequeno da esquerda = remove the small dog on the left
um urso grande na chuva = a large bear in the rain
uma raposa na neve ao pôr do sol = a fox in the snow at sunset
em preto e branco = in black and white
três estrelas amarelas no céu = three yellow stars in the sky
sem o guarda-chuva = without the umbrella
você pode remover o cavalo por favor? = remove the horse
coloque um leão no meio = put a lion in the middle
mude o fundo para uma praia = change the background to a beach
torne o carro azul = make the car blue
um elefante ao lado de uma árvore = an elephant next to a tree
deixe o gato menor = make the cat smaller
remova-o = remove it
uma rosa rosa = a pink rose
desenhe um pinguim no deserto = draw a penguin in the desert
remova o balão e depois faça nevar = remove the balloon, then make it snow
um carro vermelho em um fundo branco = a red car on a white background
uma coruja e um polvo = an owl and an octopus
um tubarão debaixo d'água = a shark underwater
dois ratos na lua = two mice on the moon
remova o ursinho de pelúcia = remove the teddy bear
uma roda-gigante à noite = a ferris wheel at night
mude o fundo para a lua = change the background to the moon
""",
}
CASES = [
    (language, *line.split(" = "))
    for language, lines in SENTENCES.items()
    for line in lines.strip().splitlines()
]


def test_there_are_enough_sentences_of_each():
    assert set(SENTENCES) == set(LANGUAGES)
    assert all(sum(case[0] == language for case in CASES) >= 25 for language in LANGUAGES)


@pytest.mark.parametrize(("language", "said", "english"), CASES)
def test_translations(language, said, english):
    assert translate(said, language).text == english
    assert translate(said.upper(), language).text == english
    assert not translate(said, language).unknown
    assert not unknown_words(english)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_thing_place_and_colour_has_a_word(language):
    words = {word.english for senses in lexicon(language).exact.values() for word in senses}
    assert set(THINGS) <= words
    assert set(COLORS) <= words
    assert {name for name in PLACES if not name.startswith("plain")} <= words
    things = [word for senses in lexicon(language).exact.values() for word in senses
              if word.kind == "thing"]
    assert {word.english for word in things} == set(THINGS)
    assert {word.english for word in things if word.plural} >= set(THINGS) - {
        "cactus", "fish", "pineapple", "panda", "bus", "bear", "ufo", "airplane", "helicopter",
        "robot"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_of_every_thing_is_read_as_that_thing(language):
    words = lexicon(language)
    two = next(" ".join(form) for form, senses in words.exact.items() if senses[0].english == "two")
    counted = set()
    for form, senses in words.exact.items():
        meant = {sense.english for sense in senses if sense.kind == "thing"}
        assert len(meant) <= 1, form
        if meant:
            found, length = words.at(list(form), 0)
            assert length == len(form) and meant <= {sense.english for sense in found}
        if senses[0].kind == "thing" and senses[0].plural and not meant & counted:
            counted |= meant
            said = f"{two} {' '.join(form)}"
            assert translate(said, language).text == f"two {plural(senses[0].english)}"
    assert len(counted) > 80


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_of_a_place_stands_with_its_preposition(language):
    """"en la playa", "dans le désert": with the word for "in", places come out as in captions."""
    inside = {"es": "en", "fr": "dans", "de": "in", "it": "in", "pt": "em"}[language]
    for form, senses in lexicon(language).exact.items():
        if senses[0].kind == "place":
            text = translate(f"{inside} {' '.join(form)}", language).text
            assert not unknown_words(text) and text.split()[0] in (
                "in", "on", "at", "by", "among", "underwater"), (form, text)


def test_the_files_have_three_columns_each():
    for language in LANGUAGES:
        for line in (FOLDER / f"{language}.tsv").read_text(encoding="utf-8").splitlines():
            assert line.startswith("#") or len(line.split("\t")) == 3, line


@pytest.mark.parametrize(
    ("language", "said", "english", "unknown"),
    [
        ("es", "quita el Zepelín", "remove the zepelín", ("Zepelín",)),
        ("fr", "un zeppelin rouge", "a red zeppelin", ("zeppelin",)),
        ("de", "ein roter Zeppelin am Strand", "a red zeppelin on the beach", ("Zeppelin",)),
        ("it", "aggiungi uno zeppelin", "add a zeppelin", ("zeppelin",)),
        ("pt", "um zepelim no céu", "a zepelim in the sky", ("zepelim",)),
    ],
)
def test_what_has_no_entry_is_left_and_told(language, said, english, unknown):
    found = translate(said, language)
    assert (found.text, found.unknown) == (english, unknown)


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="no dictionary of 'nl'"):
        translate("een kat", "nl")


@given(st.text(max_size=60), st.sampled_from(sorted(LANGUAGES)))
def test_any_text_is_translated_to_some_text(text, language):
    found = translate(text, language)
    assert isinstance(found.text, str)
    assert all(isinstance(word, str) and word for word in found.unknown)
    assert all(word in text for word in unknown_words(text))


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("draw a zeppelin over the wolf's castle, please", ("zeppelin", "wolf")),
        ("Could you please make the cats bigger?", ()),
        ("a Zeppelin and another zeppelin", ("Zeppelin",)),
        ("three puppies in a snow-covered forest", ("snow-covered",)),
        ("remove the red balloon on the left", ()),
        ("4 variations, seed 12", ("seed",)),
        ("a fire engine, a fire; a jack-o'-lantern, a lantern", ("fire", "lantern")),
        ("Two Ferris Wheels on the moon, one wheel in an ice cream", ("wheel",)),
        ("", ()),
    ],
)
def test_unknown_words(text, unknown):
    assert unknown_words(text) == unknown


def test_captions_and_instructions_of_the_world_are_known_whole():
    rng = np.random.default_rng(0)
    for _ in range(300):
        scene = sample_scene(rng)
        assert unknown_words(caption(scene, rng)) == ()
        for edit in (sample_edit(rng, scene), sample_removal(rng, scene)):
            if edit is not None:
                assert unknown_words(instruction(scene, edit, rng)) == ()


@pytest.mark.parametrize(("word", "near"), [("catt", "cat"), ("puppys", "dog"), ("hose", "house"),
                                            ("ballon", "balloon"), ("Giraff", "giraffe")])
def test_closest_words_begin_with_the_likeliest(word, near):
    found = closest(word)
    assert found[0] == near
    assert len(found) == len(set(found)) == 4
