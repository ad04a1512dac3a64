"""The dashboard in a real browser, on a search that runs."""

import re
import time
from pathlib import Path

import pytest


@pytest.fixture
def serve(watched):
    """Serves the dashboard of a model's optimization and opens it."""
    processes = []

    def serve(model):
        model.optimization()
        process = model.begin("serve", "--no-browser")
        processes.append(process)
        address = process.stdout.readline().strip()
        watched.page.goto(address)
        watched.page.wait_for_selector("#table tbody tr")
        return address

    yield serve
    watched.page.close()
    for process in processes:
        process.terminate()
        process.wait(10)


@pytest.fixture
def running(model):
    """A search whose simulations take a quarter of a second."""
    process = model.begin("run", "--max-ngen", "500", "-q", seconds=0.25)
    model.process = process
    yield model
    process.terminate()
    process.wait(30)


def wait_for(page, words, where="#standing"):
    """Until these words stand there."""
    page.wait_for_selector(f"{where}:has-text('{words}')")


def finished(journal):
    """How many simulations have ended."""
    return Path(journal).read_text().count('"event":"finished"')


def test_new_simulations_appear_within_seconds(running, serve, watched):
    address = serve(running)
    page = watched.page
    wait_for(page, "Running")
    for _ in range(3):
        known = finished(running.optimization() / "journal.jsonl")
        began = time.monotonic()
        page.wait_for_function(
            """(known) =>
            Number(document.getElementById("counts").textContent.split(" ")[0]) > known""",
            arg=known,
        )
        assert time.monotonic() - began < 4
    page.wait_for_selector("#latest li:nth-child(8)")
    numbers = re.findall(r"candidate (\d+)", page.locator("#latest").inner_text())
    assert len(numbers) == 8 and len(set(numbers)) == 8
    watched.asks_only(address.split("?")[0])


def test_figures_are_renewed_and_keep_zoom_and_scroll(running, serve, watched):
    serve(running)
    page = watched.page
    wait_for(page, "generation 2", "#counts")
    frame = watched.drawn("evo_fitness")
    page.mouse.move(frame["x"] + 200, frame["y"] + 100)
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(300)
    look = """() => {
        const { view } = document.querySelector("#evo_fitness .plot");
        return [view.signal("zoom").generation, scrollY];
    }"""
    before = page.evaluate(look)
    caption = page.locator("#evo_fitness-caption").inner_text()
    page.wait_for_function(
        """(before) =>
        document.getElementById("evo_fitness-caption").textContent !== before""",
        arg=caption,
    )
    page.wait_for_timeout(1000)
    assert page.evaluate(look) == before
    assert before[1] > 500


def test_the_model_is_fitted_in_the_background_and_then_drawn(running, serve, watched):
    serve(running)
    page = watched.page
    wait_for(page, "generation 4", "#counts")
    watched.drawn("importance")
    caption = page.locator("#importance-caption").inner_text()
    assert "Sobol indices" in caption
    watched.drawn("predictions")


def test_a_search_is_paused_continued_changed_and_stopped(running, serve, watched):
    serve(running)
    page = watched.page
    wait_for(page, "Running")
    page.get_by_role("button", name="Stop …").click()
    page.get_by_role("button", name="Go back").click()
    page.get_by_role("button", name="Pause …").click()
    page.get_by_role("button", name="Do it").click()
    wait_for(page, "Paused")
    wait_for(page, " 0 running", "#counts")
    known = page.locator("#counts").inner_text()
    page.wait_for_timeout(1500)
    assert page.locator("#counts").inner_text() == known
    # By keyboard alone.
    page.get_by_role("button", name="Continue …").press("Enter")
    page.get_by_role("button", name="Do it").press("Enter")
    wait_for(page, "Running")
    page.get_by_role("button", name="Change limits …").click()
    page.get_by_role("spinbutton", name="Generations").fill("77")
    page.get_by_role("button", name="Do it").click()
    wait_for(page, "of 77 complete", "#counts")
    page.get_by_role("button", name="Stop …").click()
    page.get_by_role("button", name="Do it").click()
    wait_for(page, "Stopped: stopped by the user.")
    wait_for(page, "resume", "#resume")
    assert running.process.wait(10) == 3
    assert page.get_by_role("button", name="Pause …").is_disabled()


def test_the_table_is_sorted_and_turned(searched, serve, watched):
    serve(searched)
    page = watched.page

    def totals():
        cells = page.locator("#table tbody tr td:nth-child(4)").all()
        return [float(cell.get_attribute("data-value")) for cell in cells]

    page.wait_for_selector("#window:has-text('1 to 50 of 60')")
    first = totals()
    assert first == sorted(first) and len(first) == 50
    page.get_by_role("button", name="Later rows").click()
    page.wait_for_selector("#window:has-text('51 to 60 of 60')")
    assert min(totals()) >= first[-1]
    page.get_by_role("button", name="total").press("Enter")
    page.wait_for_selector("#window:has-text('1 to 50')")
    assert totals() == sorted(totals(), reverse=True)


def test_a_candidate_is_shown_with_its_log_and_files(searched, serve, watched):
    serve(searched)
    page = watched.page
    page.locator("#table tbody tr:first-child button").press("Enter")
    dialog = page.locator("#candidate")
    dialog.wait_for()
    assert "simulated exc" in dialog.inner_text()
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="output.log").click()
    assert opened.value.locator("body").inner_text().startswith("simulated exc")
    page.bring_to_front()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_several_viewers_see_the_same(running, serve, watched, chromium):
    address = serve(running)
    context = chromium.new_context()
    other = context.new_page()
    other.goto(address)
    wait_for(other, "Running")
    watched.page.get_by_role("button", name="Pause …").click()
    watched.page.get_by_role("button", name="Do it").click()
    wait_for(other, "Paused")
    context.close()


def test_without_the_token_there_is_nothing(searched, serve, watched):
    address = serve(searched)
    answer = watched.page.request.get(address.split("?")[0])
    assert answer.status == 403 and "token" in answer.text()


def test_it_is_accessible(searched, serve, watched):
    serve(searched)
    watched.page.wait_for_selector("#provenance ~ dl")
    watched.drawn("evo_fitness")
    watched.accessible()
    watched.page.locator("#table tbody tr:first-child button").click()
    watched.page.locator("#candidate").wait_for()
    watched.accessible()
