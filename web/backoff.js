/** How long to wait before trying again: doubles from half a second to ten, give or take 30 %. Pure. */

const FIRST_MS = 500;
const LONGEST_MS = 10000;
const JITTER = 0.3;

/**
 * @param {number} attempt failures so far, from 0
 * @param {number} random 0 to 1; spreads a thousand pages that lost the same server
 * @returns {number} milliseconds
 */
export function backoff(attempt, random) {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(base * (1 - JITTER + 2 * JITTER * random));
}
