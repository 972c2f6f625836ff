// SPDX-License-Identifier: MIT
// ws.mjs PORT MODE [SIZE]: the work of bench/server with Node.js and ws.
import { WebSocketServer } from 'ws';

const [port, mode, size = '1000'] = process.argv.slice(2);
const AHEAD_BYTES = 256 * 1024;
const record = Buffer.alloc(Number(size), 'x');
const clients = new Set();
let received = 0;

// Queued for a client at a time: AHEAD_BYTES, or one message if that is more.
function feed(client) {
  while (client.left > 0 && (client.bufferedAmount === 0 || client.bufferedAmount < AHEAD_BYTES)) {
    client.left -= 1;
    client.send(record, client.resume);
  }
}

const handlers = {
  sink(client) {
    client.on('message', () => { received += 1; });
  },
  echo(client) {
    client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
  },
  broadcast(client) {
    client.left = 0;
    client.resume = () => feed(client);
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('message', (data) => {
      const text = data.toString();
      if (!text.startsWith('go ')) return;
      for (const each of clients) {
        each.left += Number(text.slice(3));
        feed(each);
      }
    });
  },
};

const server = new WebSocketServer({
  host: '127.0.0.1', port: Number(port), backlog: 4096,
  perMessageDeflate: false, maxPayload: 64 * 1024 * 1024,
});
server.on('connection', (client) => {
  client.on('error', () => {});
  handlers[mode](client);
});
server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}/`));
