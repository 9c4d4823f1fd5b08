"""What the suite's tests share: a tiny model, small data sets in their real forms, weights."""

import pytest
from paper_parts import write_weights
from tiny_pipelines import tiny_latent_pipeline

from mtu.data.replica import WRITERS


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """An upcycled model of SD's parts, one step, 32² pixels."""
    folder = tmp_path_factory.mktemp("paper") / "tiny"
    pipe = tiny_latent_pipeline()
    pipe.register_to_config(default_steps=1)
    pipe.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """The four data sets, a few pictures each."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("coco", "instructpix2pix", "df2k", "gqa-inpaint"):
        WRITERS[name](folder / name, 6, 40)
    return folder


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Small weights for every measure."""
    return write_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(autouse=True)
def offline(tmp_path_factory, monkeypatch):
    """The library that reads parquet keeps its cache among the test's files; no hub."""
    import datasets

    cache = tmp_path_factory.getbasetemp() / "datasets"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
