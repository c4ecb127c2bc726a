"""The page of a comparison: whole in itself, valid, bounded, and true to its runs."""

import base64
import io
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from handwritten import WGAN_GP, judge, write_run, write_sweep
from PIL import Image

from ganlab.comparing import page, thumbnails
from ganlab.comparing.cells import ranked
from ganlab.comparing.comparison import compare
from ganlab.comparing.kinds import Kinds
from ganlab.references import subjects

VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """Notes what a page has, and that what it opens it closes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.ids, self.tags, self.words = [], [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.tags.append((tag, known))
        self.addresses += [known[name] for name in ("src", "href", "action") if name in known]
        self.ids += [known["id"]] if "id" in known else []
        assert len(known) == len(attributes), tag
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in {"path", "rect", "circle", "polygon"}  # in HTML only SVG closes itself
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """Six runs of two kinds, a killed one, and a job that never ran."""
    output = tmp_path_factory.mktemp("outputs")
    for n in range(1, 7):
        given = f"ganlab train model=x seed={n}"
        choices, config = (WGAN_GP if n > 3 else ()), {"seed": n}
        run = write_run(output, f"000{n}", choices=choices, config=config, command=given)
        for round in (50, 100):
            judge(run, round, fid=10.0 * n / round, recall=0.1 * n)
    write_run(output, "0007", status="running", name="<b>&")
    write_sweep(output / "sweep", {"0-seed_0-9999": "ganlab: <script>alert(1)</script>"})
    return output


def made(output, command="ganlab compare"):
    found = compare(subjects([], str(output)))
    return page.page(ranked(found, "fid" if found.metrics else "start"), command)


@pytest.fixture(scope="module")
def text(output):
    return made(output, "ganlab compare '<i>' --sort fid")


def test_what_is_opened_is_closed_and_ids_are_unique(text):
    reader = Reader(text)
    assert reader.open == []
    assert len(set(reader.ids)) == len(reader.ids) > 3
    assert text.startswith("<!DOCTYPE html>\n<html lang=")


def test_nothing_is_asked_of_anybody_else(text):
    assert "://" not in text
    assert all(a.startswith("data:") for a in Reader(text).addresses)
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|WebSocket", text)


def test_words_from_runs_are_only_text(text):
    assert "<script>alert" not in text
    assert "<i>" not in text
    assert "ganlab: &lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_every_run_has_a_row_a_picture_and_its_state(text):
    rows = re.findall(r"<tr>(<th scope=\"row\".*?)</tr>", text)
    runs = [row for row in rows if "14-03-07" in row]
    assert len(runs) == 7
    assert sum("killed" in row for row in runs) == 1
    assert "0-seed_0-9999" in text
    assert text.count("<figcaption><span") == 7


def test_rows_have_the_order_of_the_comparison_and_the_best_is_bold(text):
    names = re.findall(r"14-03-07-(\d{4})</th>", text)
    assert names[:3] == ["0001", "0002", "0003"]
    assert '<td class="number best" data-value="0.1">0.1</td>' in text


def test_runs_that_differ_by_their_seed_share_a_colour_and_a_band(text):
    figure = re.search(r'<figure class="panel"><figcaption>fid</figcaption>.*?</figure>', text)[0]
    assert figure.count("<polyline") == 2
    assert figure.count("<polygon") == 2


def names(output):
    return Kinds(compare(subjects([], str(output)))).of.values()


def test_recipes_of_seeds_of_their_own_are_kinds_of_their_own(tmp_path):
    for n in (1, 2, 3, 4):
        choices, lr = (WGAN_GP, 5e-5) if n > 2 else ((), 1e-3)
        config, given = {"seed": n, "optimizer.lr": lr}, f"ganlab train experiment=x seed={n}"
        write_run(tmp_path, f"000{n}", choices=choices, config=config, command=given)
    assert [*names(tmp_path)] == ["model dcgan"] * 2 + ["model wgan_gp"] * 2


def test_runs_that_differ_in_no_more_than_their_seed_are_one_kind(tmp_path):
    for n in (1, 2):
        write_run(tmp_path, f"000{n}", config={"seed": n})
    assert set(names(tmp_path)) == {"all runs"}


def test_damaged_runs_are_kinds_of_their_own_though_the_table_shows_no_difference(tmp_path):
    for n, lr in enumerate((0.1, 0.1, 0.2, 0.3), 1):
        run = write_run(tmp_path, f"000{n}", config={"optimizer.lr": lr, "seed": n})
        if lr > 0.1:
            (run.path / "run.json").write_text("{")
    assert sorted(Counter(names(tmp_path)).values()) == [1, 1, 2]


def test_losses_and_speed_are_shown_and_the_page_says_how_samples_were_judged(text):
    titles = re.findall(r'<figure class="panel"><figcaption>(.*?)</figcaption>', text)
    assert titles[:2] == ["fid", "recall"]
    assert {"discriminator loss", "generator loss", "images per second"} <= set(titles)
    assert "<dt>real_samples</dt><dd>60000</dd>" in text
    assert "<dt>metrics.recall.k</dt><dd>3</dd>" in text
    assert "<dt>metrics.fid</dt><dd>no settings</dd>" in text


def test_settings_that_differ_stand_in_a_table(text):
    row = re.search(r'<tr><th scope="row">loss</th>(.*?)</tr>', text)[1]
    assert row.count("wasserstein") == 3
    assert row.count("non_saturating") == 4


def pictures(text):
    return re.findall(r'<img src="data:image/(\w+);base64,(.*?)"', text)


def test_a_small_picture_is_carried_as_it_is(output, text):
    (file,) = (output / "14-03-07-0001" / "samples").iterdir()
    kind, content = pictures(text)[0]
    assert (kind, base64.b64decode(content)) == ("png", file.read_bytes())


def test_the_newest_grid_is_shown_and_a_damaged_one_is_left_out(tmp_path, told):
    run, broken = (write_run(tmp_path, f"000{n}") for n in (1, 2))
    Image.new("L", (10, 12)).save(run.samples / "0000200.png")
    Image.new("L", (99, 99)).save(run.samples / "0000300-interpolation.png")
    (broken.samples / "0000200.png").write_bytes(b"\x89PNG\r\n\x1a\n of no use")
    text = made(tmp_path)
    assert 'width="10" height="12"' in text
    assert len(pictures(text)) == 1
    assert "cannot be shown" in told.text


def test_a_large_picture_is_shrunk(tmp_path):
    file = tmp_path / "0000100.png"
    Image.effect_noise((1158, 810), 99).convert("RGB").save(file)
    small = thumbnails.thumbnail(file)
    content = base64.b64decode(small.address.partition(",")[2])
    assert Image.open(io.BytesIO(content)).size == (small.width, small.height)
    assert small.width * small.height <= thumbnails.PIXELS
    assert small.width / small.height == pytest.approx(1158 / 810, rel=0.01)
    assert len(content) < file.stat().st_size / 5


def test_many_pictures_are_folded_and_at_last_left_out(output, monkeypatch):
    monkeypatch.setattr(page, "FULLY", 2)
    text = made(output)
    assert "<summary>5 more grids</summary>" in text
    assert len(pictures(text)) == 7
    monkeypatch.setattr(page, "PICTURES", 1)
    text = made(output)
    assert "6 grids had to be left out" in text
    assert len(pictures(text)) == 1


def test_runs_without_logs_or_pictures_make_a_page(tmp_path):
    run = write_run(tmp_path, "0001", rounds=0)
    for file in (run.metrics_file, *run.samples.iterdir()):
        file.unlink()
    reader = Reader(made(tmp_path))
    assert reader.open == []
    assert "Curves" not in reader.words


def test_tables_of_different_protocols_are_numbered_as_their_curves(tmp_path):
    for n, samples in enumerate((2000, 10_000), 1):
        run = write_run(tmp_path, f"000{n}")
        for round in (50, 100):
            judge(run, round, protocol={"samples": samples}, fid=float(n))
    text = made(tmp_path)
    assert "<h3>Table 1: judged by 10,000 samples" in text
    assert "<h3>Table 2: judged by 2,000 samples" in text
    assert "<figcaption>fid (table 2)</figcaption>" in text
