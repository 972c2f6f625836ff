/**
 * The server's clock, seen from here, so that lag is right when the page runs on another machine.
 * Each GET /streams gives a sample: the server's "now" belongs to the middle of the round trip, with an
 * error of at most half of it. The sample with the shortest round trip of the last few is believed.
 * A difference smaller than its own error means the same clock: then no correction is made.
 */

const SAMPLES = 8;

export class ServerClock {
  #samples = [];
  #localNow;

  /** @param {() => number} localNow milliseconds since the epoch */
  constructor(localNow = Date.now) {
    this.#localNow = localNow;
  }

  /**
   * @param {number} sentAt local time when the question left, ms
   * @param {number} receivedAt local time when the answer was there, ms
   * @param {number} serverNow the server's answer, ms
   */
  sample(sentAt, receivedAt, serverNow) {
    if (!Number.isFinite(serverNow) || receivedAt < sentAt) return;
    const error = (receivedAt - sentAt) / 2;
    this.#samples.push({ offset: serverNow - (sentAt + error), error });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** Milliseconds to add to the local clock. */
  get offset() {
    if (this.#samples.length === 0) return 0;
    const best = this.#samples.reduce((a, b) => (b.error < a.error ? b : a));
    return Math.abs(best.offset) <= best.error + 1 ? 0 : best.offset;
  }

  /** The server's time now, milliseconds since the epoch. */
  now() {
    return this.#localNow() + this.offset;
  }

  /** Another server, or the same one after a break: what was learnt may be wrong. */
  forget() {
    this.#samples = [];
  }
}
