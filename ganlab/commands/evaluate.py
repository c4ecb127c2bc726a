"""`ganlab evaluate`: what samples are worth, of a run or of any folder, by one protocol."""

import argparse
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.columns import aligned, folded
from ganlab.commands.arguments import TRUST, add_config_dir, add_output, without_trust
from ganlab.errors import ConfigError, OutputError
from ganlab.keys import VALUES as KNOWN

if TYPE_CHECKING:
    from ganlab.datasets.dataset import Dataset
    from ganlab.judge import Judge, Verdict
    from ganlab.runs import Run

EXAMPLES = (
    "ganlab evaluate last",
    "ganlab evaluate last metrics=full samples=50000 checkpoint=best",
    "ganlab evaluate 3f9a metrics=[fid,kid,precision,recall]",
    "ganlab evaluate samples.npz dataset=mnist",
    "ganlab evaluate last against=3f9a",
)
SHORT = ("extractor", "inception", "real_samples", "samples", "seed", "split", "weights")
"""Keys of `evaluate` that go without that word here."""
SETTINGS = (*SHORT, "checkpoint", "against")
END = ".evaluations.jsonl"
COMPOSES = True
VALUES = {
    **{key: KNOWN[f"evaluate.{key}"] for key in ("extractor", "split", "weights")},
    "checkpoint": ("newest", "best"),
}
log = logging.getLogger("ganlab")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", metavar="RUN | PATH", help="a run, or a folder or .npz of samples with dataset="
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="KEY=VALUE",
        help="metrics=fast|full|[fid,kid,...], samples=10000, seed=0, weights=average|raw, "
        "checkpoint=newest|best|ROUND, split=train|test, real_samples=N, "
        "extractor=classifier|inception, inception=PATH of its weights, against=RUN|PATH to stand "
        f"beside, if that was judged alike. {TRUST}",
    )
    add_output(parser)
    add_config_dir(parser)


def run(arguments: argparse.Namespace) -> int:
    from ganlab import console

    console.step_aside()
    words, trust = without_trust(arguments.words)
    checkpoint, words = without_checkpoint(words)
    others = [word.removeprefix("against=") for word in words if word.startswith("against=")]
    words = [word for word in words if not word.startswith("against=")]
    words = [f"evaluate.{word}" if word.partition("=")[0] in SHORT else word for word in words]
    if is_path(arguments.run):
        found = of_path(Path(arguments.run), words, arguments.config_dir)
    else:
        found = of_run(arguments, words, checkpoint, trust)
    for other in others:
        print(beside(found, other, arguments.output))
    return 0 if found.metrics else 1


def is_path(reference: str) -> bool:
    """Whether samples are meant that no run made."""
    if os.path.isfile(os.path.join(reference, "run.json")):
        return False
    return os.path.exists(reference) or reference.endswith((".npz", ".npy", ".zip", ".tar"))


def without_checkpoint(words: list[str]) -> tuple[str | int, list[str]]:
    """The checkpoint that the words name, and the others. Raises ConfigError."""
    rest = [word for word in words if not word.startswith("checkpoint=")]
    wish = next((w.partition("=")[2] for w in words if w not in rest), "newest")
    if wish not in {"newest", "best"} and not re.fullmatch("[0-9]{1,12}", wish):
        raise ConfigError(f"checkpoint={wish}: newest, best, or a round's number")
    return int(wish) if wish.isdigit() else wish, rest


def of_run(
    arguments: argparse.Namespace, words: list[str], checkpoint: str | int, trust: tuple[str, ...]
) -> "Verdict":
    """Judge the samples of a run."""
    from ganlab.changes import judged_by
    from ganlab.judging import fakes
    from ganlab.loaded import load

    loaded = load(arguments.run, arguments.output, arguments.config_dir, trust, checkpoint)
    usual = ["evaluate.samples=10000", *([] if loaded.config.metrics else ["metrics=fast"])]
    config = judged_by(loaded.config, [*usual, *words], loaded.run, arguments.config_dir)
    if not loaded.round:
        log.warning(f"untrained: judged after round 0 of {loaded.run.path}")
    judge = built(config)
    refuse_other_data(judge.dataset, loaded.run)
    found = judge(fakes(loaded.game, loaded.drawing(), config.evaluate))
    print(f"run      {loaded.run.path} after round {loaded.round}")
    prefix = loaded.run.samples / f"{loaded.round:07d}"
    tell(judge, found, loaded.round, loaded.run.evaluations_file, str(prefix))
    return found


def refuse_other_data(dataset: "Dataset", run: "Run") -> None:
    """Raise ConfigError for data of another shape than the run draws; tell of other contents."""
    if dataset.spec.shape != run.shape():
        drawn, there = ("x".join(map(str, shape)) for shape in (run.shape(), dataset.spec.shape))
        raise ConfigError(f"the run draws {drawn}, and the data are {there}: they are not its own")
    if dataset.fingerprint != run.facts().get("data"):
        log.warning("these are not the data that the run was trained on")


def of_path(path: Path, words: list[str], config_dir: str | None) -> "Verdict":
    """Judge samples that lie somewhere, all of them unless some number is asked for."""
    from ganlab import evaluations
    from ganlab.compose import compose
    from ganlab.given import given

    if not any(word.startswith("dataset=") for word in words):
        raise ConfigError(f"{path}: which data should it be like? Add dataset=mnist, or another")
    config = compose(words, config_dir).config
    judge = built(config)
    wish = config.evaluate.samples if any("evaluate.samples=" in word for word in words) else None
    facts = {"weights": evaluations.GIVEN, "seed": config.evaluate.seed}
    found = judge(given(path, judge.dataset.spec, wish, facts))
    print(f"samples  {path}")
    tell(judge, found, None, evaluations_beside(path), str(evaluations_beside(path))[: -len(END)])
    return found


def built(config: Any) -> "Judge":
    """The judge of a configuration, its data prepared. Raises ConfigError if it has no metric."""
    from ganlab import runtime
    from ganlab.judging import build_judge
    from ganlab.making import make
    from ganlab.observers.progress import preparing
    from ganlab.schema import plain

    resolved = runtime.resolve(**{**plain(config.runtime), "device": "auto"})
    dataset = make(config.dataset, "dataset")
    dataset.prepare(preparing())
    judge = build_judge(config, dataset, resolved.device)
    if not judge.metrics:
        raise ConfigError("metrics=none judges nothing; use metrics=fast")
    return judge


def evaluations_beside(path: Path) -> Path:
    """The file of what was found of samples that lie at a path."""
    return Path(f"{path if path.name not in {'', '..'} else path.resolve()}{END}")


def tell(judge: "Judge", found: "Verdict", number: int | None, file: Path, prefix: str) -> None:
    """Print what was found, and keep it."""
    from ganlab import evaluations, pictures
    from ganlab.files import write_atomically

    print(table(judge, found))
    try:
        evaluations.append(file, found.entry(number))
        for name, picture in found.pictures.items():
            write_atomically(Path(f"{prefix}-{name}.png"), pictures.png(picture))
            print(f"picture  {prefix}-{name}.png")
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be written ({error.strerror})") from error
    print(f"kept     {file}")


def beside(found: "Verdict", other: str, output: str) -> str:
    """The numbers beside those of another run, or of other samples, judged by the same protocol.

    Raises ConfigError where the other was never judged so, with what differs.
    """
    from ganlab import evaluations, runs

    file = evaluations_beside(Path(other))
    known = evaluations.entries(
        file if file.exists() else runs.find(other, output).evaluations_file
    )
    if not known:
        raise ConfigError(f"against={other}: never judged; `ganlab evaluate {other}` does it")
    alike = [entry for entry in known if not evaluations.unlike(found.protocol, entry.protocol)]
    newest = (alike or known)[-1]
    evaluations.refuse_unlike({"these samples": found.protocol, other: newest.protocol})
    both = {name: newest.metrics[name] for name in found.metrics if name in newest.metrics}
    rows = {name: f"{found.metrics[name]:<12.5g}  {value:.5g}" for name, value in both.items()}
    return "\n" + aligned({"": f"{'these':<12}  {other}", **rows})


def table(judge: "Judge", found: "Verdict") -> str:
    """How it was judged, the numbers, and why what is missing could not be had."""
    protocol = found.protocol
    lines = [f"judged   {protocol['samples']:,} samples"]
    if protocol["real_samples"]:
        data = f"{protocol['dataset']} ({protocol['split']})"
        lines[0] += f" against {protocol['real_samples']:,} of {data}"
    if protocol["extractor"]:
        sha256 = protocol["extractor_sha256"][:12]
        lines.append(f"seen by  {protocol['extractor']}, sha256 {sha256}...")
    words = {"min": "least is best", "max": "greatest is best"}
    rows = {n: f"{v:<12.5g}  {words[judge.goals[n]]}" for n, v in found.metrics.items()}
    lines += ["", aligned(rows), ""] if rows else [""]
    for reason, names in found.missing().items():
        lines += folded("not measured: ", f"{', '.join(names)}; {reason}")
    return "\n".join(lines)
