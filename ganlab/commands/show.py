"""`ganlab show`: a configuration with the origin of its values, or what a run says of itself."""

import argparse
import os

from ganlab.commands.arguments import add_config_dir, add_output

EXAMPLES = (
    "ganlab show model=wgan_gp",
    "ganlab show experiment=wgan_gp_ring optimizer.lr=1e-3",
    "ganlab show last",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar="RUN | KEY=VALUE", help="a run, or words as for `ganlab train`"
    )
    add_config_dir(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> None:
    words = arguments.words
    if len(words) == 1 and ("=" not in words[0] or os.path.isdir(words[0])):
        print(account(words[0], arguments.output))
        return
    from ganlab.compose import compose
    from ganlab.origins import annotated

    print(annotated(compose(words, arguments.config_dir)))


def account(reference: str, output: str) -> str:
    """What a run is: its facts, its last logged round, the files it holds."""
    from ganlab import lock, runs

    run = runs.find(reference, output)
    facts = run.facts()
    if facts["status"] == "running" and lock.is_free(run.path):
        facts["status"] = "killed (its process is gone); `ganlab resume` continues it"
    *_, last = {}, *run.metrics()
    lines = {"run": run.path, **flat(facts), **{f"last {k}": brief(v) for k, v in last.items()}}
    width = max(map(len, lines))
    return "\n".join(f"{key:{width}}  {value}" for key, value in lines.items())


def brief(value: object) -> object:
    return f"{value:.5g}" if isinstance(value, float) else value


def flat(facts: dict, prefix: str = "") -> dict[str, object]:
    """Nested facts as one level of readable lines; what is unknown is left out."""
    lines: dict[str, object] = {}
    for key, value in facts.items():
        if isinstance(value, dict):
            lines |= flat(value, f"{prefix}{key} ")
        elif value not in (None, []):
            lines[f"{prefix}{key}"] = (
                " ".join(map(str, value)) if isinstance(value, list) else value
            )
    return lines
