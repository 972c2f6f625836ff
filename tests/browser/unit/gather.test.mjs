import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Gather, LAG_MAX_MS, WAIT_MAX_MS } from '../../../web/gather.js';

const say = (predictor, seq) => ({ predictor, seq, objects: [{ label: `${predictor}${seq}` }], data: seq });
const brief = (list) => list.map(({ seq, objects }) => [seq, objects.map(({ label }) => label).join(' ')]);

/** Two predictors that are known to be quick. */
function pair() {
  const gather = new Gather();
  gather.add(say('a', 1), 0);
  gather.add(say('b', 1), 5);
  return gather;
}

test('gather/one predictor passes straight through', () => {
  const gather = new Gather();
  for (let seq = 1; seq < 200; seq += 1) {
    assert.deepEqual(brief(gather.add(say('a', seq), seq * 40)), [[seq, `a${seq}`]]);
    assert.equal(gather.deadline, null);
  }
});

test('gather/two are told as one, with each as it came', () => {
  const gather = pair();
  assert.deepEqual(gather.add(say('a', 2), 40), []);
  assert.equal(gather.deadline, 40 + WAIT_MAX_MS);
  const [both] = gather.add(say('b', 2), 52);
  assert.deepEqual(brief([both]), [[2, 'a2 b2']]);
  assert.deepEqual(both.parts.map(({ predictor, data }) => [predictor, data]), [['a', 2], ['b', 2]]);
  assert.equal(gather.deadline, null);
});

test('gather/a second one that is new comes after the first', () => {
  const gather = new Gather();
  assert.deepEqual(brief(gather.add(say('a', 1), 0)), [[1, 'a1']]);
  assert.deepEqual(brief(gather.add(say('b', 1), 5)), [[1, 'a1 b1']]);
});

test('gather/a picture that one left out is told when its next comes', () => {
  const gather = pair();
  assert.deepEqual(gather.add(say('a', 2), 40), []);
  assert.deepEqual(gather.add(say('a', 3), 80), []);
  assert.deepEqual(brief(gather.add(say('b', 3), 85)), [[2, 'a2'], [3, 'a3 b3']]);
});

test('gather/one that has stopped is not waited for', () => {
  const gather = pair();
  assert.deepEqual(gather.add(say('a', 2), 40), []);
  assert.deepEqual(gather.tick(40 + WAIT_MAX_MS - 60), []);
  assert.deepEqual(brief(gather.tick(5 + WAIT_MAX_MS)), [[2, 'a2']]);
  assert.deepEqual(brief(gather.add(say('a', 3), 200)), [[3, 'a3']]);
});

test('gather/one that is slow comes late and holds nobody up', () => {
  const gather = new Gather();
  const told = [];
  let waited = 0;
  for (let now = 0; now < 4000; now += 40) {
    const before = gather.deadline;
    const seq = now / 40 + 1;
    const here = gather.add(say('fast', seq), now);
    told.push(...brief(here));
    if (now > 2000 && here.length === 0) waited += 1;
    if (now % 200 === 120 && seq > 3) told.push(...brief(gather.add(say('slow', seq - 3), now + 1)));
    assert.ok(before === null || now <= 2000);
  }
  assert.equal(waited, 0);
  assert.ok(told.some(([seq, labels]) => labels === `fast${seq} slow${seq}`), 'and is still told with the first');
  assert.ok(LAG_MAX_MS < 120);
});

test('gather/two of the same name are both told', () => {
  const gather = new Gather();
  gather.add(say('exec', 1), 0);
  assert.deepEqual(brief(gather.add(say('exec', 1), 3)), [[1, 'exec1 exec1']]);
});

test('gather/after a reset nobody is expected', () => {
  const gather = pair();
  gather.add(say('a', 2), 40);
  gather.reset();
  assert.equal(gather.deadline, null);
  assert.deepEqual(brief(gather.add(say('a', 1), 50)), [[1, 'a1']]);
});
