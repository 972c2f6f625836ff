/**
 * The tiles on the page: how many beside each other, which one is enlarged, which one has the focus, which
 * ones can be seen.
 */

import { columnsFor } from './size.js';

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PHONE_WIDTH = 600;
const LEAST_WIDTH = 280;
const GAP = 10;
const USUAL_ASPECT = 16 / 9;
const ROOM_BESIDE = window.matchMedia('(min-width: 900px)'); // as in the style sheet

export class Wall {
  #root;
  #tiles = [];
  #enlarged = null;
  #seen = new Set();
  #changed;
  #resizes;
  #intersections;

  /** @param {HTMLElement} root @param {(tile: object) => void} changed a tile's size changed, or whether it is seen */
  constructor(root, changed) {
    this.#root = root;
    this.#changed = changed;
    this.#resizes = new ResizeObserver((entries) => this.#resized(entries));
    this.#resizes.observe(root.parentElement);
    this.#intersections = new IntersectionObserver((entries) => this.#scrolled(entries), { rootMargin: '100px' });
    root.addEventListener('keydown', (event) => this.#key(event));
  }

  add(tile) {
    this.#tiles.push(tile);
    this.#seen.add(tile); // until we know better
    this.#root.append(tile.element);
    tile.button.addEventListener('click', () => this.enlarge(this.#enlarged === tile ? null : tile));
    this.#resizes.observe(tile.button);
    this.#intersections.observe(tile.element);
    this.layout();
  }

  remove(tile) {
    this.#resizes.unobserve(tile.button);
    this.#intersections.unobserve(tile.element);
    this.#seen.delete(tile);
    this.#tiles = this.#tiles.filter((other) => other !== tile);
    if (this.#enlarged === tile) this.enlarge(null);
    tile.remove();
    this.layout();
  }

  /** Whether what predictors say stands beside a picture that is alone or enlarged, and not below it. */
  get hasRoomBeside() {
    return ROOM_BESIDE.matches;
  }

  /** Whether a tile shows how its predictors fare. */
  get showsSide() {
    return this.#tiles.some((tile) => tile.sideWidth > 0);
  }

  /** Whether the tile is on the screen, or nearly. */
  sees(tile) {
    return this.#seen.has(tile);
  }

  /** @param {object|null} tile null: all have the same size again */
  enlarge(tile) {
    if (tile === this.#enlarged) return;
    const before = this.#enlarged;
    this.#enlarged = tile;
    for (const each of this.#tiles) each.setEnlarged(each === tile);
    this.#root.classList.toggle('has-enlarged', tile !== null);
    this.layout();
    const focus = tile ?? before;
    focus?.button.focus({ preventScroll: true });
    focus?.element.scrollIntoView({ block: 'nearest' });
  }

  /** Takes the enlarged tile back; false if there was none. */
  restore() {
    const had = this.#enlarged !== null;
    this.enlarge(null);
    return had;
  }

  /** As large as fits without scrolling, where that is not too small. */
  layout() {
    const { clientWidth, clientHeight } = this.#root.parentElement;
    const style = getComputedStyle(this.#root);
    const space = {
      width: clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
      height: clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
    };
    const first = this.#tiles[0];
    if (!first || space.width <= 0) return;
    const chrome = heightAround(first);
    const aspect = this.#aspect();
    const tile = { aspect, chrome, gap: GAP, least: LEAST_WIDTH };
    const alone = this.#tiles.length === 1;
    this.#root.classList.toggle('has-one', alone);
    const beside = alone && this.hasRoomBeside ? first.sideWidth : 0;
    const { columns, width } = window.innerWidth <= PHONE_WIDTH
      ? { columns: 1, width: space.width }
      : columnsFor(this.#tiles.length, { ...space, width: space.width - beside }, tile);
    this.#root.style.setProperty('--columns', String(columns));
    this.#root.style.setProperty('--tile-width', `${Math.floor(width) + beside}px`);
    this.#root.style.setProperty('--aspect', String(aspect));
    this.#root.style.setProperty('--enlarged-aspect', String(this.#enlarged?.aspect ?? aspect));
    const left = space.height - heightAround(this.#enlarged ?? first);
    this.#root.style.setProperty('--enlarged-height', `${Math.max(160, left)}px`);
  }

  /** One shape for all frames: the pictures' own if they agree. */
  #aspect() {
    const aspects = this.#tiles.map((tile) => tile.aspect);
    const agree = aspects.every((aspect) => Math.abs(aspect - aspects[0]) < 0.01);
    return agree ? Math.min(2.4, Math.max(0.75, aspects[0])) : USUAL_ASPECT;
  }

  #resized(entries) {
    for (const { target } of entries) {
      const tile = this.#tiles.find(({ button }) => button === target);
      if (tile) this.#changed(tile);
      else this.layout();
    }
  }

  #scrolled(entries) {
    for (const { target, isIntersecting } of entries) {
      const tile = this.#tiles.find(({ element }) => element === target);
      if (!tile) continue;
      this.#seen[isIntersecting ? 'add' : 'delete'](tile);
      this.#changed(tile);
    }
  }

  #key(event) {
    const direction = ARROWS[event.key];
    const from = this.#tiles.find(({ button }) => button === document.activeElement);
    if (!direction || !from || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#neighbour(from, direction)?.button.focus();
  }

  /** The nearest tile in that direction; left and right go on in the next line. */
  #neighbour(from, [dx, dy]) {
    const at = centre(from);
    const inOrder = [...this.#tiles].sort((a, b) => centre(a).y - centre(b).y || centre(a).x - centre(b).x);
    if (dx !== 0) return inOrder[inOrder.indexOf(from) + dx];
    const beyond = inOrder.filter((tile) => (centre(tile).y - at.y) * dy > 1);
    const distance = (tile) => Math.abs(centre(tile).y - at.y) * 4 + Math.abs(centre(tile).x - at.x);
    return beyond.sort((a, b) => distance(a) - distance(b))[0];
  }
}

/** Of everything in a tile but the picture. */
function heightAround(tile) {
  return tile.element.offsetHeight - tile.button.offsetHeight;
}

function centre(tile) {
  const { x, y, width, height } = tile.element.getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}
