import { connect } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";

import { silentLogger } from "../../lib/logger.ts";
import { adaAddress, bobAddress, createFakeTailscale, fakeMachine } from "../../lib/testing/fake-tailscale.ts";
import { openGuestScene, statusFor, type GuestScene } from "../../lib/testing/guest-scene.ts";
import { createUiService } from "./ui-service.ts";

let scene: GuestScene;
let port = 0;
let stop: () => unknown = () => undefined;

beforeEach(async () => {
  scene = await openGuestScene();
  await scene.writeList(true);
  port = scene.env.ports.ui;
  const options = { env: scene.env, logger: silentLogger, machine: fakeMachine, tailscale: createFakeTailscale() };
  const app = createUiService(options);
  await app.start();
  stop = () => app.stop();
});

afterEach(async () => {
  await stop();
  await scene.close();
});

test("the list of the file decides, and each edit of it at once; refusals are told to portos-server", async () => {
  expect(await statusFor(port, "/health", adaAddress)).toBe(200);
  expect(await statusFor(port, "/health", null)).toBe(200);
  for (const path of ["/", "/health", "/api/apps"]) expect(await statusFor(port, path, bobAddress)).toBe(403);
  await expect.poll(() => scene.told.filter(({ path }) => path === "/api/access/refusals")).toHaveLength(1);
  expect(JSON.parse(scene.told[0]?.body ?? "")).toMatchObject({
    process: "portos-ui",
    reason: "list",
    what: "GET /",
    caller: { name: "bob@example.org", node: "laptop.tail1.ts.net" },
  });
  await scene.writeList(true, ["laptop"]);
  await expect.poll(() => statusFor(port, "/health", bobAddress)).toBe(200);
  await scene.writeList(false);
  await expect.poll(() => statusFor(port, "/health", "100.64.0.99")).toBe(200);
});

/** Opens a live connection for a peer. */
const open = (from: string) =>
  new Promise<{ isOpen: boolean; closed: Promise<unknown> }>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(
        `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Forwarded-For: ${from}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
      );
    });
    const closed = new Promise((done) => socket.once("close", done));
    socket.on("error", () => socket.destroy());
    socket.once("data", (chunk: Buffer) => {
      resolve({ isOpen: chunk.toString().startsWith("HTTP/1.1 101"), closed });
    });
    void closed.then(() => {
      resolve({ isOpen: false, closed });
    });
  });

test("a live connection through portos-ui is cut when its caller is taken off the list", async () => {
  await scene.writeList(true, ["laptop"]);
  await expect.poll(() => statusFor(port, "/health", bobAddress)).toBe(200);
  const [hers, his] = await Promise.all([open(adaAddress), open(bobAddress)]);
  expect([hers.isOpen, his.isOpen, (await open("100.64.0.99")).isOpen]).toEqual([true, true, false]);
  await scene.writeList(true);
  await his.closed;
  expect(await Promise.race([hers.closed.then(() => "closed"), Promise.resolve("open")])).toBe("open");
});
