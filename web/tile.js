/**
 * One stream on the wall: its name, its picture, a message when there is none, what its predictors say, its
 * numbers and its plot.
 * What is drawn is also said in data attributes, changed in the same turn as the canvas: data-stream,
 * data-state, data-mode, data-drawn (pictures drawn), data-seq (of the picture on show), data-boxes-seq (of the
 * prediction drawn on it, '' if none), data-boxes (how many boxes), data-inset-seq (of the pair in the inset).
 */

import { element, setText } from './dom.js';
import { contain } from './size.js';
import { Screen } from './screen.js';
import { Side } from './side.js';
import { drawPlot } from './plot.js';
import * as format from './format.js';

const NUMBERS = [
  ['lag', 'Lag', 'From the capture of a picture to its drawing: median of the last ones'],
  ['fps', 'Rate', 'Pictures drawn a second'],
  ['drops', 'Drops', 'Pictures left out since the connection was made'],
  ['latency', 'Predictor', 'What the predictor takes for a picture: median of the last ones'],
];

export class Tile {
  #name;
  #parts;
  #screen;
  #inset;
  #side = new Side();
  #drawn = 0;
  #prediction = null;
  #boxesVisible = true;
  #size = { width: 16, height: 9 };

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
    this.#parts = build(name, this.#side);
    this.#screen = new Screen(this.#parts.canvas);
    this.#inset = new Screen(this.#parts.insetCanvas);
    this.#mark({ stream: name, state: 'connecting', mode: 'plain', drawn: 0, seq: '' });
    this.#markBoxes(null);
    this.setMessage('Waiting for the first picture…');
  }

  get element() {
    return this.#parts.root;
  }

  /** What takes the focus and is clicked. */
  get button() {
    return this.#parts.view;
  }

  /** Width over height of the pictures. */
  get aspect() {
    return this.#size.width / this.#size.height;
  }

  /** Width of what stands beside the picture, CSS pixels; 0 where it is not shown. */
  get sideWidth() {
    return this.#side.element.offsetWidth;
  }

  /** Width of the picture on the screen, device pixels. */
  get shownWidth() {
    const { clientWidth: width, clientHeight: height } = this.#parts.canvas;
    return Math.round(contain(this.#size, { width, height }).width * this.#screen.scale);
  }

  /** @param {ImageBitmap} bitmap taken over @param {object|null} prediction of this very picture */
  draw(picture, bitmap, prediction) {
    this.#size = { width: bitmap.width, height: bitmap.height };
    this.#drawn += 1;
    this.#prediction = prediction;
    this.#screen.show(bitmap, prediction?.objects ?? null);
    this.#mark({ drawn: this.#drawn, seq: picture.seq });
    this.#markBoxes(prediction);
    if (prediction) this.#say(prediction);
  }

  /** The prediction of the picture that is on show arrived. */
  drawBoxes(prediction) {
    this.#prediction = prediction;
    this.#screen.setObjects(prediction.objects);
    this.#markBoxes(prediction);
    this.#say(prediction);
  }

  /** A picture of the past with its own boxes, beside the newest one. */
  drawInset(picture, bitmap, prediction) {
    this.#parts.inset.hidden = false;
    this.#inset.show(bitmap, prediction.objects);
    this.#mark({ insetSeq: picture.seq });
    this.#say(prediction);
  }

  hideInset() {
    if (this.#parts.inset.hidden) return;
    this.#parts.inset.hidden = true;
    this.#inset.clear();
    this.#mark({ insetSeq: '' });
  }

  setBoxesVisible(visible) {
    this.#boxesVisible = visible;
    this.#screen.setBoxesVisible(visible);
    this.#inset.setBoxesVisible(visible);
    this.#markBoxes(this.#prediction);
  }

  setState(state) {
    this.#mark({ state });
  }

  setMode(mode) {
    this.#mark({ mode });
    if (mode !== 'apart') this.hideInset();
  }

  /** What is said over the picture; null takes it away. */
  setMessage(title, detail = '') {
    this.#parts.message.hidden = title === null;
    setText(this.#parts.title, title ?? '');
    setText(this.#parts.detail, detail);
  }

  /** @param {import('./predictors.js').Predictor[]} predictors */
  setPredictors(predictors) {
    this.#side.setPredictors(predictors);
  }

  /** The line behind the name. */
  setDescription(text) {
    setText(this.#parts.description, text);
  }

  /** @param {Object<string, {text: string, note?: string, level?: string}>} numbers by the names in NUMBERS */
  setNumbers(numbers) {
    for (const [key, { text, note, level }] of Object.entries(numbers)) {
      const node = this.#parts.numbers[key];
      setText(node, text);
      node.dataset.level = level ?? '';
      if (note && node.parentElement.title !== note) node.parentElement.title = note;
    }
    setText(this.#parts.lag, numbers.lag.text);
    this.#parts.lag.dataset.level = numbers.lag.level ?? '';
  }

  setPlot(points) {
    const end = drawPlot(this.#parts.plot, points);
    setText(this.#parts.axis, points.some((point) => point !== null) ? format.duration(end) : '');
  }

  setEnlarged(enlarged) {
    this.element.classList.toggle('enlarged', enlarged);
    this.button.setAttribute('aria-expanded', String(enlarged));
  }

  resized() {
    this.#screen.redraw();
    if (!this.#parts.inset.hidden) this.#inset.redraw();
  }

  remove() {
    this.#screen.clear();
    this.element.remove();
  }

  /** Every predictor's own words; `parts` where several were gathered. */
  #say(prediction) {
    this.#side.say(prediction.parts ?? [prediction]);
  }

  #markBoxes(prediction) {
    const visible = prediction !== null && this.#boxesVisible;
    this.#mark({ boxesSeq: visible ? prediction.seq : '', boxes: visible ? prediction.objects.length : 0 });
  }

  #mark(values) {
    Object.assign(this.element.dataset, values);
  }
}

function build(name, side) {
  const part = {
    lag: element('span', { class: 'tile-lag' }),
    description: element('span', { class: 'tile-description' }),
    canvas: element('canvas', { class: 'tile-canvas' }),
    insetCanvas: element('canvas'),
    title: element('strong', { role: 'status' }),
    detail: element('span'),
    plot: element('canvas', { class: 'plot', role: 'img', 'aria-label': 'Lag during the last minute' }),
    axis: element('span', { class: 'plot-axis' }),
    numbers: {},
  };
  part.inset = element('span', { class: 'tile-inset' }, part.insetCanvas, element('span', {}, 'last looked at'));
  part.inset.hidden = true;
  part.message = element('span', { class: 'tile-message' }, part.title, part.detail);
  part.view = element('button', { class: 'tile-view', type: 'button', 'aria-label': `Enlarge ${name}`,
    'aria-expanded': 'false' }, part.canvas, part.inset);
  const list = element('dl', { class: 'tile-numbers' });
  for (const [key, label, note] of NUMBERS) {
    part.numbers[key] = element('dd', {}, '–');
    list.append(element('div', { title: note }, element('dt', {}, label), part.numbers[key]));
  }
  part.root = element('article', { class: 'tile', 'aria-label': `Stream ${name}` },
    element('header', { class: 'tile-head' }, element('span', { class: 'lamp', 'aria-hidden': 'true' }),
      element('h2', {}, name), part.description, part.lag),
    element('div', { class: 'tile-frame' }, part.view, part.message),
    side.element,
    side.line,
    element('footer', { class: 'tile-foot' }, list, element('div', { class: 'plot-frame' }, part.plot, part.axis)));
  return part;
}
