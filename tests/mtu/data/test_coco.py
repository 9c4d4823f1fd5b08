"""COCO Captions in both forms: one row per caption with the picture, one row per picture."""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pyarrow
import pytest
from replicas import drop_column, rewrite, same

from mtu.data import CocoCaptions, DataError
from mtu.data.replica import write_coco, write_coco_links


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def inline(tmp_path):
    write_coco(tmp_path / "coco", count=5)
    return tmp_path / "coco"


@pytest.fixture
def linked(tmp_path):
    write_coco_links(tmp_path / "coco2017", count=5)
    return tmp_path / "coco2017"


def test_the_five_rows_of_a_picture_are_one_item(inline):
    data = CocoCaptions(inline)
    assert len(data) == 10  # 2 files × 5 pictures, 50 rows
    rows = [data.draw(3, epoch) for epoch in range(40)]
    assert len({row.text for row in rows}) == 5
    assert len({row.target.tobytes() for row in rows}) == 1
    assert all(row.task == "t2i" and row.source is None for row in rows)


def test_a_caption_belongs_to_its_picture(inline):
    data = CocoCaptions(inline)
    said = {}
    for record in data._table:
        said.setdefault(record["cocoid"], set()).add(record["caption"])
    for item, captions in enumerate(said.values()):
        assert {data.draw(item, epoch).text for epoch in range(12)} <= captions


def test_rows_follow_from_seed_epoch_and_index(inline):
    first, second, other = CocoCaptions(inline, seed=1), CocoCaptions(inline, seed=1), \
        CocoCaptions(inline, seed=2)
    texts = [[data.draw(i, e).text for i in range(10) for e in range(4)]
             for data in (first, second, other)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0][::4] != texts[0][1::4]  # another epoch, other captions


def test_the_splits_are_the_files_own(inline):
    parts = {split: CocoCaptions(inline, split) for split in ("train", "validation", "test")}
    assert {split: len(data) for split, data in parts.items()} == {
        "train": 10, "validation": 5, "test": 5}
    pictures = [{row.target.tobytes() for row in data} for data in parts.values()]
    assert not pictures[0] & pictures[1] and not pictures[1] & pictures[2]


def test_pictures_beside_the_table_are_found(linked, tmp_path):
    data = CocoCaptions(linked)
    assert len(data) == 5 and len({data.draw(0, e).text for e in range(40)}) == 5
    moved = tmp_path / "elsewhere"
    (linked / "train2017").rename(moved)
    again = CocoCaptions(linked, images=moved)
    assert np.array_equal(again[2].target, data_target(moved, again, 2))


def data_target(folder, data, index):
    from mtu.images import open_image

    name = data._table[index]["file_name"].split("/")[-1]
    return np.asarray(open_image(folder / name))


def test_the_test_split_of_2017_is_its_validation(linked):
    test, validation = CocoCaptions(linked, "test"), CocoCaptions(linked, "val")
    assert len(test) == len(validation) == 5
    assert same(test[1].target, validation[1].target, 0.1)


def test_a_picture_that_is_not_here_is_fetched(tmp_path):
    site = tmp_path / "site"
    write_coco_links(site, count=4)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        here = tmp_path / "here"
        write_coco_links(here, count=4, site=f"http://127.0.0.1:{server.server_port}")
        wanted = CocoCaptions(here)[1].target
        for place in ("train2017", "val2017"):
            (here / place).rename(tmp_path / place)
        data = CocoCaptions(here, on_error="refuse")
        assert np.array_equal(data[1].target, wanted)
        (site / "train2017" / "000000000002.jpg").unlink()
        with pytest.raises(DataError, match="row 2 names the picture http.*cannot be fetched"):
            data[2]
    finally:
        server.shutdown()
        server.server_close()


def test_a_folder_that_is_not_there_and_a_hub_id_without_network(tmp_path):
    with pytest.raises(DataError, match="There is no folder"):
        CocoCaptions(tmp_path / "none")
    with pytest.raises(DataError, match="jxie/coco_captions is no folder here and cannot") as told:
        CocoCaptions("jxie/coco_captions")
    assert "\n" not in str(told.value)


def test_a_hub_id_that_was_fetched_before_is_read_offline(own_caches):
    """In the hub's own cache: a snapshot's folder, and a reference that names it."""
    repo = own_caches / "hub" / "datasets--jxie--coco_captions"
    commit = "0123456789abcdef0123456789abcdef01234567"
    write_coco(repo / "snapshots" / commit, count=4)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(commit)
    data = CocoCaptions()
    assert len(data) == 8 and data[0].target.ndim == 3


def annotated(linked):
    """The same pictures as COCO's own download lays them out."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(linked / "data" / "train-00000-of-00001.parquet")
    images, notes = [], []
    for row in table.to_pylist():
        name = row["file_name"].split("/")[-1]
        images.append({"id": row["image_id"], "file_name": name, "coco_url": row["coco_url"]})
        notes += [{"id": number, "image_id": row["image_id"], "caption": text}
                  for number, text in zip(row["ids"], row["captions"], strict=True)]
    return {"info": {}, "licenses": [], "images": images, "annotations": notes[::-1]}


def test_cocos_own_download_holds_the_same_rows(linked):
    wanted = CocoCaptions(linked)
    folder = linked / "annotations"
    folder.mkdir()
    file = folder / "captions_train2017.json"
    file.write_text(json.dumps(annotated(linked)))
    data = CocoCaptions(linked)
    assert isinstance(data._table, list) and len(data) == len(wanted) == 5
    for k in range(5):
        assert np.array_equal(data[k].target, wanted[k].target)
        assert {data.draw(k, e).text for e in range(40)} == {
            wanted.draw(k, e).text for e in range(40)}
    file.write_text(json.dumps({"images": [1], "annotations": []}))
    with pytest.raises(DataError, match="is no file of COCO's captions"):
        CocoCaptions(linked)


def test_columns_of_other_types_are_faults_of_their_file(inline):
    first, second = sorted(inline.rglob("train-*.parquet"))
    other = pyarrow.array(range(25))
    rewrite(second, lambda table: table.set_column(0, "image", other))
    assert CocoCaptions(inline).report()["files"] == [
        f"{second.name}: has a column image that holds no image"]
    rewrite(first, lambda table: table.set_column(3, "caption", other))
    with pytest.raises(DataError, match="has a column caption that holds no text"):
        CocoCaptions(inline)


def test_pictures_without_a_number_are_items_of_their_own(inline):
    numbers = pyarrow.array([*[7] * 5, *[None] * 20])
    for file in inline.rglob("train-*.parquet"):
        rewrite(file, lambda table: table.set_column(2, "cocoid", numbers))
    data = CocoCaptions(inline)
    assert len(data) == 1 + 20 + 20 and data[0].text and data[40].text


def test_a_missing_column_in_every_file_is_refused(inline):
    for file in inline.rglob("train-*.parquet"):
        drop_column(file, "caption")
    with pytest.raises(DataError, match="holds no row .*no column caption or captions"):
        CocoCaptions(inline)
    with pytest.raises(DataError, match="train-00000-of-00002.parquet has no column caption"):
        CocoCaptions(inline, on_error="refuse")


def test_a_split_that_does_not_exist(inline):
    with pytest.raises(DataError, match="must be one of train, validation, test"):
        CocoCaptions(inline, "dev")
