"""Which code, versions and machine a run was made with."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("ganlab", "torch", "torchvision", "hydra-core", "omegaconf", "numpy")


def provenance() -> dict[str, Any]:
    """Facts for `run.json`: versions, platform, and the state of the code in git."""
    versions = {name: version(name) for name in PACKAGES}
    return {"versions": versions | {"python": platform.python_version()}, "git": git_state()}


def git_state() -> dict[str, Any] | None:
    """Commit and whether files differ from it, of the repository that ganlab's code lies in."""
    here = Path(__file__).parent

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", here, *words], capture_output=True, text=True, check=True, timeout=5
        )
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != here.parent:
            return None
        changed = git("status", "--porcelain", "--untracked-files=no")
        return {"commit": git("rev-parse", "HEAD"), "changed": bool(changed)}
    except (OSError, subprocess.SubprocessError):
        return None
