"""From words to a configuration: defaults, who wins, and what is refused with which words."""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from ganlab.cli import dispatch
from ganlab.compose import compose
from ganlab.errors import ConfigError
from ganlab.options import options

CONF = Path(__file__).parents[1] / "conf"
MODELS = sorted(options([])["model"])
GROUPS = sorted(options([]))
MINE = "# Mine\n_target_: ganlab.losses.hinge.Hinge\n"


def chosen(*words, **rest):
    return compose(words, **rest).choices


def refused(*words, **rest):
    """The message with which words are refused."""
    with pytest.raises(ConfigError) as refusal:
        compose(words, **rest)
    return str(refusal.value)


def option(directory, group, name, text=MINE):
    """Write an option of a user's own."""
    file = Path(directory, group, f"{name}.yaml")
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


# Defaults


@pytest.mark.parametrize(
    ("model", "network"),
    [
        ("gan", "mlp"),
        ("vae", "mlp"),
        ("dcgan", "dcgan"),
        ("lsgan", "dcgan"),
        ("wgan", "dcgan"),
        ("wgan_gp", "dcgan"),
    ],
)
def test_a_model_brings_its_network(model, network):
    assert chosen(f"model={model}")["network"] == network


def test_without_words_dcgan_draws_digits():
    choices = chosen()
    assert (choices["model"], choices["dataset"]) == ("dcgan", "digits")
    assert "experiment" not in choices


@pytest.mark.parametrize(
    ("model", "dataset"), [*((model, "ring") for model in MODELS), ("dcgan", "grid")]
)
def test_points_are_played_for_by_fully_connected_networks(model, dataset):
    assert chosen(f"model={model}", f"dataset={dataset}")["network"] == "mlp"


def test_the_command_line_chooses_the_network_of_points_too():
    assert chosen("dataset=ring", "network=dcgan")["network"] == "dcgan"


def test_a_model_brings_loss_penalty_prior_and_optimizer():
    choices = chosen("model=wgan_gp")
    brought = {group: choices[group] for group in ("loss", "penalty", "prior", "optimizer")}
    assert brought == {
        "loss": "wasserstein",
        "penalty": "gradient",
        "prior": "normal",
        "optimizer": "wgan_gp",
    }


def test_networks_take_what_the_model_demands():
    network = compose(["model=wgan_gp", "network=resnet"]).config.network
    assert (network.generator.norm, network.discriminator.norm) == ("batch", "none")


# Who wins


@pytest.mark.parametrize("order", list(itertools.permutations(range(4), 2)))
def test_the_order_of_words_does_not_matter(order):
    words = ["loss=hinge", "model=wgan_gp", "loss=hinge", "optimizer.lr=0.5", "rounds=7"]
    mixed = [words[k] for k in order] + [words[k] for k in range(5) if k not in order]
    config = compose(mixed).config
    assert config == compose(["model=wgan_gp", "loss=hinge", "optimizer.lr=0.5", "rounds=7"]).config
    assert config.loss._target_.endswith("Hinge")


def test_an_experiment_wins_over_its_model():
    config = compose(["experiment=wgan_gp_ring"]).config
    assert config.penalty.weight == 0.1
    assert config.model.latent == 2
    assert config.dataset.deviation == 0.05


@pytest.mark.parametrize("first", [0, 1])
def test_the_command_line_wins_over_an_experiment(first):
    words = ["experiment=wgan_gp_ring", "penalty.weight=3.0", "loss=hinge", "prior=uniform"]
    composition = compose(words if first else words[::-1])
    assert composition.config.penalty.weight == 3
    assert composition.choices["loss"] == "hinge"
    assert composition.choices["prior"] == "uniform"
    assert composition.choices["model"] == "wgan_gp"


def test_the_last_of_two_equal_words_wins():
    assert compose(["rounds=3", "rounds=4"]).config.rounds == 4


def test_the_words_compose_the_same_again():
    words = ["model=wgan_gp", "rounds=7", "optimizer.amsgrad=true"]
    composition = compose(words)
    assert compose(composition.words).config == composition.config


@pytest.mark.parametrize("flag", [[], ["--dry-run"]])
def test_what_an_experiment_sets_for_other_parts_is_refused_in_its_name(flag, capsys):
    words = ["experiment=stylegan2_mnist", "model=dcgan", "dataset=digits"]
    assert dispatch(["train", *words, *flag]) == 2
    said = capsys.readouterr().err
    assert "penalty.gamma" in said
    assert "experiment/stylegan2_mnist.yaml sets it" in said
    assert dispatch(["train", *words[1:], "penalty.gamma=1", *flag]) == 2
    assert "experiment" not in capsys.readouterr().err


def test_no_experiment_can_be_chosen_by_name():
    assert "experiment" not in chosen("experiment=null")


@pytest.mark.parametrize("group", sorted({"loss", "model", "network", "dataset"}))
def test_what_a_run_needs_cannot_be_null(group):
    assert f"{group}=null" in refused(f"{group}=null")


# Typos


@pytest.mark.parametrize(
    ("word", "named", "near"),
    [
        ("modle=wgan_gp", "modle", "model"),
        ("model=wgan_gpp", "model=wgan_gpp", "wgan_gp"),
        ("loss=Hinge", "loss=Hinge", "hinge"),
        ("optimizer.lrr=1", "optimizer.lrr", "optimizer.lr"),
        ("+optimizer.lrr=1", "optimizer.lrr", "optimizer.lr"),
        ("++optimizer.lrr=1", "optimizer.lrr", "optimizer.lr"),
        ("lr=1e-4", "lr", "optimizer.lr"),
        ("round=3", "round", "rounds"),
        ("optimizer.players.generator.lrr=1", "optimizer.players.generator.lrr", "optimizer.lr"),
        ("penalty.weigth=1", "penalty.weigth", "penalty"),
        ("dataset.resolutoin=32", "dataset.resolutoin", "dataset.resolution"),
    ],
)
def test_a_typo_is_told_the_nearest_names(word, named, near):
    message, _, suggestion = refused(word).partition("; ")
    assert message.startswith(f"{named}:")
    assert near in suggestion.replace("?", " ").replace(",", " ").split()


@pytest.mark.parametrize("word", ["modle=wgan_gp", "optimizer.lrr=1", "penalty.weigth=1"])
def test_no_name_is_suggested_twice(word):
    suggestion = refused(word).partition("did you mean ")[2].rstrip("?")
    names = suggestion.split(" or ")
    assert len(names) == len(set(names))


def test_an_option_without_near_names_is_told_all():
    message = refused("loss=xyz")
    assert all(name in message for name in options([])["loss"])


def test_the_places_of_a_list_are_keys():
    assert compose(["optimizer.betas.0=0.3"]).config.optimizer.betas == [0.3, 0.999]
    assert "no such key" in refused("optimizer.betas.2=0.3")
    assert "optimizer.betas" in refused("optimizer.betas.0=1.0")


def test_what_another_verb_takes_is_no_group_of_a_run():
    assert "`ganlab study`" in refused("study=small")


@pytest.mark.parametrize("word", ["rounds", "=3", "--lr", "a b"])
def test_what_is_no_setting_is_refused(word):
    assert repr(word) in refused(word)


@pytest.mark.parametrize("word", ["hydration=1", "+experimental=1", "optimizer.decay.foo=1"])
def test_what_nothing_would_read_is_refused(word):
    assert "no such key" in refused(word)


# Keys of signatures


@pytest.mark.parametrize(
    "word",
    [
        "optimizer.amsgrad=true",
        "+optimizer.amsgrad=true",
        "optimizer.players.generator.lr=1e-4",
        "optimizer.players.discriminator.amsgrad=true",
        "optimizer.decay.rounds=100",
    ],
)
def test_parameters_of_a_target_need_no_plus(word):
    assert compose([word])


def test_a_refinement_of_a_player_arrives():
    config = compose(["optimizer.players.generator.lr=1e-4"]).config
    assert config.optimizer.players == {"generator": {"lr": 1e-4}}


def test_a_parameter_of_another_target_is_unknown():
    assert "optimizer.amsgrad" in refused("model=wgan", "optimizer.amsgrad=true")


# Types and ranges


@pytest.mark.parametrize(
    "word",
    [
        "optimizer.lr=abc",
        "optimizer.lr=inf",
        "optimizer.lr=nan",
        "optimizer.lr=0",
        "optimizer.lr=null",
        "optimizer.lr=true",
        "optimizer.players.generator.lr=abc",
        "optimizer.players.generator.lr=-1",
        "optimizer.players.generator=3",
        "optimizer.players=3",
        "optimizer.betas=3",
        "optimizer.fused=maybe",
        "optimizer.decay.rounds=0",
        "rounds=-1",
        "rounds=0",
        "rounds=1.5",
        "rounds=abc",
        "rounds=true",
        "seed=null",
        "seed=-1",
        "batch_size=0",
        "batch_size=8.0",
        "tags=x",
        "name=[7]",
        "progress=loud",
        "log_every=0",
        "keep=0",
        "average.decay=2",
        "average.ramp=0",
        "runtime.resident=maybe",
        "runtime.resident=1",
        "runtime.device=gpu",
        "runtime.precision=fp16",
        "runtime.fastest.cpu.precision=fp64",
        "runtime.threads=0",
        "network.width=0",
        "model.latent=0",
        "model.game=3",
        "model.game.discriminator_turns=0",
        "dataset.resolution=big",
        "dataset.flip=maybe",
        "dataset.held_out=1",
    ],
)
def test_a_value_out_of_its_range_is_refused_by_key_and_value(word):
    assert refused(word).startswith(f"{word}: ")


@pytest.mark.parametrize(
    "word",
    [
        "optimizer.lr=1e6",
        "optimizer.lr=1",
        "optimizer.betas=[0,0.9]",
        "seed=0",
        "seed=9223372036854775807",
        "runtime.threads=null",
        "runtime.threads=2",
        "runtime.resident=true",
        "runtime.device=cuda:1",
        "name=7",
        "tags=[a,b]",
        "average.decay=0",
        "average.decay=1",
    ],
)
def test_a_value_inside_its_range_is_taken(word):
    assert compose([word])


# Values taken as they are


@pytest.mark.parametrize(
    "text",
    [
        "/a b/c=d,e",
        "/Bücher/日本 語",
        "C:\\pictures\\of mine\\",
        "it's $HOME",
        'a "quoted" word',
        "(round) [square] {curly}",
        "50%",
        "x:y",
        "",
    ],
)
def test_a_text_is_taken_literally(text):
    config = compose(["dataset=folder", f"dataset.path={text}"]).config
    assert (config.dataset.path or "") == text


def test_one_text_may_hold_every_awkward_character():
    assert compose(["name=a = b, c"]).config.name == "a = b, c"


@pytest.mark.parametrize("word", ["seed=1,2", "model=gan,vae", "seed=range(3)", "seed=choice(1,2)"])
def test_several_values_are_refused_in_one_run(word):
    message = refused(word)
    assert repr(word) in message
    assert "several values" in message


@pytest.mark.parametrize("word", ["~rounds=3", "~loss=hinge", "~loss", "~optimizer.lr"])
def test_nothing_can_be_removed(word):
    assert repr(word) in refused(word)


# Options of a user's own


def test_an_option_of_a_users_directory_is_found(tmp_path):
    option(tmp_path, "loss", "mine")
    composition = compose(["loss=mine"], str(tmp_path))
    assert composition.choices["loss"] == "mine"
    assert composition.config.loss._target_ == "ganlab.losses.hinge.Hinge"


@pytest.mark.parametrize("name", ["with space", "ünï", "a,b=c", "it's"])
def test_a_users_directory_may_have_any_name(tmp_path, name):
    option(tmp_path / name, "loss", "mine")
    assert chosen("loss=mine", config_dir=str(tmp_path / name))["loss"] == "mine"


def test_the_directory_conf_is_found_by_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    option("conf", "loss", "mine")
    assert chosen("loss=mine")["loss"] == "mine"


def test_a_model_of_a_users_own_chooses_as_a_shipped_one_does(tmp_path):
    shipped = (CONF / "model" / "wgan_gp.yaml").read_text()
    option(tmp_path, "model", "mine", shipped.replace("prior: normal", "prior: uniform"))
    choices = chosen("model=mine", config_dir=str(tmp_path))
    assert (choices["penalty"], choices["prior"]) == ("gradient", "uniform")


def test_typos_are_told_the_names_of_a_users_own_options(tmp_path):
    option(tmp_path, "loss", "marvellous")
    assert "marvellous" in refused("loss=marvelous", config_dir=str(tmp_path))


def test_without_the_directory_its_options_are_unknown(tmp_path):
    option(tmp_path, "loss", "mine")
    assert "loss=mine" in refused("loss=mine")


@pytest.mark.parametrize("group", GROUPS)
def test_a_file_with_a_shipped_name_is_refused(tmp_path, group):
    name = next(iter(options([])[group]))
    file = option(tmp_path, group, name)
    assert str(file) in refused(config_dir=str(tmp_path))


def test_a_directory_that_is_not_there_is_refused(tmp_path):
    assert str(tmp_path / "nowhere") in refused(config_dir=str(tmp_path / "nowhere"))


def test_a_file_that_is_no_yaml_is_refused(tmp_path):
    option(tmp_path, "loss", "mine", "_target_: [")
    assert refused("loss=mine", config_dir=str(tmp_path))


def test_a_target_that_cannot_be_imported_is_refused_by_name(tmp_path):
    option(tmp_path, "loss", "mine", "_target_: nowhere.Loss\n")
    assert "nowhere" in refused("loss=mine", "loss.weight=3", config_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("average={decya: 0.5}", "average.decay"),
        ("hydra.run.dir=old", "output="),
        ("network.generator.latent=3", "network.generator.latent"),
        ("model.game.network=3", "model.game.network"),
        ("output=2024", "output"),
        ("prior=binomial prior.probability=0", "prior.probability=0"),
        ("prior=poisson prior.rate=-1", "prior.rate=-1"),
        ("prior=weibull prior.concentration=0", "prior.concentration=0"),
    ],
)
def test_what_nothing_would_read_or_could_draw_is_refused(word, said):
    with pytest.raises(ConfigError, match=said):
        compose(word.split(" ") if word.startswith("prior") else [word])


def test_stray_keys_of_a_users_experiment_are_refused(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\nbatchsize: 128\n")
    with pytest.raises(ConfigError, match="batch_size"):
        compose(["experiment=mine"], str(tmp_path))


# Sizes

HUGE = [
    "network.width=10000000",
    "network.generator.width=10000000",
    "model=gan network.depth=1000000",
    "model.latent=1000000000",
    "prior.dim=1000000000",
    "batch_size=1000000000",
    "rounds=1" + 400 * "0",
    "dataset=ring dataset.modes=1000000000",
    "dataset=grid dataset.side=100000",
    "dataset.resolution=4096",
    "prior=binomial prior.trials=1000000000",
    "prior=poisson prior.rate=1e+300",
    "prior=gamma prior.concentration=1e+300",
]
BUILT = [
    ("network.width=1048576", "network.width"),
    ("network=resnet network.width=100000", "network.width"),
    ("model=gan network.width=100000", "network.width"),
    ("model=vae network.width=200000", "network.width"),
    (
        "model=vae network.width=1000 dataset=ring batch_size=1048576 network.depth=1000",
        "batch_size",
    ),
]


@pytest.mark.parametrize("words", HUGE)
def test_what_is_too_large_is_refused_by_key_value_and_range(words):
    word = words.split()[-1]
    assert refused(*words.split()).startswith(f"{word}: {word.partition('=')[0]} must be")


@pytest.mark.parametrize(("words", "remedy"), BUILT)
def test_what_no_memory_holds_is_refused_before_it_is_built(words, remedy, capsys):
    assert dispatch(["train", *words.split(), "--dry-run"]) == 2
    message = capsys.readouterr().err
    assert "parameters" in message
    assert message.endswith(f"use a smaller {remedy}\n")


# Option files that are none


@pytest.mark.parametrize(
    ("group", "text", "said"),
    [
        ("loss", "- 1\n", "mapping"),
        ("loss", "3\n", "mine.yaml"),
        ("loss", "a: &a [*a]\n", "circle"),
        ("loss", "_target_: [\n", "mine.yaml"),
        ("loss", "# @package\na: 1\n", "package"),
        ("loss", "", "loss._target_"),
        ("prior", "_target_: {}\n", "prior._target_"),
        ("network", "width: 4\n", "network.generator._target_"),
        ("runtime", "device: cpu\n", "runtime."),
        ("experiment", "# @package _global_\naverage: 3\n", "average"),
        ("experiment", "# @package _global_\nrounds: {a: 1}\n", "rounds"),
        ("experiment", '# @package _global_\nname: "a\\0b"\n', "name"),
        ("experiment", "# @package _global_\nrounds: ${rounds}\n", "rounds"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path, group, text, said):
    option(tmp_path, group, "mine", text)
    assert said in refused(f"{group}=mine", config_dir=str(tmp_path))


def test_a_file_in_another_encoding_is_refused_by_name(tmp_path):
    file = option(tmp_path, "loss", "mine")
    file.write_bytes(b"# \xff\n")
    assert str(file) in refused("loss=mine", config_dir=str(tmp_path))


def test_an_option_of_a_users_own_is_shown(tmp_path, capsys):
    option(tmp_path, "loss", "mine")
    assert dispatch(["show", "loss=mine", f"--config-dir={tmp_path}"]) == 0
    assert "loss/mine.yaml" in capsys.readouterr().out


@pytest.mark.parametrize(
    "word",
    ["name=a\0b", "output=\udcff", "rounds=${model}", "average=${average}", "name=" + 9999 * "x"],
)
def test_what_no_file_could_hold_is_refused(word):
    assert refused(word)


# Python 3.14

CHECKED_HELP = """
import argparse
def add_argument(self, *args, **kwargs):
    action = add(self, *args, **kwargs)
    self._check_help(action)
    return action
def check_help(self, action):
    if action.help and not isinstance(action.help, str):
        raise ValueError("badly formed help string")
container = argparse._ActionsContainer
add = container.add_argument
container.add_argument, container._check_help = add_argument, check_help
from ganlab.cli import main
main()
"""


def test_hydra_tells_where_argparse_checks_help_as_python_3_14_does(tmp_path):
    words = [sys.executable, "-c", CHECKED_HELP, "train", "model=wgan_gp", "--cfg", "job"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "ganlab.penalties.gradient.Gradient" in done.stdout


@pytest.mark.parametrize(
    "words", ["rounds=0 --cfg job", "rounds=0 --info defaults", "--cfg nope", "--info nope"]
)
def test_hydra_tells_nothing_of_what_is_refused(words, capsys):
    assert dispatch(["train", *words.split()]) == 2
    assert not capsys.readouterr().out


def test_what_is_kept_of_an_earlier_composition_is_never_seen(tmp_path):
    file = tmp_path / "my" / "prior" / "mine.yaml"
    file.parent.mkdir(parents=True)
    words = ["prior=mine", "optimizer=adam"]
    for rate in (2.0, 3.0):
        file.write_text(f"_target_: ganlab.priors.poisson.Poisson\ndim: 8\nrate: {rate}\n")
        changed = compose([*words, "optimizer.lr=7.0"], str(tmp_path / "my")).config
        assert (changed.prior.rate, changed.optimizer.lr) == (rate, 7.0)
        changed.optimizer.betas[0] = 0.123
        again = compose(words, str(tmp_path / "my")).config
        assert again.optimizer.lr < 1
        assert again.optimizer.betas[0] != 0.123
