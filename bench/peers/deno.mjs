// SPDX-License-Identifier: MIT
// deno.mjs PORT MODE [SIZE]: the work of bench/server with Deno's own server (fastwebsockets).
import { setImmediate } from 'node:timers';

const [port, mode, size = '1000'] = Deno.args;
const AHEAD_BYTES = 256 * 1024;
const record = new Uint8Array(Number(size)).fill(120);
const clients = new Set();
const waiting = new Set(); // clients with messages left and bytes queued
let received = 0;

// Queued for a client at a time: AHEAD_BYTES, or one message if that is more.
function feed(client) {
  while (client.left > 0 && (client.bufferedAmount === 0 || client.bufferedAmount < AHEAD_BYTES)) {
    client.left -= 1;
    client.send(record);
  }
  if (client.left > 0) waiting.add(client);
  else waiting.delete(client);
}

// There is no event for "drained", so those who wait are looked at in every turn of the loop.
function feedWaiting() {
  for (const client of waiting) feed(client);
  if (waiting.size > 0) setImmediate(feedWaiting);
}

function go(text) {
  const count = typeof text === 'string' && text.startsWith('go ') ? Number(text.slice(3)) : 0;
  const wasQuiet = waiting.size === 0;
  for (const client of clients) {
    client.left += count;
    feed(client);
  }
  if (wasQuiet) feedWaiting();
}

const handlers = {
  sink(client) { client.onmessage = () => { received += 1; }; },
  echo(client) { client.onmessage = (event) => client.send(event.data); },
  broadcast(client) { client.onmessage = (event) => go(event.data); },
};

Deno.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  onListen: (address) => console.log(`ws://127.0.0.1:${address.port}/`),
}, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.binaryType = 'arraybuffer';
  socket.left = 0;
  socket.onopen = () => clients.add(socket);
  socket.onclose = () => { clients.delete(socket); waiting.delete(socket); };
  socket.onerror = () => {};
  handlers[mode](socket);
  return response;
});
