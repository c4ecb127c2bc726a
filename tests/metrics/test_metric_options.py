"""What every metric's option and file keep to."""

import inspect
from types import SimpleNamespace

import pytest
import torch
from hydra.utils import get_class
from omegaconf import OmegaConf

from ganlab.compose import compose
from ganlab.metrics.metric import Metric
from ganlab.options import options

PRESETS = {"none", "fast", "full"}
FILES = {name: file for name, file in options([])["metrics"].items() if name not in PRESETS}
CONFIGS = {name: OmegaConf.load(file) for name, file in FILES.items()}
CLASSES = {name: get_class(config[name]._target_) for name, config in CONFIGS.items()}
ONE_CHART = {"classes", "memorisation"}


def chosen(words):
    return set(compose([f"metrics={words}"]).config.metrics)


@pytest.mark.parametrize("name", FILES)
def test_an_option_is_one_metric_of_the_same_name_and_module(name):
    assert set(CONFIGS[name]) == {name}
    assert CLASSES[name].__module__ == f"ganlab.metrics.{name}"
    assert issubclass(CLASSES[name], Metric)


@pytest.mark.parametrize("name", FILES)
def test_yaml_names_every_parameter_and_only_yaml_has_values(name):
    parameters = inspect.signature(CLASSES[name]).parameters
    assert set(parameters) == set(CONFIGS[name][name]) - {"_target_"}
    assert all(p.default is inspect.Parameter.empty for p in parameters.values())


@pytest.mark.parametrize("name", FILES)
def test_the_first_line_fits_a_list(name):
    assert len(FILES[name].read_text().splitlines()[0].removeprefix("# ")) < 60


def test_no_two_metrics_give_a_number_of_the_same_name():
    names = [number for metric in CLASSES.values() for number in metric.gives]
    assert len(names) == len(set(names))


def test_full_holds_every_metric():
    assert chosen("full") == set(FILES)


def test_fast_is_a_part_of_full_and_none_is_nothing():
    assert {"fid", "kid", "precision", "recall"} < chosen("fast") < chosen("full")
    assert chosen("none") == set()


def test_metrics_are_chosen_as_a_list():
    assert chosen("[fid,kid]") == {"fid", "kid"}


@pytest.mark.parametrize("name", FILES)
def test_a_metric_gives_the_numbers_it_names(name, metric, seen, training, ring):
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(256, (300, 1, 8, 8), dtype=torch.uint8, generator=generator)
    plane = CLASSES[name].judges == {"points"}
    samples = torch.randn(300, 2, generator=generator) if plane else pictures

    sides = {
        side: seen(
            torch.randn(300, 64, generator=generator),
            torch.randn(300, 3, generator=generator),
            samples,
        )
        for side in ("real", "fake", "held_out")
    }
    everything = SimpleNamespace(
        seed=1,
        mixture=ring,
        classes=("a", "b", "c"),
        training=training(pictures),
        critic=lambda samples: samples.float().flatten(1).mean(1),
        **sides,
    )
    verdict = metric(name)(everything)
    numbers = {k: v for k, v in verdict.items() if isinstance(v, float)}
    assert tuple(numbers) == CLASSES[name].gives
    for picture in (v for k, v in verdict.items() if k not in numbers):
        assert picture.dtype == "uint8"
        assert picture.shape[2] == 3
    assert (len(verdict) > len(numbers)) == (name in ONE_CHART)
