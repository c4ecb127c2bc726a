"""Words and option files that nobody would write: each is taken, or refused in one message.

GANLAB_FUZZ=10000 tries so many examples of each kind, and others each time.
"""

import contextlib
import io
import os
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ganlab.cli import dispatch
from ganlab.compose import compose
from ganlab.console import LONGEST
from ganlab.options import options
from ganlab.schema import keys

EXAMPLES = int(os.environ.get("GANLAB_FUZZ", "0"))
SECONDS = 3
OPTIONS = options([])
CHOICES = sorted(f"{group}={option}" for group in OPTIONS for option in OPTIONS[group])
RECIPES = (
    [],
    ["model=vae"],
    ["model=wgan"],
    ["dataset=folder"],
    ["dataset=grid"],
    ["loss=minimax"],
)
KEYS = sorted({key for words in RECIPES for key in keys(compose(words).config)} | {*OPTIONS})


def among(words):
    return st.sampled_from(words.split())


def fuzz(examples):
    """So many examples, the same ones each time; more, and others, where GANLAB_FUZZ says so."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate] if EXAMPLES else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


# Values: numbers, texts, containers, interpolations, sweeps, and what is too long for all of them

ANY = st.text(st.characters(exclude_categories=()), max_size=12)
NUMBERS = st.one_of(
    st.integers().map(str),
    st.floats().map(repr),
    st.sampled_from([10**20, 10**400, -(10**400), 2**31, 2**63]).map(str),
    among("1 2 0.5 -0 1e400 -1e400 nan .inf 0x10 1_000 1. 1e ³ ٣ true null ~"),
)
TEXTS = st.sampled_from(
    [
        *[
            "",
            " ",
            "\0",
            "a\0b",
            "\n",
            "a\nb",
            "\r",
            "\x1b[31m",
            "\x7f",
            "\x85",
            "\u202e",
            "\ufeff",
        ],
        *[
            "\u2028",
            "\udcff",
            "\ud800",
            "💥",
            "'",
            '"',
            "'x",
            "\\",
            "\\'",
            "???",
            "(",
            ")",
            ",",
            "=",
        ],
        *["/", "../..", "/dev/null", "/proc/self/mem", "~root", "C:\\a", "file:///etc", "/a" * 300],
    ]
)
SWEEPS = st.sampled_from(
    [
        *[
            "1,2",
            "a,",
            ",",
            "range(1,5)",
            "range(1,2,0)",
            "range(0,1e400)",
            "choice(a,b)",
            "choice()",
        ],
        *["glob(*)", "interval(0,1)", "sort(3,1)", "sort(a,1)", "shuffle([1,2])", "tag(a,b)", "f("],
        *["int(abc)", "int(1e400)", "float(nan)", "bool(x)", "str([1])", "json_str([1])", "f()"],
    ]
)
INTERPOLATIONS = st.one_of(
    st.sampled_from(KEYS).map(lambda key: f"${{{key}}}"),
    st.sampled_from(
        [
            *[
                "${",
                "${}",
                "$",
                "${.}",
                "${..}",
                "${...}",
                "${nope}",
                "${.x}",
                "${${name}}",
                "\\${x}",
            ],
            *["${oc.env:HOME}", "${oc.env:NO_SUCH}", "${oc.env:NO_SUCH,3}", "${oc.decode:'[1'}"],
            *[
                "${oc.create:{a: 1}}",
                "${oc.select:x}",
                "${oc.deprecated:x}",
                "${oc.dict.keys:model}",
            ],
            *["${oc.dict.values:optimizer}", "${hydra:run}", "${hydra}", "${now:%Y}", "${nope:1}"],
        ]
    ),
)
LONG = st.sampled_from(
    [
        *[
            "x" * 100_000,
            "é" * 50_000,
            "9" * 10_000,
            "9" * 400 + ".5",
            "1e" + "9" * 4400,
            "=" * 500,
        ],
        *[
            "[" * 3000,
            "[" * 300 + "]" * 300,
            "{a:" * 400 + "1" + "}" * 400,
            "(" * 3000,
            "a," * 5000,
        ],
        *["${" * 300, "${rounds}" * 500, "'" * 999, "\\" * 999, "a.b." * 3000, "a/" * 3000],
        *["${oc.decode:" * 50 + "1" + "}" * 50, f"int('{'9' * 5000}')", f"[{'1,' * 3000}1]"],
    ]
)
NAMES = among("a lr width generator players decay _target_ _partial_ rounds 1 null")


def containers(scalars, join):
    """Lists and mappings of scalars, written out."""
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda items: f"[{join.join(items)}]")
            | st.dictionaries(NAMES | ANY, inner, max_size=3).map(
                lambda items: f"{{{join.join(f'{key}: {value}' for key, value in items.items())}}}"
            )
        ),
        max_leaves=6,
    )


SCALARS = NUMBERS | TEXTS | INTERPOLATIONS | ANY
VALUES = st.one_of(NUMBERS, TEXTS, SWEEPS, INTERPOLATIONS, LONG, ANY, containers(SCALARS, ","))

# Keys: known ones, mangled ones, those that belong to Hydra or Python, and any text

SHAPES = among(
    "{0}. {0}.{1} .{0} {0}[0] {0}[{1}] +{0} ++{0} +++{0} ~{0} {0}@x {0}@ @{0} {0}@_global_ {0}/x "
    "+{0}@_here_.x {0}@a:b /{0} {0}: '{0}' ${{{0}}} {0}.a.b.c hydra.{0} hydra/{0} {0}{1} {1}{0}"
)
MANGLED = st.builds(str.format, SHAPES, st.sampled_from(KEYS), NAMES | ANY)
STRANGE = among(
    "hydra hydra.run.dir hydra.mode hydra/launcher hydra.searchpath _self_ defaults _target_ "
    "_partial_ __dict__ trust loss._target_ loss.weight model.game._partial_ network._target_ "
    "optimizer.params optimizer.players.generator optimizer.players.generator.lr "
    "optimizer.players.x.betas optimizer.players..lr optimizer.decay._target_ penalty.generator "
    "runtime.fastest.tpu.precision network.generator.latent model.game.network"
)
FLAGS = among("--cfg=job --cfg=x --info=defaults --info=x --cfg --info --nope -x --")
KNOWN = st.builds("{}={}".format, st.sampled_from(KEYS), VALUES)
UNKNOWN = st.builds("{}={}".format, MANGLED | STRANGE | ANY, VALUES)
WORDS = st.one_of(KNOWN, KNOWN, UNKNOWN, st.sampled_from(CHOICES), MANGLED, VALUES)

# Option files: YAML of every shape, and shipped options of which one line was changed

TARGETS = st.sampled_from(
    [
        *[
            "nowhere.Thing",
            "ganlab",
            "ganlab.losses.hinge",
            "ganlab.losses.hinge.Hinge",
            "a..b",
            ".",
        ],
        *["torch.optim.Adam", "torch.nn.Linear", "math.pi", "builtins.dict", "builtins.len", ""],
        *["ganlab.games.gan.GAN", "ganlab.losses.loss.Loss", "ganlab.networks.mlp.Generator"],
    ]
)
TAGGED = among("*a &a !x !!python/object:os.system 2020-01-01 12:30:45 0o17 | > @ %")
YAML = containers(st.one_of(SCALARS, TARGETS, TAGGED, LONG), ", ")
HEADERS = st.sampled_from(
    [
        *[
            "",
            "",
            "# @package _global_\n",
            "# @package hydra\n",
            "# @package\n",
            "# @package a..b\n",
        ],
        *["# @package rounds\n", "%YAML 9.9\n---\n", "---\na: 1\n---\n", "\t", "a: &a [*a]\n"],
        *["a: &a {b: *a}\n", "a: ${b}\nb: ${a}\n", "defaults: 3\n", "defaults: [nope]\n"],
        *["defaults: [mine]\n", "defaults: [override /loss: nope]\n", "defaults: [{a: b, c: d}]\n"],
        *["defaults: [/train]\n", "defaults: ['${loss}']\n", "defaults: [{/model: [gan, vae]}]\n"],
    ]
)
LINES = st.dictionaries(st.sampled_from(KEYS) | NAMES, YAML, max_size=4).map(
    lambda items: "".join(f"{key.rpartition('.')[2]}: {value}\n" for key, value in items.items())
)


@st.composite
def changed(draw):
    """A shipped option, one line of which has another value, another key, or is missing."""
    group = draw(st.sampled_from(sorted(OPTIONS)))
    lines = draw(st.sampled_from(sorted(OPTIONS[group].values()))).read_text().splitlines()
    number = draw(st.integers(0, len(lines) - 1))
    key, _, value = lines[number].partition(":")
    other_value = YAML.map(lambda new: f"{key}: {new}")
    other_key = NAMES.map(lambda new: f"{new}:{value}")
    lines[number] = draw(other_value | other_key | st.just(""))
    return group, "\n".join(lines)


ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"])
FILES = (
    st.tuples(st.sampled_from(sorted(OPTIONS)), st.tuples(HEADERS, LINES).map("".join)) | changed()
)


class Said(io.TextIOWrapper):
    """A standard stream that takes everything and remembers it."""

    def __init__(self):
        super().__init__(io.BytesIO(), "utf-8", "backslashreplace", write_through=True)

    @property
    def text(self):
        return self.buffer.getvalue().decode()


def ends(words, *codes):
    """The command ends with one of the codes, quickly, and a refusal is one message and no more."""
    before, then = os.listdir(), time.perf_counter()
    out, err = Said(), Said()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = dispatch(words)
    assert time.perf_counter() - then < SECONDS
    assert code in codes
    assert os.listdir() == before
    if code:
        assert err.text.startswith("ganlab: ")
        assert 12 < len(err.text) < LONGEST + 100
        assert all(character.isprintable() or character in " \n" for character in err.text)
        assert not out.text


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    """An empty directory; what takes long is imported, and the data are prepared, beforehand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("home"))
        for words in (["model=gan"], ["dataset=ring"]):
            dispatch(["train", *words, "--dry-run", "-q"])
        yield


@pytest.fixture(scope="module")
def trained(home):
    dispatch(["train", "dataset=ring", "network.width=4", "rounds=2", "progress=none", "-q"])


@pytest.mark.parametrize("bad", ["nonesuch.x=1", "rounds=0", "model=wgan_gpp"])
@fuzz(10)
@given(words=st.lists(WORDS, max_size=3))
def test_one_bad_word_refuses_all(bad, words):
    ends(["train", *words, bad], 2)


@fuzz(25)
@given(word=WORDS, choice=st.sampled_from(CHOICES))
def test_a_word_is_shown_or_refused(word, choice):
    ends(["show", choice, word], 0, 2)


@fuzz(25)
@given(word=WORDS, flag=FLAGS)
def test_hydra_tells_only_of_what_was_checked(word, flag):
    ends(["train", word, flag, "rounds=0"], 2)


@fuzz(15)
@given(word=KNOWN | UNKNOWN)
def test_what_is_shown_can_be_built_or_is_refused(word):
    ends(["train", "network.width=4", word, "--dry-run"], 0, 2, 3, 5)


@fuzz(60)
@given(
    verb=among("resume sample list path rm copy data show"),
    words=st.lists(st.one_of(WORDS, VALUES, FLAGS), max_size=3),
)
def test_every_verb_takes_or_refuses_its_words(verb, words):
    ends([verb, *words], 0, 2, 3, 4, 5)


@fuzz(20)
@given(words=st.lists(WORDS, min_size=1, max_size=3))
def test_words_without_a_verb_are_refused(words):
    ends(words, 2)


@pytest.mark.usefixtures("trained")
@fuzz(8)
@given(word=KNOWN, more=among("rounds=1 resume.allow_changes=true"))
def test_a_run_that_is_done_stays_so_or_the_word_is_refused(word, more):
    ends(["resume", "last", word, more, "rounds=1"], 0, 2)


@pytest.mark.usefixtures("trained")
@fuzz(10)
@given(key=among("n seed weights checkpoint trust"), value=VALUES)
def test_a_run_is_sampled_or_the_word_is_refused(key, value):
    ends(["sample", "last", f"{key}={value}", "n=2", "format=npz", f"out={os.devnull}"], 0, 2, 4, 5)


@fuzz(20)
@given(
    file=FILES,
    encoding=ENCODINGS,
    word=st.sampled_from(["rounds=3", *CHOICES]),
    shown=st.booleans(),
)
def test_an_option_file_is_taken_or_refused(tmp_path_factory, file, encoding, word, shown):
    (group, text), place = file, tmp_path_factory.mktemp("conf")
    (place / group).mkdir()
    (place / group / "mine.yaml").write_bytes(text.encode(encoding, "replace"))
    verb, *more = ["show"] if shown else ["train", "--dry-run"]
    ends([verb, word, f"{group}=mine", f"--config-dir={place}", *more], 0, 2, 3, 5)
