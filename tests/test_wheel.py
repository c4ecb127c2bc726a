import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.mark.slow
def test_the_built_wheel_trains_from_an_empty_folder(tmp_path):
    source, site, empty = (tmp_path / name for name in ("source", "site", "empty"))
    source.mkdir()
    empty.mkdir()
    for name in ("ganlab", "conf"):
        shutil.copytree(REPOSITORY / name, source / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "install", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(site), str(source)], check=True)
    shutil.rmtree(source)
    done = subprocess.run(
        [sys.executable, "-m", "ganlab", "train", "network=mlp", "network.width=8", "rounds=2"],
        cwd=empty,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "done" in done.stdout
    for name in ("conf/train.yaml", "comparing/page.html"):
        assert (site / "ganlab" / name).exists()
