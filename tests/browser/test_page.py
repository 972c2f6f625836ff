"""The page in a real browser: what it draws, what it says, and what it does when the server is gone."""

import json
import signal
import urllib.request

import pytest
from conftest import FAKE
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

NAMES = ["a", "b", "c"]
STAND_IN = pytest.mark.stand_in  # needs the stand-in server's pictures

# Everything about all tiles, read in one turn of the page.
TILES = """
return Object.fromEntries([...document.querySelectorAll('.tile')].map((tile) => [tile.dataset.stream, {
  ...tile.dataset, message: tile.querySelector('.tile-message').hidden ? '' : tile.querySelector('.tile-message').innerText,
  numbers: [...tile.querySelectorAll('.tile-numbers dd')].map((dd) => dd.textContent),
}]));
"""

# Calls back with samples of every tile, taken at every frame of the display.
SAMPLES = """
const [count, done] = arguments;
const samples = [];
requestAnimationFrame(function sample() {
  for (const { dataset } of document.querySelectorAll('.tile')) samples.push({ ...dataset });
  samples.length < count ? requestAnimationFrame(sample) : done(samples);
});
"""

# A number for the pixels of one stream's canvas.
PIXELS = """
const canvas = document.querySelector(`[data-stream="${arguments[0]}"] .tile-canvas`);
const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
let hash = 0;
for (let i = 0; i < data.length; i += 97) hash = (hash * 31 + data[i]) | 0;
return hash;
"""

# The sequence number that the stand-in server draws into its pictures, read back from the canvas, with the page's word.
SEEN_SEQ = """
const [count, done] = arguments;
const samples = [];
requestAnimationFrame(function sample() {
  for (const tile of document.querySelectorAll('.tile')) {
    const canvas = tile.querySelector('.tile-canvas');
    const scale = canvas.width / 640;
    const row = canvas.getContext('2d').getImageData(0, Math.round(5 * scale), canvas.width, 1).data;
    let seq = 0;
    for (let bit = 0; bit < 24; bit += 1) if (row[4 * Math.round((bit * 26 + 13) * scale)] > 128) seq += 2 ** bit;
    samples.push([seq, Number(tile.dataset.seq), tile.dataset.boxesSeq]);
  }
  samples.length < count ? requestAnimationFrame(sample) : done(samples);
});
"""


def until(browser, condition, what, seconds=20):
    return WebDriverWait(browser, seconds, poll_frequency=0.1).until(lambda b: condition(b), message=what)


def tiles(browser):
    return browser.execute_script(TILES)


def drawn(browser, name="a"):
    return int(tiles(browser).get(name, {}).get("drawn", 0))


def shows(browser, names=NAMES, more=3):
    """Waits until every one of the streams has drawn that many more pictures."""
    before = {name: drawn(browser, name) for name in names}
    until(browser, lambda b: all(drawn(b, name) >= before[name] + more for name in names), f"{more} more pictures of {names}")


def open_page(browser, server, names=NAMES):
    browser.get(server.url)
    until(browser, lambda b: set(tiles(b)) == set(names), f"tiles {names}")
    shows(browser, names)


def banner(browser):
    element = browser.find_element(By.ID, "banner")
    return element.get_attribute("data-connection"), element.text


def press(browser, *keys):
    ActionChains(browser).send_keys(*keys).perform()


def focused(browser):
    return browser.execute_script("return document.activeElement.closest('.tile')?.dataset.stream ?? null")


def pressed(browser, name):
    return browser.find_element(By.ID, f"switch-{name}").get_attribute("aria-pressed") == "true"


def test_pictures_move_and_have_boxes(browser, server):
    open_page(browser, server)
    for name in NAMES:
        before, pixels = int(tiles(browser)[name]["seq"]), browser.execute_script(PIXELS, name)
        until(browser, lambda b: int(tiles(b)[name]["seq"]) > before, f"{name}: a later picture")
        until(browser, lambda b: b.execute_script(PIXELS, name) != pixels, f"{name}: other pixels")
        until(browser, lambda b: int(tiles(b)[name]["boxes"]) > 0, f"{name}: boxes")
        assert tiles(browser)[name]["state"] == "up"
    assert banner(browser) == ("open", "")


def test_boxes_are_those_of_the_picture(browser, server):
    open_page(browser, server)
    until(browser, lambda b: all(tile["boxesSeq"] for tile in tiles(b).values()), "boxes everywhere")
    samples = browser.execute_async_script(SAMPLES, 600)
    paired = [sample for sample in samples if sample["boxesSeq"]]
    assert len(paired) > 100
    assert [sample for sample in paired if sample["boxesSeq"] != sample["seq"]] == []
    assert len({(sample["stream"], sample["seq"]) for sample in paired}) > 20


@STAND_IN
def test_the_picture_on_the_canvas_is_the_one_that_is_said(browser, server):
    open_page(browser, server)
    samples = browser.execute_async_script(SEEN_SEQ, 300)
    assert [sample for sample in samples if sample[0] != sample[1]] == []


@STAND_IN
def test_a_slow_predictor_does_not_slow_the_video(browser, start_server):
    server = start_server("a=test", "--predict", "slow", "--latency", "600", "--predict-fps", "2")
    open_page(browser, server, ["a"])
    until(browser, lambda b: tiles(b)["a"]["mode"] == "apart" and tiles(b)["a"].get("insetSeq"), "an inset")
    until(browser, lambda b: float(tiles(b)["a"]["numbers"][1].split()[0]) > 12, "the full rate")
    samples = browser.execute_async_script(SAMPLES, 100)
    assert [sample for sample in samples if sample["boxesSeq"] not in ("", sample["seq"])] == []
    assert len({sample["seq"] for sample in samples}) > 10


@STAND_IN
def test_a_stream_that_is_down_says_why(browser, start_server):
    server = start_server("a=test", "b=test", "--down", "b")
    browser.get(server.url)
    shows(browser, ["a"])
    tile = tiles(browser)["b"]
    assert tile["state"] == "down"
    assert "The source is down" in tile["message"] and "connection refused" in tile["message"]


def test_without_a_predictor_pictures_are_drawn_at_once(browser, start_server):
    open_page(browser, start_server("solo=test"), ["solo"])
    tile = tiles(browser)["solo"]
    assert (tile["mode"], tile["boxesSeq"], tile["boxes"]) == ("plain", "", "0")


def test_numbers_are_shown(browser, server):
    open_page(browser, server)
    until(browser, lambda b: "ms" in tiles(b)["a"]["numbers"][0] and "ms" in tiles(b)["a"]["numbers"][3], "lag and latency")
    lag, rate, drops, _ = tiles(browser)["a"]["numbers"]
    assert 0 <= float(lag.split()[0]) < 1000
    assert float(rate.split()[0]) > 1
    assert drops.isdigit()
    assert "3 streams" in browser.find_element(By.ID, "summary").text


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_a_lost_server_is_told_and_found_again(browser, server, end):
    open_page(browser, server)
    browser.execute_script("window.sameDocument = true")
    server.stop(end)
    until(browser, lambda b: banner(b)[0] == "lost", "the connection is lost")
    until(browser, lambda b: "server is gone" in banner(b)[1] and "Trying again in" in banner(b)[1], "the server is gone")
    assert {tile["state"] for tile in tiles(browser).values()} == {"lost"}
    server.start()
    until(browser, lambda b: banner(b) == ("open", ""), "the connection is back", 30)
    shows(browser)
    assert browser.execute_script("return window.sameDocument") is True


def test_streams_that_are_new_after_a_restart_appear(browser, server):
    open_page(browser, server)
    server.stop()
    server.arguments = ["b=test", "d=test"]
    server.start()
    until(browser, lambda b: set(tiles(b)) == {"b", "d"}, "the new streams", 30)
    shows(browser, ["b", "d"])


def set_visibility(browser, state):
    browser.execute_script("""
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => arguments[0] });
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => arguments[0] === 'hidden' });
        document.dispatchEvent(new Event('visibilitychange'));
    """.replace("arguments[0]", json.dumps(state)))


def test_a_hidden_page_pauses(browser, server):
    open_page(browser, server)
    set_visibility(browser, "hidden")
    # What was on its way may still come. Then nothing is drawn during a second.
    still = """
        const done = arguments[arguments.length - 1];
        const count = () => [...document.querySelectorAll('.tile')].reduce((sum, t) => sum + Number(t.dataset.drawn), 0);
        const before = count();
        setTimeout(() => done(count() - before), 1000);
    """
    until(browser, lambda b: b.execute_async_script(still) == 0, "nothing is drawn")
    set_visibility(browser, "visible")
    shows(browser)


def sent(server):
    """What the page sent to the stand-in server, acknowledgements left out."""
    with urllib.request.urlopen(f"{server.url}log") as answer:
        return json.load(answer)


@STAND_IN
def test_the_width_that_is_shown_is_asked_for(browser, start_server):
    set_size(browser, 1280, 800)
    server = start_server("a=test", "b=test", "c=test", "--source-width", "1920")
    open_page(browser, server)
    assert [m.get("width") for m in sent(server) if m["type"] == "subscribe"] == [640, 640, 640]
    browser.find_element(By.CSS_SELECTOR, "[data-stream=b] .tile-view").click()
    until(browser, lambda b: {"type": "update", "stream": "b", "width": 1280} in sent(server), "a larger width")


@STAND_IN
def test_pause_and_resume_are_sent_once_for_each_stream(browser, server):
    open_page(browser, server)
    set_visibility(browser, "hidden")
    set_visibility(browser, "hidden")
    set_visibility(browser, "visible")
    shows(browser)
    log = sent(server)
    for kind in ("subscribe", "pause", "resume"):
        assert sorted(m["stream"] for m in log if m["type"] == kind) == NAMES, kind


def set_size(browser, width, height, scale=1, mobile=False):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile})


def test_keyboard(browser, server):
    set_size(browser, 1280, 800)  # two columns
    open_page(browser, server)
    browser.execute_script("document.querySelector('[data-stream=a] .tile-view').focus()")
    press(browser, Keys.ARROW_RIGHT)
    assert focused(browser) == "b"
    press(browser, Keys.ARROW_LEFT)
    assert focused(browser) == "a"
    press(browser, Keys.ARROW_DOWN)
    assert focused(browser) == "c"
    press(browser, Keys.ENTER)
    enlarged = "return document.querySelector('.tile.enlarged')?.dataset.stream ?? null"
    until(browser, lambda b: b.execute_script(enlarged) == "c", "c is enlarged")
    width = browser.execute_script("return document.querySelector('.enlarged').offsetWidth / innerWidth")
    assert width > 0.9
    assert browser.find_element(By.CSS_SELECTOR, ".enlarged .tile-view").get_attribute("aria-expanded") == "true"
    shows(browser, ["c"])
    press(browser, Keys.ESCAPE)
    until(browser, lambda b: b.execute_script(enlarged) is None, "nothing is enlarged")
    assert focused(browser) == "c"


def test_boxes_and_statistics_can_be_switched_off(browser, server):
    open_page(browser, server)
    until(browser, lambda b: tiles(b)["a"]["boxesSeq"], "boxes")
    press(browser, "b")
    assert not pressed(browser, "boxes")
    shows(browser)
    assert {(tile["boxesSeq"], tile["boxes"]) for tile in tiles(browser).values()} == {("", "0")}
    press(browser, "b")
    until(browser, lambda b: tiles(b)["a"]["boxesSeq"], "boxes again")
    foot = browser.find_element(By.CSS_SELECTOR, "[data-stream=a] .tile-foot")
    browser.find_element(By.ID, "switch-numbers").click()
    assert not pressed(browser, "numbers") and not foot.is_displayed()
    press(browser, "s")
    assert pressed(browser, "numbers") and foot.is_displayed()


# What stands beside one stream's picture, where it can be seen: by predictor, its lines in the order of the page.
SIDE = """
const side = document.querySelector(`[data-stream="${arguments[0]}"] .side`);
if (!side.checkVisibility()) return null;
const words = (list) => [...list].map((each) => [...each.children].map((part) => part.textContent));
return Object.fromEntries([...side.querySelectorAll('section')].map((section) => [section.dataset.predictor, {
  state: section.dataset.state, objects: section.querySelector('.side-objects').textContent,
  data: words(section.querySelectorAll('.side-data div')),
  numbers: Object.fromEntries(words(section.querySelectorAll('.side-numbers div'))) }]));
"""

# Where the side and the picture of a stream are.
PLACES = """
return ['.side', '.tile-frame'].map((part) => {
  const { left, top, right, bottom } = document.querySelector(`[data-stream="${arguments[0]}"] ${part}`).getBoundingClientRect();
  return { left, top, right, bottom };
});
"""


def side(browser, name="a"):
    return browser.execute_script(SIDE, name)


def test_what_the_predictor_says_and_how_it_fares_stand_beside_the_picture(browser, start_server):
    set_size(browser, 1280, 800)
    server = start_server("a=test", "--predict", "motion") if FAKE else start_server("a=test", "--predict", "test")
    name = "motion" if FAKE else "test"
    open_page(browser, server, ["a"])
    until(browser, lambda b: side(b)[name]["objects"], "objects")
    before = side(browser)[name]
    assert before["state"] == "running"
    assert {"Seen", "Skipped", "Failed", "Latency p50 / p99", "Run p50 / p99"} <= set(before["numbers"])
    count = lambda b: int(side(b)[name]["numbers"]["Seen"].replace(",", ""))
    first = count(browser)
    until(browser, lambda b: count(b) > first, "a later count, long before the list would come anyway", 8)
    beside, frame = browser.execute_script(PLACES, "a")
    assert beside["left"] >= frame["right"] - 1 and beside["bottom"] <= frame["bottom"] + 1
    line = browser.find_element(By.CSS_SELECTOR, "[data-stream=a] .tile-data")
    assert not line.is_displayed()
    if not FAKE:
        assert side(browser)[name]["data"][0][0] == "seq"
        browser.find_element(By.ID, "switch-numbers").click()
        assert side(browser) is None and line.text.startswith("seq ")


def test_on_a_narrow_screen_it_stands_below_the_picture_that_is_enlarged(browser, server):
    set_size(browser, 390, 844, 2, True)
    browser.get(server.url)
    shows(browser, ["a"])
    assert side(browser) is None
    browser.find_element(By.CSS_SELECTOR, "[data-stream=a] .tile-view").click()
    until(browser, lambda b: side(b), "the side")
    below, frame = browser.execute_script(PLACES, "a")
    assert below["top"] >= frame["bottom"] - 1
    assert browser.execute_script("return document.querySelector('main').scrollWidth") <= 390


@STAND_IN
def test_two_predictors_are_drawn_together_and_told_apart(browser, start_server):
    set_size(browser, 1280, 800)
    server = start_server("a=test", "--predict", "faces", "--also", "signs", "--data", "--latency", "5")
    open_page(browser, server, ["a"])
    until(browser, lambda b: tiles(b)["a"]["boxes"] == "4", "the boxes of both")  # three walkers and the sign
    said = side(browser)
    assert said["faces"] == {"state": "running", "objects": "2 × person, bicycle",
                             "data": [["people", "2"], ["light", "0.8123"]], "numbers": said["faces"]["numbers"]}
    numbers = said["faces"]["numbers"]
    assert numbers.pop("Seen").isdigit()
    assert numbers == {"Skipped": "2", "Failed": "0", "Restarts": "0", "Latency p50 / p99": "5.4 ms / 41 ms",
                       "Convert p50 / p99": "0.3 ms / 1.2 ms", "Wait p50 / p99": "0.0 ms / 0.4 ms",
                       "Run p50 / p99": "7.5 ms / 13 ms"}
    assert said["signs"] == {"state": "down", "objects": "sign", "data": [["", "a calm street"]],
                             "numbers": {"Restarts": "3"}}
    samples = browser.execute_async_script(SAMPLES, 60)
    paired = [sample for sample in samples if sample["boxesSeq"]]
    assert len(paired) > 50 and all(sample["boxesSeq"] == sample["seq"] for sample in paired)
    assert sum(sample["boxes"] == "4" for sample in paired) > 0.8 * len(paired), "they do not flicker"
    press(browser, "s")
    line = browser.find_element(By.CSS_SELECTOR, "[data-stream=a] .tile-data").text
    assert "faces: people 2 · light 0.8123" in line and "signs: a calm street" in line


def test_everything_can_be_named(browser, server):
    open_page(browser, server)
    for button in browser.find_elements(By.TAG_NAME, "button"):
        if button.is_displayed():
            assert button.accessible_name
    assert browser.find_element(By.ID, "banner").get_attribute("role") in ("status", "alert")


@pytest.mark.parametrize("width", [320, 390])
def test_phone(browser, server, width):
    set_size(browser, width, 844, 2, True)
    browser.get(server.url)
    shows(browser, ["a"])
    inner, scroll = browser.execute_script(
        "return [innerWidth, Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth)]")
    assert inner == width and scroll <= width
    lefts = browser.execute_script("return [...document.querySelectorAll('.tile')].map((t) => t.getBoundingClientRect().left)")
    assert len(set(lefts)) == 1


def test_tiles_that_are_scrolled_away_are_paused(browser, server):
    set_size(browser, 390, 420, 1, True)
    browser.get(server.url)
    shows(browser, ["a"], 20)
    browser.execute_script("document.querySelector('[data-stream=c]').scrollIntoView()")
    shows(browser, ["c"], 5)


def test_nothing_comes_from_elsewhere_and_nothing_is_complained_about(browser, server):
    open_page(browser, server)
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name for name in loaded if not name.startswith((server.url, "data:"))] == []
    assert [entry["message"] for entry in browser.get_log("browser")] == []


# How the image in each window that the page opened looks now, as a number; null before it is there.
IMAGES = """
return window.streams.map((stream) => {
  const image = stream.document?.images[0];
  if (!image?.naturalWidth) return null;
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0, 64, 36);
  return context.getImageData(0, 0, 64, 36).data.reduce((hash, value) => (hash * 31 + value) | 0, 7);
});
"""


def test_several_windows_show_the_mjpeg_address(server, browser):
    """What people have bookmarked: the stream itself, no page around it."""
    browser.get(server.url)
    # The page opens and looks at them: the driver would wait for ever until an endless document is loaded.
    browser.execute_script("window.streams = [1, 2, 3].map((n) => "
                           "open('/streams/a.mjpg', `stream${n}`, 'width=400,height=300'))")
    try:
        before = until(browser, lambda b: all(now := b.execute_script(IMAGES)) and now, "a picture in each window")
        until(browser, lambda b: all(one != other for one, other in zip(b.execute_script(IMAGES), before)),
              "another picture in each window")
    finally:
        browser.execute_script("window.streams.forEach((stream) => stream.close())")
