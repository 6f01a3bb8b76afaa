import { once } from "node:events";
import { connect } from "node:net";

import { expect, test } from "vitest";

import { cosSocketPath } from "../contract/internal/cos.ts";
import { silentLogger } from "../lib/logger.ts";
import { parseEnv } from "../lib/env.ts";
import { until, useTemporaryFolders } from "../lib/testing/temporary-folder.ts";
import { startCos } from "./app.ts";

const temporaryFolder = useTemporaryFolders();

test.each([cosSocketPath])("who asks for %s while it stops is refused and keeps nothing from ending", async (path) => {
  const env = parseEnv({ NODE_ENV: "test", PORTOS_DATA_DIR: await temporaryFolder() }, process.cwd());
  const cos = await startCos({ env, logger: silentLogger, port: 0 });
  const socket = connect(cos.port, "127.0.0.1");
  let reply = "";
  socket.on("data", (bytes) => {
    reply += bytes.toString();
  });
  await once(socket, "connect");
  // An answered request first, so that the connection is surely taken; then one that comes after the beginning of the end.
  socket.write(
    `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${cos.port}\r\n\r\nGET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${cos.port}\r\n`,
  );
  await until(() => reply.includes("portos-cos"));
  reply = "";
  const closed = once(socket, "close");
  const stopped = cos.stop();
  socket.write(
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await stopped;
  await closed;
  expect(reply).toMatch(/^HTTP\/1.1 503 /);
});
