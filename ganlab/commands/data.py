"""`ganlab data`: check, prepare or forget what trainings read."""

import argparse
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ganlab.columns import aligned
from ganlab.commands.arguments import add_config_dir
from ganlab.commands.consent import agreed
from ganlab.errors import ConfigError, DataError, GanlabError
from ganlab.nearest import did_you_mean, nearest
from ganlab.options import options, user_directories

if TYPE_CHECKING:
    from ganlab.datasets.cache import Entry
    from ganlab.kept import Kept

EXAMPLES = (
    "ganlab data check",
    "ganlab data check mnist dataset.root=./data",
    "ganlab data check ./photos",
    "ganlab data prepare cifar10",
    "ganlab data prune mnist",
)
ACTIONS = {
    "check": "read all of it, raw and prepared, and compare it with what it should be",
    "prepare": "make the arrays that trainings read, once; downloads what may be downloaded",
    "prune": "delete prepared arrays, and what was learnt from them, from the cache",
}

log = logging.getLogger("ganlab")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=ACTIONS, metavar="ACTION", help="; ".join(map(": ".join, ACTIONS.items()))
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="DATASET|PATH KEY=VALUE",
        help="a dataset (`ganlab list dataset`), or a folder or archive of pictures, and settings",
    )
    parser.add_argument("--yes", action="store_true", help="prune without asking")
    add_config_dir(parser)


def run(arguments: argparse.Namespace) -> None:
    name, words = named(arguments.words)
    if arguments.action == "prune":
        prune(name, words, arguments.yes, arguments.config_dir)
    elif name is None and arguments.action == "check" and not words:
        overview(arguments.config_dir)
    elif name is None:
        raise ConfigError(
            f"`ganlab data {arguments.action}` needs a dataset first, such as "
            f"`ganlab data {arguments.action} mnist`; `ganlab list dataset` shows all"
        )
    else:
        {"check": check, "prepare": prepare}[arguments.action](
            chosen(name, words, arguments.config_dir)
        )


def named(words: list[str]) -> tuple[str | None, list[str]]:
    """The dataset that is named or written as `dataset=NAME`, and the settings."""
    for word in words:
        if "=" not in word or word.startswith("dataset=") or Path(word).exists():
            return word.removeprefix("dataset="), [other for other in words if other != word]
    return None, words


def check(dataset: Any) -> None:
    """Print what is there. Raises DataError for what would stop a training."""
    found = dataset.check()
    print(aligned(found.facts))
    if found.faults:
        raise DataError("\n".join(found.faults))


def prepare(dataset: Any) -> None:
    """Prepare the data and print where and how large they are."""
    from ganlab.observers.progress import preparing

    if dataset.prepared:
        log.info("already prepared")
    dataset.prepare(preparing())
    print(aligned(dataset.describe()))


def overview(config_dir: str | None) -> None:
    """One line a dataset: what of it is there."""
    print(aligned({name: state(name, config_dir) for name in names(config_dir)}))


def state(name: str, config_dir: str | None) -> str:
    """How far a dataset is, or why that cannot be said without settings."""
    try:
        return chosen(name, [], config_dir).state
    except GanlabError as error:
        return str(error)


def prune(name: str | None, words: list[str], yes: bool, config_dir: str | None) -> None:
    """List what the cache holds, of one dataset or of all, and delete it after one question."""
    from ganlab.datasets.cache import entries
    from ganlab.files import cache_root
    from ganlab.kept import all_kept

    if words:
        raise ConfigError(f"{' '.join(words)}: `ganlab data prune` takes no settings")
    found: list[Entry | Kept] = [*entries(), *all_kept()]
    known = {entry.name for entry in found}.union(names(config_dir))
    if name not in {None, *known}:
        refuse_unknown(str(name), "dataset", known)
    found = [entry for entry in found if name in (None, entry.name)]
    if not found:
        print(f"{cache_root()} holds nothing{f' of {name}' if name else ''}")
        return
    print(listing(found, cache_root()))
    if not (yes or agreed("delete all of these?")):
        print("kept")
        return
    for entry in found:
        entry.remove()


def listing(found: "Sequence[Entry | Kept]", root: Path) -> str:
    """One line a directory or file below the root of the cache, with its size."""
    names = [str(entry.path.relative_to(root)) for entry in found]
    width = max(map(len, names))
    lines = [
        f"{name:{width}}  {entry.bytes / 1e6:9.1f} MB  {entry.content}"
        for name, entry in zip(names, found, strict=True)
    ]
    total = sum(entry.bytes for entry in found) / 1e6
    return "\n".join([*lines, f"{total:.1f} MB in {root}"])


def chosen(name: str, words: list[str], config_dir: str | None) -> Any:
    """The dataset of a name, or the pictures at a path.

    Raises ConfigError where neither is, DataError for a path that leads nowhere.
    """
    from ganlab.compose import compose
    from ganlab.making import make

    known = names(config_dir)
    is_path = name not in known
    if is_path and not Path(name).expanduser().exists():
        if looks_like_a_path(name):
            raise DataError(f"{name}: there is no such folder or archive")
        refuse_unknown(name, "dataset, folder or archive", known)
    config = compose([f"dataset={'folder' if is_path else name}", *words], config_dir).config
    if is_path:
        config.dataset.path = name
    return make(config.dataset, "dataset")


def looks_like_a_path(name: str) -> bool:
    """Whether a word is no dataset's name: it has a slash, leads home, or ends as archives do."""
    return "/" in name or name.startswith((".", "~")) or name.endswith((".zip", ".tar", ".gz"))


def names(config_dir: str | None) -> list[str]:
    """The datasets that can be chosen."""
    return sorted(options(user_directories(config_dir))["dataset"])


def refuse_unknown(name: str, kind: str, known: Iterable[str]) -> NoReturn:
    near = nearest(name, sorted(known)) or sorted(known)
    raise ConfigError(f"{name}: no such {kind}; {did_you_mean(near)}")
