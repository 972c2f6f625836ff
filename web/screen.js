/**
 * A canvas that shows one picture and the boxes that belong to it. The canvas has the size of its place on
 * the screen in device pixels, so that lines and labels are sharp whatever the picture's size; picture and
 * boxes are drawn in one go, so that no frame ever shows one without the other.
 */

import { contain } from './size.js';
import { drawBoxes } from './overlay.js';

export class Screen {
  #canvas;
  #context;
  #bitmap = null;
  #objects = null;
  #boxesVisible = true;

  /** @param {HTMLCanvasElement} canvas sized by the style sheet */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false });
  }

  /** Device pixels per CSS pixel. */
  get scale() {
    return window.devicePixelRatio || 1;
  }

  /** @param {ImageBitmap} bitmap taken over @param {object[]|null} objects of this very picture */
  show(bitmap, objects) {
    this.#bitmap?.close();
    this.#bitmap = bitmap;
    this.#objects = objects;
    this.redraw();
  }

  /** The boxes of the picture that is on show. */
  setObjects(objects) {
    this.#objects = objects;
    this.redraw();
  }

  setBoxesVisible(visible) {
    this.#boxesVisible = visible;
    this.redraw();
  }

  clear() {
    this.#bitmap?.close();
    this.#bitmap = this.#objects = null;
    this.redraw();
  }

  /** Also to be called when the size changed. */
  redraw() {
    const { clientWidth, clientHeight } = this.#canvas;
    const width = Math.max(1, Math.round(clientWidth * this.scale));
    const height = Math.max(1, Math.round(clientHeight * this.scale));
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    const context = this.#context;
    context.fillStyle = '#000';
    context.fillRect(0, 0, width, height);
    if (!this.#bitmap) return;
    const at = contain(this.#bitmap, { width, height });
    context.drawImage(this.#bitmap, at.x, at.y, at.width, at.height);
    if (this.#boxesVisible && this.#objects) drawBoxes(context, at, this.#objects, this.scale);
  }
}
