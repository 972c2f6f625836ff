import { test } from 'node:test';
import assert from 'node:assert/strict';
import { liveAddress, parseMessage, parsePicture } from '../../../web/protocol.js';

function message({ version = 1, kind = 1, codec = 1, flags = 0, headerBytes = 32, seq = 7n, body = [0xff, 0xd8] } = {}) {
  const bytes = new Uint8Array(Math.max(headerBytes, 32) + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, version);
  view.setUint8(1, kind);
  view.setUint16(2, 513);
  view.setUint8(4, codec);
  view.setUint8(5, flags);
  view.setUint16(6, headerBytes);
  view.setBigUint64(8, seq);
  view.setBigUint64(16, 1763688000123456n);
  view.setUint32(24, 70000);
  view.setUint16(28, 720);
  view.setUint16(30, 3);
  bytes.set(body, Math.max(headerBytes, 32));
  return bytes.buffer;
}

test('picture/every field of the header', () => {
  const picture = parsePicture(message({ flags: 3, seq: 2n ** 40n + 1n }));
  assert.deepEqual({ ...picture, bytes: [...picture.bytes] }, {
    streamId: 513, codec: 'jpeg', key: true, discontinuity: true, seq: 2 ** 40 + 1, capturedAt: 1763688000123.456,
    width: 70000, height: 720, leftOut: 3, bytes: [0xff, 0xd8],
  });
});

test('picture/a longer header is skipped', () => {
  assert.deepEqual([...parsePicture(message({ headerBytes: 40, body: [9] })).bytes], [9]);
});

test('picture/h264 is named, flags are told apart', () => {
  const { codec, key, discontinuity } = parsePicture(message({ codec: 2, flags: 2 }));
  assert.deepEqual([codec, key, discontinuity], ['h264', false, true]);
});

test('picture/every shorter prefix of the header is refused', () => {
  const whole = message({ body: [] });
  for (let size = 0; size < 32; size += 1) assert.equal(parsePicture(whole.slice(0, size)), null);
  assert.notEqual(parsePicture(whole), null);
});

test('picture/unknown versions, kinds, codecs and impossible header sizes are refused', () => {
  for (const wrong of [{ version: 2 }, { kind: 2 }, { codec: 9 }, { headerBytes: 31 }]) {
    assert.equal(parsePicture(message(wrong)), null, JSON.stringify(wrong));
  }
  const short = message({ headerBytes: 40, body: [] }).slice(0, 39);
  assert.equal(parsePicture(short), null);
});

test('message/what is not an object with a type is refused', () => {
  for (const text of ['', '{', 'null', '3', '[]', '{}', '{"type":4}']) assert.equal(parseMessage(text), null, text);
  assert.deepEqual(parseMessage('{"type":"stream","id":1}'), { type: 'stream', id: 1 });
});

test('message/objects without a usable box are left out, the others are completed', () => {
  const { objects, data, latency_ms: latency } = parseMessage(JSON.stringify({
    type: 'prediction', stream: 'a', seq: 4, objects: [
      { box: [0, 0, 1] }, null, { label: 'x', box: [0, 0, 1, 'a'] }, { label: 'cat', score: 0.5, box: [0, 0.1, 0.2, 0.3], track: 2 },
      { box: [0, 0, 1, 1] },
    ],
  }));
  assert.deepEqual(objects, [
    { label: 'cat', score: 0.5, box: [0, 0.1, 0.2, 0.3], track: 2 },
    { label: '', score: null, box: [0, 0, 1, 1], track: null },
  ]);
  assert.deepEqual([data, latency], [null, null]);
});

test('message/a prediction without seq or stream is refused', () => {
  assert.equal(parseMessage('{"type":"prediction","stream":"a","seq":"4"}'), null);
  assert.equal(parseMessage('{"type":"prediction","seq":4}'), null);
});

test('address/live lies beside the page', () => {
  assert.equal(liveAddress('http://h:1/'), 'ws://h:1/live');
  assert.equal(liveAddress('https://h/cameras/?x=1#y'), 'wss://h/cameras/live');
});
