"""The page in a browser, on a laptop and on a phone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.evaluation_report.render import render_page

from .conftest import FAILED, OUTCOMES, SLICES

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
LAPTOP, PHONE = (1280, 800), (360, 740)
# Of the page, and of the text in its plots.
COLOURS = {
    "light": ("rgb(255, 255, 255)", "#1b1f24"),
    "dark": ("rgb(20, 23, 26)", "#e6e9ec"),
}

# In CI it must be there: a page that nobody has opened is not shown to a customer.
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and "CI" not in os.environ,
    reason="no Chromium: apt-get install chromium chromium-driver",
)


class Browser:
    """Headless Chromium with a page open."""

    def __init__(self, driver: Any):
        self.driver = driver

    def open(self, page: Path) -> None:
        self.driver.get(page.as_uri())

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> Any:
        (found,) = self.all(selector)
        return found

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def script(self, code: str, *arguments: Any) -> Any:
        return self.driver.execute_script(code, *arguments)

    def wait_for(self, code: str, *arguments: Any) -> None:
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, 10).until(lambda _: self.script(code, *arguments))

    def slices(self) -> list[str]:
        """The names of the slices that are shown, from top to bottom."""
        rows = self.all("#slice-table tbody tr")
        names = [row.get_attribute("data-name") for row in rows if row.is_displayed()]
        return [name for name in names if name is not None]

    def column(self, heading: str) -> list[str]:
        """The figures of a column of the slices that are shown."""
        headings = [
            each.text.split("\u00a0")[0]
            for each in self.all("#slice-table th[scope=col]")
        ]
        place = headings.index(heading) + 1
        cells = self.all(f"#slice-table tbody tr > :nth-child({place})")
        return [cell.text.split("\n")[0] for cell in cells if cell.is_displayed()]

    def lines(self, plot: str) -> list[list[float]]:
        """The heights of the lines of a plot."""
        code = (
            "return document.querySelector(arguments[0]).data.map(each => [...each.y])"
        )
        return self.script(code, f"[data-plot='{plot}']")

    def errors(self) -> list[str]:
        """What the console holds."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> set[str]:
        """What was asked of any network; files and data that the page holds are not."""
        messages = [
            json.loads(entry["message"])["message"]
            for entry in self.driver.get_log("performance")
        ]
        urls = {
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        }
        return {url for url in urls if not url.startswith(("file:", "data:", "blob:"))}

    def emulate(self, size: tuple[int, int], scheme: str) -> None:
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {**metrics, "mobile": size == PHONE}
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [feature]}
        )


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    # No sandbox: containers, where tests run as root, do not allow it.
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    options.add_argument("--disable-dev-shm-usage")
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def browser(driver, make_report, tmp_path) -> Iterator[Browser]:
    """The report of a run that is blocked; nothing may be wrong with it at the end."""
    browser = Browser(driver)
    browser.emulate(LAPTOP, "light")
    page = tmp_path / "report.html"
    page.write_text(render_page(make_report([*OUTCOMES, FAILED])))
    browser.open(page)
    yield browser
    assert browser.errors() == []
    assert browser.requests() == set()


def test_the_figures_are_those_that_were_measured(browser):
    assert "1 of 4" in browser.text("h1")
    assert browser.text("tr[data-metric=auc] td:nth-of-type(1)").split("\n") == [
        "0.7500",
        "0.7400 to 0.7600",
    ]
    shown = dict(zip(browser.column("Slice"), browser.column("AUC"), strict=True))
    assert shown == {
        name: "undefined" if auc is None else f"{auc:.4f}"
        for name, (auc, examples) in SLICES.items()
        if examples >= 100
    }


def test_every_plot_is_drawn(browser):
    plots = browser.all(".plot")

    assert len(plots) == 9
    assert all(plot.find_elements("css selector", ".main-svg") for plot in plots)


def test_slices_are_sorted_by_any_heading(browser):
    assert browser.slices()[0] == "city=Rome"
    assert browser.slices()[-1] == "city=Ghost Town"  # it has no AUC

    button = browser.one("#slice-table th[aria-sort] button")
    assert button.find_element("xpath", "..").get_attribute("aria-sort") == "ascending"
    button.click()
    assert browser.slices()[0] == "city=Oslo"
    assert browser.slices()[-1] == "city=Ghost Town"
    assert button.find_element("xpath", "..").get_attribute("aria-sort") == "descending"

    by_name = browser.all("#slice-table th button")[0]
    by_name.click()
    assert browser.slices() == sorted(browser.slices())
    assert len(browser.all("#slice-table [aria-sort]")) == 1
    assert "Slice" in browser.text("#slice-status")


def test_slices_are_filtered(browser):
    assert "device=tablet" not in browser.slices(), "60 examples are noise"
    assert browser.text("#slice-status").startswith("5 of 6 ")

    fewest = browser.one("#slice-examples")
    fewest.clear()
    fewest.send_keys("0")
    assert "device=tablet" in browser.slices()

    browser.one("#slice-features option:nth-child(4)").click()
    assert browser.slices() == ["device=tablet", "device=phone"]

    browser.one("#slice-text").send_keys("TAB")
    assert browser.slices() == ["device=tablet"]
    assert browser.text("#slice-status").startswith("1 of 6 ")


def test_a_slice_is_chosen_for_the_curves(browser):
    before = browser.lines("roc")
    browser.one("#slice-choice option:nth-child(2)").click()
    after = browser.lines("roc")
    assert browser.text("#curves-title").endswith("city=Rome")
    assert after[0] != before[0]
    assert after[1] == before[1], "the baseline is the same in both"
    label = browser.one("[data-plot=roc]").get_attribute("aria-label")
    assert "city=Rome" in label


def test_a_row_leads_to_its_curves(browser):
    button = browser.one("#slice-table [data-curves]")
    assert "city=Rome" in button.get_attribute("aria-label")
    button.click()

    assert browser.text("#curves-title").endswith("city=Rome")
    focused = browser.driver.switch_to.active_element
    assert focused.get_attribute("id") == "slice-choice"


def test_the_keyboard_reaches_what_the_mouse_does(browser):
    from selenium.webdriver.common.keys import Keys

    button = browser.all("#slice-table th button")[0]
    browser.script("arguments[0].focus()", button)
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    button.send_keys(Keys.ENTER)
    assert browser.script(outline) == "solid"
    assert browser.slices() == sorted(browser.slices())


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "light"), (PHONE, "dark")])
def test_the_page_fits_the_screen_in_light_and_dark(browser, size, scheme, tmp_path):
    # While the page is open: a phone is turned, and the sun goes down.
    browser.emulate(size, scheme)
    browser.wait_for(
        """
        const widths = [...document.querySelectorAll('.plot svg')].map(
            (each) => each.getBoundingClientRect().width);
        const plot = document.querySelector('.plot')._fullLayout.font.color;
        const page = getComputedStyle(document.body);
        return Math.max(...widths) < arguments[0]
            && page.backgroundColor === arguments[1] && plot === arguments[2];
        """,
        size[0],
        *COLOURS[scheme],
    )
    width = browser.script("return document.documentElement.scrollWidth")
    assert width <= size[0]
    picture = tmp_path / f"{size[0]}-{scheme}.png"
    assert browser.driver.save_screenshot(str(picture))
    assert picture.stat().st_size > 10_000


def test_a_print_has_all_details_open(browser):
    browser.script("dispatchEvent(new Event('beforeprint'))")
    assert browser.all("details:not([open])") == []
    browser.script("dispatchEvent(new Event('afterprint'))")
    assert browser.all("details:not([open])") != []


def test_a_stopped_run_has_a_page_with_plots(browser, stopped, tmp_path):
    page = tmp_path / "stopped.html"
    page.write_text(render_page(stopped))
    browser.open(page)

    assert len(browser.all(".plot .main-svg")) >= 1
