import { expect, test } from "vitest";

import { parseBusMessage, parseProcessList } from "./pm2-replies.ts";

const entry = (pm2Env: Record<string, unknown>, pid = 10): unknown => ({
  pid,
  pm_id: 3,
  pm2_env: { name: "web", namespace: "app:a", status: "online", created_at: 1000, pm_uptime: 2000, ...pm2Env },
  monit: { memory: 5, cpu: 1.5 },
});

test("an online process has its pid, numbers and times", () => {
  const [found] = parseProcessList([entry({ restart_time: 2, args: ["--x"] })], "portos");
  expect(found).toMatchObject({
    home: "portos",
    pmId: 3,
    pid: 10,
    status: "online",
    cpuPercent: 1.5,
    memoryBytes: 5,
    restarts: 2,
    args: ["--x"],
    onlineSince: "1970-01-01T00:00:02.000Z",
  });
});

test("a process PM2 has given up on is errored although PM2 says it waits", () => {
  const status = { status: "waiting restart" };
  expect(parseProcessList([entry({ ...status, created_at: null }, 0)], "portos")[0]?.status).toBe("errored");
  expect(parseProcessList([entry(status, 0)], "portos")[0]?.status).toBe("stopped");
  expect(parseProcessList([entry(status)], "portos")[0]).toMatchObject({ status: "waiting", pid: null });
});

test("an entry that cannot be read does not hide the others", () => {
  const list = parseProcessList([{ pm_id: "x" }, null, entry({ args: 7, exit_code: "no" })], "user");
  expect(list.map(({ name, args, exitCode }) => ({ name, args, exitCode }))).toEqual([
    { name: "web", args: [], exitCode: null },
  ]);
});

test("bus messages become events and others are dropped", () => {
  const process = { pm_id: 1, name: "web", namespace: "app:a", status: "stopped", restart_time: 4, exit_code: 7 };
  expect(parseBusMessage("process:event", { event: "exit", process, at: 5 }, "portos")).toMatchObject({
    kind: "process",
    event: "exit",
    exitCode: 7,
    isManual: false,
    process: { restarts: 4 },
  });
  expect(parseBusMessage("log:err", { process, data: "oh\n", at: 6 }, "user")).toEqual({
    kind: "log",
    home: "user",
    pmId: 1,
    name: "web",
    stream: "err",
    data: "oh\n",
    at: 6,
  });
  expect(parseBusMessage("log:out", { data: 1 }, "user")).toBeNull();
});
