// SPDX-License-Identifier: MIT
// bun.mjs PORT MODE [SIZE]: the work of bench/server with Bun's own server (a fork of uWebSockets).
const [port, mode, size = '1000'] = process.argv.slice(2);
const AHEAD_BYTES = 256 * 1024;
const record = new Uint8Array(Number(size)).fill(120);
const clients = new Set();
let received = 0;

// Queued for a client at a time: AHEAD_BYTES, or one message if that is more.
function feed(client) {
  while (client.data.left > 0) {
    client.data.left -= 1;
    client.sendBinary(record);
    if (client.getBufferedAmount() >= AHEAD_BYTES) return;
    if (client.getBufferedAmount() > 0 && record.length >= AHEAD_BYTES) return;
  }
}

function go(text) {
  const count = typeof text === 'string' && text.startsWith('go ') ? Number(text.slice(3)) : 0;
  for (const client of clients) {
    client.data.left += count;
    client.cork(() => feed(client));
  }
}

const handlers = {
  sink() { received += 1; },
  echo(client, message) { client.send(message); },
  broadcast(client, message) { go(message); },
};

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  fetch(request, self) {
    return self.upgrade(request, { data: { left: 0 } }) ? undefined : new Response('', { status: 426 });
  },
  websocket: {
    open(client) { clients.add(client); },
    close(client) { clients.delete(client); },
    drain(client) { if (mode === 'broadcast') feed(client); },
    message: handlers[mode],
    maxPayloadLength: 64 * 1024 * 1024,
    backpressureLimit: 128 * 1024 * 1024,
    idleTimeout: 0,
    sendPings: false,
    perMessageDeflate: false,
  },
});
console.log(`ws://127.0.0.1:${server.port}/`);
