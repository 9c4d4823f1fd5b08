"""The cache, the numbered rows, the options, the balance and the log, each by itself."""

import json
import sys

import numpy as np
import pytest
import torch
from finetuning import TASKS, losses, recipe, requires_glyphs, trained

from mtu.pipeline import MTUPipeline
from mtu.train import build_stage, main
from mtu.training.balance import Balance
from mtu.training.finetune import tiny
from mtu.training.finetune.cache import TensorCache, fingerprint
from mtu.training.finetune.encode import Encoders
from mtu.training.finetune.options import read_options
from mtu.training.finetune.rows import Rows
from mtu.training.log import MISSING, Log
from mtu.training.recipe import RecipeError, load_recipe


@pytest.fixture(scope="module")
def pipe() -> MTUPipeline:
    return MTUPipeline(**tiny.tiny_parts("tiny-xl"), default_size=tiny.SIDE)


def pictures(count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 32, 32, 3), generator=generator, dtype=torch.uint8)


def test_cached_is_encoded_and_is_not_encoded_again(pipe, tmp_path, monkeypatch):
    plain, texts = Encoders(pipe), ["a cat", "", "a cat", "red ball"]
    expected, said = plain.moments(pictures(3)), plain.texts(texts)
    first = Encoders(pipe, tmp_path)
    for found, wanted in zip((*first.moments(pictures(3)), *first.texts(texts)),
                             (*expected, *said), strict=True):
        torch.testing.assert_close(found, wanted)

    def refuse(*_, **__):
        raise AssertionError("encoded again")

    monkeypatch.setattr(pipe.vae, "encode", refuse)
    monkeypatch.setattr(pipe, "encode_text", refuse)
    again = Encoders(pipe, tmp_path)
    rows = pictures(3)[[2, 0]]
    torch.testing.assert_close(again.moments(rows)[0], expected[0][[2, 0]])
    for found, wanted in zip(again.texts(texts), said, strict=True):
        torch.testing.assert_close(found, wanted)
    with pytest.raises(AssertionError, match="encoded again"):
        again.moments(255 - rows)
    with pytest.raises(AssertionError, match="encoded again"):
        again.moments(rows, [True, False])  # what does not recur is not looked up


def test_what_does_not_recur_is_not_cached(pipe, tmp_path):
    Encoders(pipe, tmp_path, texts=False).moments(pictures(3), [True, False, True])
    Encoders(pipe, tmp_path, texts=False).texts(["a cat"])
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2


def test_half_precision_is_rounded_the_first_time_too(pipe, tmp_path):
    encoders = Encoders(pipe, tmp_path, torch.float16)
    first, second = encoders.moments(pictures(1)), encoders.moments(pictures(1))
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])
    assert not torch.equal(first[0], Encoders(pipe).moments(pictures(1))[0])


def test_a_broken_entry_is_absent_and_another_encoder_has_its_own(tmp_path):
    maker = torch.nn.Linear(2, 2)
    cache = TensorCache(tmp_path, maker)
    key = cache.key(b"picture")
    assert cache.get(key) is None
    cache.put(key, {"mean": torch.arange(3.0)})
    assert cache.get(key)["mean"].tolist() == [0, 1, 2]
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:20])  # cut short
    assert cache.get(key) is None
    other = torch.nn.Linear(2, 2)
    assert fingerprint(other) != fingerprint(maker)
    assert TensorCache(tmp_path, other).key(b"picture") != key
    assert cache.key(b"ab", b"c") != cache.key(b"a", b"bc")


@requires_glyphs
def test_a_cached_run_has_the_losses_of_an_uncached_one(tmp_path):
    trained(recipe(tmp_path / "plain", steps=2))
    trained(recipe(tmp_path / "cached", {"cache": str(tmp_path / "cache")}, steps=2))
    expected = losses(tmp_path / "plain" / "run")
    for one, other in zip(losses(tmp_path / "cached" / "run"), expected, strict=True):
        assert one == pytest.approx(other, rel=1e-5)


def test_what_a_row_draws_follows_from_seed_and_number(tmp_path):
    first, other = (Rows(recipe(tmp_path, seed=seed), read_options(recipe(tmp_path)), 32)
                    for seed in (1, 2))
    draws = [torch.randn(4, generator=rows.generator(number)).tolist()
             for rows, number in ((first, 5), (first, 5), (first, 6), (other, 5))]
    assert draws[0] == draws[1] and draws[0] not in draws[2:]


def test_a_row_of_another_size_is_cut_square_and_says_where(tmp_path):
    from mtu.data.playground import Row

    rows = Rows(recipe(tmp_path), read_options(recipe(tmp_path)), 32)
    columns = np.broadcast_to(np.arange(160, dtype=np.uint8)[None, :, None], (64, 160, 3))
    rows.source = [Row("edit", "", columns.copy(), columns[::2, ::2].copy())] * 40
    seen = set()
    for number in range(40):
        example = rows[number]
        height, width, top, left = example.frame
        assert (height, width, top) == (64, 160, 0) and 0 <= left <= 48
        assert example.row.target.shape == example.row.source.shape == (32, 32, 3)
        middle = int(example.row.target[16, 16, 0])  # column left·2 + 32 of the original
        assert middle == pytest.approx(2 * left + 33, abs=4)
        assert int(example.row.source[16, 16, 0]) == pytest.approx(middle, abs=4)
        seen.add(left)
    assert len(seen) > 10
    rows.centred = True  # as with a cache
    assert {rows[number].frame for number in range(5)} == {(64, 160, 0, 24)}


def test_every_group_holds_every_task(tmp_path):
    said = recipe(tmp_path, {"group": 16}, batch_size=32,
                  task_weights={"t2i": 118287, "edit": 281709, "sr": 23744, "inpaint": 90089})
    pattern = Rows(said, read_options(said), 32).pattern
    assert len(pattern) == 16 and set(pattern) == set(TASKS)
    assert [pattern.count(task) for task in said.task_weights] == [3, 9, 1, 3]


@pytest.mark.parametrize(("options", "changes", "said"), [
    ({"metod": "mtu"}, {}, "no option 'metod'"),
    ({"method": "adapter"}, {}, "method 'adapter' is not one of mtu, single_task"),
    ({"method": "component"}, {}, "names a component: sa, ca, ffn"),
    ({"method": "single_task"}, {}, "trains one task"),
    ({"group": 3}, {}, "multiple of the group of 3"),
    ({"drop": 0.5}, {}, "between 0 and 1/3"),
    ({"frozen": "bf16"}, {}, "need that precision"),
    ({}, {"task_weights": {}}, "must name the tasks"),
    ({}, {"task_weights": {"dance": 1}}, "'dance'"),
    ({"data": {"t2i": {"set": "coco"}}}, {}, "name a set for the task edit"),
    ({"data": {"sr": {"set": "coco"}}}, {"task_weights": {"sr": 1}}, "for the task t2i"),
    ({"data": {"sr": {"set": "df2k", "sped": 1}}}, {"task_weights": {"sr": 1}}, "'sped'"),
    ({"size": 33}, {}, "size must be a multiple"),
    ({}, {"init_from": None}, "init_from must name a base"),
    ({}, {"init_from": "nowhere/at/all"}, "no model at"),
])
def test_a_bad_recipe_is_one_sentence(tmp_path, options, changes, said):
    with pytest.raises(ValueError, match=said) as caught:
        build_stage(recipe(tmp_path, options, **changes))
    assert "\n" not in str(caught.value)


def test_settings_reach_fields_and_options(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text(recipe(tmp_path).to_yaml())
    said = load_recipe(file, ["method=lora", "rate=1e-5", "task_weights.sr=3", "options.rank=8",
                              "accumulate=2"])
    assert said.options["method"] == "lora" and said.options["rank"] == 8
    assert said.rate == 1e-5 and said.task_weights["sr"] == 3 and said.accumulate == 2
    for wrong in ("method", "=3", "rate=fast", "rate.x=1", "steps=[", "accumulate=0"):
        with pytest.raises(RecipeError):
            load_recipe(file, [wrong])


def test_balance_weighs_by_the_running_mean_and_keeps_the_average_at_one():
    balance = Balance("running_mean")
    assert balance.weights(["a", "b"]) == {"a": 1.0, "b": 1.0}
    for _ in range(3):
        balance.update({"a": 0.1, "b": 0.3})
    assert balance.weights(["a", "b"]) == pytest.approx({"a": 1.5, "b": 0.5})
    balance.update({"a": 0.2, "b": 0.3})
    assert balance.means["a"] == pytest.approx(0.99 * 0.1 + 0.01 * 0.2)
    plain = Balance()
    plain.update({"a": 0.1, "b": 0.3})
    assert plain.weights(["a", "b"]) == {"a": 1.0, "b": 1.0}


@requires_glyphs
def test_a_balanced_run_resumes_exactly(tmp_path):
    whole = trained(recipe(tmp_path / "whole", balance="running_mean"))
    trained(recipe(tmp_path / "parts", balance="running_mean"), until=2)
    resumed = trained(recipe(tmp_path / "parts", balance="running_mean"), resume=True)
    assert resumed.balance.means == whole.balance.means != {}
    assert losses(tmp_path / "parts" / "run") == losses(tmp_path / "whole" / "run")


def test_the_log_forgets_what_came_after_the_checkpoint(tmp_path):
    log = Log(tmp_path, 0, "off")
    for step in range(1, 5):
        log.write(step, {"a": step / 3})
    log.close()
    with (tmp_path / "losses.jsonl").open("a") as file:
        file.write('{"step": 5, "a"')  # killed while writing
    Log(tmp_path, 3, "off").close()
    lines = [json.loads(line) for line in (tmp_path / "losses.jsonl").read_text().splitlines()]
    assert lines == [{"step": step, "a": step / 3} for step in (1, 2, 3)]


def test_tensorboard_is_written_and_its_absence_said(tmp_path, monkeypatch, capsys):
    pytest.importorskip("tensorboard")
    (tmp_path / "a").mkdir()
    log = Log(tmp_path / "a", 0, "required")
    log.write(1, {"t2i": 0.5})
    log.close()
    assert list((tmp_path / "a" / "tensorboard").glob("events*"))
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    (tmp_path / "b").mkdir()
    Log(tmp_path / "b", 0, "auto").close()
    assert capsys.readouterr().err == MISSING + "\n"
    with pytest.raises(RecipeError, match="requires TensorBoard"):
        Log(tmp_path / "b", 0, "required")


def test_a_real_data_set_is_trained_on_and_its_broken_rows_are_counted(tmp_path, capsys):
    from mtu.data.replica import write_df2k

    write_df2k(tmp_path / "df2k", count=6, side=48)
    for number in range(12):
        (tmp_path / "df2k" / f"broken{number}.png").write_bytes(b"no picture")
    data = {"sr": {"set": "df2k", "source": str(tmp_path / "df2k"), "side": 32}}
    file = tmp_path / "recipe.yaml"
    file.write_text(recipe(tmp_path, {"data": data, "method": "single_task"}, steps=3,
                           task_weights={"sr": 1}).to_yaml())
    assert main([str(file)]) == 0
    assert len(losses(tmp_path / "run")) == 3
    last = capsys.readouterr().err.splitlines()[-1]
    count = int(last.removeprefix("sr: ").split(" rows and 0 files")[0])
    assert last.endswith("could not be read and were skipped") and 1 <= count <= 12


@requires_glyphs
def test_a_dry_run_counts_and_measures_and_writes_nothing(tmp_path):
    file, lines = tmp_path / "recipe.yaml", []
    file.write_text(recipe(tmp_path).to_yaml())
    assert main([str(file), "--dry-run"], out=lines.append) == 0
    (text,) = lines
    assert load_recipe(file).to_yaml() in text
    stage = build_stage(recipe(tmp_path))
    count = sum(p.numel() for p in stage.module.parameters() if p.requires_grad)
    assert f"# trainable {count:,} of" in text
    assert "routers" in text and "steps 4 of 8 rows" in text and "measured: about" in text
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["recipe.yaml"]


def test_without_the_base_the_architecture_is_counted_and_nothing_measured(tmp_path):
    file, lines = tmp_path / "recipe.yaml", []
    options = {"architecture": "sd15", "task_embed_dim": 768, "router_hidden_dim": 768}
    file.write_text(recipe(tmp_path, options, init_from=str(tmp_path / "absent")).to_yaml())
    assert main([str(file), "--dry-run"], out=lines.append) == 0
    assert "# trainable 158,495,040 of 869,182,084 parameters" in lines[0]
    assert "not measured: There is no model at" in lines[0]
