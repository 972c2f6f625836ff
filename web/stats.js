/** Rates, percentiles and a history in buckets. Pure; the time is always an argument, in milliseconds. */

/** How often something happens, from its last few times. */
export class RateMeter {
  #times = [];
  #capacity;
  #horizon;

  /** Remembers at most `capacity` events, none older than `horizon` ms. */
  constructor(capacity = 64, horizon = Infinity) {
    this.#capacity = capacity;
    this.#horizon = horizon;
  }

  add(now) {
    this.#times.push(now);
    if (this.#times.length > this.#capacity) this.#times.shift();
  }

  get count() {
    return this.#times.length;
  }

  /** Events a second. Falls while nothing happens; 0 while fewer than two are known. */
  rate(now) {
    while (this.#times.length && now - this.#times[0] > this.#horizon) this.#times.shift();
    if (this.#times.length < 2) return 0;
    const newest = this.#times.at(-1);
    const span = newest - this.#times[0];
    const typical = span / (this.#times.length - 1);
    const silence = now - newest;
    const total = silence > 2 * typical ? span + silence : span;
    return total > 0 ? ((this.#times.length - 1) * 1000) / total : 0;
  }

  reset() {
    this.#times = [];
  }
}

/** The last `capacity` values, and their percentiles. */
export class Samples {
  #values = [];
  #capacity;

  constructor(capacity = 128) {
    this.#capacity = capacity;
  }

  add(value) {
    this.#values.push(value);
    if (this.#values.length > this.#capacity) this.#values.shift();
  }

  get count() {
    return this.#values.length;
  }

  /** Nearest rank, `fraction` 0 to 1; null when there is nothing. */
  percentile(fraction) {
    if (this.#values.length === 0) return null;
    const sorted = [...this.#values].sort((a, b) => a - b);
    const rank = Math.ceil(fraction * sorted.length);
    return sorted[Math.min(sorted.length - 1, Math.max(0, rank - 1))];
  }

  reset() {
    this.#values = [];
  }
}

/**
 * A history for a plot: one bucket per step of time with the mean and the largest value in it, null where
 * there was none. Bounded: `length` buckets.
 */
export class History {
  #step;
  #length;
  #buckets = new Map();

  constructor(stepMs = 500, length = 120) {
    this.#step = stepMs;
    this.#length = length;
  }

  add(now, value) {
    const key = Math.floor(now / this.#step);
    const bucket = this.#buckets.get(key);
    if (bucket) {
      bucket.sum += value;
      bucket.count += 1;
      bucket.max = Math.max(bucket.max, value);
    } else {
      this.#buckets.set(key, { sum: value, count: 1, max: value });
      this.#forgetBefore(key - this.#length);
    }
  }

  /** @returns {({mean: number, max: number}|null)[]} oldest first, always `length` of them, ending with now */
  points(now) {
    const last = Math.floor(now / this.#step);
    return Array.from({ length: this.#length }, (_, i) => {
      const bucket = this.#buckets.get(last - this.#length + 1 + i);
      return bucket ? { mean: bucket.sum / bucket.count, max: bucket.max } : null;
    });
  }

  #forgetBefore(key) {
    for (const known of this.#buckets.keys()) {
      if (known > key) break;
      this.#buckets.delete(known);
    }
  }
}
