/** What predictors say beside their boxes, as rows of words for a list. Pure. */

import { value } from './format.js';

const ROWS_MAX = 12;
const RANKED_MAX = 5;
const LONGEST = 120;

/**
 * The objects by label: "3 × person", most first; objects without a label count as "object".
 * @param {import('./protocol.js').DetectedObject[]} objects
 * @returns {string} '' when there are none
 */
export function countLabels(objects) {
  const counts = new Map();
  for (const { label } of objects) counts.set(label || 'object', (counts.get(label || 'object') ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([label, count]) => (count > 1 ? `${count} × ${label}` : label)).join(', ');
}

/**
 * Any JSON value as rows. A text or a number is one row without a name; the members of an object are rows with
 * theirs; a list of classes with scores is ranked; whatever lies deeper is JSON.
 * @returns {{name: string, text: string}[]} at most 12, none for null
 */
export function rowsOf(data) {
  if (data === null || data === undefined) return [];
  if (isRanked(data)) return ranked(data);
  if (Array.isArray(data) || typeof data !== 'object') return [{ name: '', text: textOf(data) }];
  const rows = Object.entries(data).map(([name, item]) => ({ name, text: textOf(item) }));
  if (rows.length <= ROWS_MAX) return rows;
  const left = rows.length - ROWS_MAX + 1;
  return [...rows.slice(0, ROWS_MAX - 1), { name: '', text: `… and ${left} more` }];
}

/** The same on one line: "people 3 · light 0.81". */
export function lineOf(data) {
  if (data === null || data === undefined) return '';
  return rowsOf(data).map(({ name, text }) => (name ? `${name} ${text}` : text)).join(' · ');
}

function textOf(item) {
  if (isRanked(item)) return ranked(item).map(({ name, text }) => `${name} ${text}`).join(', ');
  if (Array.isArray(item) && item.length > 0 && item.every((each) => typeof each === 'string')) {
    return value(item.join(', '), LONGEST);
  }
  return value(item, LONGEST);
}

/** A list of {label, score}, as classifiers give. */
function isRanked(data) {
  return Array.isArray(data) && data.length > 0
    && data.every((item) => typeof item?.label === 'string' && Number.isFinite(item.score));
}

function ranked(data) {
  const best = [...data].sort((a, b) => b.score - a.score).slice(0, RANKED_MAX);
  return best.map(({ label, score }) => ({ name: label, text: scoreText(score) }));
}

/** A share as per cent; a score of another scale as it is. */
function scoreText(score) {
  return score >= 0 && score <= 1 ? `${Math.round(score * 100)} %` : value(score);
}
