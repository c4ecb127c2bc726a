import json
import os
import re

import pytest

from ganlab import lock, runs
from ganlab.errors import ConfigError, OutputError

CHOICES = {"model": "wgan_gp", "dataset": "mnist"}


@pytest.fixture
def output(tmp_path):
    return str(tmp_path / "outputs")


def created(output, name):
    path = runs.new_path(output, [name, CHOICES["model"], CHOICES["dataset"]])
    return runs.create(path, name=name, choices=CHOICES)


def test_a_name_carries_time_name_recipe_data_and_id(output):
    run = created(output, "baseline")
    assert re.fullmatch(r"\d\d-\d\d-\d\d-baseline-wgan_gp-mnist-[0-9a-f]{4}", run.path.name)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", run.path.parent.name)


@pytest.mark.parametrize("name", ["a/b=c, d", "ü" * 300, "x" * 300, "..", "-"])
def test_any_name_becomes_one_short_plain_directory(name, output):
    run = created(output, name)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,80}", run.path.name)
    assert run.path.name.endswith(run.facts()["id"])
    assert len(list((run.path.parent).iterdir())) == 1


def test_runs_of_the_same_second_have_their_own_directories(output):
    assert len({created(output, None).path for _ in range(20)}) == 20


def test_a_run_is_found_by_path_last_id_and_prefix(output):
    first, second = (created(output, name) for name in ("one", "two"))
    assert runs.find(str(first.path), output) == first
    assert runs.find("last", output) == second
    assert runs.find(first.facts()["id"], output) == first
    assert runs.find(second.path.name[:12], output) == second
    ids = [run.facts()["id"] for run in (first, second)]
    if ids[0][:3] != ids[1][:3]:
        assert runs.find(ids[0][:3], output) == first


def test_a_reference_to_none_or_several_is_refused_with_the_candidates(output):
    names = [created(output, None).path.name for _ in range(2)]
    for reference in ("nothing", os.path.commonprefix(names), ""):  # noqa: RUF071
        with pytest.raises(ConfigError, match=names[0]):
            runs.find(reference, output)


def test_no_run_at_all_is_said(output):
    with pytest.raises(ConfigError, match="no runs below"):
        runs.find("last", output)


def test_an_output_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="output="):
        runs.refuse_unwritable(str(tmp_path / "file" / "below"))


def test_rewinding_forgets_later_rounds_and_a_torn_line(output):
    run = created(output, None)
    lines = [json.dumps({"round": n}) for n in (10, 20, 30)]
    run.metrics_file.write_text("\n".join([*lines, '{"round": 4']))
    run.rewind(20)
    assert [m["round"] for m in run.metrics()] == [10, 20]


def test_a_held_run_is_refused_with_its_holder(output):
    run = created(output, None)
    with (
        lock.held(run.path),
        pytest.raises(ConfigError, match="pid"),
        lock.held(run.path),
    ):
        pass
    assert lock.is_free(run.path)
