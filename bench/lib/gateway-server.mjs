// The other side of bench/gateway-http.mjs, in a process of its own so that it does not stand in the way of the caller.
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

const small = Buffer.from(
  JSON.stringify({ items: Array.from({ length: 20 }, (_, id) => ({ id, name: `item ${id}` })) }),
);
const packed = gzipSync(small);

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  const isPacked = request.url === "/packed";
  const body = isPacked ? packed : small;
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": body.length,
    ...(isPacked ? { "content-encoding": "gzip" } : {}),
  });
  response.end(body);
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("disconnect", () => process.exit());
