import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Connection } from '../../../web/connection.js';
import { ServerClock } from '../../../web/clock.js';
import { Decoder } from '../../../web/decoder.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A page without a network: answers and sockets are in the test's hands. */
function page({ answers }) {
  const timers = new Set();
  const sockets = [];
  const log = { states: [], lists: 0, messages: [], pictures: 0 };
  class Socket {
    sent = [];
    constructor(address, protocol) {
      Object.assign(this, { address, protocol });
      sockets.push(this);
    }
    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.closed = true; }
  }
  const fetch = async () => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === 'gone') throw new TypeError('Failed to fetch');
    return { ok: answer.status === undefined, status: answer.status, json: async () => answer.body };
  };
  let now = 0;
  const after = (ms, action) => {
    const timer = { at: now + ms, action };
    timers.add(timer);
    return timer;
  };
  const pass = async (ms) => {
    now += ms;
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.action();
    await settle();
  };
  const connection = new Connection('http://h/', new ServerClock(), {
    status: ({ state, cause }) => log.states.push(cause ? `${state} ${cause}` : state),
    list: () => { log.lists += 1; },
    message: (message) => log.messages.push(message),
    picture: () => { log.pictures += 1; },
  }, { fetch, WebSocket: Socket, after, cancel: (timer) => timers.delete(timer), now: () => now, random: () => 0.5 });
  return { connection, sockets, log, pass };
}

const GOOD = { body: [{ name: 'a', now: 1 }, { noName: true }] };

test('connection/asks for the list, then opens one socket', async () => {
  const { connection, sockets, log } = page({ answers: [GOOD] });
  connection.send({ type: 'early' });
  connection.start();
  connection.start();
  await settle();
  assert.equal(sockets.length, 1);
  assert.deepEqual([sockets[0].address, sockets[0].protocol], ['ws://h/live', 'framecast.v1']);
  sockets[0].onopen();
  connection.send({ type: 'subscribe' });
  sockets[0].onmessage({ data: '{"type":"stream"}' });
  sockets[0].onmessage({ data: 'nonsense' });
  sockets[0].onmessage({ data: new ArrayBuffer(3) });
  assert.deepEqual(log, { states: ['connecting', 'open'], lists: 1, messages: [{ type: 'stream' }], pictures: 0 });
  assert.deepEqual(sockets[0].sent, [{ type: 'subscribe' }]);
});

test('connection/a server that stops, is gone, and comes back', async () => {
  const { connection, sockets, log, pass } = page({ answers: [GOOD, 'gone', 'gone', GOOD] });
  connection.start();
  await settle();
  sockets[0].onopen();
  sockets[0].onclose({ code: 1001, reason: 'server stops' });
  assert.equal(connection.status.reason, 'server stops');
  await pass(500);
  await pass(1000);
  await pass(1999);
  assert.equal(sockets.length, 1);
  await pass(1);
  sockets[1].onopen();
  assert.deepEqual(log.states, ['connecting', 'open', 'lost stopped', 'connecting stopped', 'lost gone', 'connecting gone',
    'lost gone', 'connecting gone', 'open']);
  assert.equal(log.lists, 2);
});

test('connection/a refusal is told in the server\'s words', async () => {
  const { connection } = page({ answers: [{ status: 403, body: { error: 'this address is not allowed' } }] });
  await connection.start();
  assert.deepEqual([connection.status.cause, connection.status.reason], ['refused', 'this address is not allowed']);
});

test('connection/one that died without a word is found out', async () => {
  const { connection, sockets, pass } = page({ answers: [GOOD, GOOD, 'gone'] });
  connection.start();
  await settle();
  sockets[0].onopen();
  await pass(10000);
  await pass(10000);
  assert.equal(connection.status.state, 'open');
  await pass(10000);
  assert.equal(connection.status.state, 'lost');
  assert.ok(sockets[0].closed);
});

test('connection/the socket of before is not listened to', async () => {
  const { connection, sockets, pass } = page({ answers: [GOOD] });
  connection.start();
  await settle();
  sockets[0].onopen();
  sockets[0].onclose({ code: 1006, reason: '' });
  await pass(500);
  sockets[1].onopen();
  sockets[0].onclose({ code: 1006, reason: '' });
  assert.equal(connection.status.state, 'open');
});

test('decoder/keeps only the newest, one at a time', async () => {
  const log = [];
  const ends = [];
  const decoder = new Decoder({
    decode: () => new Promise((resolve, reject) => ends.push({ resolve, reject })),
    done: (item) => log.push(`done ${item}`),
    dropped: (item, error) => log.push(`dropped ${item}${error ? ' broken' : ''}`),
  });
  [1, 2, 3].forEach((item) => decoder.submit(item));
  assert.ok(decoder.behind);
  ends[0].resolve({});
  await settle();
  ends[1].reject(new Error('not a JPEG'));
  await settle();
  assert.deepEqual(log, ['dropped 2', 'done 1', 'dropped 3 broken']);
  decoder.submit(4);
  let closed = false;
  decoder.clear();
  ends[2].resolve({ close: () => { closed = true; } });
  await settle();
  assert.ok(closed);
  assert.equal(log.at(-1), 'dropped 4');
});
