"""A real router and a real engine, on a tiny pipeline."""

import itertools
from concurrent.futures import Future

import numpy as np
import pytest
from PIL import Image
from tiny_app import pipeline, ready

from app.backend import Abilities, Backend
from app.chat import Chat
from app.session import Session
from app.settings import ROUTER
from intents import Router
from mtu import Engine


@pytest.fixture(scope="session")
def router() -> Router:
    return Router.load(ROUTER)


@pytest.fixture(scope="session")
def backend(router) -> Backend:
    """Two steps a picture."""
    backend = Backend(router, Engine(pipeline(2)), "tiny", Abilities(side=32, multiple=8))
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def slow_backend(router) -> Backend:
    """So many steps that a test can stop it on the way."""
    backend = Backend(router, Engine(pipeline(900)), "tiny")
    yield backend
    backend.close()


@pytest.fixture
def future(backend) -> "Future[Backend]":
    return ready(backend)


@pytest.fixture
def chat(future) -> Chat:
    """Seeds 1, 2, 3 …"""
    counter = itertools.count(1)
    return Chat(future, 1.0, counter.__next__)


@pytest.fixture
def slow_chat(slow_backend) -> Chat:
    return Chat(ready(slow_backend), 1.0, lambda: 7)


@pytest.fixture
def session(tmp_path) -> Session:
    return Session(tmp_path / "conversation")


@pytest.fixture
def photo(tmp_path):
    """A file of 40×24 noise."""
    path = tmp_path / "photo.png"
    noise = np.random.default_rng(1).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path
