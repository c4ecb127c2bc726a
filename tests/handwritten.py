"""Run directories as training leaves them, written by hand: they cost no training."""

import json
from pathlib import Path

import yaml
from PIL import Image

from ganlab import evaluations
from ganlab.evaluations import Entry
from ganlab.runs import Run

CONFIG = {
    "seed": 0,
    "rounds": 100,
    "output": "outputs",
    "optimizer": {"_target_": "torch.optim.Adam", "lr": 0.0002},
    "model": {"latent": 64},
}
CHOICES = {"model": "dcgan", "dataset": "mnist", "loss": "non_saturating", "penalty": "none"}
WGAN_GP = {"model": "wgan_gp", "loss": "wasserstein", "penalty": "gradient"}
PROTOCOL = {
    "dataset": "mnist",
    "content": "2787f0e78dea",
    "split": "train",
    "real_samples": 60000,
    "samples": 2000,
    "extractor": "mnist_classifier",
    "weights": "average",
    "seed": 0,
    "metrics": {"fid": {}, "recall": {"k": 3}, "swd": {"projections": 128}},
}
GOALS = {"fid": "min", "recall": "max", "swd": "min"}


def write_run(directory, id, *, config=(), choices=(), rounds=100, status="done", **facts):
    """A run of `rounds` logged rounds; `config` and `choices` are what it has of its own."""
    run = Run(Path(directory) / f"14-03-07-{id}")
    run.samples.mkdir(parents=True)
    (run.path / "checkpoints").mkdir()
    known = {"id": id, "started": f"2026-11-22T14:03:07.{id}", "command": "ganlab train"}
    run.note(**known | {"status": status, "choices": {**CHOICES, **dict(choices)}} | facts)
    run.config_file.write_text(yaml.safe_dump(nested(CONFIG, dict(config))))
    run.metrics_file.write_text("".join(logged(n) for n in range(1, rounds + 1)))
    Image.new("L", (34, 34), 90).save(run.samples / f"{rounds:07d}.png")
    return run


def nested(config, changes):
    """A configuration with dotted changes."""
    found = json.loads(json.dumps(config))
    for key, value in changes.items():
        *path, last = key.split(".")
        node = found
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return found


def logged(number):
    """A line of a log, a second after the one before."""
    measures = {"discriminator/loss": 1 / number, "generator/loss": 0.7}
    line = {"round": number, "time": 1000.0 + number, **measures, "images_per_second": 640.0}
    return json.dumps(line) + "\n"


def judge(run, round, time=1.0, protocol=(), **numbers):
    """Add an evaluation; `protocol` is what is not as usual."""
    told = {**PROTOCOL, **dict(protocol)}
    full = {name: f"{name}_{told['extractor']}" if name != "swd" else name for name in numbers}
    entry = Entry(
        round,
        time,
        {full[name]: value for name, value in numbers.items()},
        {},
        told,
        {full[name]: GOALS[name] for name in numbers},
        {full[name]: name for name in numbers},
    )
    evaluations.append(run.evaluations_file, entry)


def write_sweep(directory, jobs):
    """A sweep of jobs by the name of the directory of each, with the last that it said or None."""
    directory = Path(directory)
    (directory / "logs").mkdir(parents=True)
    told = [
        {"words": [f"seed={n}"], "varied": {"seed": str(n)}, "directory": name}
        for n, name in enumerate(jobs)
    ]
    facts = {"id": directory.name, "kind": "sweep", "command": "ganlab train -m", "jobs": told}
    (directory / "sweep.json").write_text(json.dumps(facts))
    for name, said in jobs.items():
        if said is not None:
            (directory / "logs" / f"{name}.log").write_text(f"first\n{said}\n")
