/**
 * The one connection to the server: GET streams for the list and the clock, then one WebSocket for
 * everything else. Lost, it is made again, later and later, until somebody closes the page.
 *
 *   connecting ──▶ open ──▶ lost ──▶ connecting …        (lost: retryAt says when)
 *
 * A connection can die without a word (a laptop that slept, a cable). So the list is asked for regularly;
 * when it does not come twice, the connection is taken for dead.
 */

import { PROTOCOL, liveAddress, parseMessage, parsePicture } from './protocol.js';
import { backoff } from './backoff.js';

const ANSWER_MS = 5000;
const POLL_MS = 10000; // the list, unless somebody looks at its numbers: pollEvery()
const STABLE_MS = 5000;
const POLLS_LOST = 2;
const CLOSE_GOING_AWAY = 1001;

/**
 * @typedef {object} Status
 * @property {'connecting'|'open'|'lost'} state
 * @property {'stopped'|'closed'|'refused'|'gone'|null} cause why it is lost: the server said it stops, it closed,
 *   it answered with an error, or it does not answer
 * @property {string} reason the server's own sentence, or ''
 * @property {number|null} retryAt performance.now() of the next attempt
 */

export class Connection {
  #page;
  #clock;
  #handlers;
  #io;
  #socket = null;
  #failures = 0;
  #openedAt = 0;
  #pollsLost = 0;
  #pollMs = POLL_MS;
  #timer = null;
  /** @type {Status} */
  #status = { state: 'connecting', cause: null, reason: '', retryAt: null };

  /**
   * @param {string} page address of the page
   * @param {import('./clock.js').ServerClock} clock is given a sample with every list
   * @param {object} handlers status(Status), list(streams), message(object), picture(Picture)
   * @param {object} io what the page is made of, replaceable in tests
   */
  constructor(page, clock, handlers, io = {}) {
    this.#page = page;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#io = {
      fetch: (...args) => fetch(...args),
      WebSocket: globalThis.WebSocket,
      after: (ms, action) => setTimeout(action, ms),
      cancel: (timer) => clearTimeout(timer),
      now: () => performance.now(),
      random: Math.random,
      ...io,
    };
  }

  /** @returns {Status} */
  get status() {
    return this.#status;
  }

  /** Connects now, also when the next attempt would be later. */
  async start() {
    this.#io.cancel(this.#timer);
    if (this.#socket) return;
    const keep = this.#status.cause;
    this.#enter({ state: 'connecting', cause: keep, reason: this.#status.reason, retryAt: null });
    const attempt = {};
    this.#socket = attempt; // a second start() does nothing
    try {
      const streams = await this.#list();
      this.#open(streams);
    } catch (error) {
      if (this.#socket !== attempt) return;
      this.#socket = null;
      this.#lost(error.refused ? 'refused' : 'gone', error.refused ?? '');
    }
  }

  /** How often the list is asked for; the next time also comes sooner, if that is sooner. */
  pollEvery(ms) {
    const sooner = ms < this.#pollMs;
    this.#pollMs = ms;
    if (!sooner || this.#status.state !== 'open') return;
    const socket = this.#socket;
    this.#io.cancel(this.#timer);
    this.#timer = this.#io.after(ms, () => this.#poll(socket));
  }

  /** @param {object} message dropped without a word while there is no connection: the next one begins anew */
  send(message) {
    if (this.#status.state === 'open') this.#socket.send(JSON.stringify(message));
  }

  #open(streams) {
    const socket = new this.#io.WebSocket(liveAddress(this.#page), PROTOCOL);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    this.#timer = this.#io.after(ANSWER_MS, () => socket.close());
    socket.onopen = () => {
      this.#io.cancel(this.#timer);
      this.#openedAt = this.#io.now();
      this.#pollsLost = 0;
      this.#enter({ state: 'open', cause: null, reason: '', retryAt: null });
      this.#handlers.list(streams);
      this.#timer = this.#io.after(this.#pollMs, () => this.#poll(socket));
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => this.#closed(socket, code, reason);
  }

  #receive(data) {
    if (typeof data === 'string') {
      const message = parseMessage(data);
      if (message) this.#handlers.message(message);
    } else {
      const picture = parsePicture(data);
      if (picture) this.#handlers.picture(picture);
    }
  }

  #closed(socket, code, reason) {
    if (socket !== this.#socket) return;
    const wasOpen = this.#status.state === 'open';
    this.#socket = null;
    if (wasOpen && this.#io.now() - this.#openedAt >= STABLE_MS) this.#failures = 0;
    if (code === CLOSE_GOING_AWAY) this.#lost('stopped', reason);
    else this.#lost(wasOpen || reason ? 'closed' : 'gone', reason);
  }

  #lost(cause, reason) {
    this.#io.cancel(this.#timer);
    const delay = backoff(this.#failures, this.#io.random());
    this.#failures += 1;
    if (cause !== 'refused') this.#clock.forget();
    this.#enter({ state: 'lost', cause, reason, retryAt: this.#io.now() + delay });
    this.#timer = this.#io.after(delay, () => this.start());
  }

  async #poll(socket) {
    try {
      const streams = await this.#list();
      this.#pollsLost = 0;
      if (socket === this.#socket) this.#handlers.list(streams);
    } catch {
      this.#pollsLost += 1;
    }
    if (socket !== this.#socket) return;
    if (this.#pollsLost >= POLLS_LOST) {
      this.#socket = null;
      socket.close();
      this.#lost('gone', '');
    } else {
      this.#timer = this.#io.after(this.#pollMs, () => this.#poll(socket));
    }
  }

  async #list() {
    const sentAt = Date.now();
    const answer = await this.#io.fetch(new URL('streams', this.#page), {
      cache: 'no-store',
      headers: { Accept: 'application/json' },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const receivedAt = Date.now();
    const body = await answer.json().catch(() => null);
    if (!answer.ok || !Array.isArray(body)) {
      throw Object.assign(new Error('refused'), { refused: body?.error ?? `status ${answer.status}` });
    }
    if (body[0]?.now) this.#clock.sample(sentAt, receivedAt, body[0].now * 1000);
    return body.filter((stream) => typeof stream?.name === 'string');
  }

  #enter(status) {
    this.#status = status;
    this.#handlers.status(status);
  }
}
