"""What a model has not learned, or holds back itself, is said instead of shown."""

import pytest
import torch
from tiny_app import kinds, pipeline, ready, say
from transformers import CLIPConfig, CLIPImageProcessor

from app.api import make_generate
from app.backend import Abilities, Backend
from app.chat import Chat
from app.events import Drawn, Failed, Routed
from mtu import Engine


@pytest.fixture
def draws_only(router, backend):
    able = Abilities(side=32, multiple=8, trained=frozenset({"t2i"}))
    return Chat(ready(Backend(router, backend.engine, "tiny", able)), 1.0, lambda: 7)


def test_a_task_that_was_not_learned_is_said(draws_only, session):
    say(draws_only, session, "a cat on the beach")
    failed = say(draws_only, session, "make it night")[-1]
    assert failed == Failed("This model has not been trained to edit yet; it can draw.")
    assert len(session.pictures) == 1


def test_a_plan_ends_where_the_model_does(draws_only, session):
    events = say(draws_only, session, "draw a cat on the beach, then make it night")
    assert kinds(events)[-2:] == [Routed, Failed] and Drawn in kinds(events)
    assert events[-1].text.startswith("Step 2, Edit: This model has not been trained to edit")


@pytest.fixture
def flagging(router):
    """A real safety checker of diffusers, tiny, whose thresholds flag whatever it sees."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    torch.manual_seed(0)
    part = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2}
    config = CLIPConfig(text_config=part | {"vocab_size": 9}, projection_dim=8,
                        vision_config=part | {"image_size": 32, "patch_size": 16})
    checker = StableDiffusionSafetyChecker(config).eval()
    checker.concept_embeds_weights.fill_(-2.0)  # every likeness lies above it
    model = pipeline(2)
    model.register_modules(
        safety_checker=checker,
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 32},
                                             crop_size={"height": 32, "width": 32}))
    backend = Backend(router, Engine(model), "tiny", Abilities(side=32, multiple=8))
    yield backend
    backend.close()


def test_a_picture_that_the_model_holds_back_is_a_sentence(flagging, session):
    chat = Chat(ready(flagging), 1.0, lambda: 7)
    failed = say(chat, session, "a cat on the beach")[-1]
    assert isinstance(failed, Failed) and "safety check" in failed.text and failed.keep
    assert session.pictures == ()


def test_programs_get_the_same_sentence(flagging):
    generate = make_generate(ready(flagging), 1.0)
    with pytest.raises(ValueError, match="safety check"):
        generate("t2i", "a cat")


def test_a_style_of_any_picture_needs_no_model(router, backend, session, photo):
    able = Abilities(side=32, multiple=8, world=True)
    chat = Chat(ready(Backend(router, backend.engine, "playground", able)), 1.0, lambda: 7)
    say(chat, session, "", photo)
    events = say(chat, session, "make it black and white")
    assert kinds(events) == [Routed, Drawn] and session.current.origin == 1
    red, green, blue = session.image(2).split()
    assert red.tobytes() == green.tobytes() == blue.tobytes()
    assert session.image(2).size == session.image(1).size
    say(chat, session, "a cat on the beach")
    events = say(chat, session, "make it black and white")  # and one of its own drawings
    assert kinds(events) == [Routed, Drawn]
    red, green, blue = session.image(4).split()
    assert red.tobytes() == green.tobytes() == blue.tobytes()


def test_an_upload_that_the_model_does_not_know_is_left_alone(router, session, photo):
    model = pipeline(2)
    model.register_to_config(strangest=0.0)
    backend = Backend(router, Engine(model), "playground", Abilities(side=32, multiple=8))
    chat = Chat(ready(backend), 1.0, lambda: 7)
    say(chat, session, "", photo)
    failed = say(chat, session, "make it night")[-1]
    assert isinstance(failed, Failed) and "left as it is" in failed.text
    assert len(session.pictures) == 1
    backend.close()
