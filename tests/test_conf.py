"""Every file of conf/ is described, fits what it builds, and plays; misfits are refused."""

import inspect
import math

import pytest
import torch
import yaml
from hydra.utils import get_object
from omegaconf import OmegaConf
from recipes import POINTED, moved_by
from torch import nn

from ganlab import schema
from ganlab.build import build
from ganlab.combinations import GROUPS, PICTURES, completed, cover
from ganlab.datasets.dataset import Dataset
from ganlab.engine import play
from ganlab.errors import ConfigError, DataError
from ganlab.misfits import PARTS, refuse_misfits
from ganlab.options import contents, options, shipped

OPTIONS = options([])
FILES = [file for group in OPTIONS.values() for file in group.values()]
PASSED = {  # what is not in YAML, because the code hands it over
    "model.game": {*PARTS, "network", "shape", "classes", "count"},
    "network.generator": {"latent", "shape"},
    "network.discriminator": {"shape", "outputs"},
    "optimizer": {"params"},
    "optimizer.decay": {"number"},
    "optimizer.beta2": {"number"},
    "penalty.schedule": {"number"},
}
KEPT = {
    "defaults",
    "players",
    "decay",
    "beta2",
}  # keys beside a target's own: Hydra's and the optimizers'
FEW_TURNS = 2


def place(path):
    return str(path.relative_to(shipped()))


def names(group):
    return sorted(OPTIONS[group])


def nodes(content, key):
    """All (key, node) below a YAML's content that build something."""
    if isinstance(content, dict):
        if "_target_" in content:
            yield key, content
        for name, child in content.items():
            yield from nodes(child, f"{key}.{name}".lstrip("."))


def targets():
    """All (file, key, node) of conf/ that build something."""
    for file in [*FILES, shipped() / "train.yaml"]:
        text = file.read_text()
        root = "" if "@package _global_" in text or file.parent == shipped() else file.parent.name
        for key, node in nodes(yaml.safe_load(text), root):
            yield pytest.param(key, node, id=f"{place(file)}:{key}")


TARGETS = list(targets())


def own(target):
    """The parameters of a target and of those bases that it passes the rest on to."""
    found = inspect.signature(target).parameters.values()
    passes_on = any(p.kind is p.VAR_KEYWORD for p in found) and inspect.isclass(target)
    inherited = own(target.__mro__[1]) if passes_on else {}
    variable = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return inherited | {p.name: p for p in found if p.kind not in variable}


def two_rounds(config):
    """Build and play two rounds; gives the experiment and the parameters' names that moved."""
    for key in config.model.game:
        if str(key).endswith("turns"):
            config.model.game[key] = min(config.model.game[key], FEW_TURNS)
    experiment = build(config)
    game, records = experiment.game, []
    before = {name: p.detach().clone() for name, p in game.named_parameters()}
    play(
        game,
        experiment.optimizers,
        experiment.batches(),
        [1, 2],
        config.seed,
        experiment.average,
        experiment.pace,
        experiment.runtime.precise(),
        [lambda number, _, record: records.append(record)],
    )
    assert all(math.isfinite(value) for record in records for value in record.values())
    return {n for n, p in game.named_parameters() if not torch.equal(p, before[n])}, experiment


def plays(config):
    """Play two rounds; every player must have moved, and the average must draw what is real."""
    moved, experiment = two_rounds(config)
    game, named = experiment.game, {id(p): n for n, p in experiment.game.named_parameters()}
    for player in game.players:
        assert moved & {named[id(p)] for p in game.movable(player)}
    assert experiment.averaged().sample(3).shape == (3, *experiment.dataset.spec.shape)


def refused(config):
    """The message with which building is refused."""
    with pytest.raises(ConfigError) as refusal:
        build(config)
    return str(refusal.value)


# Files


@pytest.mark.parametrize("file", FILES, ids=place)
def test_the_first_line_describes_the_option(file):
    lines = file.read_text().splitlines()
    first = lines[1] if lines[0].startswith("# @package") else lines[0]
    assert first.startswith("# ")
    assert 3 < len(first) < 80


@pytest.mark.parametrize("file", FILES, ids=place)
def test_the_name_of_an_option_is_snake_case(file):
    assert file.stem.replace("_", "a").isalnum()
    assert file.stem == file.stem.lower()


@pytest.mark.parametrize(("key", "node"), TARGETS)
def test_the_keys_of_a_node_are_the_signature_of_its_target(key, node):
    parameters = own(get_object(node["_target_"]))
    given = {name for name in node if not name.startswith("_")} - KEPT
    required = {name for name, p in parameters.items() if p.default is p.empty}
    assert given <= set(parameters)
    assert not given & PASSED.get(key, set())
    assert required <= given | PASSED.get(key, set())


@pytest.mark.parametrize(("key", "node"), TARGETS)
def test_a_value_has_one_home(key, node):
    """What most recipes leave alone has a default in Python, which no YAML repeats."""
    if node["_target_"].startswith("ganlab."):
        for name, parameter in own(get_object(node["_target_"])).items():
            assert name not in node or node[name] != parameter.default


@pytest.mark.parametrize(("key", "node"), TARGETS)
def test_the_schema_knows_every_key_of_a_node(key, node):
    given = {name for name in node if not name.startswith("_")} - KEPT
    assert given <= schema.parameters(get_object(node["_target_"])).keys()


def test_numbers_with_exponents_are_numbers():
    for file in FILES:
        for line in file.read_text().splitlines():
            _, colon, value = line.partition("#")[0].partition(": ")
            if colon and value[:1].isdigit() and "e" in value:
                assert isinstance(yaml.safe_load(value), float), f"{place(file)}: {line}"


# What plays


OPTION_OF_GROUP = [
    pytest.param(group, option, id=f"{group}={option}")
    for group in GROUPS
    for option in names(group)
]


def merged(tiny, row, dataset):
    """What a combination is composed of, put together faster than Hydra does."""
    config = tiny(f"model={row['model']}")
    merge(config, row)
    if dataset:
        config.dataset = tiny(*dataset).dataset
    return config


def merge(config, row):
    for group in set(row) - {"model"}:
        config[group] = OmegaConf.create(contents(group)[row[group]])
    config.network.width = 4


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("group", "option"), OPTION_OF_GROUP)
def test_every_option_plays_in_a_combination_of_its_own(tiny, colours, group, option, channels):
    row = completed({group: option}, PICTURES)
    config = merged(tiny, row, colours if channels == 3 else ())
    plays(config)


@pytest.mark.parametrize("row", cover(PICTURES)[::25], ids=lambda row: "-".join(row.values()))
def test_merged_is_composed(tiny, row):
    words = [f"{group}={option}" for group, option in row.items()]
    composed = tiny(*words)
    composed.network.width = 4
    assert OmegaConf.to_container(merged(tiny, row, ()), resolve=True) == OmegaConf.to_container(
        composed, resolve=True
    )


@pytest.mark.parametrize("model", names("model"))
def test_the_cover_of_all_pairs_is_composed(tiny, model):
    config = tiny(f"model={model}")
    for row in (row for row in cover(PICTURES) if row["model"] == model):
        merge(config, row)
        schema.refuse_unbuildable(config)
        refuse_misfits(config, PICTURES)


@pytest.mark.parametrize("model", POINTED)
def test_every_model_of_any_network_plays_for_points(tiny, model):
    plays(tiny(f"model={model}", "dataset=ring"))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("penalty", names("penalty"))
def test_every_penalty_plays(tiny, penalty, precision):
    words = ("model=lsgan", "model.discriminator_dropout=0.1", f"runtime.precision={precision}")
    plays(tiny(*words, f"penalty={penalty}"))


@pytest.mark.parametrize("prior", names("prior"))
def test_every_prior_plays(tiny, prior):
    plays(tiny("model=gan", f"prior={prior}"))


@pytest.mark.parametrize("optimizer", names("optimizer"))
def test_every_optimizer_plays(tiny, optimizer):
    plays(tiny(f"model={moved_by(optimizer)}", f"optimizer={optimizer}"))


NORMALISED = [n for n, file in OPTIONS["network"].items() if "_norm}" in file.read_text()]


@pytest.mark.parametrize("norm", ["none", "layer", "instance"])
@pytest.mark.parametrize("network", NORMALISED)
def test_every_norm_plays(tiny, network, norm):
    model = "realnvp" if network == "realnvp" else "gan"  # which has noise of another width
    words = (f"model={model}", f"network={network}", f"model.generator_norm={norm}")
    if (network, norm) == ("mlp", "instance"):
        assert "norm=instance" in refused(tiny(*words))
    else:
        plays(tiny(*words, f"model.discriminator_norm={norm}"))


@pytest.mark.parametrize("runtime", sorted(set(names("runtime")) - {"gpu"}))
def test_every_runtime_of_this_machine_plays(tiny, runtime):
    plays(tiny("model=gan", f"runtime={runtime}", "runtime.precision=auto"))


@pytest.mark.parametrize("dataset", names("dataset"))
def test_every_dataset_composes(tiny, dataset):
    target = get_object(tiny(f"dataset={dataset}").dataset._target_)
    assert issubclass(target, Dataset)


@pytest.mark.parametrize("experiment", names("experiment"))
def test_every_experiment_plays(tiny, experiment, monkeypatch, request):
    config = tiny(f"experiment={experiment}")
    if "root" in config.dataset:
        monkeypatch.setenv("GANLAB_DATA", str(request.getfixturevalue("mnist_root")))
    try:
        plays(config)
    except DataError as missing:
        pytest.skip(str(missing))


# What cannot play together


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["model=vae", "loss=hinge"], "loss=hinge"),
        (["model=vae", "prior=uniform"], "prior=uniform"),
        (["model=vae", "penalty=r1"], "penalty=r1"),
        (["model=gan", "loss=gaussian"], "loss=gaussian"),
        (["model=dcgan", "network=dcgan", "dataset=ring"], "network=dcgan"),
        (["model=dcgan", "network=resnet", "dataset=grid"], "network=resnet"),
        (["model=dcgan", "dataset.resolution=30"], "dataset.resolution"),
        (["model=dcgan", "network=resnet", "dataset.resolution=30"], "dataset.resolution"),
        (["model=gan", "batch_size=1798"], "batch_size=1798"),
        (["model=gan", "batch_size=1"], "batch_size=1"),
        (["model=gan", "model.generator_norm=bogus"], "norm=bogus"),
        (["model=dcgan", "model.discriminator_norm=bogus"], "norm=bogus"),
    ],
)
def test_what_cannot_play_together_is_refused_by_name(tiny, words, named):
    assert named in refused(tiny(*words))


@pytest.mark.parametrize("key", ["loss", "dataset", "network.generator", "optimizer"])
def test_a_target_that_is_nowhere_is_refused_by_name(tiny, key):
    config = tiny("model=gan")
    OmegaConf.update(config, f"{key}._target_", "nowhere.Thing")
    assert "nowhere.Thing" in refused(config)


@pytest.mark.parametrize(
    "words",
    [
        ["model=gan", "batch_size=1", "model.generator_norm=none"],
        ["model=wgan_gp", "batch_size=1", "model.generator_norm=layer"],
        ["model=gan", "batch_size=1797"],
        ["model=gan", "dataset.resolution=30"],
    ],
)
def test_what_is_near_a_misfit_still_plays(tiny, words):
    plays(tiny(*words))


def test_building_twice_gives_the_same_players(tiny):
    one, other = (build(tiny("model=dcgan")).game.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_another_seed_gives_other_players(tiny):
    one, other = (build(tiny("model=dcgan", f"seed={seed}")).game for seed in (0, 1))
    weights = [
        next(m for m in g.modules() if isinstance(m, nn.Linear)).weight for g in (one, other)
    ]
    assert not torch.equal(*weights)
