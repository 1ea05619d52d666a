"""The live page while another process writes the run."""

import shutil
import subprocess
import time

import pytest


@pytest.fixture
def server(esr_bench, run, rules, tmp_path):
    """A server on a run that lacks its last rounds; and those lines of the log that it lacks."""
    results = tmp_path / "results"
    shutil.copytree(run, results / "first")
    log = results / "first/events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    rounds = [i for i, line in enumerate(lines) if b'"event":"round"' in line]
    log.write_bytes(b"".join(lines[: rounds[4]]))
    rest = lines[rounds[4] :]
    process = subprocess.Popen([esr_bench, "serve", results, "--rules", rules, "--port", "0", "--nice", "0"], stdout=subprocess.PIPE, text=True)
    address = process.stdout.readline().split("on ")[1].split()[0]
    yield address, log, rest
    process.terminate()
    process.wait()


def until(page, selector, good):
    """Waits for a text. The page's policy forbids the evaluation that the driver's own waiting needs."""
    # A program without optimisation reads slowly, and rests in proportion.
    end = time.monotonic() + 240
    while not good(page.inner_text(selector)):
        assert time.monotonic() < end, page.inner_text(selector)
        time.sleep(0.2)


def test_the_page_grows_with_the_run(server, opened):
    address, log, rest = server
    page = opened(f"{address}run/first/", allowed=lambda url: url.startswith((address, "data:")))
    until(page, "#live", lambda text: "left" in text)
    assert "not finished" in page.inner_text(".verdict")
    page.click("#tab-1")
    page.click("#entry-1 summary")
    cells = page.locator("#runtime-plots rect.slow, #runtime-plots rect.fast").count()
    with log.open("ab") as file:
        file.write(b"".join(rest))
    until(page, "#live", lambda text: text == "Finished")
    until(page, ".verdict", lambda text: "not finished" not in text)
    assert page.locator("#runtime-plots rect.slow, #runtime-plots rect.fast").count() > cells
    # What the reader had opened is still open.
    assert page.is_visible("#track-1") and page.is_visible("#entry-1 .checks")
    shutil.rmtree(log.parent)
    until(page, "#live", lambda text: "removed" in text)


def test_the_list_shows_progress(server, browser):
    address, _, _ = server
    page = browser.new_page()
    page.goto(address)
    assert page.locator("progress").count() == 1
    page.click("text=first")
    page.wait_for_selector("#ranking")
    page.close()
