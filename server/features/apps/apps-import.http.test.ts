import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { ImportPlan } from "../../../contract/features/detect.ts";
import { createFakePm2 } from "../../testing/fake-pm2.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

/** As long as what is polled may take. */
const patience = { timeout: 15_000 };

let directory: string;
let project: string;
let panel: TestApp;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "portos-import-")));
  project = join(directory, "blog");
  await mkdir(project);
  const pm2Clients = { portos: createFakePm2("portos").client, user: createFakePm2("user").client };
  panel = await startTestApp({ directory, pm2Clients });
});
afterEach(async () => {
  await panel.stop();
  await rm(directory, { recursive: true, force: true });
});

function register() {
  return panel.call("apps.create", { body: { name: "Blog", folder: project, processes: [] } });
}

function icon(): Promise<Response> {
  return fetch(`${panel.base}/api/apps/blog/icon`);
}

describe("import", () => {
  test("detection streams its steps, the plan imports as it stands, deleting undoes it", async () => {
    await writeFile(
      join(project, "package.json"),
      JSON.stringify({ name: "My Blog", scripts: { dev: "vite" }, devDependencies: { vite: "8" } }),
    );
    const { emit, next, socket } = await panel.connect();
    const steps: string[] = [];
    socket.on("detect:step", ({ step }: { step: { detector: string; state: string } }) => {
      if (step.state !== "running") steps.push(`${step.detector}: ${step.state}`);
    });
    const done = next("detect:done");
    expect(await emit("detect:start", { folder: project })).toMatchObject({ ok: true, data: { folder: project } });
    const { plan } = (await done) as { plan: ImportPlan };
    expect(steps).toContain("package.json: found");
    expect(steps).toHaveLength(10);
    const { id, name, description, folder, links } = plan;
    const processes = plan.processes.filter(({ isSelected }) => isSelected).map(({ process }) => process);
    const app = await panel.call("apps.create", {
      body: { id, name, description, folder, links, processes, origin: "import" },
    });
    expect(app).toMatchObject({ id: "my-blog", origin: "import", processes: [{ name: "dev", ports: [5173] }] });
    await panel.call("apps.remove", { params: { id } });
    expect(await panel.call("apps.list", {})).toEqual([]);
  });

  test("a folder that is none is refused before anything is looked at", async () => {
    const { emit } = await panel.connect();
    expect(await emit("detect:start", { folder: join(project, "nope") })).toMatchObject({
      ok: false,
      error: { code: "not_found" },
    });
  });

  test("the sample app is registered in place, once, on a port nobody has", async () => {
    const [first, twin] = await Promise.all([1, 2].map(() => panel.call("apps.createSample", {})));
    expect(twin?.id).toBe(first?.id);
    expect(first).toMatchObject({
      id: "hello-app",
      origin: "sample",
      folder: join(process.cwd(), "examples/hello-app"),
    });
    expect((await panel.call("apps.createSample", {})).id).toBe("hello-app");
    expect(await panel.call("apps.list", {})).toHaveLength(1);
    await vi.waitFor(async () => {
      expect((await panel.call("apps.get", { params: { id: "hello-app" } })).iconVersion).not.toBeNull();
    }, patience);
  });
});

describe("icons", () => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`;

  test("are typed by content and served so that nothing in them can run", async () => {
    await mkdir(join(project, "public"));
    await writeFile(join(project, "public/favicon.ico"), svg);
    const { iconVersion } = await register();
    expect(iconVersion).not.toBeNull();
    const response = await icon();
    expect(response.headers.get("content-type")).toBe("image/svg+xml");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'.*sandbox/);
  });

  test("HTML under a picture's name and links out of the folder are no icons", async () => {
    await writeFile(join(project, "favicon.png"), "<html><script>alert(1)</script></html>");
    await writeFile(join(directory, "outside.svg"), svg);
    await symlink(join(directory, "outside.svg"), join(project, "favicon.svg"));
    expect((await register()).iconVersion).toBeNull();
    expect((await icon()).status).toBe(404);
  });
});
