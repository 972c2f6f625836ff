/**
 * What stands beside a picture: for each predictor its state, what it says of the picture on show, and how it
 * fares. Nodes are made when the list of predictors changes; after that only texts do.
 */

import { element, setText } from './dom.js';
import { countLabels, lineOf, rowsOf } from './said.js';

export class Side {
  #root = element('aside', { class: 'side', 'aria-label': 'Predictors' });
  #line = element('p', { class: 'tile-data' });
  #parts = new Map(); // title -> nodes; the first of a name has it for its title
  #shape = ''; // of the list of predictors that the nodes were made for
  #said = new Map(); // name -> what it said last

  constructor() {
    this.#root.hidden = this.#line.hidden = true;
  }

  /** The column beside the picture. */
  get element() {
    return this.#root;
  }

  /** The one line under it, for where there is no room for a column. */
  get line() {
    return this.#line;
  }

  /** @param {import('./predictors.js').Predictor[]} predictors */
  setPredictors(predictors) {
    const shape = JSON.stringify(predictors.map(({ title, rows }) => [title, rows.map(({ key }) => key)]));
    if (shape !== this.#shape) this.#build(predictors);
    this.#shape = shape;
    for (const { title, state, rows } of predictors) {
      const part = this.#parts.get(title);
      part.root.dataset.state = state;
      setText(part.state, state === 'running' ? '' : state);
      for (const { key, text, level } of rows) {
        setText(part.rows.get(key), text);
        part.rows.get(key).dataset.level = level;
      }
    }
  }

  /** @param {object[]} predictions of the picture on show, one of each predictor that looked at it */
  say(predictions) {
    for (const { predictor, objects, data } of predictions) {
      const part = this.#parts.get(predictor) ?? [...this.#parts.values()][0];
      this.#said.set(predictor, data);
      if (!part) continue;
      setText(part.objects, countLabels(objects) || 'nothing');
      part.objects.dataset.count = String(objects.length);
      this.#fill(part.data, rowsOf(data));
    }
    this.#sayLine();
  }

  #sayLine() {
    const lines = [...this.#said].map(([name, data]) => [name, lineOf(data)]).filter(([, line]) => line);
    const text = lines.map(([name, line]) => (lines.length > 1 ? `${name}: ${line}` : line)).join('  ·  ');
    this.#line.hidden = text === '';
    setText(this.#line, text);
  }

  #fill(list, rows) {
    list.hidden = rows.length === 0;
    while (list.children.length > rows.length) list.lastChild.remove();
    while (list.children.length < rows.length) list.append(element('div', {}, element('dt'), element('dd')));
    rows.forEach(({ name, text }, i) => {
      const [term, definition] = list.children[i].children;
      setText(term, name);
      setText(definition, text);
    });
  }

  #build(predictors) {
    this.#parts.clear();
    this.#said.clear();
    this.#root.hidden = predictors.length === 0;
    this.#line.hidden = true;
    for (const { title, rows } of predictors) this.#parts.set(title, buildPart(title, rows));
    this.#root.replaceChildren(...[...this.#parts.values()].map(({ root }) => root));
  }
}

function buildPart(title, rows) {
  const part = {
    state: element('span', { class: 'side-state' }),
    objects: element('p', { class: 'side-objects' }),
    data: element('dl', { class: 'side-data' }),
    rows: new Map(),
  };
  const numbers = element('dl', { class: 'side-numbers' });
  for (const { key, label, note } of rows) {
    part.rows.set(key, element('dd', { 'data-key': key }));
    numbers.append(element('div', { title: note }, element('dt', {}, label), part.rows.get(key)));
  }
  part.data.hidden = true;
  part.root = element('section', { 'data-predictor': title },
    element('h3', {}, element('span', { class: 'lamp', 'aria-hidden': 'true' }), title, part.state),
    part.objects, part.data, numbers);
  return part;
}
