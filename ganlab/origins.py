"""Where each value of a configuration came from."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml
from hydra import initialize_config_module
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig

from ganlab.compose import Composition
from ganlab.errors import ConfigError
from ganlab.schema import keys, plain


def origins(composition: Composition) -> dict[str, str]:
    """The file below `conf/`, or the command line, that had the last word on each key."""
    found: dict[str, str] = {}
    with initialize_config_module("ganlab.conf", version_base="1.3"):
        loader: Any = GlobalHydra.instance().config_loader()
        _, options = loader._parse_overrides_and_create_caching_repo("train", composition.words)
        listed = loader.compute_defaults_list("train", composition.words, RunMode.RUN)
        for default in listed.defaults:
            if not default.package.startswith("hydra"):  # type: ignore[union-attr]
                config = options.load_config(default.config_path).config
                prefix = f"{default.package}." if default.package else ""
                found |= dict.fromkeys(keys(config, prefix), f"{default.config_path}.yaml")
    settings = (word.lstrip("+").partition("=")[0] for word in composition.words)
    return found | dict.fromkeys(settings, "command line")


@contextmanager
def naming_experiment(composition: Composition) -> Iterator[None]:
    """Inside, what is refused of a key that an experiment set says so."""
    try:
        yield
    except ConfigError as error:
        key = re.match(r"[\w.]*", str(error)).group()  # type: ignore[union-attr]
        file = origins(composition).get(key, "")
        if not file.startswith("experiment/"):
            raise
        raise ConfigError(
            f"{error}; {file} sets it, for the parts that it chooses: choose no other in their "
            "place, or leave the experiment out"
        ) from error


def annotated(composition: Composition) -> str:
    """The configuration as YAML, each value followed by where it came from."""
    lines = walk(composition.config, origins(composition), "", 0)
    width = min(max(len(text) for text, _ in lines), 56)
    return "\n".join(
        f"{text:{width}}  {origin and '# ' + origin}".rstrip() for text, origin in lines
    )


def walk(node: DictConfig, found: dict[str, str], prefix: str, depth: int) -> list[tuple[str, str]]:
    """(line of YAML, origin) of a node and all that is in it."""
    lines = []
    for key in map(str, node):
        child = node._get_node(key)
        indent = "  " * depth
        if isinstance(child, DictConfig) and len(child):
            lines.append((f"{indent}{key}:", ""))
            lines += walk(child, found, f"{prefix}{key}.", depth + 1)
        else:
            value = yaml.safe_dump(plain(node)[key], default_flow_style=True, width=1000)
            text = f"{indent}{key}: {value.removesuffix('...' + chr(10)).strip()}"
            lines.append((text, found.get(f"{prefix}{key}", "")))
    return lines
