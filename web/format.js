/** Numbers and values as people read them. Pure. */

export const NOTHING = '–';

/** Milliseconds as text: "8.4 ms", "84 ms", "1.2 s". */
export function duration(ms) {
  if (ms === null || !Number.isFinite(ms)) return NOTHING;
  const size = Math.abs(ms);
  if (size < 9.95) return `${ms.toFixed(1)} ms`;
  if (size < 999.5) return `${Math.round(ms)} ms`;
  if (size < 99500) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60000)} min`;
}

/** A rate: "25.0", "0.5". */
export function rate(perSecond) {
  return Number.isFinite(perSecond) ? perSecond.toFixed(perSecond < 99.95 ? 1 : 0) : NOTHING;
}

/** Bits a second: "840 kbit/s", "12.3 Mbit/s". */
export function bitrate(bitsPerSecond) {
  if (bitsPerSecond < 999500) return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
  return `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}

/** "1 stream", "3 streams". */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Whatever a predictor returned beside boxes, on one line of at most `longest` characters. */
export function value(data, longest = 160) {
  const text = typeof data === 'string' ? data : JSON.stringify(data, roundNumbers);
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

function roundNumbers(_key, item) {
  return typeof item === 'number' && !Number.isInteger(item) ? Number(item.toPrecision(4)) : item;
}
