"""The rooms of the design, section 5: who may import what, read from the source."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ganlab"
FILES = sorted(PACKAGE.rglob("*.py"))
SHARED = {"ganlab.download", "ganlab.draws", "ganlab.errors", "ganlab.files", "ganlab.processes"}
NOT_ROOMS = {"commands", "comparing", "study", "sweep", "tune"}
ROOMS = sorted({f.parent.name for f in FILES if f.parent != PACKAGE} - NOT_ROOMS)
CONFIGURATION = {"hydra", "omegaconf"}
KNOW_HYDRA = {
    "compose",
    "hydra_tells",
    "launching",
    "making",
    "origins",
    "refusals",
    "schema",
    "spaces",
    "studies",
    "variations",
}
KNOW_OMEGACONF = KNOW_HYDRA | {
    "assembling",
    "build",
    "changes",
    "judging",
    "loaded",
    "older",
    "ranges",
    "runs",
}
HEAVY = {"torch", "torchvision", "hydra", "omegaconf", "numpy", "matplotlib", "tensorboard"}


def name(file: Path) -> str:
    """The dotted name of a module's file."""
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def within(module: str, *places: str) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """The modules that import statements name, `from ganlab import x` as ganlab.x."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            deeper = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= deeper if node.module == "ganlab" else {str(node.module)}
    return found


def everywhere(file: Path) -> set[str]:
    """What a file imports, lazily or for its types included."""
    return imported(ast.walk(ast.parse(file.read_text())))


def at_once(file: Path) -> set[str]:
    """What a file imports when it is imported itself."""
    return imported(iter(ast.parse(file.read_text()).body))


def roots(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def of(room: str) -> list[Path]:
    return [file for file in FILES if file.parent == PACKAGE / room]


def test_there_are_rooms():
    assert {"games", "networks", "losses", "penalties", "priors", "datasets"} <= set(ROOMS)


@pytest.mark.parametrize("file", [f for room in ROOMS for f in of(room)], ids=name)
def test_a_room_imports_only_itself_and_what_all_share(file):
    ours = {module for module in everywhere(file) if within(module, "ganlab")}
    assert not {m for m in ours - SHARED if not within(m, f"ganlab.{file.parent.name}")}


@pytest.mark.parametrize("file", FILES, ids=name)
def test_only_few_know_of_configuration(file):
    front = file.parent.name == "commands" or file == PACKAGE / "cli.py"
    known = roots(everywhere(file)) & CONFIGURATION
    assert front or "hydra" not in known or file.stem in KNOW_HYDRA
    assert front or "omegaconf" not in known or file.stem in KNOW_OMEGACONF


def test_the_run_directory_imports_configuration_lazily():
    assert not roots(at_once(PACKAGE / "runs.py")) & CONFIGURATION


@pytest.mark.parametrize("module", ["engine", "average", "optimizers"])
def test_the_engine_imports_torch_and_the_standard_library_only(module):
    outside = roots(everywhere(PACKAGE / f"{module}.py")) - sys.stdlib_module_names
    assert outside == {"torch"}


@pytest.mark.parametrize("file", [f for f in FILES if f.parent == PACKAGE], ids=name)
def test_nothing_below_the_commands_imports_them(file):
    if file.stem not in {"cli", "__main__", "__init__"}:
        assert not {m for m in everywhere(file) if within(m, "ganlab.commands", "ganlab.cli")}


@pytest.mark.parametrize("file", FILES, ids=name)
def test_nothing_imports_the_command_line_but_its_entry(file):
    assert file.stem == "__main__" or "ganlab.cli" not in everywhere(file)


def test_the_command_line_imports_nothing_heavy():
    code = "import sys, ganlab.cli; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(told.stdout.split())


@pytest.mark.parametrize("verb", sorted(f.stem for f in of("commands") if f.stem != "__init__"))
def test_no_verb_imports_hydra_before_it_must(verb):
    assert not roots(at_once(PACKAGE / "commands" / f"{verb}.py")) & CONFIGURATION


@pytest.mark.parametrize("file", FILES, ids=name)
def test_matplotlib_is_imported_lazily(file):
    assert "matplotlib" not in roots(at_once(file))
