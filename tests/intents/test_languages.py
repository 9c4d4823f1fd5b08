"""The language of a message: told from few words, and never a crash."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intents import LANGUAGES, Router, language

TOLD = """
en draw a cat
en remove lamppost
en steampunk owl
en café in paris
en MAKE IT HD
en castle, moonlight, mist
en rm the dog pls
es dibuja un gato
es quita la farola
es un castillo en la montaña
es hazlo mas nitido
es sin el paraguas
fr enlève le lampadaire
fr un château dans la brume
fr plus net stp
fr remplace le chien par un chat
de entferne den Laternenpfahl
de ein Schloss im Nebel
de mach es schärfer
de größer bitte
it togli il lampione
it un castello nella nebbia
it senza l'ombrello
pt remove o poste
pt um castelo na neblina
pt sem o guarda-chuva
other verwijder de lantaarnpaal
other narysuj kota
other нарисуй кота
other 猫を描いて
other ارسم قطة
other bir kedi çiz
other ta bort lampan
""".strip().splitlines()


@pytest.mark.parametrize("line", TOLD)
def test_a_short_request_is_told(line):
    code, _, text = line.partition(" ")
    assert language(text) == code
    assert language(text.upper() + "!!") == code


@pytest.mark.parametrize("text", ["", "   ", "😀", "lion", "4k", "xkcd", "\u200b", "mario kart"])
def test_where_nothing_tells_it_is_english(text):
    assert language(text) == "en"


def test_accents_left_out_change_nothing():
    assert language("anade un sombrero al nino") == "es"
    assert language("enleve la voiture derriere") == "fr"


def test_the_prediction_carries_it():
    router = Router.load()
    assert router.predict("entferne die Lampe", images=1).language == "de"
    assert router.predict("remove the lamp", images=1).language == "en"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_has_a_language(text):
    assert language(text) in (*LANGUAGES, "other")
    assert language(text) == language(text)
