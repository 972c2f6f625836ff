// Node's ws as the other side:
//
//     ws_echo.mjs serve DEFLATE          echo server; prints its port
//     ws_echo.mjs connect PORT DEFLATE   send one message after the other, hold each echo against what
//                                        was sent, close with 4321; exit status 0 when all was right

import { createRequire } from "node:module";

const WebSocket = createRequire(import.meta.url)("/usr/share/nodejs/ws"); // where Debian puts it

const [verb, ...rest] = process.argv.slice(2);
const perMessageDeflate = rest.at(-1) === "on" ? { threshold: 100 } : false;

function serve() {
    const server = new WebSocket.Server({ port: 0, host: "127.0.0.1", perMessageDeflate });
    server.on("connection", (socket) => {
        socket.on("message", (data, isBinary) => {
            if (data.length === 5 && data.toString() === "parts") {
                socket.send("in ", { fin: false });
                socket.send("three ", { fin: false });
                socket.send("parts", { fin: true });
            } else {
                socket.send(data, { binary: isBinary });
            }
        });
    });
    server.on("listening", () => console.log(server.address().port));
}

function visit(port) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, ["superchat"], { perMessageDeflate });
    const sizes = [0, 1, 125, 126, 1000, 65535, 65536, 1000000];
    const messages = sizes.flatMap((size) => ["é".repeat(size / 2), Buffer.alloc(size, "binary")]);
    let at = 0;
    const next = () => (at < messages.length ? socket.send(messages[at]) : socket.ping("last"));
    socket.on("open", () => {
        const isDeflated = socket.extensions.includes("permessage-deflate");
        if (socket.protocol !== "superchat" || isDeflated !== Boolean(perMessageDeflate)) {
            process.exit(3);
        }
        next();
    });
    socket.on("message", (data, isBinary) => {
        const sent = messages[at++];
        const isSame = isBinary ? data.equals(sent) : data.toString() === sent;
        if (!isSame) {
            process.exit(4);
        }
        next();
    });
    socket.on("pong", (data) => (data.toString() === "last" ? socket.close(4321, "done") : process.exit(5)));
    socket.on("close", (code) => process.exit(code === 4321 ? 0 : 6));
    socket.on("error", () => process.exit(7));
}

if (verb === "serve") {
    serve();
} else {
    visit(rest[0]);
}
