"""From a configuration to the judge of a run's samples."""

import copy
import functools
from collections.abc import Callable
from typing import Any

from omegaconf import DictConfig
from torch import Tensor

from ganlab.datasets.dataset import Dataset
from ganlab.errors import ConfigError
from ganlab.extractors.extractor import Extractor
from ganlab.games.game import Game
from ganlab.judge import Fakes, Judge
from ganlab.making import make
from ganlab.probe import scored, unmoved
from ganlab.sampling import drawn
from ganlab.schema import plain


def build_judge(config: DictConfig, dataset: Dataset, device: str) -> Judge:
    """The judge that `metrics` and `evaluate` describe. Raises ConfigError for bad settings."""
    wish, settings = config.evaluate, plain(config.metrics)
    kind = extractor_kind(wish.extractor, dataset)
    makers = {"classifier": classifier, "inception": inception, "none": unseen}
    tutor = dataset.tutor
    names = {"classifier": f"{tutor.spec.name}_classifier", "inception": "inception"}
    judge = Judge(
        dataset,
        {name: make(node, f"metrics.{name}") for name, node in config.metrics.items()},
        {
            name: {k: v for k, v in each.items() if k != "_target_"}
            for name, each in settings.items()
        },
        functools.partial(makers[kind], config, dataset, device),
        names.get(kind),
        wish.split,
        wish.real_samples,
        wish.seed,
    )
    if settings and not judge.metrics:
        judged = "pictures" if dataset.spec.is_image else "points"
        raise ConfigError(f"metrics: none of those chosen judges {judged}; use metrics=fast")
    return judge


def extractor_kind(wish: str, dataset: Dataset) -> str:
    """The kind of extractor: `auto` is the classifier where there are labels to learn."""
    labelled = dataset.tutor.spec.classes is not None
    if wish == "classifier" and not labelled:
        raise ConfigError(
            f"evaluate.extractor=classifier: {dataset.spec.name} has no labels to learn; "
            "use evaluate.extractor=inception"
        )
    return ("classifier" if labelled else "none") if wish == "auto" else wish


def classifier(config: DictConfig, dataset: Dataset, device: str) -> Extractor:
    """The classifier of the dataset's labels, trained now if it never was."""
    from ganlab.extractors.classifier import obtained
    from ganlab.extractors.per_channel import PerChannel

    tutor = dataset.tutor
    test = tutor.arrays("test") if "test" in tutor.splits else None
    classes, content = tutor.spec.classes or (), str(tutor.fingerprint)
    inner = obtained(tutor.spec.name, tutor.arrays("train"), test, classes, content, device)
    return inner if tutor is dataset else PerChannel(inner, dataset.spec.shape[0])


def inception(config: DictConfig, dataset: Dataset, device: str) -> Extractor:
    """The field's Inception network, fetched now if it is not at hand."""
    from ganlab.extractors.inception import obtained

    return obtained(config.evaluate.inception, device, config.offline)


def unseen(config: DictConfig, dataset: Dataset, device: str) -> Extractor:
    """Raises ConfigError: nothing looks at these pictures unless it is asked for."""
    raise ConfigError(
        f"{dataset.spec.name} has no labels for a classifier of its own; "
        "evaluate.extractor=inception judges by Inception (95 MB once; slow without a GPU)"
    )


def fakes(game: Game, averaged: Game, wish: Any) -> Fakes:
    """The samples of a game that are judged: as many as `wish.samples`, of `wish.weights`."""
    chosen = averaged if wish.weights == "average" else copy.deepcopy(game).eval()
    return Fakes(
        wish.samples,
        lambda: drawn(chosen, wish.samples, wish.seed),
        critic(game),
        {"weights": wish.weights, "seed": wish.seed},
    )


def critic(game: Any) -> Callable[[Tensor], Tensor] | None:
    """What the game's discriminator says of samples; None where it has none, or asks for labels."""
    if not hasattr(game, "scores") or game.labelled:
        return None

    def score(samples: Tensor) -> Tensor:
        with unmoved(game):
            return scored(game, {"data": samples})

    return score
