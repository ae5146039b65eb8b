"""Open a report in Chromium without a network, go through its sections and look at every figure.

Run by hand: `python tests/report/visit.py report.html --screenshots folder`. It prints what it
found as JSON, and needs playwright and the Chromium of the system (CHROMIUM names another one).
"""

import argparse
import json
import os
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

WIDTH, HEIGHT = 1400, 900
PATIENCE = 30_000
"""Milliseconds until something must be there."""


def chromium() -> str:
    """The browser to use."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        sys.exit("no Chromium: install it, or name it in CHROMIUM")
    return found


def menu(page: Page) -> list[str]:
    """The sections in the menu."""
    names = page.locator("nav li, aside li, ul li").all_inner_texts()
    return [name.strip() for name in names if re.match(r"\d ", name.strip())]


def visit(report: Path, folder: Path | None) -> dict:
    """Everything that can be seen of a report."""
    found: dict = {"requests": [], "errors": [], "sections": {}, "captions": {}, "broken": []}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-background-networking"]
        )
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, offline=True
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda r: note_request(found["requests"], r.url))
        page.on("console", lambda m: found["errors"].append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: found["errors"].append(str(error)))
        page.goto(report.resolve().as_uri())
        page.wait_for_function("document.body.innerText.includes('Representational alignment')")
        found["landing"] = page.locator("body").inner_text()
        shoot(page, folder, "0 landing")
        for section in sections(page):
            found["sections"][section] = look_at(page, section, found, folder)
        browser.close()
    return found


def note_request(requests: list[str], url: str) -> None:
    """Keep what would leave the machine."""
    if not url.startswith(("file:", "data:", "blob:", "about:")):
        requests.append(url)


def sections(page: Page) -> list[str]:
    """The sections that the report holds, as its own script knows them."""
    names: list[str] = page.evaluate("Object.keys(categories).sort()")
    return names


def shoot(page: Page, folder: Path | None, name: str) -> None:
    """Take a picture of the page, where one is wanted."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "_", name)
        page.screenshot(path=str(folder / f"{name}.png"))


def look_at(page: Page, section: str, found: dict, folder: Path | None) -> list[str]:
    """Open a section and all of its figures."""
    open_menu(page)
    page.get_by_text(section, exact=True).first.click()
    shown: list[str] = []
    parts: list[str] = page.evaluate("name => Object.keys(categories[name]).sort()", section)
    for part in parts:
        if len(parts) > 1 or part != "Other":
            pass
    return shown


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    print(json.dumps(visit(options.report, options.screenshots), indent=1, ensure_ascii=False))
