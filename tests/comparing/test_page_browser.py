"""The page in a real browser: nothing overflows, all pictures load, a click sorts, all offline."""

import json
import shutil

import pytest
from handwritten import WGAN_GP, judge, write_run

from ganlab.comparing import page
from ganlab.comparing.cells import ranked
from ganlab.comparing.comparison import compare
from ganlab.references import subjects

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
WINDOWS = {"desktop": (1280, 800), "telephone": (390, 844)}
PATIENCE_S = 120
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason="no chromium and chromium-driver here: apt-get install chromium chromium-driver",
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A page of runs with long names, many settings and a torn log."""
    output = tmp_path_factory.mktemp("outputs")
    for n in range(1, 9):
        name = f"{'a-long-name-' * 4}000{n}"
        given = f"ganlab train seed={n} model=x"
        config = {"seed": n, "optimizer.lr": n / 1e4}
        choices = WGAN_GP if n % 2 else ()
        run = write_run(output, name, choices=choices, config=config, command=given)
        for round in (25, 50, 75, 100):
            judge(run, round, fid=(n * 7 % 8 + 1) * 100 / round, recall=0.1 * n)
    with open(run.metrics_file, "a") as log:
        log.write('{"round": ')
    write_run(output, "no-number", rounds=10)
    found = output / "out.html"
    found.write_text(
        page.page(ranked(compare(subjects([], str(output))), "start"), "ganlab compare")
    )
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless Chromium that notes every request and every error."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    home = tmp_path_factory.mktemp("chromium")
    for word in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu"):
        options.add_argument(f"--{word}")
    options.add_argument(f"--user-data-dir={home}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(DRIVER))
    found.set_page_load_timeout(PATIENCE_S)
    found.set_script_timeout(PATIENCE_S)
    yield found
    found.quit()


@pytest.fixture(params=WINDOWS)
def opened(request, browser, file):
    """The page in a window whose inside has the very size, whatever the platform's least is."""
    width, height = WINDOWS[request.param]
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.get_log("browser"), browser.get_log("performance")
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(file.as_uri())
    assert browser.execute_script("return window.innerWidth") == width
    return browser


def column(browser, name):
    """The texts of a column of the first table, and how it says that it is sorted."""
    return browser.execute_script(
        """const table = document.querySelector("table.sortable");
        const heads = [...table.tHead.rows[0].cells];
        const place = heads.findIndex((head) => head.title === arguments[0]);
        const texts = [...table.tBodies[0].rows].map((row) => row.cells[place].innerText.trim());
        return [texts, heads[place].getAttribute("aria-sort")];""",
        name,
    )


def button(browser, name):
    return browser.find_element("css selector", f'table.sortable th[title="{name}"] button')


def test_the_page_is_never_wider_than_its_window_and_tables_scroll_by_themselves(opened):
    wide = opened.execute_script(
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0
    for box in opened.find_elements("css selector", ".scroll"):
        assert box.rect["width"] <= opened.execute_script("return window.innerWidth")


def test_every_picture_loads_and_every_curve_is_drawn(opened):
    widths = opened.execute_async_script(
        """const done = arguments[0];
        Promise.all([...document.images].map((image) => image.decode())).then(
          () => done([...document.images].map((image) => image.naturalWidth)));"""
    )
    assert widths == [34] * 9
    heights = opened.execute_script(
        """return [...document.querySelectorAll("main > section > .panels svg")].map(
          (svg) => svg.getBoundingClientRect().height)"""
    )
    assert len(heights) == 5
    assert min(heights) > 100


def test_a_click_sorts_the_rows_and_what_is_missing_stays_last(opened):
    opened.execute_script("arguments[0].click()", button(opened, "fid"))
    texts, sorted_how = column(opened, "fid")
    assert [float(text) for text in texts[:-1]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (texts[-1], sorted_how) == ("-", "ascending")
    opened.execute_script("arguments[0].click()", button(opened, "fid"))
    texts, sorted_how = column(opened, "fid")
    assert [float(text) for text in texts[:-1]] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert (texts[-1], sorted_how) == ("-", "descending")


def test_the_keyboard_sorts_as_well_and_the_greatest_comes_first_where_it_is_best(opened):
    button(opened, "recall").send_keys("\ue007")
    texts, sorted_how = column(opened, "recall")
    assert [float(text) for text in texts[:-1]] == pytest.approx([n / 10 for n in range(8, 0, -1)])
    assert sorted_how == "descending"
    assert column(opened, "fid")[1] is None


def test_the_pointer_over_a_curve_tells_its_values(opened):
    from selenium.webdriver import ActionChains

    curve = opened.find_element("css selector", ".panel svg")
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", curve)
    ActionChains(opened).move_to_element(curve).perform()
    tip = opened.find_element("css selector", ".tip")
    assert tip.is_displayed()
    assert "round" in tip.text
    wide = opened.execute_script("return document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


def test_nothing_goes_wrong_and_nobody_is_asked(opened, file):
    opened.execute_script("arguments[0].click()", button(opened, "fid"))
    assert opened.get_log("browser") == []
    told = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = [
        m["params"]["request"]["url"] for m in told if m["method"] == "Network.requestWillBeSent"
    ]
    assert asked
    assert {url for url in asked if not url.startswith("data:")} == {file.as_uri()}


def test_without_scripts_everything_is_there(opened, file):
    opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened.get(file.as_uri())
        assert len(opened.find_elements("css selector", "table.sortable tbody tr")) == 9
        assert not opened.find_elements("css selector", "th button")
        assert all(
            svg.is_displayed()
            for svg in opened.find_elements("css selector", "main > section > .panels svg")
        )
    finally:
        opened.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
