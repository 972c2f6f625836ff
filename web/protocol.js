/**
 * The bytes and texts of framecast.v1, as docs/reference describes them. Pure: bytes in, objects out.
 * What cannot be understood becomes null, never an exception: one bad message must not stop the wall.
 */

export const PROTOCOL = 'framecast.v1';

const VERSION = 1;
const KIND_PICTURE = 1;
const HEADER_BYTES = 32;
const CODECS = new Map([[1, 'jpeg'], [2, 'h264']]);
const FLAG_KEY = 1;
const FLAG_DISCONTINUITY = 2;

/**
 * @typedef {object} Picture
 * @property {number} streamId
 * @property {'jpeg'|'h264'} codec
 * @property {boolean} key
 * @property {boolean} discontinuity
 * @property {number} seq
 * @property {number} capturedAt milliseconds since the epoch
 * @property {number} width
 * @property {number} height
 * @property {number} leftOut pictures the server left out before this one, for this viewer
 * @property {Uint8Array} bytes a view into the message
 */

/**
 * @param {ArrayBuffer} buffer one binary message
 * @returns {Picture|null} null for a message that is too short, or of a kind we do not know
 */
export function parsePicture(buffer) {
  if (buffer.byteLength < HEADER_BYTES) return null;
  const view = new DataView(buffer);
  if (view.getUint8(0) !== VERSION || view.getUint8(1) !== KIND_PICTURE) return null;
  const headerBytes = view.getUint16(6);
  const codec = CODECS.get(view.getUint8(4));
  if (!codec || headerBytes < HEADER_BYTES || headerBytes > buffer.byteLength) return null;
  const flags = view.getUint8(5);
  return {
    streamId: view.getUint16(2),
    codec,
    key: (flags & FLAG_KEY) !== 0,
    discontinuity: (flags & FLAG_DISCONTINUITY) !== 0,
    seq: Number(view.getBigUint64(8)),
    capturedAt: Number(view.getBigUint64(16)) / 1000,
    width: view.getUint32(24),
    height: view.getUint16(28),
    leftOut: view.getUint16(30),
    bytes: new Uint8Array(buffer, headerBytes),
  };
}

/**
 * @typedef {object} DetectedObject
 * @property {string} label
 * @property {number|null} score
 * @property {[number, number, number, number]} box x, y, width, height as fractions of the picture
 * @property {number|null} track
 */

/**
 * @param {string} text one text message
 * @returns {{type: string, [member: string]: any}|null} predictions have only objects with a usable box
 */
export function parseMessage(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (message === null || typeof message !== 'object' || typeof message.type !== 'string') return null;
  if (message.type === 'prediction') return cleanPrediction(message);
  return message;
}

/** The address of the live connection beside the page, wherever the page is mounted. */
export function liveAddress(pageAddress) {
  const address = new URL('live', pageAddress);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  address.hash = '';
  address.search = '';
  return address.href;
}

function cleanPrediction(message) {
  if (!Number.isSafeInteger(message.seq) || typeof message.stream !== 'string') return null;
  const objects = Array.isArray(message.objects) ? message.objects : [];
  return {
    ...message,
    latency_ms: finiteOrNull(message.latency_ms),
    objects: objects.map(cleanObject).filter((object) => object !== null),
    data: message.data ?? null,
  };
}

function cleanObject(object) {
  const box = object?.box;
  if (!Array.isArray(box) || box.length !== 4 || !box.every(Number.isFinite)) return null;
  return {
    label: typeof object.label === 'string' ? object.label : '',
    score: finiteOrNull(object.score),
    box,
    track: Number.isSafeInteger(object.track) ? object.track : null,
  };
}

function finiteOrNull(value) {
  return Number.isFinite(value) ? value : null;
}
