import pytest
from omegaconf import OmegaConf

from ganlab.compose import compose
from ganlab.errors import ConfigError
from ganlab.options import options
from ganlab.trust import refuse_foreign_targets

HARMFUL = [
    "os.system",
    "builtins.exec",
    "ganlab.runs.os.system",
    "ganlab.datasets.prepare.shutil.rmtree",
    "ganlab.files.write_atomically",
    "torch.nn.modules.module.functools.partial",
]


@pytest.mark.parametrize("target", HARMFUL)
def test_what_is_only_reachable_is_not_trusted(target):
    for config in ({"loss": {"_target_": target}}, {"loss": [{"a": [{"_target_": target}]}]}):
        with pytest.raises(ConfigError, match="would run code"):
            refuse_foreign_targets(OmegaConf.create(config), set())


def test_what_the_user_names_is_trusted():
    refuse_foreign_targets(OmegaConf.create({"loss": {"_target_": "mine.Loss"}}), {"mine.Loss"})


@pytest.mark.parametrize("group", [g for g in options([]) if g not in {"runtime"}])
def test_every_shipped_option_is_trusted(group):
    for option in options([])[group]:
        refuse_foreign_targets(compose([f"{group}={option}"]).config, set())
