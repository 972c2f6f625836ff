/** What is measured of one stream, and how it reads. Pure; the time is an argument, in milliseconds. */

import { History, RateMeter, Samples } from './stats.js';
import * as format from './format.js';

const SLOW_MS = 300;
const LATE_MS = 1000;
const MODE_NOTES = {
  plain: 'no predictor',
  paired: 'a picture waits for its own boxes',
  apart: 'the predictor is slower than the video: its boxes are in the inset',
};

export class Tally {
  #rate = new RateMeter(64, 5000);
  #lags = new Samples(64);
  #latencies = new Samples(64);
  #history = new History();
  #leftOut = 0;
  #skipped = 0;
  #bytes = 0;
  #drawnAt = null;

  received(picture) {
    this.#bytes += picture.bytes.byteLength;
    this.#leftOut += picture.leftOut;
  }

  drawn(now, lag) {
    this.#lags.add(lag);
    this.#history.add(now, lag);
    this.#rate.add(now);
    this.#drawnAt = now;
  }

  skipped() {
    this.#skipped += 1;
  }

  predicted(latency) {
    if (latency !== null) this.#latencies.add(latency);
  }

  /** A new connection: drops count from here. */
  begin() {
    this.#leftOut = this.#skipped = 0;
    this.interrupt();
  }

  /** Nothing is expected to come for a while: silence is no fault. */
  interrupt() {
    this.#rate.reset();
    this.#lags.reset();
    this.#drawnAt = null;
  }

  /** Since the last picture was drawn, ms; 0 when none is expected. */
  silence(now) {
    return this.#drawnAt === null ? 0 : now - this.#drawnAt;
  }

  /** Pictures drawn a second. */
  rate(now) {
    return this.#rate.rate(now);
  }

  /** Bytes received since the last call. */
  takeBytes() {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }

  points(now) {
    return this.#history.points(now);
  }

  /**
   * The numbers under a tile.
   * @param {{live: boolean, mode: string, predictor: string|null}} about live: pictures are coming, so that rate and
   *   lag mean something; predictor: its name
   */
  numbers(now, { live, mode, predictor }) {
    const lag = live ? this.#lags.percentile(0.5) : null;
    const level = lag > LATE_MS ? 'bad' : lag > SLOW_MS ? 'warn' : '';
    return {
      lag: { text: format.duration(lag), level,
        note: `From capture to drawing. Median ${format.duration(lag)}, `
          + `95 % within ${format.duration(this.#lags.percentile(0.95))}` },
      fps: { text: live ? `${format.rate(this.rate(now))} fps` : format.NOTHING },
      drops: { text: String(this.#leftOut + this.#skipped),
        note: `Left out by the server: ${this.#leftOut}. Not drawn here: ${this.#skipped}` },
      latency: { text: format.duration(live && predictor ? this.#latencies.percentile(0.5) : null),
        note: `${predictor ?? 'Predictor'}: ${MODE_NOTES[mode]}` },
    };
  }
}
