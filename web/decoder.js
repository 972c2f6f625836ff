/**
 * Turns the newest JPEG into a bitmap, one at a time, off the main thread. While one is being decoded at
 * most one more is kept: a newer one replaces it. So a slow machine shows fewer pictures, never old ones.
 */

/** @template T */
export class Decoder {
  #decode;
  #done;
  #dropped;
  #busy = false;
  #next = null;
  #generation = 0;

  /**
   * @param {object} options
   * @param {(item: T) => Promise<ImageBitmap>} options.decode
   * @param {(item: T, bitmap: ImageBitmap) => void} options.done takes the bitmap over
   * @param {(item: T, error: Error|null) => void} options.dropped error: it could not be decoded; null: replaced
   */
  constructor({ decode, done, dropped }) {
    this.#decode = decode;
    this.#done = done;
    this.#dropped = dropped;
  }

  /** Whether a picture waits for the one that is being decoded. */
  get behind() {
    return this.#next !== null;
  }

  /** @param {T} item */
  submit(item) {
    if (!this.#busy) {
      this.#run(item);
      return;
    }
    const replaced = this.#next;
    this.#next = item;
    if (replaced) this.#dropped(replaced, null);
  }

  /** Forgets what waits and what is being decoded. */
  clear() {
    this.#generation += 1;
    if (this.#next) this.#dropped(this.#next, null);
    this.#next = null;
  }

  async #run(item) {
    const generation = this.#generation;
    this.#busy = true;
    try {
      const bitmap = await this.#decode(item);
      if (generation === this.#generation) {
        this.#done(item, bitmap);
      } else {
        bitmap.close();
        this.#dropped(item, null);
      }
    } catch (error) {
      this.#dropped(item, error);
    }
    this.#busy = false;
    const next = this.#next;
    this.#next = null;
    if (next) this.#run(next);
  }
}

/** @param {import('./protocol.js').Picture} picture */
export function decodeJpeg(picture) {
  return createImageBitmap(new Blob([picture.bytes], { type: 'image/jpeg' }));
}
