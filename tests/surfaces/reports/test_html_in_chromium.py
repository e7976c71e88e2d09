"""The page in a real browser without a window: nothing goes wrong or leaves, all can be read and reached.

Skipped where there is no Chromium or no selenium.
"""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import gradtest

pytest.importorskip("jinja2")
pytest.importorskip("selenium")
from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from gradtest.surfaces.reports.html import html

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="there is no Chromium with its driver here")

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
PHONE, DESK = 390, 1280
SIZES = pytest.mark.parametrize("width", [PHONE, DESK])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
NASTY = ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "javascript:alert(1)"]


class Browser:
    """A browser, and what it saw since the page was opened."""

    def __init__(self, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for word in (*QUIET, f"--user-data-dir={profile}"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        log = str(profile / "driver.log")
        service = webdriver.ChromeService(DRIVER, log_output=log)
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.get("about:blank")  # its own first page loads parts of itself

    def open(self, path: Path, width: int = DESK, scheme: str = "light", scripts: bool = True) -> None:
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        self.driver.get(path.as_uri())

    def run(self, script: str, *args):
        return self.driver.execute_script(script, *args)

    def find(self, css: str):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def soon(self, holds: Callable[[], object]) -> bool:
        """Whether something holds within some seconds: a page hears of a new address after the command."""
        with contextlib.suppress(TimeoutException):
            WebDriverWait(self.driver, 10, 0.05).until(lambda driver: holds())
        return bool(holds())

    def console(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return where requests went since the page was opened."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SE_OFFLINE", "true")  # selenium shall look for no driver of its own
        made = Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.driver.quit()


@pytest.fixture
def page(document, worse, tmp_path) -> Path:
    """A page with everything in it."""
    path = tmp_path / "report.html"
    path.write_text(html(document(baseline=worse)), encoding="utf-8")
    return path


@SCHEMES
@SIZES
def test_nothing_goes_wrong_nothing_leaves_and_nothing_stands_outside(browser, page, width, scheme):
    browser.open(page, width, scheme)
    assert browser.console() == []
    assert browser.requests() == [page.as_uri()]
    assert browser.run("return document.documentElement.scrollWidth") <= width
    for details in browser.find("details"):
        browser.run("arguments[0].open = true", details)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.console() == []


#: The contrast of every text with what it stands on (WCAG 2, relative luminance), of which the least is 4.5.
CONTRAST = """
const rgb = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const lum = (c) => rgb(c).slice(0, 3).map((v) => v / 255)
  .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (e) => {
  for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (!c.startsWith("rgba") || rgb(c)[3] > 0) return c;
  }
  return "rgb(255, 255, 255)";
};
const found = [];
for (const e of document.querySelectorAll("body *:not(svg *):not(script)")) {
  const own = Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.checkVisibility()) continue;
  const [a, b] = [lum(getComputedStyle(e).color), lum(ground(e))].sort((x, y) => y - x);
  found.push([(a + 0.05) / (b + 0.05), e.outerHTML.slice(0, 80)]);
}
return found;
"""


@SCHEMES
def test_every_text_can_be_read(browser, page, scheme):
    browser.open(page, DESK, scheme)
    for details in browser.find("details"):
        browser.run("arguments[0].open = true", details)
    found = browser.run(CONTRAST)
    assert len(found) > 100
    assert [(ratio, text) for ratio, text in found if ratio < 4.5] == []
    ground = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert ("rgb(17" in ground) == (scheme == "dark")


def test_a_nasty_name_is_a_name(browser, document, one, found, tmp_path):
    targets = [one(text, "disagrees", findings=[found(headline=text, message=text)]) for text in NASTY]
    path = tmp_path / "nasty.html"
    path.write_text(html(document(*targets)), encoding="utf-8")
    browser.open(path)
    assert browser.console() == []
    assert browser.requests() == [path.as_uri()]
    assert [element.text for element in browser.find("article h3 a")] == NASTY
    assert [element.text for element in browser.find("tbody th a")] == NASTY
    assert browser.run("return document.images.length") == 0
    assert browser.run("return document.scripts.length") == 1
    for link in browser.find("article h3 a"):
        link.click()  # an alert would raise here
    assert browser.requests() == []


def test_the_policy_holds(browser, page):
    browser.open(page)
    browser.run("""
        const script = document.createElement("script");
        script.textContent = "window.reached = true";
        document.body.append(script);
        const image = document.createElement("img");
        image.setAttribute("onerror", "window.reached = true");
        image.src = "data:,";
        document.body.append(image);
    """)
    said = browser.driver.execute_async_script("""
        const done = arguments[arguments.length - 1];
        fetch("data:,").then(() => done("fetched"), () => done("refused"));
    """)
    assert said == "refused"
    assert browser.run("return window.reached") is None
    assert any("Content Security Policy" in line for line in browser.console())


def test_search_and_verdicts_choose_what_is_shown(browser, page):
    browser.open(page)

    def shown() -> list[str]:
        return [element.text for element in browser.find("tbody th") if element.is_displayed()]

    assert len(shown()) == 9
    (words,) = browser.find("#words")
    words.send_keys("GT301 SHAPE")
    assert shown() == ["narrow"], "the words of a message are found, whatever their case"
    assert browser.find("#shown")[0].text == "1 of 9 shown"
    assert [e.text.split()[0] for e in browser.find("article h3") if e.is_displayed()] == ["narrow"]
    browser.find("input[value=misfit]")[0].click()
    assert shown() == []
    assert not browser.find("#findings")[0].is_displayed(), "no heading without anything below it"
    words.clear()
    words.send_keys(Keys.SPACE)
    assert len(shown()) == 8
    assert "narrow" not in shown()


def test_everything_can_be_reached_with_keys(browser, page):
    browser.open(page)
    keys = browser.driver.switch_to.active_element

    def focused() -> str:
        return browser.run("const e = document.activeElement; return e.id || e.className || e.textContent")

    keys.send_keys(Keys.TAB)
    assert focused() == "skip"
    browser.driver.switch_to.active_element.send_keys("/")
    assert focused() == "words"
    seen = []
    for _ in range(60):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        seen.append(focused())
    assert {"message", "command", "scroll", "cube"} <= set(seen), "what can be scrolled can be reached, too"
    (first,) = browser.find("#t0")
    first.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
    assert browser.soon(lambda: first.get_attribute("open"))


def test_a_link_opens_what_it_leads_to(browser, page):
    browser.open(page)
    (target,), (wrong,) = browser.find("#t3"), browser.find("#t1-wrong")

    def in_sight(element) -> bool:
        return 0 <= browser.run("return arguments[0].getBoundingClientRect().top", element) < 800

    browser.find("tbody th a")[3].click()
    assert browser.soon(lambda: target.get_attribute("open") and in_sight(target))
    browser.find("#words")[0].send_keys("huber")
    assert not wrong.is_displayed()
    browser.run("location.hash = 't1-wrong'")
    assert browser.soon(lambda: wrong.is_displayed() and in_sight(wrong)), (
        "also where the search has hidden it"
    )


def test_without_scripts_all_is_there(browser, page):
    browser.open(page, scripts=False)
    assert not browser.find("#filter")[0].is_displayed(), "what needs a script is not offered"
    assert len(browser.find("tbody tr")) == 9
    assert browser.find("pre.message")[0].is_displayed()
    (first,) = browser.find("#t0")
    first.find_element(By.TAG_NAME, "summary").click()
    assert browser.soon(first.find_element(By.TAG_NAME, "svg").is_displayed)


@SIZES
def test_a_thousand_targets_are_no_trouble(browser, document, tmp_path, width):
    path = tmp_path / "many.html"
    path.write_text(html(document(*(document().targets * 112))), encoding="utf-8")
    browser.open(path, width)
    assert browser.console() == []
    loaded = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
    assert browser.run(loaded) < 20_000, "on a busy machine; alone it takes a second or two"
    browser.find("#words")[0].send_keys("dense")
    assert browser.find("#shown")[0].text == "112 of 1,008 shown"
    assert browser.run("return document.documentElement.scrollWidth") <= width


#: What notebooks say of the elements in an output.
NOTEBOOK = """
.jp-RenderedHTMLCommon pre { white-space: pre-wrap; font-family: sans-serif; color: #111; }
body { background: #111; color: #ddd; }
"""


@SIZES
def test_in_a_notebook_columns_stand_below_each_other(browser, tmp_path, width):
    report = gradtest.check(gradtest.target(np.sin, grad=lambda x: np.cos(x) / 2), np.linspace(0, 1, 30))
    path = tmp_path / "notebook.html"
    output = f'<div class="jp-RenderedHTMLCommon">{report._repr_html_()}</div>'
    head = f'<meta name="viewport" content="width=device-width"><style>{NOTEBOOK}</style>'
    path.write_text(f'<!doctype html><meta charset="utf-8">{head}{output}', encoding="utf-8")
    browser.open(path, width)
    (words,) = browser.find("pre")
    style = "const s = getComputedStyle(arguments[0]); return [s.whiteSpace, s.fontFamily, s.color]"
    space, font, colour = browser.run(style, words)
    assert space == "pre"
    assert font.endswith("monospace")
    assert colour == "rgb(221, 221, 221)", "the colour of the page"
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert len(browser.find("svg")) == 3
    assert browser.console() == []
    assert browser.requests() == [path.as_uri()]
