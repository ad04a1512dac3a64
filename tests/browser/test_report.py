"""The report in a real browser."""

import pytest


@pytest.fixture
def report(searched, watched):
    """The report, with all its figures drawn."""
    path = searched.mozopt("report").strip()
    watched.page.goto(f"file://{path}")
    watched.page.wait_for_selector("html[data-drawn]")
    return watched


def test_every_figure_is_drawn_and_nothing_is_asked_for_elsewhere(report):
    figures = report.page.locator("figure")
    assert figures.count() >= 16
    names = {figure.get_attribute("id") for figure in figures.all()}
    assert {"predictions", "importance", "effects", "target_effects"} <= names
    assert report.page.locator("figure canvas").count() == figures.count()
    report.asks_only("file://")


def column(page, number):
    """A column of the table of candidates."""
    cells = page.locator(f"#candidates ~ .scroll tbody tr td:nth-child({number})").all()
    return [cell.get_attribute("data-value") or cell.inner_text() for cell in cells]


def test_candidates_are_sorted_by_mouse_and_by_keyboard(report):
    page = report.page
    total = page.locator("#candidates ~ .scroll").get_by_role("button", name="total")
    total.click()
    up = [float(cell) for cell in column(page, 4)]
    assert len(up) == 60 and up == sorted(up)
    total.press("Enter")
    assert [float(cell) for cell in column(page, 4)] == up[::-1]
    assert page.locator("th[aria-sort=descending]").inner_text() == "total"


def test_a_brush_chooses_candidates(report):
    frame = report.drawn("parallel")
    mouse = report.page.mouse
    mouse.move(frame["x"] + 75, frame["y"] + 60)
    mouse.down()
    mouse.move(frame["x"] + 75, frame["y"] + 160, steps=6)
    mouse.up()
    low, high = sorted(
        report.page.evaluate(
            '() => document.querySelector("#parallel .plot").view.signal("brush").total'
        )
    )
    totals = [float(cell) for cell in column(report.page, 4)]
    assert min(totals) < low < high < max(totals)


def test_the_wheel_zooms_and_the_theme_keeps_it(report):
    frame = report.drawn("evo_fitness")
    zoom = '() => document.querySelector("#evo_fitness .plot").view.signal("zoom").generation'
    report.page.mouse.move(frame["x"] + 200, frame["y"] + 100)
    report.page.mouse.wheel(0, -400)
    report.page.wait_for_timeout(300)
    zoomed = report.page.evaluate(zoom)
    assert 0 < zoomed[1] - zoomed[0] < 8
    report.page.get_by_role("button", name="Light / dark").press("Enter")
    report.page.wait_for_selector("html[data-drawn='2']")
    assert report.page.evaluate(zoom) == zoomed


def test_everything_can_be_reached_by_keyboard(report):
    page = report.page
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                '() => document.activeElement.closest("figure")?.id ?? document.activeElement.tagName'
            )
        )
    figures = {figure.get_attribute("id") for figure in page.locator("figure").all()}
    assert figures <= reached and {"BUTTON", "A"} <= reached


def test_it_is_accessible(report):
    report.accessible()
