/**
 * One stream that is watched: pictures and predictions come in, the tile is drawn, the server is told what
 * was taken. A picture is acknowledged when it was drawn or dropped, and also when it begins to wait for its
 * prediction: that wait is the predictor's time, not ours, and must not make the server send fewer pictures.
 */

import { Pairing } from './pairing.js';
import { Gather } from './gather.js';
import { Decoder, decodeJpeg } from './decoder.js';
import { Tally } from './tally.js';
import { widthToAsk } from './size.js';
import { nameOf, readPredictors } from './predictors.js';
import { duration } from './format.js';

const WINDOW = 2;
const WAITING_MAX = 12;
const STALLED_MS = 3000;

export class Stream {
  #name;
  #tile;
  #send;
  #clock;
  #now;
  #tally = new Tally();
  #pairing = new Pairing();
  #gather = new Gather();
  #decoder;
  #insetDecoder;
  #timer = null;
  #gatherTimer = null;
  #owed = new Set(); // pictures not acknowledged yet
  #subscribed = false;
  #running = true;
  #asked = null; // width
  #refusal = null; // what the server said when it did not want to send this stream
  #info = { state: 'connecting', error: null, width: null, height: null, fps: null, kind: '', predictor: null };
  #onShow = null; // the picture on the tile
  #showing = null; // {picture, prediction}: given to the decoder last

  constructor({ name, tile, send, clock, now = () => performance.now() }) {
    this.#name = name;
    this.#tile = tile;
    this.#send = send;
    this.#clock = clock;
    this.#now = now;
    const decode = ({ picture }) => decodeJpeg(picture);
    const dropped = ({ picture }) => this.#drop(picture);
    this.#decoder = new Decoder({ decode, dropped, done: (item, bitmap) => this.#draw(item, bitmap) });
    this.#insetDecoder = new Decoder({ decode, dropped: () => {},
      done: ({ picture, prediction }, bitmap) => tile.drawInset(picture, bitmap, prediction) });
  }

  get tile() {
    return this.#tile;
  }

  get subscribed() {
    return this.#subscribed;
  }

  get tally() {
    return this.#tally;
  }

  /** What GET /streams says of this stream. */
  describe(info) {
    const { source, width, height, fps } = info;
    const predictors = readPredictors(info);
    this.#tile.setPredictors(predictors);
    this.#learn({ width, height, fps, kind: source?.kind ?? '', state: source?.state ?? 'up',
      error: source?.error ?? null, predictor: predictors.map(({ title }) => title).join(' + ') || null });
  }

  /** The server's "stream" message. Its size may be that of what we asked for: the list's counts. */
  changed({ state, error, predictor, width, height }) {
    const { width: known } = this.#info;
    this.#refusal = null;
    this.#learn({ state: state ?? 'up', error: error ?? null,
      ...(predictor === undefined ? {} : { predictor: this.#namesWith(nameOf(predictor)) }),
      ...(known ? {} : { width, height }) });
  }

  subscribe() {
    this.#forget();
    this.#subscribed = true;
    this.#refusal = null;
    this.#tally.begin();
    this.#asked = this.#widthToAsk();
    const width = this.#asked === null ? {} : { width: this.#asked };
    this.#send({ type: 'subscribe', stream: this.#name, pictures: true, predictions: true, codec: 'jpeg',
      window: WINDOW, ...width });
    if (!this.#running) this.#send({ type: 'pause', stream: this.#name });
    this.#say();
  }

  /** The connection is lost; the picture stays. */
  disconnected() {
    this.#subscribed = false;
    this.#forget();
    this.#say();
  }

  unsubscribe() {
    if (this.#subscribed) this.#send({ type: 'unsubscribe', stream: this.#name });
    this.disconnected();
  }

  /** Whether anybody can see the tile. */
  setRunning(running) {
    if (running === this.#running) return;
    this.#running = running;
    this.#tally.interrupt();
    if (this.#subscribed) this.#send({ type: running ? 'resume' : 'pause', stream: this.#name });
    this.#gather.reset();
    this.#act(this.#pairing.reset());
  }

  /** The tile has another size. */
  resized() {
    this.#tile.resized();
    const wanted = this.#widthToAsk();
    if (!this.#subscribed || wanted === this.#asked) return;
    const width = wanted ?? this.#info.width;
    if (!width) return;
    this.#asked = wanted;
    this.#send({ type: 'update', stream: this.#name, width });
  }

  picture(picture) {
    this.#owed.add(picture);
    this.#tally.received(picture);
    if (picture.codec !== 'jpeg') {
      this.#drop(picture);
      return;
    }
    this.#act(this.#pairing.picture(picture, this.#now()));
    const room = !this.#decoder.behind && this.#pairing.waiting <= WAITING_MAX;
    if (room && this.#pairing.isWaiting(picture)) this.#acknowledge(picture);
  }

  prediction(prediction) {
    this.#tally.predicted(prediction.latency_ms);
    this.#predicted(this.#gather.add(prediction, this.#now()));
  }

  /** An error that the server reports for this stream. */
  failed(message) {
    this.#refusal = message;
    this.#say();
  }

  /** To be called about twice a second. */
  refresh() {
    const now = this.#now();
    const { mode } = this.#pairing;
    const live = this.#subscribed && this.#onShow !== null && this.#info.state === 'up' && !this.#stalled(now);
    this.#tile.setNumbers(this.#tally.numbers(now, { live, mode, predictor: this.#info.predictor }));
    this.#tile.setPlot(this.#tally.points(now));
    this.#tile.setMode(mode);
    this.#say();
  }

  /** What the server says on a change names one; the list names all, and is not forgotten for that. */
  #namesWith(name) {
    const { predictor } = this.#info;
    return name !== null && predictor?.split(' + ').includes(name) ? predictor : name;
  }

  #predicted(gathered) {
    for (const prediction of gathered) this.#act(this.#pairing.prediction(prediction, this.#now()));
    clearTimeout(this.#gatherTimer);
    const deadline = this.#gather.deadline;
    if (deadline === null) return;
    const act = () => this.#predicted(this.#gather.tick(this.#now()));
    this.#gatherTimer = setTimeout(act, Math.max(0, deadline - this.#now()));
  }

  #learn(info) {
    Object.assign(this.#info, info);
    const { width, height, kind, predictor } = this.#info;
    const size = width && height ? `${width}×${height}` : '';
    this.#tile.setDescription([size, kind, predictor].filter(Boolean).join('  ·  '));
    this.#act(this.#pairing.setPredictor(predictor !== null, this.#now()));
    this.#tile.setMode(this.#pairing.mode);
    this.#say();
    this.resized();
  }

  #act(decisions) {
    for (const { what, picture, prediction } of decisions) {
      if (what === 'drop') this.#drop(picture);
      else if (what === 'show') this.#decoder.submit((this.#showing = { picture, prediction }));
      else if (what === 'inset') this.#insetDecoder.submit({ picture, prediction });
      else this.#drawBoxes(picture, prediction);
    }
    clearTimeout(this.#timer);
    const deadline = this.#pairing.deadline;
    if (deadline === null) return;
    this.#timer = setTimeout(() => this.#act(this.#pairing.tick(this.#now())), Math.max(0, deadline - this.#now()));
  }

  #draw({ picture, prediction }, bitmap) {
    this.#tally.drawn(this.#now(), this.#clock.now() - picture.capturedAt);
    const first = this.#tile.element.dataset.drawn === '0';
    this.#onShow = picture;
    this.#tile.draw(picture, bitmap, prediction);
    this.#acknowledge(picture);
    if (first) this.#learn({});
  }

  /** The picture may still be in the decoder. */
  #drawBoxes(picture, prediction) {
    if (this.#showing?.picture === picture) this.#showing.prediction = prediction;
    if (this.#onShow === picture) this.#tile.drawBoxes(prediction);
  }

  #drop(picture) {
    this.#tally.skipped();
    this.#acknowledge(picture);
  }

  #acknowledge(picture) {
    if (this.#owed.delete(picture)) this.#send({ type: 'ack', stream: this.#name, seq: picture.seq });
  }

  #forget() {
    clearTimeout(this.#timer);
    clearTimeout(this.#gatherTimer);
    this.#owed.clear();
    this.#gather.reset();
    this.#pairing.reset();
    this.#decoder.clear();
    this.#insetDecoder.clear();
    this.#tally.interrupt();
  }

  #widthToAsk() {
    return widthToAsk(this.#tile.shownWidth, this.#info.width || null);
  }

  #lastOne(now) {
    return `The last one was ${duration(this.#tally.silence(now))} ago`;
  }

  #stalled(now) {
    return this.#tally.silence(now) > Math.max(STALLED_MS, 3000 / (this.#info.fps || 1));
  }

  #say() {
    const { state, error } = this.#info;
    const now = this.#now();
    this.#tile.setState(this.#subscribed ? state : 'lost');
    if (!this.#subscribed) this.#tile.setMessage('No connection', this.#onShow ? 'This picture is from before' : '');
    else if (this.#refusal) this.#tile.setMessage('The server refuses', this.#refusal);
    else if (state === 'down') this.#tile.setMessage('The source is down', error ?? 'It is tried again');
    else if (state === 'ended') this.#tile.setMessage('The stream has ended', error ?? '');
    else if (state === 'connecting') this.#tile.setMessage('Opening the source…', error ?? '');
    else if (this.#tile.element.dataset.drawn === '0') this.#tile.setMessage('Waiting for the first picture…');
    else if (this.#stalled(now)) this.#tile.setMessage('No pictures are coming', this.#lastOne(now));
    else this.#tile.setMessage(null);
  }
}
