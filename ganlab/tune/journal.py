"""What a search remembers: a study of optuna's, in a journal in the search's directory."""

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.pruners import BasePruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.study import StudyDirection

from ganlab.errors import ConfigError
from ganlab.files import locked

FILE, STUDY = "study.journal", "search"
DIRECTIONS = {"min": StudyDirection.MINIMIZE, "max": StudyDirection.MAXIMIZE}


class KernelLock(JournalFileOpenLock):
    """A lock of the journal that ends with its holder.

    After a kill others would wait 30 s for optuna's own. Where file systems know no locks, one
    worker is all that may be had.
    """

    def __init__(self, journal: Path) -> None:
        self.journal, self.held = journal, contextlib.ExitStack()

    def acquire(self) -> bool:
        self.held.enter_context(locked(self.journal.with_name(".journal")))
        drop_unfinished(self.journal)
        return True

    def release(self) -> None:
        self.held.close()


def drop_unfinished(journal: Path) -> None:
    """Cut off what a killed process or a full disk left of a line, to which others would add."""
    with open(journal, "rb+") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - 1, 0))
        if file.read() not in {b"", b"\n"}:
            file.truncate(journal.read_bytes().rfind(b"\n") + 1)


def storage(path: Path) -> JournalStorage:
    """The journal in a search's directory. Raises ConfigError where it is damaged."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    file = path / FILE
    try:
        return JournalStorage(JournalFileBackend(str(file), KernelLock(file)))
    except (ValueError, TypeError, LookupError, AssertionError) as error:
        raise ConfigError(f"{file} is damaged ({error!r})") from error


def study(kept: JournalStorage, facts: dict[str, Any]) -> optuna.Study:
    """The study in a journal, begun if it is empty, of the search that `sweep.json` tells of."""
    return optuna.create_study(
        storage=kept,
        study_name=STUDY,
        direction=DIRECTIONS[facts["goal"]],
        pruner=pruner(facts["prune_after"], facts["prune_factor"]),
        load_if_exists=True,
    )


def pruner(after: int | None, factor: int) -> BasePruner:
    """Asynchronous successive halving (Li et al. 2020, arXiv 1810.05934, algorithm 2).

    Of the trials that have reached `after * factor**k` rounds one in `factor` goes on.
    """
    return NopPruner() if after is None else SuccessiveHalvingPruner(after, factor)


def sampler(seed: int, number: int) -> TPESampler:
    """What chooses the values of one trial: multivariate Parzen estimators of good and bad ones.

    Bergstra et al. 2011, section 4; Falkner et al. 2018, arXiv 1807.01774, section 3. Its chance
    depends on the seed and the trial alone, so that a search which was stopped and resumed asks
    what it would have asked. Trials that still play count as bad, lest workers try the same.
    """
    mixed = np.random.SeedSequence([seed, number]).generate_state(1)
    return TPESampler(seed=int(mixed[0]), multivariate=True, constant_liar=True)


def trial(kept: JournalStorage, of: optuna.Study, number: int) -> optuna.Trial:
    """A trial that another process asked for, and which has no end yet."""
    place = kept.get_study_id_from_name(STUDY)
    return optuna.Trial(of, kept.get_trial_id_from_study_id_trial_number(place, number))
