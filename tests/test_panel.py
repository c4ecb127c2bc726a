"""The panel of the plane: its axes, its heat map and its arrows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ganlab.panel import LONGEST_ARROW, MARGIN, Panel, extent, lattice

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(300, 2)).astype(np.float32)
SAMPLES = RNG.normal(size=(300, 2)).astype(np.float32)
PATHS = RNG.normal(size=(2, 4, 12, 2)).astype(np.float32)
PULLS = RNG.normal(size=(40, 2)).astype(np.float32)
LOGITS = RNG.normal(size=64).astype(np.float32)


@pytest.fixture(scope="module")
def panel():
    return Panel(REAL, judged=True)


def test_the_square_surrounds_the_data_with_its_margin():
    points = np.array([[0.0, 1.0], [4.0, 2.0]])
    assert_allclose(
        extent(points), (-4 * MARGIN, 4 + 4 * MARGIN, -0.5 - 4 * MARGIN, 3.5 + 4 * MARGIN)
    )


def test_one_point_has_a_square_too():
    left, right, bottom, top = extent(np.array([[3.0, 5.0]]))
    assert right - left == pytest.approx(top - bottom)
    assert right > left


def test_the_lattice_holds_the_centres_of_cells_row_by_row_from_below():
    assert_allclose(lattice((0, 2, 10, 14), 2), [[0.5, 11], [1.5, 11], [0.5, 13], [1.5, 13]])


def test_what_is_drawn_is_a_picture_of_one_size(panel):
    first = panel.draw(SAMPLES, PATHS, (LOGITS, PULLS))
    again = panel.draw(SAMPLES, PATHS, (LOGITS, PULLS))
    other = panel.draw(SAMPLES + 1, PATHS, (LOGITS, PULLS))
    assert first.dtype == np.uint8
    assert first.shape == other.shape
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_nothing_of_an_earlier_picture_is_left(panel):
    panel.draw(SAMPLES * 3, PATHS * 2, (-LOGITS, PULLS[::-1]))
    later = panel.draw(SAMPLES, PATHS, (LOGITS, PULLS))
    fresh = Panel(REAL, judged=True).draw(SAMPLES, PATHS, (LOGITS, PULLS))
    assert np.array_equal(later, fresh)


def test_the_axes_are_those_of_the_data_wherever_the_samples_are(panel):
    panel.draw(SAMPLES + 100, PATHS, (LOGITS, PULLS))
    for axes in (panel.cloud.axes, panel.opinion.axes):
        assert_allclose((*axes.get_xlim(), *axes.get_ylim()), extent(REAL))
    assert panel.cloud.elsewhere.get_text() == "100.0% of the samples outside"


def test_arrows_start_at_their_samples_and_point_along_the_pull(panel):
    panel.draw(SAMPLES, PATHS, (LOGITS, PULLS))
    arrows = panel.opinion.arrows
    assert_allclose(arrows.get_offsets(), SAMPLES[:40])
    drawn = np.stack([arrows.U, arrows.V], 1)
    longest = LONGEST_ARROW * (panel.area[1] - panel.area[0])
    assert_allclose(drawn, PULLS * longest / np.linalg.norm(PULLS, axis=1).max(), rtol=1e-5)


def test_the_heat_map_shows_logits_where_they_are_and_names_both_ends(panel):
    points = lattice(panel.area, 8)
    panel.draw(SAMPLES, PATHS, (points[:, 0], PULLS))
    shown = np.asarray(panel.opinion.heat.get_array())
    assert (np.diff(shown, axis=1) > 0).all()  # from left to right
    assert_allclose(np.diff(shown, axis=0), 0)
    assert panel.opinion.real.get_text() == f"{points[:, 0].max():.2g}\nreal"
    assert panel.opinion.fake.get_text() == f"{points[:, 0].min():.2g}\nfake"


@pytest.mark.parametrize("constant", [0.0, np.nan])
def test_a_discriminator_without_an_opinion_is_drawn(panel, constant):
    logits, pulls = np.full_like(LOGITS, constant), np.full_like(PULLS, constant)
    assert panel.draw(SAMPLES, PATHS, (logits, pulls)).shape[2] == 3


def test_without_a_discriminator_its_square_is_left_out(panel):
    alone = Panel(REAL, judged=False).draw(SAMPLES, PATHS)
    judged = panel.draw(SAMPLES, PATHS, (LOGITS, PULLS))
    assert alone.shape[0] == judged.shape[0]
    assert alone.shape[1] < 0.7 * judged.shape[1]
