/** The page: the connection, the streams and the wall, wired together. */

import { Connection } from './connection.js';
import { ServerClock } from './clock.js';
import { Banner } from './banner.js';
import { Stream } from './stream.js';
import { Tile } from './tile.js';
import { Wall } from './wall.js';
import { setText } from './dom.js';
import * as format from './format.js';

const REFRESH_MS = 500;
const NOTE_MS = 8000;
const LIST_MS = 10000;
const LIST_SHOWN_MS = 2000; // while somebody sees the predictors' numbers, which come with the list

const byName = new Map();
const byId = new Map();
const clock = new ServerClock();
const summary = document.getElementById('summary');
const wall = new Wall(document.getElementById('wall'), tileChanged);
const banner = new Banner(document.getElementById('banner'), () => connection.start());
const connection = new Connection(document.baseURI, clock, {
  status: statusChanged,
  list: listArrived,
  message: messageArrived,
  picture: (picture) => byId.get(picture.streamId)?.picture(picture),
});

function statusChanged(status) {
  banner.setStatus(status);
  document.body.classList.toggle('is-lost', status.state !== 'open');
  if (status.state === 'open') return;
  byId.clear();
  for (const stream of byName.values()) stream.disconnected();
}

/** Also of streams that began or ended while we watched the others. */
function listArrived(list) {
  const names = new Set(list.map(({ name }) => name));
  for (const name of [...byName.keys()]) if (!names.has(name)) removeStream(name);
  for (const { name } of list) if (!byName.has(name)) addStream(name);
  for (const info of list) byName.get(info.name).describe(info);
  // Only now every tile has its size, and the server can be asked for the right width.
  for (const stream of byName.values()) if (!stream.subscribed) stream.subscribe();
  banner.setNote(list.length === 0 ? 'This server has no streams yet.' : '');
}

function addStream(name) {
  const tile = new Tile(name);
  const stream = new Stream({ name, tile, clock, send: (message) => connection.send(message) });
  tile.setBoxesVisible(switches.boxes.on);
  stream.setRunning(!document.hidden);
  byName.set(name, stream);
  wall.add(tile);
  return stream;
}

function removeStream(name) {
  const stream = byName.get(name);
  byName.delete(name);
  for (const [id, other] of byId) if (other === stream) byId.delete(id);
  stream.unsubscribe();
  wall.remove(stream.tile);
}

function messageArrived(message) {
  const stream = byName.get(message.stream);
  if (message.type === 'stream' && stream) {
    byId.set(message.id, stream);
    stream.changed(message);
  } else if (message.type === 'prediction') {
    stream?.prediction(message);
  } else if (message.type === 'error') {
    reportError(message, stream);
  }
}

function reportError({ code, message }, stream) {
  const text = String(message ?? code);
  if (stream) {
    stream.failed(text);
    return;
  }
  banner.setNote(text);
  setTimeout(() => banner.setNote(''), NOTE_MS);
}

function tileChanged(tile) {
  const stream = [...byName.values()].find((each) => each.tile === tile);
  stream?.resized();
  stream?.setRunning(!document.hidden && wall.sees(tile));
}

function visibilityChanged() {
  for (const stream of byName.values()) stream.setRunning(!document.hidden && wall.sees(stream.tile));
  if (!document.hidden && connection.status.state === 'lost') connection.start();
}

/** Twice a second is as fast as numbers can be read. */
function refresh() {
  banner.refresh(performance.now());
  if (document.hidden) return;
  const streams = [...byName.values()];
  for (const stream of streams) stream.refresh();
  wall.layout();
  connection.pollEvery(wall.showsSide ? LIST_SHOWN_MS : LIST_MS);
  const now = performance.now();
  const rate = streams.reduce((sum, { tally }) => sum + tally.rate(now), 0);
  const bytes = streams.reduce((sum, { tally }) => sum + tally.takeBytes(), 0);
  const bits = (bytes * 8000) / (now - refreshedAt);
  refreshedAt = now;
  const parts = [format.count(streams.length, 'stream'), `${format.rate(rate)} fps`, format.bitrate(bits)];
  setText(summary, connection.status.state === 'open' ? parts.join(' · ') : '');
}

const switches = {
  boxes: { on: true, key: 'b', set: (on) => byName.forEach(({ tile }) => tile.setBoxesVisible(on)) },
  numbers: { on: true, key: 's', set: showNumbers },
  fullscreen: { on: false, key: 'f', set: setFullScreen },
};

function showNumbers(on) {
  document.body.classList.toggle('without-numbers', !on);
  wall.layout();
}

function setFullScreen(on) {
  const done = on ? document.documentElement.requestFullscreen?.() : document.exitFullscreen?.();
  done?.catch(() => markSwitch('fullscreen', false));
}

function flip(name) {
  markSwitch(name, !switches[name].on);
  switches[name].set(switches[name].on);
}

function markSwitch(name, on) {
  switches[name].on = on;
  document.getElementById(`switch-${name}`).setAttribute('aria-pressed', String(on));
}

function keyPressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const name = Object.keys(switches).find((each) => switches[each].key === event.key.toLowerCase());
  if (name) flip(name);
  else if (event.key === 'Escape') wall.restore();
}

let refreshedAt = performance.now();
for (const name of Object.keys(switches)) {
  document.getElementById(`switch-${name}`).addEventListener('click', () => flip(name));
}
document.addEventListener('keydown', keyPressed);
document.addEventListener('visibilitychange', visibilityChanged);
document.addEventListener('fullscreenchange', () => markSwitch('fullscreen', document.fullscreenElement !== null));
window.addEventListener('online', () => connection.start());
setInterval(refresh, REFRESH_MS);
connection.start();
