/**
 * Which picture is shown when, and with which boxes. Pure: pictures, predictions and the time come in,
 * decisions go out. One Pairing per stream.
 *
 * The rule above all others: boxes are drawn only on the picture they were computed from. Boxes of another
 * picture are never shown, however close; they would be wrong exactly when something moves.
 *
 *   plain   The stream has no predictor. Every picture is shown at once.
 *   paired  The predictor is quick. A picture waits for its own prediction, at most min(250 ms, twice the
 *           predictor's observed delay). When the predictor has no time for every picture, only those it
 *           looked at are shown, as long as there are at least about 8 a second: that moves well and the
 *           boxes do not flicker. A picture is shown without boxes only when the predictor stumbles.
 *   apart   The predictor is slower than that. The video is not held back: every picture is shown at once,
 *           without boxes, and the last picture that was looked at is shown, with its boxes, as an inset.
 *           A prediction that arrives while its picture is still the one on show is drawn on it.
 *
 * The limits of "paired" agree with each other: at 8 a second a picture left out by the predictor is followed
 * by a paired one within 250 ms, before its wait is over.
 *
 * Predictions come in the order of the pictures. One for a later picture therefore says that the earlier
 * ones will never have theirs.
 */

import { RateMeter, Samples } from './stats.js';

export const WAIT_MAX_MS = 250;
const WAIT_MIN_MS = 50;
const RATE_MIN = 8;
const GAP_MAX_MS = 1000 / RATE_MIN;
const DWELL_MS = 1000;
const KEPT_MS = 3000;
const KEPT_COUNT = 90;
const KEPT_BYTES = 16 << 20;
const LEARNING_PICTURES = 16;

/**
 * @typedef {object} Decision
 * @property {'show'|'boxes'|'inset'|'drop'} what show: draw the picture (with the prediction, if any); boxes: the
 *   picture on show just got its prediction; inset: draw this pair apart; drop: this picture is not shown
 * @property {import('./protocol.js').Picture} picture
 * @property {object|null} prediction
 */

export class Pairing {
  #predictor = false;
  #apart = false;
  #modeSince = -Infinity;
  #kept = new Map(); // seq -> {picture, arrivedAt, decided}; oldest first
  #keptBytes = 0;
  #predictions = new Map(); // seq -> prediction; oldest first
  #newestPrediction = -1;
  #lastSeq = -1;
  #shown = null; // the picture on show
  #shownAt = -Infinity;
  #insetSeq = -1;
  #arrivals = new RateMeter(16);
  #matches = new RateMeter(16);
  #delays = new Samples(16);

  /** @returns {'plain'|'paired'|'apart'} */
  get mode() {
    if (!this.#predictor) return 'plain';
    return this.#apart ? 'apart' : 'paired';
  }

  /** How long a picture may wait for its prediction, ms. */
  get wait() {
    const delay = this.#delays.percentile(0.9);
    if (delay === null) return WAIT_MAX_MS;
    return Math.min(WAIT_MAX_MS, Math.max(WAIT_MIN_MS, 2 * delay));
  }

  /** When tick() should be called, or null. */
  get deadline() {
    let first = null;
    for (const entry of this.#waiting()) {
      const at = this.#deadlineOf(entry);
      if (first === null || at < first) first = at;
    }
    return first;
  }

  /** Pictures that wait for their prediction. */
  get waiting() {
    return [...this.#waiting()].length;
  }

  isWaiting(picture) {
    const entry = this.#kept.get(picture.seq);
    return entry?.picture === picture && !entry.decided;
  }

  /** @returns {Decision[]} */
  setPredictor(present, now) {
    if (present === this.#predictor) return [];
    this.#predictor = present;
    this.#enter(false, now);
    const newest = [...this.#waiting()].at(-1);
    return present || !newest ? [] : this.#show(newest, null, now);
  }

  /** After a pause, or when the stream begins again: nothing known before counts. @returns {Decision[]} */
  reset() {
    const dropped = [...this.#waiting()].map(({ picture }) => ({ what: 'drop', picture, prediction: null }));
    this.#kept.clear();
    this.#keptBytes = 0;
    this.#predictions.clear();
    this.#newestPrediction = this.#lastSeq = this.#insetSeq = -1;
    this.#shown = null;
    for (const meter of [this.#arrivals, this.#matches, this.#delays]) meter.reset();
    return dropped;
  }

  /** @returns {Decision[]} */
  picture(picture, now) {
    if (picture.seq < this.#lastSeq) {
      const stale = this.#lastSeq - picture.seq < KEPT_COUNT && !picture.discontinuity;
      if (stale) return [{ what: 'drop', picture, prediction: null }];
      return [...this.reset(), ...this.picture(picture, now)];
    }
    this.#lastSeq = picture.seq;
    this.#arrivals.add(now);
    const entry = { picture, arrivedAt: now, decided: false };
    if (!this.#predictor) return this.#show(entry, null, now);

    this.#keep(entry, now);
    this.#assess(now);
    const prediction = this.#predictions.get(picture.seq);
    if (prediction) return this.#match(entry, prediction, now);
    return this.#apart ? this.#show(entry, null, now) : this.tick(now);
  }

  /** @returns {Decision[]} */
  prediction(prediction, now) {
    this.#predictions.set(prediction.seq, prediction);
    if (this.#predictions.size > KEPT_COUNT) this.#predictions.delete(this.#predictions.keys().next().value);
    this.#newestPrediction = Math.max(this.#newestPrediction, prediction.seq);
    const entry = this.#kept.get(prediction.seq);
    const decisions = entry ? this.#match(entry, prediction, now) : this.#late(prediction);
    return [...decisions, ...this.tick(now)];
  }

  /** Shows what has waited long enough. @returns {Decision[]} */
  tick(now) {
    this.#assess(now);
    let due = null;
    for (const entry of this.#waiting()) {
      if (this.#apart || this.#deadlineOf(entry) <= now) due = entry;
    }
    return due ? this.#show(due, null, now) : [];
  }

  /** More boxes for the picture on show, from another predictor. */
  #late(prediction) {
    const picture = this.#shown;
    return picture?.seq === prediction.seq ? [{ what: 'boxes', picture, prediction }] : [];
  }

  #match(entry, prediction, now) {
    this.#matches.add(now);
    this.#delays.add(now - entry.arrivedAt);
    const { picture } = entry;
    let decisions = [];
    if (!entry.decided) {
      decisions = this.#show(entry, prediction, now);
    } else if (picture === this.#shown) {
      decisions = [{ what: 'boxes', picture, prediction }];
    } else if (this.#apart && picture.seq > this.#insetSeq) {
      this.#insetSeq = picture.seq;
      decisions = [{ what: 'inset', picture, prediction }];
    }
    this.#forgetUpTo(picture.seq);
    return decisions;
  }

  #show(entry, prediction, now) {
    const decisions = [];
    for (const older of this.#waiting()) {
      if (older.picture.seq >= entry.picture.seq) break;
      older.decided = true;
      decisions.push({ what: 'drop', picture: older.picture, prediction: null });
    }
    entry.decided = true;
    this.#shown = entry.picture;
    this.#shownAt = now;
    decisions.push({ what: 'show', picture: entry.picture, prediction });
    return decisions;
  }

  #deadlineOf(entry) {
    const patience = entry.arrivedAt + this.wait;
    if (this.#newestPrediction <= entry.picture.seq) return patience;
    return Math.min(patience, Math.max(entry.arrivedAt, this.#shownAt + GAP_MAX_MS));
  }

  /** Changes between paired and apart, not more often than once a second and with some hysteresis. */
  #assess(now) {
    if (!this.#predictor || now - this.#modeSince < DWELL_MS) return;
    const slack = this.#apart ? 1.1 : 0.9;
    if (this.#keepsUp(now, slack) === this.#apart) this.#enter(!this.#apart, now);
  }

  #keepsUp(now, slack) {
    if (this.#delays.count < 2) return this.#arrivals.count < LEARNING_PICTURES && !this.#apart;
    const delay = this.#delays.percentile(0.9);
    const rate = this.#matches.rate(now);
    const enough = rate >= RATE_MIN * slack || rate >= 0.8 * slack * this.#arrivals.rate(now);
    return enough && delay * slack <= WAIT_MAX_MS;
  }

  #enter(apart, now) {
    this.#apart = apart;
    this.#modeSince = now;
  }

  *#waiting() {
    for (const entry of this.#kept.values()) if (!entry.decided) yield entry;
  }

  #keep(entry, now) {
    if (this.#kept.has(entry.picture.seq)) this.#forget(entry.picture.seq);
    this.#kept.set(entry.picture.seq, entry);
    this.#keptBytes += entry.picture.bytes.byteLength;
    for (const [seq, old] of this.#kept) {
      const fits = this.#kept.size <= KEPT_COUNT && this.#keptBytes <= KEPT_BYTES;
      if (old === entry || !old.decided || (fits && now - old.arrivedAt <= KEPT_MS)) break;
      this.#forget(seq);
    }
  }

  #forgetUpTo(seq) {
    for (const known of this.#kept.keys()) {
      if (known > seq) break;
      if (this.#kept.get(known).decided) this.#forget(known);
    }
  }

  #forget(seq) {
    this.#keptBytes -= this.#kept.get(seq).picture.bytes.byteLength;
    this.#kept.delete(seq);
  }
}
