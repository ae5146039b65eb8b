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
from typing import Any

from playwright.sync_api import Page, sync_playwright

WINDOW = {"width": 1500, "height": 950}
PATIENCE = 30_000
"""Milliseconds until something must be there."""
SLIDE = 500
"""Milliseconds that the menu slides for."""
LOCAL = ("file:", "data:", "blob:", "about:")
IMAGE = "[...document.querySelectorAll('img')].at(-1)"
"""The figure; the first picture is the logo of the menu."""
DRAWN = f"""uri => {{ const image = {IMAGE};
    return image.src === uri && image.complete && image.naturalWidth > 0; }}"""
LINES = "count => document.querySelectorAll('table.table-auto tbody tr').length === count"
SHOWN = f"""() => {{ const image = {IMAGE}, box = image.getBoundingClientRect();
    return {{natural: image.naturalWidth, top: box.top, right: box.right, bottom: box.bottom,
            width: innerWidth, height: innerHeight}}; }}"""


def chromium() -> str:
    """The browser to use."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        sys.exit("no Chromium: install it, or name it in CHROMIUM")
    return found


def visit(report: Path, folder: Path | None) -> dict[str, Any]:
    """Everything that can be seen of a report."""
    found: dict[str, Any] = {"requests": [], "errors": [], "figures": []}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = browser.new_context(viewport=WINDOW, offline=True).new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda r: r.url.startswith(LOCAL) or found["requests"].append(r.url))
        page.on("console", lambda m: m.type == "error" and found["errors"].append(m.text))
        page.on("pageerror", lambda error: found["errors"].append(str(error)))
        page.goto(report.resolve().as_uri())
        page.wait_for_selector("text=Representational alignment")
        found["landing"] = page.locator(".prose").first.inner_text()
        shoot(page, folder, "00 first page")
        # What is shown is clicked through the page; which figures there are, its script knows.
        found["sections"] = page.evaluate(
            "Object.fromEntries(Object.entries(categories).map(([k, v]) => [k, Object.keys(v)]))"
        )
        for section in sorted(found["sections"]):
            look_at(page, section, found, folder)
        browser.close()
    return found


def shoot(page: Page, folder: Path | None, name: str) -> None:
    """Take a picture of the window, where one is wanted."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(SLIDE)
        page.screenshot(path=str(folder / (re.sub(r"[^\w.-]+", "_", name) + ".png")))


def look_at(page: Page, section: str, found: dict[str, Any], folder: Path | None) -> None:
    """Open a section from the menu, and all figures of its parts."""
    for part in sorted(found["sections"][section]):
        # What a click in the menu calls.
        page.evaluate(
            "([section, part]) => app.setView({navbarMode: 'subcategory', category: section, "
            "subcategory: part, content: 'rulegraph'})",
            [section, part],
        )
        paths = page.evaluate("([section, part]) => categories[section][part]", [section, part])
        # A line of the menu a figure: lines of the same labels would hide one another.
        page.wait_for_function(LINES, arg=len(paths))
        shoot(page, folder, f"{section} {part}")
        for path in paths:
            found["figures"].append({"section": section, "part": part, **open_figure(page, path)})
            shoot(page, folder, f"{section} {part} {Path(path).stem}")


def open_figure(page: Page, path: str) -> dict[str, Any]:
    """Show a figure and its caption."""
    page.evaluate(
        "path => app.setView({content: 'img', contentPath: results[path].data_uri, "
        "resultPath: path, navbarMode: 'resultinfo'})",
        path,
    )
    uri = page.evaluate("path => results[path].data_uri", path)
    page.wait_for_function(DRAWN, arg=uri)
    caption = page.evaluate("path => results[path].caption || ''", path)
    text = page.evaluate(
        "html => { const d = document.createElement('div'); d.innerHTML = html; "
        "return d.innerText; }",
        caption,
    )
    return {"path": path, "caption": text, "visible": page.locator("body").inner_text(),
            **page.evaluate(SHOWN)}  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    seen = visit(options.report, options.screenshots)
    sys.stdout.write(json.dumps(seen, indent=1, ensure_ascii=False) + "\n")
