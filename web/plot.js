/** A small plot of a History: the mean as a line, the largest value as a shade above it. */

const SCALE_STEPS = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000];

/** The end of the axis: the next round number above what is shown. */
export function axisEnd(points) {
  const highest = points.reduce((high, point) => Math.max(high, point?.max ?? 0), 0);
  return SCALE_STEPS.find((step) => step >= highest) ?? highest;
}

/**
 * @param {HTMLCanvasElement} canvas its CSS colour is the line's
 * @param {({mean: number, max: number}|null)[]} points oldest first; null is a gap
 * @returns {number} the value at the upper edge
 */
export function drawPlot(canvas, points) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  const end = axisEnd(points);
  if (width === 0 || height === 0) return end;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  context.clearRect(0, 0, width, height);
  const colour = getComputedStyle(canvas).color;
  const x = (i) => ((i + 0.5) / points.length) * width;
  const y = (value) => height - ratio - (Math.max(0, value) / end) * (height - 2 * ratio);
  context.strokeStyle = context.fillStyle = colour;
  context.globalAlpha = 0.22;
  points.forEach((point, i) => {
    if (point) context.fillRect(x(i - 0.5), y(point.max), width / points.length + 0.5, height - y(point.max));
  });
  context.globalAlpha = 1;
  context.lineWidth = 1.25 * ratio;
  context.stroke(pathOf(points, x, y));
  return end;
}

function pathOf(points, x, y) {
  const path = new Path2D();
  let drawing = false;
  points.forEach((point, i) => {
    if (point) path[drawing ? 'lineTo' : 'moveTo'](x(i), y(point.mean));
    drawing = point !== null;
  });
  return path;
}
