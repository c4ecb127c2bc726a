"""`ganlab evaluate`: of runs and of folders, and what may be wrong with them."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from children import TINY, ganlab, last, start, wait_for
from sklearn.datasets import load_digits

from ganlab.cli import dispatch
from ganlab.datasets.digits import Digits
from ganlab.datasets.pixels import resampled
from ganlab.errors import ConfigError
from ganlab.evaluations import refuse_unlike

FEW = ["samples=300", "metrics=[fid,precision,swd]"]
FULL_NAMES = {"fid_digits_classifier", "precision_digits_classifier", "swd"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A directory with one run of a few rounds."""
    home = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        assert dispatch(["train", *TINY, "rounds=4", "checkpoint_every=2", "keep=9"]) == 0
    return home


@pytest.fixture
def home(trained, tmp_path, monkeypatch):
    shutil.copytree(trained / "outputs", tmp_path / "outputs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def real(n):
    pictures = np.rint(load_digits().images[:n] * (255 / 16)).astype(np.uint8)
    return resampled(pictures[:, None], 16)


def lines(file):
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


def test_a_run_is_judged_in_a_table_and_a_line(home, capsys):
    assert dispatch(["evaluate", "last", *FEW]) == 0
    table = capsys.readouterr().out
    assert (
        set(re.findall(r"^(\w+) +[\d.e+-]+ +(?:least|greatest) is best$", table, re.M))
        == FULL_NAMES
    )
    (line,) = lines(last().evaluations_file)
    assert line["round"] == 4
    assert set(line["metrics"]) == FULL_NAMES
    protocol = line["protocol"]
    assert protocol["extractor"] == "digits_classifier"
    assert len(protocol["extractor_sha256"]) == 64
    assert (protocol["split"], protocol["real_samples"], protocol["samples"]) == (
        "train",
        1797,
        300,
    )
    assert (protocol["weights"], protocol["seed"], protocol["resizing"]) == ("average", 0, "none")
    assert protocol["code_version"]
    assert max(map(len, table.splitlines())) <= 100


def test_the_same_run_has_the_same_worth_every_time(home):
    for _ in range(2):
        assert dispatch(["evaluate", "last", *FEW]) == 0
    first, second = last().evaluations()
    assert first.metrics == second.metrics
    assert first.protocol == second.protocol


def test_settings_are_kept_in_the_protocol(home):
    words = [
        "seed=3",
        "weights=raw",
        "real_samples=500",
        "checkpoint=2",
        "metrics.swd.projections=7",
    ]
    assert dispatch(["evaluate", "last", *FEW, *words]) == 0
    (entry,) = last().evaluations()
    protocol = entry.protocol
    assert entry.round == 2
    assert (protocol["seed"], protocol["weights"], protocol["real_samples"]) == (3, "raw", 500)
    assert protocol["metrics"]["swd"] == {"projections": 7}


def test_others_samples_are_judged_by_the_same_protocol(home, capsys):
    assert dispatch(["sample", "last", "n=300", "format=npz", "out=own.npz"]) == 0
    assert dispatch(["sample", "last", "n=300", "format=png", "out=own/"]) == 0
    assert dispatch(["evaluate", "last", *FEW]) == 0
    found = [lines(last().evaluations_file)[0]["metrics"]]
    for path in ("own.npz", "own"):
        words = ["dataset=digits", "dataset.resolution=16", FEW[1]]
        assert dispatch(["evaluate", path, *words]) == 0
        found.append(lines(f"{path}.evaluations.jsonl")[0]["metrics"])
    assert found[0] == found[1] == found[2]


def test_real_pictures_are_better_than_a_generators(home):
    np.savez("real.npz", images=real(1700))
    words = ["dataset=digits", "dataset.resolution=16", "metrics=fast"]
    assert dispatch(["evaluate", "real.npz", *words]) == 0
    assert dispatch(["evaluate", "last", "samples=1700", "metrics=fast"]) == 0
    good, bad = lines("real.npz.evaluations.jsonl")[0], lines(last().evaluations_file)[0]
    good, bad = good["metrics"], bad["metrics"]
    assert good["fid_digits_classifier"] < bad["fid_digits_classifier"] / 20
    assert good["precision_digits_classifier"] > 0.9 > bad["precision_digits_classifier"]
    assert good["quality_digits_classifier"] < bad["quality_digits_classifier"]
    assert good["classes_found_digits_classifier"] == 10


def test_points_are_judged(home, capsys):
    assert dispatch(["train", "dataset=ring", *TINY[:4], "rounds=2", "metrics=none"]) == 0
    assert dispatch(["evaluate", "last", "samples=500"]) == 0
    assert {"modes_found", "high_quality", "js", "swd"} <= set(last().evaluations()[0].metrics)


def judged(name, pictures):
    """The metrics of pictures that somebody gives."""
    np.savez(f"{name}.npz", images=pictures)
    words = ["dataset=digits", "dataset.resolution=16", "dataset.held_out=0.2"]
    chosen = "metrics=[memorisation,classes,coverage,diversity]"
    assert dispatch(["evaluate", f"{name}.npz", *words, chosen]) == 0
    found = lines(f"{name}.npz.evaluations.jsonl")[0]["metrics"]
    return {key.removesuffix("_digits_classifier"): value for key, value in found.items()}


def test_copies_mirror_images_and_a_single_digit_are_caught(home):
    dataset = Digits(16, 0.2, False)
    dataset.prepare()
    train, test = (dataset.arrays(split) for split in ("train", "test"))
    new, copies = judged("new", test["data"]), judged("copies", train["data"][:300])
    mirrored = judged("mirrored", train["data"][:300, ..., ::-1])
    single = judged("single", test["data"][test["label"] == 3])
    assert 0.4 < new["memorisation"] < 0.6
    assert new["copied"] < 0.03
    assert new["classes_found"] == 10
    assert min(copies["memorisation"], mirrored["memorisation"]) > 0.99
    assert min(copies["copied"], mirrored["copied"]) > 0.99
    assert single["classes_found"] <= 3
    assert single["coverage"] < new["coverage"] / 3
    assert single["diversity"] < new["diversity"] / 3


def test_fewer_samples_than_features_skips_what_needs_more(home, capsys):
    assert dispatch(["evaluate", "last", "samples=20", "metrics=[fid,swd]"]) == 0
    (entry,) = last().evaluations()
    assert set(entry.metrics) == {"swd"}
    assert "20" in entry.skipped["fid"]
    assert "not measured: fid; " in capsys.readouterr().out


def test_weights_that_are_absent_skip_their_metrics(home, capsys, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(home / "torch"))
    assert dispatch(["evaluate", "last", *FEW, "extractor=inception"]) == 0
    (entry,) = last().evaluations()
    assert set(entry.metrics) == {"swd"}
    assert "evaluate.inception=" in entry.skipped["fid"]
    assert entry.protocol["extractor"] is None
    assert dispatch(["evaluate", "last", "metrics=[fid]", "extractor=inception"]) == 1


def test_a_run_without_a_checkpoint_has_nothing_to_judge(home, capsys):
    shutil.rmtree(last().checkpoints)
    last().checkpoints.mkdir()
    assert dispatch(["evaluate", "last"]) == 4
    assert "no usable checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["last", "metrics=[modes]"], 2, "none of those chosen judges pictures"),
        (["last", "metrics=none"], 2, "judges nothing"),
        (["last", "metrics=[fidd]"], 2, "did you mean fid"),
        (["last", "loss=hinge"], 2, "what was trained stays as it is"),
        (["last", "samples=1"], 2, "evaluate.samples must be a whole number from 2"),
        (["last", "samples=many"], 2, "evaluate.samples must be"),
        (["last", "checkpoint=oldest"], 2, "newest, best, or a round's number"),
        (["last", "checkpoint=77"], 4, "it has those of rounds 0, 2, 4"),
        (["last", "extractor=resnet"], 2, "auto, classifier, inception"),
        (["last", "split=validation"], 2, "train, test"),
        (["own.npz"], 2, "dataset=mnist"),
        (["nowhere.npz", "dataset=digits"], 3, "cannot be read"),
        (["nowhere"], 2, "no such run"),
    ],
)
def test_what_cannot_be_judged_is_refused_and_writes_nothing(home, capsys, words, code, told):
    assert dispatch(["evaluate", *words]) == code
    assert told in capsys.readouterr().err
    assert not last().evaluations_file.exists()


def test_samples_in_the_order_of_their_classes_are_worth_the_same(home):
    pictures, labels = real(1700), load_digits().target[:1700]
    np.savez("mixed.npz", images=pictures)
    np.savez("sorted.npz", images=pictures[labels.argsort()])
    words = ["dataset=digits", "dataset.resolution=16"]
    chosen = "metrics=[fid,kid,inception_score,recall,memorisation]"
    found = []
    for name in ("mixed.npz", "sorted.npz"):
        more = ["dataset.held_out=0.2", "samples=600"]
        assert dispatch(["evaluate", name, *words, *more, chosen]) == 0
        found.append(lines(f"{name}.evaluations.jsonl")[0]["metrics"])
    mixed, by_class = found
    assert by_class["fid_digits_classifier"] < 3 * mixed["fid_digits_classifier"]
    assert by_class["recall_digits_classifier"] > 0.8
    assert by_class["inception_score_digits_classifier"] > 7
    assert 0.4 < by_class["memorisation_digits_classifier"] < 1


def test_a_run_whose_name_has_a_dot_is_a_run(home):
    path = last().path
    dotted = path.rename(path.with_name(f"lr0.5-{path.name}"))
    for reference in (str(dotted), "lr0.5"):
        assert dispatch(["evaluate", reference, "samples=10", "metrics=[swd]"]) == 0


def test_data_of_another_shape_are_not_the_runs_own(home, capsys):
    config = last().config()
    config.dataset.resolution = 8
    last().keep_config(config)
    assert dispatch(["evaluate", "last", *FEW]) == 2
    assert "1x16x16, and the data are 1x8x8" in capsys.readouterr().err


def test_points_of_another_density_are_judged_by_another_protocol(home):
    np.savez("points.npz", points=np.zeros((10, 2)))
    protocols = []
    for deviation in ("0.01", "0.5"):
        words = ["dataset=ring", f"dataset.deviation={deviation}", "metrics=[modes]"]
        assert dispatch(["evaluate", "points.npz", *words]) == 0
    protocols = [line["protocol"] for line in lines("points.npz.evaluations.jsonl")]
    with pytest.raises(ConfigError, match="content: "):
        refuse_unlike(dict(enumerate(protocols)))


def test_numbers_stand_beside_those_of_others_that_were_judged_alike(home, capsys):
    words = ["dataset=digits", "dataset.resolution=16", FEW[1]]
    np.savez("real.npz", images=real(300))
    assert dispatch(["evaluate", "last", *FEW, "against=real.npz"]) == 2
    assert dispatch(["evaluate", "real.npz", *words]) == 0
    capsys.readouterr()
    assert dispatch(["evaluate", "last", *FEW, "against=real.npz"]) == 0
    both = re.findall(r"^fid_digits_classifier +([\d.]+) +([\d.]+)$", capsys.readouterr().out, re.M)
    ((ours, theirs),) = both
    assert float(ours) > 20 * float(theirs)
    assert dispatch(["evaluate", "real.npz", *words, f"against={last().path}"]) == 0


def test_numbers_of_another_protocol_are_not_put_beside(home, capsys):
    assert dispatch(["evaluate", "last", *FEW]) == 0
    assert dispatch(["evaluate", "last", "samples=200", FEW[1], "against=last"]) == 0
    run = last()
    run.evaluations_file.write_text(run.evaluations_file.read_text().splitlines()[0] + "\n")
    np.savez("real.npz", images=real(200))
    words = ["dataset=digits", "dataset.resolution=16", FEW[1]]
    assert dispatch(["evaluate", "real.npz", *words, "against=last"]) == 2
    assert "samples: 200 -> 300" in capsys.readouterr().err
    assert dispatch(["evaluate", "last", *FEW, "against=nobody"]) == 2


def test_held_out_pictures_are_asked_for_where_there_are_none(home, capsys):
    assert dispatch(["evaluate", "last", "samples=300", "metrics=[memorisation,swd]"]) == 0
    assert "dataset.held_out=" in last().evaluations()[0].skipped["memorisation"]
    assert dispatch(["evaluate", "last", "samples=300", "split=test", "metrics=[swd]"]) == 1


def test_an_evaluation_that_is_killed_leaves_the_file_readable(home, capsys):
    assert dispatch(["evaluate", "last", "samples=10", "metrics=[swd]"]) == 0
    before = last().evaluations_file.read_bytes()
    process = start("evaluate", "last", "samples=100000000", "metrics=[swd]")
    wait_for(lambda: Path(f"/proc/{process.pid}/status").exists() and busy(process.pid))
    process.kill()
    process.communicate()
    assert last().evaluations_file.read_bytes() == before
    last().evaluations_file.write_bytes(before + b'{"round": 4, "met')
    assert dispatch(["evaluate", "last", "samples=10", "metrics=[swd]"]) == 0
    assert len(last().evaluations()) == 2


def busy(pid):
    """Whether a process has computed for some seconds."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]
    return int(ticks) > 400


def test_results_go_to_standard_output_and_news_elsewhere(home):
    done = ganlab("evaluate", "last", *FEW)
    assert done.returncode == 0
    assert done.stdout.startswith("run ")
    assert "classifier" in done.stdout


def test_a_damaged_reference_is_made_anew(home, tmp_path, monkeypatch):
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    assert dispatch(["evaluate", "last", *FEW]) == 0
    (file,) = (tmp_path / "cache" / "references").glob("*.pt")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert dispatch(["evaluate", "last", *FEW]) == 0
    first, second = last().evaluations()
    assert first.metrics == second.metrics


def test_a_run_of_an_older_ganlab_is_judged(home):
    config = last().config()
    for key in ("metrics", "evaluate", "evaluate_every", "early_stopping"):
        del config[key]
    last().keep_config(config)
    assert dispatch(["evaluate", "last", *FEW]) == 0
    assert set(last().evaluations()[0].metrics) == FULL_NAMES
