/** Sizes: how wide a picture to ask for, how many columns the wall has, where a picture lies in its frame. Pure. */

const STEPS = [320, 640, 960, 1280];

/**
 * The width to ask the server for: the shown width rounded up to one of a few steps, so that viewers share
 * renditions. null means the source's own.
 * @param {number} shown width on the screen, device pixels
 * @param {number|null} source width of the source, pixels, null when not known yet
 */
export function widthToAsk(shown, source) {
  const step = STEPS.find((candidate) => candidate >= shown) ?? null;
  if (step === null || (source !== null && source <= step)) return null;
  return step;
}

/**
 * The number of columns with which `count` tiles are largest and still all fit into the space.
 * @param {number} count
 * @param {{width: number, height: number}} space CSS pixels
 * @param {{aspect: number, chrome: number, gap: number, least: number}} tile aspect of the picture, height of
 *   what surrounds it, distance between tiles, least width
 */
export function columnsFor(count, space, tile) {
  let best = { columns: 1, width: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const byWidth = (space.width - (columns - 1) * tile.gap) / columns;
    const byHeight = ((space.height - (rows - 1) * tile.gap) / rows - tile.chrome) * tile.aspect;
    const width = Math.min(byWidth, byHeight);
    if (width > best.width) best = { columns, width };
  }
  if (best.width >= tile.least) return best;
  const columns = Math.max(1, Math.floor((space.width + tile.gap) / (tile.least + tile.gap)));
  return { columns, width: Math.floor((space.width - (columns - 1) * tile.gap) / columns) };
}

/** The largest rectangle of the picture's shape in the middle of the frame. */
export function contain(picture, frame) {
  const scale = Math.min(frame.width / picture.width, frame.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: (frame.width - width) / 2, y: (frame.height - height) / 2, width, height };
}
