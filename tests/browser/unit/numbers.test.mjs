import { test } from 'node:test';
import assert from 'node:assert/strict';
import { History, RateMeter, Samples } from '../../../web/stats.js';
import { ServerClock } from '../../../web/clock.js';
import { Tally } from '../../../web/tally.js';
import { backoff } from '../../../web/backoff.js';
import { axisEnd } from '../../../web/plot.js';
import { captionOf, colourOf, fittingCaption } from '../../../web/overlay.js';
import { columnsFor, contain, widthToAsk } from '../../../web/size.js';
import * as format from '../../../web/format.js';

test('rate/of a steady stream, and falling in silence', () => {
  const meter = new RateMeter(16);
  for (let now = 0; now <= 1000; now += 40) meter.add(now);
  assert.equal(meter.rate(1000), 25);
  assert.equal(meter.rate(1070), 25);
  assert.ok(meter.rate(3000) < 7);
});

test('rate/unknown is 0, old is forgotten', () => {
  const meter = new RateMeter(16, 5000);
  meter.add(0);
  assert.equal(meter.rate(1), 0);
  meter.add(100);
  assert.equal(meter.rate(6000), 0);
  assert.equal(meter.count, 0);
});

test('samples/percentiles by nearest rank, the last ones only', () => {
  const samples = new Samples(10);
  assert.equal(samples.percentile(0.5), null);
  for (let value = 1; value <= 20; value += 1) samples.add(value);
  assert.deepEqual([0, 0.5, 0.95, 1].map((p) => samples.percentile(p)), [11, 15, 20, 20]);
});

test('history/buckets with gaps, bounded', () => {
  const history = new History(100, 4);
  history.add(0, 1);
  history.add(210, 10);
  history.add(290, 20);
  assert.deepEqual(history.points(399), [{ mean: 1, max: 1 }, null, { mean: 15, max: 20 }, null]);
  for (let now = 300; now < 100000; now += 100) history.add(now, 1);
  assert.equal(history.points(99900).filter(Boolean).length, 4);
});

test('clock/half the round trip is the error, the shortest one is believed', () => {
  const clock = new ServerClock(() => 1000);
  clock.sample(0, 400, 5000);
  clock.sample(1000, 1010, 6005);
  clock.sample(2000, 2800, 9000);
  assert.equal(clock.offset, 5000);
  assert.equal(clock.now(), 6000);
  clock.forget();
  assert.equal(clock.offset, 0);
});

test('clock/a difference within its error is none', () => {
  const clock = new ServerClock(() => 0);
  clock.sample(0, 10, 9);
  assert.equal(clock.offset, 0);
  clock.sample(0, 10, NaN);
  clock.sample(10, 0, 100);
  assert.equal(clock.offset, 0);
});

test('backoff/doubles, is bounded, and is spread', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map((n) => backoff(n, 0.5)), [500, 1000, 2000, 4000, 8000, 10000, 10000]);
  assert.deepEqual([backoff(0, 0), backoff(0, 1)], [350, 650]);
});

test('size/the width asked for is the next step, or the source\'s own', () => {
  const rows = [[1, 1920, 320], [320, 1920, 320], [321, 1920, 640], [1280, 1920, 1280], [1281, 1920, null],
    [500, 640, null], [500, 641, 640], [500, null, 640]];
  for (const [shown, source, wanted] of rows) assert.equal(widthToAsk(shown, source), wanted, `${shown} of ${source}`);
});

test('size/columns make the tiles as large as fits', () => {
  const tile = { aspect: 16 / 9, chrome: 76, gap: 10, least: 280 };
  const space = { width: 1260, height: 736 };
  assert.deepEqual([1, 2, 3, 4, 6, 9].map((n) => columnsFor(n, space, tile).columns), [1, 2, 2, 2, 3, 3]);
  assert.ok(columnsFor(1, space, tile).width <= (736 - 76) * (16 / 9));
});

test('size/too many tiles scroll rather than shrink', () => {
  const { columns, width } = columnsFor(100, { width: 1260, height: 736 }, { aspect: 16 / 9, chrome: 76, gap: 10, least: 280 });
  assert.equal(columns, 4);
  assert.ok(width >= 280);
});

test('size/contain keeps the shape', () => {
  assert.deepEqual(contain({ width: 4, height: 3 }, { width: 160, height: 90 }), { x: 20, y: 0, width: 120, height: 90 });
});

test('format/durations, rates, values', () => {
  assert.deepEqual([null, 0, 8.44, 84.4, 1234, 120000].map(format.duration), ['–', '0.0 ms', '8.4 ms', '84 ms', '1.2 s', '2 min']);
  assert.deepEqual([0, 24.96, 120.4].map(format.rate), ['0.0', '25.0', '120']);
  assert.deepEqual([840000, 12300000].map(format.bitrate), ['840 kbit/s', '12.3 Mbit/s']);
  assert.deepEqual([format.count(1, 'stream'), format.count(0, 'stream')], ['1 stream', '0 streams']);
  assert.equal(format.value({ a: 0.123456, b: 'x\n y' }), '{"a":0.1235,"b":"x\\n y"}');
  assert.equal(format.value('<b>  two</b>'), '<b> two</b>');
  assert.equal(format.value('x'.repeat(500), 10), 'xxxxxxxxx…');
});

test('overlay/captions leave out what is unknown, tracks keep their colour', () => {
  assert.equal(captionOf({ label: 'person', score: 0.914, track: 7 }), 'person 91% #7');
  assert.equal(captionOf({ label: '', score: null, track: null }), 'object');
  assert.equal(colourOf({ label: 'a', track: 3 }), colourOf({ label: 'b', track: 3 }));
  assert.notEqual(colourOf({ label: 'cat', track: null }), colourOf({ label: 'dog', track: null }));
});

test('overlay/a narrow box has a short caption', () => {
  const measure = (text) => text.length * 10;
  const person = { label: 'person', score: 0.914, track: 7 };
  assert.equal(fittingCaption(person, 130, measure), 'person 91% #7');
  assert.equal(fittingCaption(person, 129, measure), 'person #7');
  assert.equal(fittingCaption(person, 89, measure), '#7');
  assert.equal(fittingCaption(person, 1, measure), '#7');
  assert.equal(fittingCaption({ label: 'cat', score: 0.5, track: null }, 40, measure), 'cat');
  assert.equal(fittingCaption({ label: '', score: 0.5, track: null }, 1, measure), '50%');
});

test('plot/the axis ends at a round number', () => {
  assert.deepEqual([axisEnd([null]), axisEnd([{ max: 20 }, null, { max: 21 }]), axisEnd([{ max: 1e6 }])], [20, 50, 1e6]);
});

test('tally/counts drops, reads lag and rate', () => {
  const tally = new Tally();
  for (let i = 0; i <= 50; i += 1) {
    tally.received({ bytes: new Uint8Array(100), leftOut: i % 2 });
    tally.drawn(i * 40, 27);
  }
  tally.skipped();
  tally.predicted(8.4);
  tally.predicted(null);
  const { lag, fps, drops, latency } = tally.numbers(2000, { live: true, mode: 'paired', predictor: 'motion' });
  assert.deepEqual([lag.text, fps.text, drops.text, latency.text], ['27 ms', '25.0 fps', '26', '8.4 ms']);
  assert.equal(tally.takeBytes(), 5100);
  assert.equal(tally.silence(2500), 500);
  tally.interrupt();
  assert.equal(tally.silence(9999), 0);
});
