import { describe, expect, test } from "vitest";

import { appInputSchema } from "../../../contract/features/apps.ts";
import { importPlanSchema } from "../../../contract/features/detect.ts";
import { drawPlan, slugOf, type Surroundings } from "./draw-plan.ts";
import { emptyFinding, proposal, type Finding, type Proposal } from "./finding.ts";

const alone: Surroundings = { apps: [], panelPorts: [5554], listening: [] };

function script(name: string, weight: number, ports: number[] = []): Finding["proposals"][number] {
  return proposal({
    source: "package.json",
    reason: `script ${name}`,
    name,
    weight,
    ports,
    run: { kind: "npm-script", manager: "npm", script: name, arguments: [] },
  });
}

function selected(findings: Finding[], around = alone): string[] {
  return drawPlan("/home/me/blog", findings, around)
    .processes.filter(({ isSelected }) => isSelected)
    .map(({ process }) => process.name);
}

describe("what is ticked", () => {
  const scripts = { ...emptyFinding(), proposals: [script("dev", 30), script("start", 26)] };
  const procfile = {
    ...emptyFinding(),
    proposals: ["web", "worker"].map((name) => ({ ...script(name, 60), source: "Procfile" })),
  };
  const running = {
    ...emptyFinding(),
    proposals: [
      proposal({
        source: "PM2",
        reason: "",
        name: "blog",
        weight: 200,
        run: { kind: "linked", home: "user", name: "blog" },
      }),
    ],
  };

  test("one script alone, a whole Procfile, what runs already before all", () => {
    expect(selected([scripts])).toEqual(["dev"]);
    expect(selected([scripts, procfile])).toEqual(["web", "worker"]);
    expect(selected([scripts, procfile, running])).toEqual(["blog"]);
    expect(selected([{ ...emptyFinding(), proposals: [script("x", 0)] }])).toEqual([]);
  });

  test("beside a running process the others say so", () => {
    const plan = drawPlan("/home/me/blog", [scripts, running], alone);
    expect(plan.processes[0]?.conflicts.map(({ kind }) => kind)).toEqual(["already_running"]);
  });
});

const messages = (around: Partial<Surroundings>, port = 3000): string[] =>
  drawPlan("/x", [{ ...emptyFinding(), proposals: [script("dev", 30, [port])] }], {
    ...alone,
    ...around,
  }).processes[0]?.conflicts.map(({ message }) => message) ?? [];

describe("conflicts", () => {
  const findings = [{ ...emptyFinding(), name: "blog", proposals: [script("dev", 30, [3000])] }];

  test("a taken id gets a number, a registered folder is named", () => {
    const apps = [{ id: "blog", name: "My blog", folder: "/home/me/blog", ports: [] }];
    const plan = drawPlan("/home/me/blog", findings, { ...alone, apps });
    expect(plan.id).toBe("blog-2");
    expect(plan.conflicts.map(({ message }) => message)).toEqual([
      "The id blog belongs to My blog",
      "This folder is registered already as My blog",
    ]);
  });

  test("a taken port says by whom: program, app or the panel", () => {
    expect(messages({ listening: [{ port: 3000, address: "::", pid: 7, command: "ruby x" }] })).toEqual([
      "Port 3000 is taken by ruby x (pid 7)",
    ]);
    expect(messages({ listening: [{ port: 3000, address: "::", pid: null, command: null }] })[0]).toContain(
      "another user",
    );
    expect(messages({ apps: [{ id: "s", name: "Shop", folder: "/s", ports: [3000] }] })).toEqual([
      "Port 3000 is used by the app Shop",
    ]);
    expect(messages({}, 5554)).toEqual(["Port 5554 belongs to PortOS"]);
  });

  test("two ticked processes on one port are told apart", () => {
    const both = ["a", "b"].map((name) => ({ ...script(name, 60, [3000]), source: "Procfile" }));
    const plan = drawPlan("/x", [{ ...emptyFinding(), proposals: both }], alone);
    expect(plan.processes.map(({ conflicts }) => conflicts.map(({ kind }) => kind))).toEqual([
      ["port_shared"],
      ["port_shared"],
    ]);
  });
});

test("a port of .env is taken over where the project names none itself", () => {
  const plan = drawPlan("/x", [{ ...emptyFinding(), proposals: [script("dev", 30)], ports: [4111] }], alone);
  expect(plan.processes[0]?.process.ports).toEqual([4111]);
  expect(plan.links).toEqual([{ kind: "port", label: "dev", port: 4111, path: "/" }]);
});

const portsOf = (proposals: Proposal[]) =>
  drawPlan("/x", [{ ...emptyFinding(), proposals, ports: [4111] }], alone).processes.map(
    ({ process }) => process.ports,
  );

test("a port of .env goes to one process, and to none when one names it already", () => {
  const web = { ...script("web", 60), ports: [] };
  const worker = { ...script("worker", 60), ports: [] };
  expect(portsOf([web, worker])).toEqual([[4111], []]);
  expect(portsOf([{ ...web, ports: [4111] }, worker])).toEqual([[4111], []]);
});

test("whatever names a project has, its plan fits the contract and can be imported as it stands", () => {
  for (const name of [
    "🚀",
    "a".repeat(300),
    "Ünï cödé",
    "../../etc",
    "con\u0000trol\u001b[31m",
    "-",
    "日本語",
    "x--y__z",
  ]) {
    const proposals = [script(name, 60), script(name, 60), { ...script("ok", 60), environment: { API_TOKEN: "s" } }];
    const plan = importPlanSchema.parse(
      drawPlan("/x", [{ ...emptyFinding(), name, description: name, proposals }], alone),
    );
    const input = {
      id: plan.id,
      name: plan.name,
      description: plan.description,
      folder: plan.folder,
      links: plan.links,
      processes: plan.processes.map(({ process }) => process),
    };
    const parsed = appInputSchema.safeParse(input);
    expect(parsed.error?.issues ?? [], name).toEqual([]);
    const isUsable = name.length <= 200 && !/\p{Cc}/u.test(name);
    expect(new Set(input.processes.map((process) => process.name)).size).toBe(isUsable ? 3 : 1);
    expect(input.processes.at(-1)?.environment).toEqual([{ name: "API_TOKEN", value: "s", isSecret: true }]);
  }
});

test.each([
  ["My Blog!", "my-blog"],
  ["Crème brûlée", "creme-brulee"],
  ["🚀", "app"],
  ["--a--", "a"],
])("%s becomes %s", (name, id) => {
  expect(slugOf(name)).toBe(id);
});
