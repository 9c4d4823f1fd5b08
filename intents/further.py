"""Ways to a router from routers: going on from one, the mean of some, learning from several.

`go_on` is what a changed grammar needs; `distil` puts what several routers agree on into one
(Hinton et al. 2015, "Distilling the knowledge in a neural network", with half of the label kept).
`mean_of` averages the weights of routers that went on from one another (Wortsman et al. 2022,
"Model soups").
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import sentencepiece
import torch

from . import corpus
from .labels import INDEX, INTENTS, Example
from .letters import fit_letters
from .model import RouterConfig
from .router import Router
from .train import Recipe, fit, letter_rows, logits_of, rows_of, settle, train_tokenizer
from .weights import rounded


def go_on(recipe: Recipe, folder: Path, out: Path, log=print) -> RouterConfig:
    """Two passes over `recipe.finish` fresh texts, at half the rate, from the router in `folder`:
    what a changed grammar needs. Vocabulary and shape stay. Raises as Router.load does."""
    router = Router.load(folder)
    model, processor = router.model.requires_grad_(True), router.processor
    recipe = dataclasses.replace(recipe, epochs=2, rate=recipe.rate / 2, model=router.config)
    examples, size = corpus.build(recipe.finish, recipe.seed), recipe.model.letters
    letters, model.letters = getattr(model, "letters", None), None  # it learns by itself
    model = fit(recipe, examples, processor, log, model)
    if letters is not None:
        found = letter_rows(examples, recipe.model)
        model.letters = fit_letters(found, size, recipe.epochs, recipe.seed, letters, rate=0.03)
    rounded(model)
    return settle(model, recipe, processor, out, log)


def mean_of(recipe: Recipe, folders: list[Path], out: Path, log=print) -> RouterConfig:
    """The mean of the weights of routers with one vocabulary, each of which went on from another.
    ValueError where they have not one; raises as Router.load does."""
    first, *rest = [Router.load(folder) for folder in folders]
    vocabulary = first.processor.serialized_model_proto()
    for folder, other in zip(folders[1:], rest, strict=True):
        if other.processor.serialized_model_proto() != vocabulary:
            raise ValueError(f"{folder} has another vocabulary than {folders[0]}")
    states = [router.model.state_dict() for router in (first, *rest)]
    mean = {name: sum(state[name] for state in states) / len(states) for name in states[0]}
    first.model.load_state_dict(mean)
    recipe = dataclasses.replace(recipe, model=first.config)
    return settle(rounded(first.model), recipe, first.processor, out, log)


def told_by(teachers: list[Router], examples: list[Example]) -> list[list[float]]:
    """For each example five probabilities that sum to 1: half its label, half what the teachers
    think on average."""
    told = torch.zeros(len(examples), len(INTENTS))
    for teacher in teachers:
        config = teacher.config
        # The rows of all texts at once would fill gigabytes.
        for start in range(0, len(examples), 4096):
            part = examples[start : start + 4096]
            rows = rows_of(part, teacher.processor, config)
            scores = (logits_of(teacher.model, rows, config) / config.temperature).softmax(1)
            told[start : start + len(part)] += 0.5 * scores / len(teachers)
    labels = torch.tensor([INDEX[e.intent] for e in examples])
    told[torch.arange(len(labels)), labels] += 0.5
    return told.tolist()


def distil(recipe: Recipe, folders: list[Path], out: Path, log=print) -> RouterConfig:
    """Train a fresh router on texts that the routers in `folders` have said their mind about.
    Raises as Router.load does."""
    teachers = [Router.load(folder) for folder in folders]
    examples = corpus.build(recipe.examples, recipe.seed)
    vocabulary = train_tokenizer(examples, recipe.model.vocab_size)
    processor = sentencepiece.SentencePieceProcessor(model_proto=vocabulary)
    config = dataclasses.replace(recipe.model, vocab_size=processor.get_piece_size())
    # What the teachers say is soft already.
    recipe = dataclasses.replace(recipe, model=config, smoothing=0.0)
    log(f"{len(examples)} examples, {len(teachers)} teachers")
    told = told_by(teachers, examples)
    model = fit(recipe, examples, processor, log, told=told)
    log("words and letters")
    heard = letter_rows(examples, config)
    found = [(*row[:2], soft) for row, soft in zip(heard, told, strict=True)]
    model.letters = fit_letters(found, config.letters, recipe.epochs, recipe.seed)
    rounded(model)
    return settle(model, recipe, processor, out, log)
