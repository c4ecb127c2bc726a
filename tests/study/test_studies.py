"""Studies: one budget for all, failures counted, never twice what was done."""

import csv
import math
import shutil
import signal
from pathlib import Path

import pytest
import yaml
from children import start, wait_for

from ganlab import evaluations
from ganlab.cli import dispatch
from ganlab.errors import ConfigError
from ganlab.evaluations import Entry
from ganlab.options import all_options, options
from ganlab.runs import Run
from ganlab.study import findings, studies, studying
from ganlab.study.standings import REPEATS, SEARCH, standings
from ganlab.sweep import sweeps

SHIPPED = all_options([])["study"]
TINY = {
    "network": "mlp",
    "network.width": 8,
    "dataset": "ring",
    "metrics": "swd",
    "best.by": "swd",
    "evaluate.samples": 100,
    "rounds": 10,
    "evaluate_every": 5,
    "health": "none",
    "runtime": "cpu",
}
OURS = {
    "runs": 2,
    "seeds": [3, 4],
    "search_seed": 8,
    "words": {**TINY, "optimizer.lr": "tag(log,interval(1e-4,1e-2))"},
    "datasets": {"ring": {"dataset": "ring"}},
    "recipes": {
        "careless": {"model": "gan", "model.generator_norm": "batch,bogus"},
        "doomed": {"model": "gan", "debug.inject_nan": "7:generator/loss"},
    },
}
"""The second run of `careless` has a norm that is none; those of `doomed` diverge."""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(told, name="mine.yaml"):
    Path(name).write_text("# @package _global_\n# Mine\n" + yaml.safe_dump(told, sort_keys=False))
    return Path(name)


def loaded(told):
    return studies.load(written(told), None)


def refused(told):
    with pytest.raises(ConfigError) as refusal:
        loaded(told)
    assert str(refusal.value).startswith("mine.yaml: ")
    return str(refusal.value)


def drawn(study, runs):
    return [e.drawn(n) for e in study.entrants(None) for n in range(runs)]


def value(variation, key):
    return dict(word.split("=", 1) for word in variation.words)[key]


# The plan


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_study_can_be_played(name):
    study = studies.changed(studies.load(SHIPPED[name], None), {"runs": "2"})
    found = studying.planned(study, None)
    assert len({tuple(each.words) for each in found}) == len(found)
    assert len(found) == 2 * len(study.recipes) * len(study.datasets)
    assert all(any(w.startswith("best.by=") for w in each.words) for each in found)


def test_the_narrow_spaces_lie_within_the_wide_ones():
    wide, narrow = (studies.load(SHIPPED[name], None) for name in ("wide", "narrow"))
    assert narrow.recipes.keys() == wide.recipes.keys()
    for one, other in zip(wide.entrants(None), narrow.entrants(None), strict=True):
        fixed = dict(word.split("=", 1) for word in other.fixed)
        for key, space in one.spaces.items():
            within = other.spaces.get(key)
            ends = studies.extreme(within) if within else [fixed[key]]
            if isinstance(space, studies.Interval):
                assert all(space.low <= float(end) <= space.high for end in ends)
            else:
                assert set(ends) <= set(space.values)


def test_a_larger_budget_begins_as_a_smaller_one():
    small = loaded(OURS)
    large = studies.changed(small, {"runs": "5"})
    assert studying.planned(large, None)[:4] == studying.planned(small, None)
    seeds = [value(each, "seed") for each in drawn(large, 5)]
    assert len(set(seeds)) == len(seeds)


def test_a_value_depends_on_nothing_but_its_own_key():
    study = loaded(OURS)
    before = drawn(study, 3)
    after = drawn(studies.changed(study, {"batch_size": "16", "recipes": "careless"}), 3)
    for one, other in zip(before[:3], after, strict=True):
        assert value(one, "optimizer.lr") == value(other, "optimizer.lr")
        assert value(other, "batch_size") == "16"


def test_recipes_draw_for_themselves_and_alike_on_every_dataset():
    told = {**OURS, "datasets": {"ring": {}, "wider": {"dataset.radius": 2.0}}}
    careless, doomed, again, _ = (e.drawn(0) for e in loaded(told).entrants(None))
    assert value(careless, "optimizer.lr") != value(doomed, "optimizer.lr")
    assert value(careless, "optimizer.lr") == value(again, "optimizer.lr")


def test_another_search_seed_draws_others():
    study = loaded(OURS)
    other = studies.changed(study, {"search_seed": "1"})
    assert value(drawn(study, 1)[0], "seed") != value(drawn(other, 1)[0], "seed")


def test_the_best_configuration_is_repeated_with_another_seed_only():
    entrant = loaded(OURS).entrants(None)[0]
    words = [word for word in entrant.drawn(0).words if not word.startswith("seed=")]
    assert entrant.again(words, "7").words == [*words, "seed=7"]


def test_later_words_win_and_the_command_line_over_all():
    told = {**OURS, "words": {**OURS["words"], "rounds": 1, "log_every": 1}}
    told["datasets"] = {"ring": {"rounds": 2, "log_every": 2}}
    told["recipes"] = {"gan": {"rounds": 3}}
    study = loaded(told)
    first = study.entrants(None)[0].drawn(0)
    assert (value(first, "rounds"), value(first, "log_every")) == ("3", "2")
    ours = studies.changed(study, {"rounds": "4", "optimizer.lr": "1e-3"})
    first = ours.entrants(None)[0].drawn(0)
    assert (value(first, "rounds"), value(first, "optimizer.lr")) == ("4", "1e-3")


def test_a_study_of_ones_own_extends_a_shipped_one():
    study = loaded({"defaults": ["/study/wide", "_self_"], "runs": 3, "words": {"rounds": 9}})
    wide = studies.load(SHIPPED["wide"], None)
    assert (study.runs, study.words["rounds"], study.recipes) == (3, "9", wide.recipes)


def test_recipes_and_datasets_may_be_left_out():
    study = studies.load(SHIPPED["wide"], None)
    few = studies.changed(study, {"recipes": "vae,wgan", "datasets": "[mnist]", "seeds": "[1,2]"})
    assert [(e.dataset, e.recipe) for e in few.entrants(None)] == [
        ("mnist", "vae"),
        ("mnist", "wgan"),
    ]
    assert few.total == 2 * (100 + 2)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"runs": 0}, "runs=0"),
        ({"runs": "many"}, "runs=many"),
        ({"seeds": 5}, "seeds=5"),
        ({"seeds": "a,b"}, "seeds=a,b"),
        ({"search_seed": -1}, "search_seed=-1"),
        ({"budget": 3}, "budget"),
        ({"recipes": {}}, "recipes"),
        ({"recipes": ["gan"]}, "recipes"),
        ({"recipes": {"gan": "dcgan"}}, "recipes.gan"),
        ({"words": {"seed": 1}}, "words.seed"),
        ({"words": {"optimizer": {"lr": 1}}}, "words.optimizer"),
        ({"defaults": ["/study/nowhere", "_self_"]}, "nowhere"),
    ],
)
def test_what_is_no_study_is_refused(change, named):
    assert named in refused({**OURS, **change})


def test_what_is_missing_is_named():
    assert "seeds is missing" in refused({key: OURS[key] for key in OURS if key != "seeds"})
    Path("mine.yaml").write_text("runs: [")
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        studies.load(Path("mine.yaml"), None)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"optimizer.lrr": "1,2"}, "optimizer.lrr"),
        ({"optimizer.lr": "interval(-1,1)"}, "optimizer.lr"),
        ({"optimizer.betas.0": "interval(0,1)"}, "optimizer.betas"),
        ({"loss": "hinge,hinges"}, "loss=hinges"),
        ({"optimizer.lr": "tag(log,interval(0,1))"}, "optimizer.lr"),
    ],
)
def test_a_space_with_impossible_values_is_refused_before_anything_is_played(words, named):
    study = loaded({**OURS, "words": {**TINY, **words}})
    with pytest.raises(ConfigError, match=named):
        studying.planned(study, None)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"best.by": None}, "best.by: fid"),
        ({"best.by": "generator/loss"}, "best.by: fid"),
        ({"best.by": "kid"}, "best.by=kid"),
        ({"network": "dcgan"}, "network=dcgan"),
    ],
)
def test_what_cannot_be_compared_is_refused_and_leaves_nothing_behind(words, named):
    study = loaded({**OURS, "words": {**TINY, **words}, "recipes": {"gan": {"model": "gan"}}})
    with pytest.raises(ConfigError, match=named):
        studying.begin(study, [], None)
    assert not Path("outputs").exists()


# The verb


def said(capfd, *words):
    code = dispatch(["study", *words])
    return code, capfd.readouterr()


def test_a_dry_run_lists_the_search_and_makes_nothing(capfd):
    code, told = said(capfd, str(written(OURS)), "--dry-run", "runs=3", "jobs=2")
    lines = told.out.splitlines()
    assert (code, sum("ganlab train " in line for line in lines)) == (0, 6)
    assert "at most 10 in all" in " ".join(told.out.split())
    assert not Path("outputs").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["smal"], "did you mean small?"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["small", "recipes=gann"], "recipes=gann"),
        (["small", "seed=1"], "seed"),
        (["small", "jobs=0"], "jobs=0"),
        (["small", "rounds"], "rounds"),
        (["small", "roundz=3", "--dry-run"], "roundz"),
    ],
)
def test_a_wrong_command_is_refused_by_name(capfd, words, named):
    code, told = said(capfd, *words)
    assert code == 2
    assert named in told.err


def test_studies_are_listed_copied_and_completed_but_no_group_of_a_run(capfd):
    assert dispatch(["list", "study"]) == 0
    listed = capfd.readouterr().out
    titles = [line.split(maxsplit=1)[1] for line in listed.splitlines()[1:]]
    assert len(titles) == len(SHIPPED)
    assert all(3 < len(title) < 78 for title in titles)
    assert dispatch(["copy", "study/small"]) == 0
    assert "ganlab study my_small" in capfd.readouterr().out
    assert said(capfd, "my_small", "runs=1", "datasets=ring", "--dry-run")[0] == 0
    assert dispatch(["completion", "--line", "ganlab study sm"]) == 0
    assert capfd.readouterr().out == "small \n"
    assert "study" not in options([])
    assert dispatch(["train", "study=small"]) == 2
    assert "ganlab study" in capfd.readouterr().err


# What was found, from files that tell of runs


def study_of(recipes, sign=1, dataset="ring"):
    """A directory of a study, without runs."""
    told = {**OURS, "recipes": {name: {} for name in recipes}, "datasets": {dataset: {}}}
    return sweeps.create(
        "outputs",
        None,
        "study",
        command="",
        slots=1,
        study=told,
        metrics={dataset: {"name": "swd", "sign": sign}},
        jobs=[],
    )


def ran(sweep, recipe, stage, state, *values, words=("lr=1",), **protocol):
    """Add a run that has ended to a study, with what it was found to be worth."""
    jobs = sweep.facts()["jobs"]
    varied = {"dataset": "ring", "recipe": recipe, "seed": str(len(jobs))}
    told = sweeps.planned(len(jobs), 100, [*words, f"seed={len(jobs)}"], varied)
    sweep.note(jobs=[*jobs, {**told, "stage": stage}])
    run = Run(sweep.path / told["directory"])
    run.path.mkdir()
    run.note(id="1", status=state, started="2026-11-22", choices={})
    for n, each in enumerate(values):
        how = {"weights": "average", "metrics": {"swd": {}}, **protocol}
        entry = Entry(n + 1, 0.0, {"swd": each}, {}, how, {"swd": "min"}, {"swd": "swd"})
        evaluations.append(run.evaluations_file, entry)


def found(sweep):
    (only,) = standings(sweeps.Sweep(sweep.path))
    return only


def test_a_run_is_worth_the_best_of_its_evaluations():
    sweep = study_of(["a"])
    ran(sweep, "a", SEARCH, "done", 3.0, 1.0, math.nan, 2.0)
    assert [o.loss for o in found(sweep).recipes[0].search] == [1.0]


def test_failed_and_diverged_runs_are_worst_whatever_they_once_were_worth():
    sweep = study_of(["a"])
    ran(sweep, "a", SEARCH, "done", 5.0)
    ran(sweep, "a", SEARCH, "diverged", 1.0)
    ran(sweep, "a", SEARCH, "failed", 1.0)
    ran(sweep, "a", SEARCH, "done")  # and nothing could be measured
    ran(sweep, "a", SEARCH, "interrupted", 1.0)  # which has not ended
    (standing,) = found(sweep).recipes
    assert [o.loss for o in standing.search] == [5.0, math.inf, math.inf, math.inf]
    assert [o.state for o in standing.search] == ["done", "diverged", "failed", "failed"]
    assert findings.fates(standing.search) == ["4", "50%", "25%"]


def test_the_greatest_may_be_best():
    sweep = study_of(["a", "b"], sign=-1)
    for name, good in (("a", 0.9), ("b", 0.8)):
        ran(sweep, name, SEARCH, "done", 0.1, good)
        ran(sweep, name, REPEATS, "done", 1 - good)
    assert findings.verdict(found(sweep))[:2] == [
        ("by one best run", "a, b"),
        ("by the median", "b, a"),
    ]
    assert findings.searched(found(sweep))[1][:3] == ["a", "0.900", "0.900 .. 0.900"]


def test_a_recipe_without_a_good_run_comes_last():
    sweep = study_of(["lost", "kept"])
    ran(sweep, "lost", SEARCH, "diverged")
    ran(sweep, "kept", SEARCH, "done", 1.0)
    ran(sweep, "kept", REPEATS, "done", 4.0)
    told = dict(findings.verdict(found(sweep)))
    assert told["by the median"] == "kept, lost"
    assert told["orderings"].startswith("0 of 1 pair ")
    assert findings.searched(found(sweep))[2][:3] == ["lost", "none", "none .. none"]


def test_only_repeats_of_the_best_configuration_count():
    sweep = study_of(["a"])
    ran(sweep, "a", SEARCH, "done", 2.0, words=("lr=1",))
    ran(sweep, "a", REPEATS, "done", 7.0, words=("lr=1",))
    ran(sweep, "a", SEARCH, "done", 1.0, words=("lr=2",))  # of a budget that grew
    ran(sweep, "a", REPEATS, "done", 8.0, words=("lr=2",))
    assert [o.loss for o in found(sweep).recipes[0].repeats] == [8.0]


def test_numbers_of_different_protocols_are_not_compared():
    sweep = study_of(["a", "b"])
    ran(sweep, "a", SEARCH, "done", 1.0, samples=100)
    ran(sweep, "b", SEARCH, "done", 2.0, samples=1000)
    with pytest.raises(ConfigError, match="samples: 100 -> 1000"):
        standings(sweep)


def test_another_kind_of_sweep_is_no_study(capfd):
    path = str(sweeps.create("outputs", None, "sweep", command="", jobs=[]).path)
    code, told = said(capfd, path)
    assert code == 2
    assert "ganlab compare" in told.err


def test_a_report_of_nothing_yet_says_what_is_missing():
    sweep = study_of(["a"])
    jobs = [
        {**sweeps.planned(0, 1, ["seed=1"], {"dataset": "ring", "recipe": "a"}), "stage": SEARCH}
    ]
    sweep.note(jobs=jobs)
    assert "1 run: `ganlab resume`" in findings.report(sweeps.Sweep(sweep.path))


# A whole study


def states(sweep):
    return [job.state() for job in sweeps.Sweep(sweep.path).jobs]


def one_is_done():
    return any("done" in states(sweep) for sweep in sweeps.everything("outputs"))


def rows(sweep):
    return list(csv.DictReader((sweep.path / findings.SHEET).open()))


@pytest.mark.slow
def test_a_study_is_interrupted_resumed_reported_and_grows(capfd, home):
    process = start("study", str(written(OURS)), "jobs=1", cwd=home)
    wait_for(one_is_done, seconds=240)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=240)
    (sweep,) = sweeps.everything("outputs")
    assert process.returncode == 130
    assert f"ganlab resume {sweep.path}" in out
    assert not (sweep.path / findings.PAGE).exists()

    before = sweep.jobs[0].run.evaluations_file.stat().st_mtime_ns
    assert dispatch(["resume", str(sweep.path), "jobs=2"]) == 1  # one of its runs failed
    assert states(sweep) == ["done", "diverged", "failed", "diverged", "done", "done"]
    assert sweep.jobs[0].run.evaluations_file.stat().st_mtime_ns == before
    careless, doomed = rows(sweep)
    assert [careless[f"search_{n}"] for n in ("runs", "failed", "diverged")] == ["2", "1", "0"]
    assert [doomed[f"search_{n}"] for n in ("runs", "failed", "diverged")] == ["2", "0", "2"]
    assert (careless["seeds_runs"], doomed["seeds_runs"], doomed["best"]) == ("2", "0", "")
    assert float(careless["best_low"]) == float(careless["best"])
    assert max(map(len, findings.report(sweeps.Sweep(sweep.path)).splitlines())) <= 80
    assert (sweep.path / findings.PICTURE).read_bytes().startswith(b"\x89PNG")

    assert said(capfd, str(sweep.path))[0] == 0  # reported once more, and nothing was played
    assert len(states(sweep)) == 6
    assert dispatch(["resume", str(sweep.path), "rounds=20"]) == 2
    lost = sweeps.Sweep(sweep.path).jobs[5]
    shutil.rmtree(lost.run.path)
    lost.log.unlink()
    assert dispatch(["resume", str(sweep.path), "seeds=3,4,5"]) == 1
    assert rows(sweep)[0]["seeds_runs"] == "3"
