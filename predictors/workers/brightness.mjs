#!/usr/bin/env node
// How bright a picture is. Node has no shared memory to map: it reads the picture from the descriptor.
import { readSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";

const say = (message) => writeSync(1, JSON.stringify(message) + "\n");
let hello;
let pixels = Buffer.alloc(0);

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (!hello) {
    hello = message;
    say({ ready: true, name: "brightness-node", format: "gray8", width: 320 });
    continue;
  }
  if (pixels.length !== message.size) {
    pixels = Buffer.alloc(message.size);
  }
  readSync(hello.shm_fd, pixels, 0, message.size, message.offset);
  let sum = 0;
  for (const pixel of pixels) {
    sum += pixel;
  }
  say({ seq: message.seq, data: { brightness: sum / pixels.length / 255 } });
}
