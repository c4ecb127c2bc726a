"""What Hydra itself tells of a configuration."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager

import hydra

from ganlab.compose import Composition


def tell(composition: Composition, cfg: str | None, info: str | None) -> None:
    """Let Hydra print the configuration, or how it came about."""
    flags = ["--cfg", cfg] if cfg else ["--info", str(info)]
    sys.argv = ["ganlab train", *composition.words, *flags]
    with unchecked_help():
        hydra.main("pkg://ganlab.conf", "train", version_base="1.3")(print)()


@contextmanager
def unchecked_help() -> Iterator[None]:
    """Inside, help may be made lazily, as Hydra 1.3 does; Python 3.14 demands a text at once."""
    check = vars(ArgumentParser).get("_check_help")
    ArgumentParser._check_help = lambda parser, action: None  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del ArgumentParser._check_help  # type: ignore[attr-defined]
        if check:
            ArgumentParser._check_help = check  # type: ignore[attr-defined]
