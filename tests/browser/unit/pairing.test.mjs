import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Pairing, WAIT_MAX_MS } from '../../../web/pairing.js';

const picture = (seq, more = {}) => ({ seq, bytes: new Uint8Array(1000), discontinuity: false, ...more });
const prediction = (seq) => ({ seq, objects: [] });
const brief = (decisions) => decisions.map(({ what, picture: { seq }, prediction: found }) =>
  `${what} ${seq}${found ? ` with ${found.seq}` : ''}`);

function withPredictor() {
  const pairing = new Pairing();
  pairing.setPredictor(true, 0);
  return pairing;
}

/**
 * Plays a stream: pictures every `every` ms, a predictor that takes `delay` ms for a picture and always takes the
 * newest one, `workers` at a time. Returns every decision with its time.
 */
function play(pairing, { every, delay, workers = 1, until, from = 0, seq = 1 }) {
  const log = [];
  let running = [];
  let newest = null;
  const note = (now, decisions) => decisions.forEach((decision) => log.push({ now, ...decision }));
  const feed = (now) => {
    while (delay !== null && newest !== null && running.length < workers) {
      running.push({ seq: newest, at: now + delay });
      newest = null;
    }
  };
  for (let now = from, next = from; now < until; now += 1) {
    const ready = running.filter(({ at }) => at <= now);
    running = running.filter(({ at }) => at > now);
    ready.forEach((done) => note(now, pairing.prediction(prediction(done.seq), now)));
    if (now >= next) {
      next += every;
      newest = seq;
      note(now, pairing.picture(picture(seq), now));
      seq += 1;
    }
    feed(now);
    if (pairing.deadline !== null && pairing.deadline <= now) note(now, pairing.tick(now));
  }
  return log;
}

const shown = (log, after = 0) => log.filter(({ what, now }) => what === 'show' && now >= after);

test('plain/without a predictor a picture is shown at once', () => {
  const pairing = new Pairing();
  assert.deepEqual(brief(pairing.picture(picture(1), 0)), ['show 1']);
  assert.equal(pairing.deadline, null);
  assert.equal(pairing.mode, 'plain');
});

test('paired/a picture waits for its own prediction', () => {
  const pairing = withPredictor();
  assert.deepEqual(brief(pairing.picture(picture(1), 0)), []);
  assert.deepEqual(brief(pairing.prediction(prediction(1), 30)), ['show 1 with 1']);
});

test('paired/a prediction may come before its picture', () => {
  const pairing = withPredictor();
  assert.deepEqual(brief(pairing.prediction(prediction(1), 0)), []);
  assert.deepEqual(brief(pairing.picture(picture(1), 5)), ['show 1 with 1']);
});

test('paired/the wait is bounded: n-1, n', () => {
  const pairing = withPredictor();
  pairing.picture(picture(1), 0);
  assert.equal(pairing.deadline, WAIT_MAX_MS);
  assert.deepEqual(brief(pairing.tick(WAIT_MAX_MS - 1)), []);
  assert.deepEqual(brief(pairing.tick(WAIT_MAX_MS)), ['show 1']);
  assert.equal(pairing.deadline, null);
});

test('paired/the wait is twice the observed delay', () => {
  const pairing = withPredictor();
  pairing.picture(picture(1), 0);
  pairing.prediction(prediction(1), 40);
  assert.equal(pairing.wait, 80);
});

test('paired/a late prediction is drawn on the picture that is still on show, and only on it', () => {
  const pairing = withPredictor();
  pairing.picture(picture(1), 0);
  pairing.tick(250);
  assert.deepEqual(brief(pairing.prediction(prediction(1), 260)), ['boxes 1 with 1']);
  pairing.picture(picture(2), 300);
  pairing.tick(900);
  pairing.picture(picture(3), 901);
  pairing.prediction(prediction(3), 905);
  assert.deepEqual(brief(pairing.prediction(prediction(2), 910)), []);
});

test('paired/pictures that are skipped are dropped when a later one is shown', () => {
  const pairing = withPredictor();
  [1, 2, 3].forEach((seq) => pairing.picture(picture(seq), seq * 10));
  assert.deepEqual(brief(pairing.prediction(prediction(3), 50)), ['drop 1', 'drop 2', 'show 3 with 3']);
  assert.equal(pairing.waiting, 0);
});

test('paired/a picture that can have no prediction any more waits no longer than the gap', () => {
  const pairing = withPredictor();
  pairing.picture(picture(1), 0);
  pairing.prediction(prediction(1), 10);
  pairing.prediction(prediction(3), 20);
  pairing.picture(picture(2), 30);
  assert.ok(pairing.deadline <= 10 + 125);
});

test('play/a quick predictor: every picture with its own boxes, never late', () => {
  const pairing = withPredictor();
  const log = shown(play(pairing, { every: 40, delay: 15, until: 4000 }));
  assert.equal(log.length, 100);
  assert.ok(log.every(({ picture: { seq }, prediction: found }) => found?.seq === seq));
});

test('play/a predictor at ten a second: only what it looked at is shown, without flicker', () => {
  const pairing = withPredictor();
  const log = shown(play(pairing, { every: 33, delay: 95, until: 6000 }), 500);
  assert.equal(pairing.mode, 'paired');
  assert.ok(log.every(({ picture: { seq }, prediction: found }) => found?.seq === seq));
  assert.ok(log.length > 5.5 * 8, `${log.length}`);
});

test('play/a slow predictor does not hold the video back, its pairs go to the inset', () => {
  const pairing = withPredictor();
  const log = play(pairing, { every: 40, delay: 400, until: 8000 }).filter(({ now }) => now > 2500);
  assert.equal(pairing.mode, 'apart');
  assert.ok(shown(log).length >= 136, `${shown(log).length}`);
  const insets = log.filter(({ what }) => what === 'inset');
  assert.ok(insets.length >= 12, `${insets.length}`);
  assert.ok(insets.every(({ picture: { seq }, prediction: found }) => found.seq === seq));
});

test('play/a deep pipeline, quick enough but too late, goes apart too', () => {
  const pairing = withPredictor();
  play(pairing, { every: 40, delay: 400, workers: 12, until: 4000 });
  assert.equal(pairing.mode, 'apart');
});

test('play/a predictor that never answers costs a second, not the video', () => {
  const pairing = withPredictor();
  const log = play(pairing, { every: 40, delay: null, until: 6000 });
  assert.equal(pairing.mode, 'apart');
  assert.ok(shown(log, 2000).length >= 99);
});

test('play/a predictor that becomes quick again is waited for again', () => {
  const pairing = withPredictor();
  play(pairing, { every: 40, delay: 400, until: 4000 });
  const log = play(pairing, { every: 40, delay: 15, from: 4000, until: 8000, seq: 101 });
  assert.equal(pairing.mode, 'paired');
  assert.ok(shown(log, 7000).every(({ prediction: found }) => found !== null));
});

test('play/one picture a second with a predictor of 100 ms is paired', () => {
  const pairing = withPredictor();
  const log = shown(play(pairing, { every: 1000, delay: 100, until: 20000 }));
  assert.ok(log.every(({ prediction: found }) => found !== null));
});

test('always/boxes are those of the picture, whatever the order of arrival', () => {
  let state = 12345;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let round = 0; round < 50; round += 1) {
    const pairing = withPredictor();
    const events = [];
    for (let seq = 1; seq <= 120; seq += 1) {
      events.push([seq * 30 + random() * 10, () => picture(seq), 'picture']);
      if (random() < 0.7) events.push([seq * 30 + random() * 500, () => prediction(seq), 'prediction']);
    }
    let last = 0;
    for (const [now, make, kind] of events.sort((a, b) => a[0] - b[0])) {
      for (const decision of [...pairing.tick(now), ...pairing[kind](make(), now)]) {
        if (decision.prediction) assert.equal(decision.prediction.seq, decision.picture.seq);
        if (decision.what !== 'show') continue;
        assert.ok(decision.picture.seq > last, 'never back in time');
        last = decision.picture.seq;
      }
      assert.ok(pairing.waiting <= 20, 'bounded');
    }
  }
});

test('order/a stale picture is dropped, a new beginning is shown', () => {
  const pairing = new Pairing();
  pairing.picture(picture(500), 0);
  assert.deepEqual(brief(pairing.picture(picture(499), 1)), ['drop 499']);
  assert.deepEqual(brief(pairing.picture(picture(1), 2)), ['show 1']);
  pairing.picture(picture(2), 3);
  assert.deepEqual(brief(pairing.picture(picture(1, { discontinuity: true }), 4)), ['show 1']);
});

test('order/the same picture again, in another size, is shown again with its boxes', () => {
  const pairing = withPredictor();
  pairing.picture(picture(1), 0);
  pairing.prediction(prediction(1), 10);
  assert.deepEqual(brief(pairing.picture(picture(1), 20)), ['show 1 with 1']);
});

test('change/a predictor that goes away lets the waiting picture through', () => {
  const pairing = withPredictor();
  pairing.picture(picture(1), 0);
  pairing.picture(picture(2), 40);
  assert.deepEqual(brief(pairing.setPredictor(false, 50)), ['drop 1', 'show 2']);
});

test('change/reset gives back what waited', () => {
  const pairing = withPredictor();
  pairing.picture(picture(1), 0);
  assert.deepEqual(brief(pairing.reset()), ['drop 1']);
  assert.equal(pairing.deadline, null);
});
