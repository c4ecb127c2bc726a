"""Every YAML of the group fits what it builds."""

import inspect
from pathlib import Path

import pytest
from hydra.utils import get_object
from omegaconf import OmegaConf

OPTIONS = sorted((Path(__file__).parents[2] / "conf" / "dataset").glob("*.yaml"))


@pytest.mark.parametrize("path", OPTIONS, ids=lambda path: path.stem)
def test_keys_are_the_signature_and_have_no_defaults_in_python(path):
    config = OmegaConf.load(path)
    parameters = inspect.signature(get_object(config["_target_"])).parameters
    assert set(config) - {"_target_", "defaults"} == set(parameters)
    assert all(p.default is inspect.Parameter.empty for p in parameters.values())


@pytest.mark.parametrize("path", OPTIONS, ids=lambda path: path.stem)
def test_the_first_line_describes_the_option(path):
    first = path.read_text().splitlines()[0]
    assert first.startswith("# ")
    assert len(first) < 85


@pytest.mark.parametrize("path", OPTIONS, ids=lambda path: path.stem)
def test_the_name_of_the_data_is_the_name_of_the_option(path):
    target = get_object(OmegaConf.load(path)["_target_"])
    assert getattr(target, "name", path.stem) == path.stem
