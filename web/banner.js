/**
 * What is said about the connection, above the wall. The sentence is in a live region; the seconds to the
 * next attempt count down outside it, so that a screen reader is not told every second.
 */

import { element, setText } from './dom.js';

const TROUBLES = {
  stopped: 'The server stopped.',
  closed: 'The connection was closed.',
  refused: 'The server refuses.',
  gone: 'The server is gone.',
};

export class Banner {
  #root;
  #text = element('span', { class: 'banner-text' });
  #wait = element('span', { class: 'banner-wait' });
  #retry = element('button', { type: 'button' }, 'Try now');
  #status = { state: 'connecting', cause: null, reason: '', retryAt: null };
  #note = '';

  /** @param {HTMLElement} root @param {() => void} retry */
  constructor(root, retry) {
    this.#root = root;
    this.#retry.addEventListener('click', retry);
    this.#wait.setAttribute('aria-live', 'off');
    root.append(this.#text, this.#wait, this.#retry);
  }

  /** @param {import('./connection.js').Status} status */
  setStatus(status) {
    this.#status = status;
    this.#root.dataset.connection = status.state;
    this.#root.setAttribute('role', status.cause ? 'alert' : 'status');
    this.refresh(performance.now());
  }

  /** Something that is not about the connection, '' for nothing. */
  setNote(note) {
    this.#note = note;
    this.refresh(performance.now());
  }

  /** Counts down. */
  refresh(now) {
    const { state, cause, reason, retryAt } = this.#status;
    const seconds = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1000));
    setText(this.#text, sentence(state, cause, reason) || this.#note);
    setText(this.#wait, waiting(state, cause, seconds));
    this.#retry.hidden = state !== 'lost' || cause === 'stopped';
    this.#root.hidden = this.#text.textContent === '';
    this.#root.dataset.trouble = String(cause !== null);
  }
}

function sentence(state, cause, reason) {
  if (state === 'open') return '';
  if (cause === null) return 'Connecting…';
  return reason ? `${TROUBLES[cause]} ${asSentence(reason)}` : TROUBLES[cause];
}

function waiting(state, cause, seconds) {
  if (cause === null) return '';
  if (state === 'connecting') return 'Trying again…';
  if (state !== 'lost') return '';
  return cause === 'stopped' || seconds === 0 ? 'Reconnecting…' : `Trying again in ${seconds} s`;
}

function asSentence(reason) {
  const text = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
