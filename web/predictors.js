/** What GET /streams says of a stream's predictors, as people read it. Pure; absent members are left out. */

import * as format from './format.js';

const COUNTS = [
  ['seen', 'Seen', 'Pictures looked at'],
  ['skipped', 'Skipped', 'Pictures it had no time for'],
  ['failed', 'Failed', 'Pictures it could not look at'],
  ['restarts', 'Restarts', 'How often it was started again'],
];
const TROUBLES = new Set(['failed', 'restarts']);
const TIMES = [
  ['latency_ms', 'Latency', 'From the capture of a picture to the result'],
  ['convert_ms', 'Convert', 'Of that: making the pixels that it wants'],
  ['wait_ms', 'Wait', 'Of that: until it had time'],
  ['run_ms', 'Run', 'Of that: its own time'],
];

/**
 * @typedef {object} Predictor
 * @property {string} name as its predictions carry it
 * @property {string} title the same, with a number if there are several of that name
 * @property {string} state '' when not told
 * @property {{key: string, label: string, text: string, note: string, level: string}[]} rows
 */

/**
 * @param {object} info one stream of the list: `predictors`, or `predictor` of an older server
 * @returns {Predictor[]}
 */
export function readPredictors(info) {
  const list = Array.isArray(info.predictors) ? info.predictors : [info.predictor];
  const known = new Map();
  return list.filter((one) => one !== null && one !== undefined).map((one) => {
    const name = nameOf(one);
    const count = (known.get(name) ?? 0) + 1;
    known.set(name, count);
    const state = typeof one.state === 'string' ? one.state : '';
    return { name, title: count > 1 ? `${name} ${count}` : name, state, rows: readRows(one) };
  });
}

/** Its name, whatever the server said: an object or just the name; null for none. */
export function nameOf(predictor) {
  if (predictor === null || predictor === undefined) return null;
  return typeof predictor === 'string' ? predictor : String(predictor.name ?? predictor.kind ?? 'predictor');
}

function readRows(predictor) {
  const rows = [];
  for (const [key, label, note] of COUNTS) {
    const count = predictor[key];
    if (!Number.isFinite(count)) continue;
    const level = count > 0 && TROUBLES.has(key) ? 'warn' : '';
    rows.push({ key, label, text: count.toLocaleString('en-US'), note, level });
  }
  for (const [key, label, note] of TIMES) {
    const time = readTime(predictor[key]);
    if (time) rows.push({ key, label: label + time.which, text: time.text, note, level: '' });
  }
  return rows;
}

/** "8.4 ms / 21 ms" for the median and the 99th of 100, which `which` says; null when nothing is told. */
function readTime(time) {
  if (time === null || time === undefined) return null;
  if (typeof time !== 'object') return Number.isFinite(time) ? { text: format.duration(time), which: '' } : null;
  const told = ['p50', 'p99'].filter((each) => time[each] !== undefined);
  if (told.length === 0) return null;
  return { text: told.map((each) => format.duration(time[each])).join(' / '), which: ` ${told.join(' / ')}` };
}
