import { afterEach, beforeEach, expect, test } from "vitest";

import { silentLogger } from "../../lib/logger.ts";
import { adaAddress, bobAddress, createFakeTailscale, fakeMachine } from "../../lib/testing/fake-tailscale.ts";
import { openGuestScene, statusFor, type GuestScene } from "../../lib/testing/guest-scene.ts";
import { createAutofixerUi } from "./app.ts";

let scene: GuestScene;
let port = 0;
let stop: () => unknown = () => undefined;

beforeEach(async () => {
  scene = await openGuestScene();
  await scene.writeList(true);
  port = scene.env.ports.autofixerUi;
  const options = { env: scene.env, logger: silentLogger, machine: fakeMachine, tailscale: createFakeTailscale() };
  const app = await createAutofixerUi(options);
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
    process: "portos-autofixer-ui",
    reason: "list",
    what: "GET /",
    caller: { name: "bob@example.org", node: "laptop.tail1.ts.net" },
  });
  await scene.writeList(true, ["laptop"]);
  await expect.poll(() => statusFor(port, "/health", bobAddress)).toBe(200);
  await scene.writeList(false);
  await expect.poll(() => statusFor(port, "/health", "100.64.0.99")).toBe(200);
});
