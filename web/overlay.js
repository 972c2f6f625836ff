/** Boxes with their labels, drawn over a picture on a canvas. */

const FONT = '600 {}px system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';
const GOLDEN_ANGLE = 137.508;
const LABEL_OVERHANG = 1.2; // a label may be that much wider than its box
const LABEL_MIN_PX = 24;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} place of the picture on the canvas
 * @param {import('./protocol.js').DetectedObject[]} objects
 * @param {number} scale device pixels per CSS pixel
 */
export function drawBoxes(context, place, objects, scale) {
  const fontPx = Math.round(11 * scale);
  context.save();
  context.font = FONT.replace('{}', String(fontPx));
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  const boxes = objects.map((object) => ({ object, at: placeBox(object.box, place) }));
  for (const { object, at } of boxes) drawBox(context, at, colourOf(object), scale);
  for (const { object, at } of boxes) drawLabel(context, at, object, place, fontPx, scale);
  context.restore();
}

/** The same track, or else the same label, always has the same colour. */
export function colourOf({ track, label }) {
  const key = track ?? [...label].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7);
  return `oklch(0.82 0.16 ${Math.round((key * GOLDEN_ANGLE + 150) % 360)})`;
}

/** "person 91% #7"; what is not known is left out. */
export function captionOf({ label, score, track }) {
  const parts = [label || 'object'];
  if (score !== null) parts.push(`${Math.round(score * 100)}%`);
  if (track !== null) parts.push(`#${track}`);
  return parts.join(' ');
}

/**
 * The longest caption that is hardly wider than its box, so that people side by side keep theirs apart.
 * @param {(text: string) => number} measure
 */
export function fittingCaption(object, room, measure) {
  const { track, label, score } = object;
  const captions = [captionOf(object), captionOf({ label, track, score: null })];
  captions.push(track !== null ? `#${track}` : label || (score !== null ? `${Math.round(score * 100)}%` : ''));
  return captions.find((caption) => measure(caption) <= room) ?? captions.at(-1);
}

function placeBox([x, y, width, height], place) {
  return {
    x: place.x + x * place.width,
    y: place.y + y * place.height,
    width: width * place.width,
    height: height * place.height,
  };
}

function drawBox(context, at, colour, scale) {
  context.strokeStyle = 'rgb(0 0 0 / 55%)';
  context.lineWidth = 3.5 * scale;
  context.strokeRect(at.x, at.y, at.width, at.height);
  context.strokeStyle = colour;
  context.lineWidth = 1.75 * scale;
  context.strokeRect(at.x, at.y, at.width, at.height);
}

function drawLabel(context, at, object, place, fontPx, scale) {
  const pad = 4 * scale;
  const room = Math.max(at.width * LABEL_OVERHANG, LABEL_MIN_PX * scale);
  const caption = fittingCaption(object, room, (text) => context.measureText(text).width + 2 * pad);
  const height = fontPx + 5 * scale;
  const width = context.measureText(caption).width + 2 * pad;
  const left = Math.max(place.x, Math.min(at.x - scale, place.x + place.width - width));
  const above = at.y - height - scale;
  const top = above >= place.y ? above : Math.max(place.y, at.y);
  context.fillStyle = colourOf(object);
  context.fillRect(left, top, width, height);
  context.fillStyle = '#0b0e12';
  context.fillText(caption, left + pad, top + height / 2 + scale * 0.5);
}
