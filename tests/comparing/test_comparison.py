"""Rows of a comparison: what each run is, however it ended and whatever is damaged."""

import json
import math
import shutil

import pytest
import yaml
from handwritten import WGAN_GP, judge, logged, write_run, write_sweep
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab import lock
from ganlab.comparing import page, tables
from ganlab.comparing.cells import columns, ranked
from ganlab.comparing.comparison import compare
from ganlab.comparing.rows import Number, row
from ganlab.errors import ConfigError
from ganlab.evaluations import understood
from ganlab.references import subjects


@pytest.fixture
def output(tmp_path):
    return tmp_path / "outputs"


def compared(output, wanted=None):
    return compare(subjects([], str(output)), wanted)


def ids(found):
    return [row.id for row in found.rows]


def test_a_row_says_how_far_how_long_and_how_fast(output):
    run = write_run(output, "0001")
    (run.path / "events.out.tfevents.1000.host.1.0").touch()
    found = row(run)
    assert (found.state, found.round, found.rounds) == ("done", 100, 100)
    assert (found.trained_s, found.images_per_second) == (100.0, 640.0)
    assert found.remarks == ()


def test_the_pause_before_a_resumed_session_is_no_training(output):
    run = write_run(output, "0001", rounds=50)
    later = [json.dumps({"round": n, "time": 9000.0 + n}) for n in range(51, 61)]
    with open(run.metrics_file, "a") as file:
        file.writelines(f"{line}\n" for line in later)
    for begun in (1000, 9050):
        (run.path / f"events.out.tfevents.{begun}.host.1.0").touch()
    assert row(run).trained_s == 50 + 10


@pytest.mark.parametrize("status", ["done", "failed", "diverged", "interrupted", "pruned"])
def test_the_state_is_what_the_run_says(output, status):
    assert row(write_run(output, "0001", status=status)).state == status


def test_a_run_is_running_while_its_lock_is_held_and_then_killed(output):
    run = write_run(output, "0001", status="running", rounds=40)
    with lock.held(run.path):
        assert (row(run).state, row(run).remarks) == ("running", ())
    assert row(run).state == "killed"


def test_damage_is_shown_and_keeps_nobody_from_being_shown(output):
    _, damaged, torn, bare, empty = (write_run(output, f"000{n}") for n in range(1, 6))
    (damaged.path / "run.json").write_text("{")
    torn.metrics_file.write_bytes(torn.metrics_file.read_bytes()[:-30])
    bare.metrics_file.unlink()
    bare.config_file.write_text(": [")
    empty.metrics_file.write_text("")
    found = {row.id: row for row in compared(output).rows}
    assert compared(output).differing == []
    assert found["0001"].remarks == ()
    assert found["0002"].state == "damaged"
    assert found["0002"].remarks == ("run.json cannot be read",)
    assert found["0003"].remarks == ("its log is cut off after round 99",)
    assert found["0004"].remarks == ("config.yaml cannot be read", "nothing was logged")
    assert found["0005"].remarks == ("nothing was logged",)


def test_files_that_may_not_be_read_are_remarked(output):
    run = write_run(output, "0001", status="running")
    for name in ("evaluations.jsonl", ".lock"):
        (run.path / name).mkdir()  # which opens as little as a file without rights, even for root
    (found,) = compared(output).rows
    assert found.state == "running"
    assert found.remarks == ("evaluations.jsonl cannot be read", ".lock cannot be read")


def test_a_log_that_ends_early_is_remarked_unless_the_run_says_why(output):
    short = write_run(output, "0001", rounds=40)
    assert row(short).remarks == ("its log ends after round 40 of 100",)
    short.note(stopped="stopped early after round 40")
    assert row(short).remarks == ()


def test_a_moved_run_is_the_same(output, tmp_path):
    run = write_run(output, "0001")
    judge(run, 100, fid=3.0)
    before = compared(output).rows[0]
    shutil.move(output, tmp_path / "elsewhere")
    after = compared(tmp_path / "elsewhere").rows[0]
    assert (after.state, after.round, after.settings) == ("done", 100, before.settings)
    assert after.numbers == before.numbers


def test_a_job_without_a_run_says_why(output):
    write_run(output / "sweep", "0001")
    jobs = {"14-03-07-0001": "", "1-seed_1-9999": "ganlab: no such model", "2-seed_2-8888": None}
    write_sweep(output / "sweep", jobs)
    found = {row.id: row for row in compared(output).rows}
    assert (found["9999"].state, found["9999"].remarks) == ("failed", ("ganlab: no such model",))
    assert (found["8888"].state, found["8888"].remarks) == ("waiting", ())
    assert compared(output).settings == compared(output).differing == ["seed"]
    assert [found[id].settings["seed"] for id in ("0001", "9999", "8888")] == [0, 1, 2]


def test_only_settings_that_tell_runs_apart_are_shown(output):
    write_run(output, "0001")
    write_run(output, "0002", choices=WGAN_GP, config={"model.latent": 128})
    write_run(output, "0003", config={"seed": 2}, command="ganlab train seed=2")
    found = compared(output)
    assert found.settings == ["model", "seed"]
    assert set(found.differing) == {"model", "loss", "penalty", "model.latent", "seed"}


def test_a_run_alone_shows_its_choices(output):
    write_run(output, "0001")
    assert {"model", "dataset", "loss"} <= set(compared(output).settings)


def test_best_and_last_are_of_rounds_whatever_the_order_of_lines(output):
    run = write_run(output, "0001")
    for round, fid, recall in ((50, 5.0, 0.2), (100, 9.0, 0.1), (75, 3.0, 0.4), (25, math.nan, 1)):
        judge(run, round, fid=fid, recall=recall)
    numbers = compared(output).rows[0].numbers
    assert (numbers["fid"].best, numbers["fid"].last) == ((75, 3.0), (100, 9.0))
    assert (numbers["recall"].best, numbers["recall"].last) == ((25, 1.0), (100, 0.1))
    assert numbers["fid"].full == "fid_mnist_classifier"


def test_without_a_goal_or_a_finite_value_nothing_is_best():
    assert Number("fid", None, [(1, 2.0)]).best is None
    assert Number("fid", "min", [(1, math.nan)]).best is None


def test_numbers_of_two_protocols_are_never_mixed(output):
    for n, fids in enumerate([(8.0, 7.0), (6.0,)], 1):
        run = write_run(output, f"000{n}")
        for round, fid in enumerate(fids, 1):
            judge(run, round, fid=fid)
    judge(run, 100, time=9.0, protocol={"samples": 10_000}, fid=1.0)
    found = compared(output)
    assert [row.numbers["fid"].best[1] for row in found.rows] == [7.0, 6.0]
    assert [row.numbers["fid"].last[1] for row in found.rows] == [7.0, 6.0]
    assert found.notes == ["1 run also judged otherwise, left out here: samples: 2000 -> 10000"]


def test_runs_of_different_protocols_stand_apart_and_those_never_judged_come_last(output):
    for n, protocol in enumerate([{}, {"weights": "raw"}, {}, {}], 1):
        run = write_run(output, f"000{n}")
        if n != 3:
            judge(run, 100, protocol=protocol, fid=float(n))
    found = ranked(compared(output), "fid")
    assert [[row.id for row in group.rows] for group in found.groups()] == [
        ["0001", "0004"],
        ["0002"],
        ["0003"],
    ]
    assert "2 protocols" in found.notes[0]


def test_chosen_metrics_alone_are_shown_and_decide_what_compares(output):
    for n, k in enumerate((3, 5), 1):
        metrics = {"fid": {}, "recall": {"k": k}}
        judge(write_run(output, f"000{n}"), 9, protocol={"metrics": metrics}, fid=1.0, recall=0.5)
    assert len(compared(output).groups()) == 2
    assert len(compared(output, ["fid"]).groups()) == 1
    for wish in ("fid", "f", "fid_mnist_classifier"):
        assert compared(output, [wish]).metrics == ["fid"]
    with pytest.raises(ConfigError, match=r"--metrics fidd.*fid"):
        compared(output, ["fidd"])
    with pytest.raises(ConfigError, match="none of these runs was ever judged"):
        ranked(compare([]), "fid")


@pytest.fixture
def several(output):
    """Runs of different speed, seed and worth; the last two without a number to rank by."""
    values = [(3.0, 0.1), (1.0, 0.9), (2.0, 0.5), (math.nan, 0.2)]
    for n, (fid, recall) in enumerate(values, 1):
        run = write_run(output, f"000{n}", config={"seed": n % 3}, command="ganlab train seed=1")
        judge(run, 100, fid=fid, recall=recall)
    write_run(output, "0005", config={"seed": 7}, status="failed")
    return compared(output)


@pytest.mark.parametrize(
    ("by", "order"),
    [
        ("fid", "0002 0003 0001 0004 0005"),
        ("fi", "0002 0003 0001 0004 0005"),
        ("fid_mnist_classifier", "0002 0003 0001 0004 0005"),
        ("fid last", "0002 0003 0001 0004 0005"),
        ("recall", "0002 0003 0004 0001 0005"),
        ("seed", "0003 0001 0004 0002 0005"),
        ("state", "0001 0002 0003 0004 0005"),
        ("start", "0001 0002 0003 0004 0005"),
    ],
)
def test_rows_are_sorted_the_best_first_and_what_is_missing_last(several, by, order):
    assert ids(ranked(several, by)) == order.split()


def test_the_fastest_is_the_best(output):
    for n, speed in enumerate((90.0, 640.0, 300.0), 1):
        file = write_run(output, f"000{n}").metrics_file
        file.write_text(file.read_text().replace("640.0", str(speed)))
    assert ids(ranked(compared(output), "img/s")) == ["0002", "0003", "0001"]


def test_turned_round_what_is_missing_still_comes_last(several):
    assert ids(ranked(several, "fid", turned=True)) == ["0001", "0003", "0002", "0004", "0005"]


@pytest.mark.parametrize(("by", "hint"), [("zzz", "no such column"), ("r", "which")])
def test_a_column_that_there_is_not_or_that_is_not_unique_is_refused(several, by, hint):
    with pytest.raises(ConfigError, match=hint):
        ranked(several, by)


def test_every_column_can_be_sorted_by(several):
    for column in columns(several):
        assert sorted(ids(ranked(several, column.name))) == sorted(ids(several))


@pytest.mark.parametrize(
    "change",
    [{"goals": 5}, {"protocol": {"metrics": 5, "weights": "raw"}}, {"time": "x"}, {"metrics": 1}],
)
def test_a_line_of_another_form_is_no_evaluation(output, change):
    run = write_run(output, "0001")
    judge(run, 100, fid=1.0)
    line = json.loads(run.evaluations_file.read_text())
    assert understood(line) is not None
    assert understood({**line, **change}) is None


def test_older_lines_that_tell_no_goals_are_read(output):
    run = write_run(output, "0001")
    judge(run, 100, fid=1.0)
    line = json.loads(run.evaluations_file.read_text())
    old = {key: value for key, value in line.items() if key not in {"goals", "options"}}
    run.evaluations_file.write_text(json.dumps(old) + "\n")
    found = compared(output).rows[0].numbers["fid"]
    assert (found.goal, found.last) == (None, (100, 1.0))


def test_a_choice_that_is_no_word_is_none(output):
    for n in (1, 2):
        write_run(output, f"000{n}", choices={"dataset": []} if n == 2 else ())
    found = compared(output)
    assert [row.settings.get("dataset") for row in found.rows] == ["mnist", None]
    assert page.page(found, "ganlab compare").endswith("</html>\n")


def test_a_log_of_odd_values_is_a_row(output):
    run = write_run(output, "0001", rounds=0)
    run.metrics_file.write_text(
        logged(1) + '{"round": 2, "time": "x", "images_per_second": null}\n'
    )
    assert row(run).round == 2


ODD = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def changed(valid, draw):
    """A file's object with something odd in the place of one of its values, or of a deeper one."""
    key = draw(st.sampled_from(sorted(valid)))
    deeper = isinstance(valid[key], dict) and valid[key] and draw(st.booleans())
    return {**valid, key: changed(valid[key], draw) if deeper else draw(ODD)}


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["run.json", "config.yaml", "metrics.jsonl", "evaluations.jsonl"]),
    st.data(),
)
def test_no_content_of_any_file_keeps_a_run_from_being_shown(tmp_path_factory, name, data):
    output = tmp_path_factory.mktemp("outputs")
    for n in (1, 2):
        run = write_run(output, f"000{n}", rounds=3)
        judge(run, 2, fid=1.0)
    file = run.path / name
    text = file.read_text()
    valid = yaml.safe_load(text.splitlines()[-1] if name.endswith("l") else text)
    if data.draw(st.booleans()):
        file.write_text(json.dumps(changed(valid, data.draw)) + "\n")
    else:
        file.write_bytes(data.draw(st.binary(max_size=40)))
    found = ranked(compared(output), "fid")
    assert sorted(row.name for row in found.rows) == ["14-03-07-0001", "14-03-07-0002"]
    assert len(tables.text(found, 80).splitlines()) >= 3
    json.loads(tables.as_json(found), parse_constant=pytest.fail)
    assert tables.as_csv(found)
    assert tables.markdown(found)
    assert page.page(found, "ganlab compare").endswith("</html>\n")
