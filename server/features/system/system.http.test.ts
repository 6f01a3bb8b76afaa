import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";

import { afterEach, describe, expect, test } from "vitest";

import { machineSchema } from "../../../contract/features/system.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { urlsOf } from "./routes.ts";

let app: TestApp | undefined;
afterEach(() => app?.end());

describe("system", () => {
  test("machine health is plausible over HTTP and arrives by itself while watched", async () => {
    app = await startTestApp();
    const machine = await app.call("system.machine", {});
    expect(machine.memoryUsedBytes).toBeGreaterThan(0);
    expect(machine.memoryUsedBytes).toBeLessThan(machine.memoryTotalBytes);
    expect(machine.disks.length).toBeGreaterThan(0);
    const watcher = await app.connect();
    expect(await watcher.emit("system:subscribe", {})).toMatchObject({ ok: true, data: { skipped: 0 } });
    const event = (await watcher.next("system:event")) as { event: unknown };
    expect(machineSchema.parse(event.event).cpuCount).toBe(machine.cpuCount);
  });

  test("a damaged file is set aside, named on the page and in the notifications, and nothing is lost", async () => {
    const directory = await mkdtemp(join(tmpdir(), "portos-"));
    await mkdir(join(directory, "data"), { recursive: true });
    await writeFile(join(directory, "data", "settings.json"), '{"version":1,"data":{"machineName":"de');
    app = await startTestApp({ directory });
    const problems = await app.call("system.problems", {});
    expect(problems.map(({ file }) => file)).toContain("settings.json");
    await expect
      .poll(async () => (await app?.call("notifications.list", {}))?.map(({ title }) => title))
      .toContain("Look at settings.json");
    const kept = (await readdir(join(directory, "data"))).find((name) => name.startsWith("settings.json.damaged-"));
    expect(await readFile(join(directory, "data", kept ?? "missing"), "utf8")).toContain('"machineName":"de');
  });

  test("a change acknowledged before a stop is there after the next start", async () => {
    app = await startTestApp();
    const settings = await app.call("settings.get", {});
    await app.call("settings.put", { body: { ...settings, machineName: "workbench" } });
    const directory = join(app.env.dataDir, "..");
    await app.stop();
    app = await startTestApp({ directory });
    expect((await app.call("settings.get", {})).machineName).toBe("workbench");
  });

  test("addresses: this machine first, then the tailnet by name and number", () => {
    const env = { ports: { server: 1, ui: 2, cdp: 3, browserHealth: 4, cos: 5, autofixer: 6, autofixerUi: 7 } };
    expect(urlsOf(env, { state: "absent", dnsName: "", addresses: [] })).toEqual([
      { kind: "local", url: "http://localhost:2" },
    ]);
    expect(
      urlsOf(env, { state: "running", dnsName: "box.t.ts.net", addresses: ["fd7a::1", "100.64.0.9"] }).map(
        ({ url }) => url,
      ),
    ).toEqual(["http://localhost:2", "http://box.t.ts.net:2", "http://100.64.0.9:2"]);
  });
});
