"""A text that two intents yield under one context is found; the corpus holds next to none."""

from intents.contradictions import contradictions, main
from intents.grammar import Grammar, read_templates
from intents.labels import INTENTS, Context


def test_a_text_with_two_labels_is_found():
    grammar = Grammar()
    same = read_templates(["@ h", "[night|night|night]"])
    grammar.templates = dict.fromkeys(INTENTS, read_templates(["@ i", "{gibberish}{gibberish}"]))
    grammar.templates |= {"t2i": same, "edit": same}
    grammar.chances = {intent: [1.0] for intent in INTENTS}
    _, found = contradictions(grammar, 50)
    assert set(found["night", Context(history=True)]) == {"t2i", "edit"} and len(found) == 1


def test_the_templates_hardly_contradict_each_other():
    total, found = contradictions(Grammar(), 8000)
    assert total > 15_000 and len(found) <= total / 2000


def test_the_command_prints_them(capsys):
    assert main(["--draws", "2000"]) == 0
    assert "texts with a context" in capsys.readouterr().out
