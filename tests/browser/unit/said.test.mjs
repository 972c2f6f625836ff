import { test } from 'node:test';
import assert from 'node:assert/strict';
import { countLabels, lineOf, rowsOf } from '../../../web/said.js';
import { nameOf, readPredictors } from '../../../web/predictors.js';

test('said/objects are counted by label', () => {
  const objects = ['car', 'person', 'person', '', 'person'].map((label) => ({ label }));
  assert.equal(countLabels(objects), '3 × person, car, object');
  assert.equal(countLabels([]), '');
});

test('said/any JSON becomes rows', () => {
  const rows = [
    [null, []],
    ['a cat on a mat', [['', 'a cat on a mat']]],
    [21.456789, [['', '21.46']]],
    [0, [['', '0']]],
    [false, [['', 'false']]],
    [[1, 2], [['', '[1,2]']]],
    [[], [['', '[]']]],
    [{}, []],
    [{ people: 3, light: 0.8123456, door: 'open' }, [['people', '3'], ['light', '0.8123'], ['door', 'open']]],
    [{ at: { x: 1, y: [2] }, nothing: null }, [['at', '{"x":1,"y":[2]}'], ['nothing', 'null']]],
    [{ tags: ['red', 'wet'] }, [['tags', 'red, wet']]],
    [[{ label: 'dog', score: 0.05 }, { label: 'cat', score: 0.914 }], [['cat', '91 %'], ['dog', '5 %']]],
    [{ classes: [{ label: 'cat', score: 12.5 }] }, [['classes', 'cat 12.5']]],
  ];
  for (const [data, expected] of rows) {
    assert.deepEqual(rowsOf(data).map(({ name, text }) => [name, text]), expected, JSON.stringify(data));
  }
});

test('said/much is cut', () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`n${i}`, i]));
  assert.equal(rowsOf(many).length, 12);
  assert.equal(rowsOf(many).at(-1).text, '… and 29 more');
  assert.ok(rowsOf('x'.repeat(5000))[0].text.length <= 120);
  assert.equal(rowsOf(Array.from({ length: 30 }, (_, i) => ({ label: `l${i}`, score: i / 30 }))).length, 5);
});

test('said/on one line', () => {
  assert.equal(lineOf({ people: 3, light: 0.8123456 }), 'people 3 · light 0.8123');
  assert.equal(lineOf('two\n words'), 'two words');
  assert.equal(lineOf(null), '');
});

test('predictors/everything that is told', () => {
  const [one] = readPredictors({ predictors: [{ name: 'faces', state: 'running', seen: 12345, skipped: 3, failed: 0,
    restarts: 2, latency_ms: { p50: 8.4, p99: 21.2 }, convert_ms: { p50: 0.4 }, wait_ms: 0.1, run_ms: { p50: null, p99: null } }] });
  assert.equal(one.state, 'running');
  assert.deepEqual(one.rows.map(({ label, text, level }) => [label, text, level]), [
    ['Seen', '12,345', ''], ['Skipped', '3', ''], ['Failed', '0', ''], ['Restarts', '2', 'warn'],
    ['Latency p50 / p99', '8.4 ms / 21 ms', ''], ['Convert p50', '0.4 ms', ''], ['Wait', '0.1 ms', ''],
    ['Run p50 / p99', '– / –', ''],
  ]);
});

test('predictors/absent members are left out, an older server has one', () => {
  assert.deepEqual(readPredictors({}), []);
  assert.deepEqual(readPredictors({ predictor: null }), []);
  assert.deepEqual(readPredictors({ predictors: [] , predictor: { name: 'x' } }), []);
  assert.deepEqual(readPredictors({ predictor: 'motion' }), [{ name: 'motion', title: 'motion', state: '', rows: [] }]);
  const [old] = readPredictors({ predictor: { name: 'motion', state: 'down', seen: 1, failed: 'many' } });
  assert.deepEqual(old.rows.map(({ key }) => key), ['seen']);
  const twins = readPredictors({ predictors: [{ name: 'exec' }, null, { name: 'exec' }] });
  assert.deepEqual(twins.map(({ title }) => title), ['exec', 'exec 2']);
});

test('predictors/a name is found whatever is said', () => {
  assert.deepEqual([null, undefined, 'motion', { name: 'a' }, { kind: 'b' }, {}].map(nameOf),
    [null, null, 'motion', 'a', 'b', 'predictor']);
});
