"""The report in a real browser."""

import csv
import io
import socket

import pytest
from conftest import HOSTILE


def names(page, track=0):
    return page.eval_on_selector_all(
        f"#track-{track} tbody tr:not([hidden]) .c-team", "cells => cells.map(c => c.textContent)"
    )


def test_a_hostile_name_is_text(report, opened):
    page = opened(report.as_uri())
    assert page.title() != "broken"
    assert HOSTILE.replace("\u2028", "") in "".join(names(page)).replace("\u2028", "").replace("\ufffd", "")
    assert page.query_selector_all("img[src=x]") == []
    assert len(page.query_selector_all("script")) == 2


def test_the_policy_lets_nothing_in_or_out(report, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(report.as_uri())
    page.wait_for_selector("[data-ready]")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        page.evaluate(
            """address => {
                const image = new Image(); image.src = address + "x.png"; document.body.append(image);
                const script = document.createElement("script"); script.textContent = "window.ran = true"; document.body.append(script);
                fetch(address).catch(() => null);
                navigator.sendBeacon(address, "x");
            }""",
            address,
        )
        with pytest.raises(TimeoutError):
            listener.accept()
    assert page.evaluate("window.ran") is None
    context.close()


def test_tables_sort_best_first_then_worst_first_then_by_rank(report, opened):
    page = opened(report.as_uri())
    by_rank = names(page)
    head = page.locator("#track-0 thead th[data-column].c-runtime_ms")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert names(page)[:2] == ["Quick", "Steady"]
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    ranked = page.eval_on_selector_all("#track-0 tbody tr.ranked .c-team", "cells => cells.map(c => c.textContent)")
    assert ranked[-1] == "Quick"
    # Entries that are not ranked stay below, whatever the order.
    assert page.eval_on_selector("#track-0 tbody tr:last-child", "row => row.className") == "unranked"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") is None
    assert names(page) == by_rank


def test_columns_filter_by_text_and_by_number(report, opened):
    page = opened(report.as_uri())
    everything = len(names(page))
    page.fill("#track-0 .find", "steady")
    assert names(page) == ["Steady"]
    assert page.inner_text("#track-0 .count") == f"1 of {everything} rows"
    page.fill("#track-0 .find", "")
    page.click("#track-0 .filters")
    runtimes = dict(zip(names(page), page.eval_on_selector_all("#track-0 tbody .c-runtime_ms", "c => c.map(x => parseFloat(x.firstChild?.textContent))")))
    page.fill("#track-0 tr.filter .c-runtime_ms input", f"<= {runtimes['Steady'] + 0.01}")
    assert sorted(names(page)) == ["Quick", "Steady"]
    page.click("#track-0 .filters")
    assert len(names(page)) == everything


def test_the_csv_is_what_is_shown(report, opened):
    page = opened(report.as_uri())
    page.fill("#track-0 .find", "i")
    with page.expect_download() as download:
        page.click("#track-0 .csv")
    rows = list(csv.DictReader(io.StringIO(open(download.value.path(), encoding="utf-8", newline="").read())))
    assert [row["team"] for row in rows] == [n for n in names(page)]
    assert all(float(row["params_m"]) == 3e-5 for row in rows)


def test_tabs_switch_by_click_and_by_arrow_keys(report, opened):
    page = opened(report.as_uri())
    tabs = page.locator('[role="tab"]')
    assert tabs.count() == 3
    tabs.nth(1).click()
    assert page.is_visible("#track-1") and not page.is_visible("#track-0")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#track-2")
    assert page.evaluate("document.activeElement.id") == "tab-2"
    page.keyboard.press("Home")
    assert page.is_visible("#track-0") and tabs.nth(0).get_attribute("aria-selected") == "true"


def test_everything_is_reached_by_the_keyboard(report, opened):
    page = opened(report.as_uri())
    page.locator("canvas").last.wait_for()
    seen = set()
    for _ in range(160):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("""() => { const a = document.activeElement; return a.id || (a.closest(".comparison") ? a.tagName.toLowerCase() : "") || a.getAttribute("class") || a.tagName.toLowerCase(); }"""))
    for wanted in ["theme", "tab-0", "find", "filters", "csv", "axis-x", "axis-y", "axis-log", "canvas", "summary"]:
        assert wanted in seen, f"{wanted} not in {seen}"
    page.focus("#entry-1 summary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#entry-1[open] .memory svg")
    point = page.locator('#scatter-plot g[tabindex="0"]')
    before = point.get_attribute("aria-label")
    point.focus()
    assert page.is_visible("#tip")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") != before


def test_the_scatter_takes_other_axes(report, opened):
    page = opened(report.as_uri())
    page.select_option("#axis-x", "flops_g")
    page.select_option("#axis-y", "mem_m")
    assert page.inner_text("#scatter-plot figcaption").startswith("Mem [M] against FLOPs [G]")
    assert page.locator("#scatter-plot .dot").count() == 4
    page.check("#axis-all")
    assert page.locator("#scatter-plot .dot").count() == 5
    page.set_checked("#axis-log", not page.is_checked("#axis-log"))
    assert page.locator("#scatter-plot .dot").count() == 5
    assert "NaN" not in page.inner_html("#scatter-plot")


def test_pictures_zoom_and_move_together(report, opened):
    page = opened(report.as_uri())
    home = page.locator(".comparison").first
    home.locator("canvas").first.wait_for()
    pixels = "canvas => canvas.toDataURL()"
    before = home.locator("canvas").evaluate_all("all => all.map(c => c.toDataURL())")
    home.locator("canvas").nth(1).focus()
    page.keyboard.press("+")
    assert home.get_attribute("data-place").startswith("2.000")
    after = home.locator("canvas").evaluate_all("all => all.map(c => c.toDataURL())")
    assert all(a != b for a, b in zip(before, after)), "every picture moves"
    page.keyboard.press("ArrowRight")
    moved = home.locator("canvas").evaluate_all("all => all.map(c => c.toDataURL())")
    assert all(a != b for a, b in zip(after, moved))
    # The mock repeats pixels: its SR is LR, enlarged.
    shown = [home.locator(".panel", has_text=name).first.locator("canvas").evaluate(pixels) for name in ["LR", "Quick"]]
    assert shown[0] == shown[1]
    page.keyboard.press("0")
    assert home.locator("canvas").evaluate_all("all => all.map(c => c.toDataURL())") == before
    home.locator(".difference").check()
    differences = home.locator("canvas").evaluate_all("all => all.map(c => c.toDataURL())")
    assert differences[2] == before[2], "HR itself stays"
    assert differences[3] != before[3]


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_follows_the_colour_scheme(report, opened, width, scheme):
    page = opened(report.as_uri(), width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground) == "rgb(252, 251, 249)"
    assert light == (scheme == "light")
    page.click("#theme")
    assert (page.evaluate(ground) == "rgb(252, 251, 249)") != light
    page.reload()
    assert (page.evaluate(ground) == "rgb(252, 251, 249)") != light, "the choice is kept"


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(report, browser, axe, width, scheme):
    # axe is a script from outside: the policy is set aside for it alone.
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(report.as_uri())
    page.wait_for_selector("[data-ready]")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.click("#track-0 .filters")
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    serious = [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found if v["impact"] in ("serious", "critical")]
    assert serious == []
    context.close()


def test_paper_shows_every_track_and_every_entry(report, opened):
    page = opened(report.as_uri())
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for part in ["#track-0", "#track-1", "#track-2", "#entry-0 .blocks", "#entry-4 .checks"]:
        assert page.is_visible(part), part
    assert not page.is_visible("nav")
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.is_visible("#track-1")
