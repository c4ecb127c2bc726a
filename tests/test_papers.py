"""The numbers and the choices of papers, as the shipped files have them."""

import pytest

from ganlab.options import contents

OPTIONS = {
    "augment/ada": {"aim": 0.6, "every": 4, "horizon": 500_000, "batch": "${batch_size}"},
    "augment/diffaugment": {"policy": ["colour", "translation", "cutout"]},
    "optimizer/dcgan": {"lr": 2e-4, "betas": [0.5, 0.999]},
    "optimizer/wgan": {"lr": 5e-5, "_target_": "torch.optim.RMSprop"},
    "optimizer/wgan_gp": {"lr": 1e-4, "betas": [0.5, 0.9]},
    "optimizer/wgan_gp_resnet": {"lr": 2e-4, "betas": [0.0, 0.9], "decay": {"rounds": 100_000}},
    "penalty/clip": {"limit": 0.01},
    "penalty/consistency": {"weight": 10.0, "consistency": 2.0, "features": 0.1, "margin": 0.0},
    "penalty/dragan": {"weight": 10.0, "spread": 0.5},
    "penalty/gradient": {"weight": 10.0},
    "penalty/lipschitz": {"weight": 10.0},
    "penalty/r1": {"gamma": 10.0},
    "penalty/r1_lazy": {"gamma": 10.0, "every": 16},
}
GROUPS = {
    "acgan": {"loss": "non_saturating", "optimizer": "dcgan"},
    "biggan": {"loss": "hinge"},
    "cgan_pd": {"network": "sngan", "loss": "hinge", "optimizer": "sngan"},
    "dcgan": {"loss": "non_saturating", "optimizer": "dcgan"},
    "dragan": {"loss": "non_saturating", "penalty": "dragan", "optimizer": "wgan_gp"},
    "lsgan": {"loss": "least_squares"},
    "pggan": {"loss": "wasserstein", "penalty": "gradient"},
    "ragan": {"loss": "relativistic_average"},
    "rsgan": {"loss": "relativistic"},
    "sagan": {"loss": "hinge"},
    "sngan": {"loss": "hinge"},
    "stylegan2": {"loss": "non_saturating", "penalty": "r1_lazy"},
    "wgan": {"loss": "wasserstein", "penalty": "clip", "optimizer": "wgan"},
    "wgan_ct": {"loss": "wasserstein", "penalty": "consistency", "optimizer": "wgan_gp"},
    "wgan_gp": {"loss": "wasserstein", "penalty": "gradient", "optimizer": "wgan_gp"},
    "wgan_lp": {"loss": "wasserstein", "penalty": "lipschitz", "optimizer": "wgan_gp"},
}
WISHES = {
    "biggan": {"average_decay": 0.9999, "average_ramp": 1.0, "average_start": 20_000},
    "cgan_pd": {"discriminator_weights": "spectral"},
    "dcgan": {"generator_norm": "batch", "discriminator_norm": "batch"},
    "projected_gan": {"discriminator_weights": "spectral"},
    "wgan_ct": {"discriminator_norm": "none", "discriminator_dropout": 0.5},
    "wgan_gp": {"discriminator_norm": "none"},
    "wgan_lp": {"discriminator_norm": "none"},
}
GAMES = {
    "cgan_pd": {"discriminator_turns": 5, "fakes": 2},
    "pacgan": {"packing": 2},
    "small_gan": {"oversampling": 4},
    "stylegan2": {
        "mixing": 0.9,
        "path_weight": 2.0,
        "path_every": 4,
        "path_decay": 0.01,
        "path_shrink": 2,
    },
    "unrolled": {"unrolled_steps": 5},
    "wgan_ct": {"discriminator_turns": 5},
    "wgan_gp": {"discriminator_turns": 5},
    "wgan_lp": {"discriminator_turns": 5},
}


def within(node, expected):
    """Of a node, what is expected of it."""
    return {key: node.get(key) for key in expected}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_has_the_papers_numbers(option):
    group, name = option.split("/")
    assert within(contents(group)[name], OPTIONS[option]) == OPTIONS[option]


@pytest.mark.parametrize("model", GROUPS)
def test_a_recipe_chooses_what_its_paper_has(model):
    lines = [each.items() for each in contents("model")[model]["defaults"]]
    chosen = {group.removeprefix("override /"): of for ((group, of),) in lines}
    assert within(chosen, GROUPS[model]) == GROUPS[model]


@pytest.mark.parametrize("model", WISHES)
def test_a_recipe_asks_of_networks_and_average_what_its_paper_does(model):
    assert within(contents("model")[model]["model"], WISHES[model]) == WISHES[model]


@pytest.mark.parametrize("model", GAMES)
def test_a_recipe_plays_by_its_papers_numbers(model):
    assert within(contents("model")[model]["model"]["game"], GAMES[model]) == GAMES[model]
