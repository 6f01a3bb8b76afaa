import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { acpTarget, startTestRuns, type TestRuns } from "../testing/test-runs.ts";

let runs: TestRuns;
beforeAll(async () => {
  runs = await startTestRuns();
});
afterAll(async () => {
  await runs.stop();
});

async function answerFirst(id: string, optionId: string | null) {
  const { pending } = await runs.until(id, ({ state, pending: open }) => state === "waiting" && open.length > 0);
  const body = { requestId: pending[0]?.requestId ?? "", optionId, by: "You on phone", reason: null };
  return { question: pending[0], run: await runs.client.answer({ params: { id }, body }) };
}

describe("runs over the Agent Client Protocol", () => {
  it("tells texts, thoughts and plans as they come", async () => {
    const { id } = await runs.start({ text: "think Hm\nplan\nsay Hello\nsay  you", targets: [acpTarget()] });
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "succeeded", canContinue: true });
    expect(await runs.answer(id)).toBe("Hello you");
    expect((await runs.bodies(id, "reasoning")).map(({ text }) => text)).toEqual(["Hm"]);
    expect((await runs.bodies(id, "plan"))[0]?.entries).toEqual([
      { text: "Look", state: "succeeded" },
      { text: "Change", state: "running" },
    ]);
    expect((await runs.bodies(id, "output"))[0]?.text).toBe("a line that is no message\n");
  });

  it.each([
    [[], "portos /dist/mcp.js"],
    [["--http"], "portos http://127.0.0.1:5554/mcp"],
  ])("gives an agent the tools of PortOS as it takes them: %j", async (args, expected) => {
    const tools = {
      url: "http://127.0.0.1:5554/mcp",
      token: "portos_mcp_x",
      bridge: ["/usr/bin/node", "/dist/mcp.js"],
    };
    const { id } = await runs.start({ text: "servers", targets: [acpTarget(args, { tools })] });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect(await runs.answer(id)).toBe(expected);
  });

  it("waits for the answer to a question and writes only after it is yes", async () => {
    const { id } = await runs.start({ text: "ask allowed.txt", targets: [acpTarget()] });
    const { question } = await answerFirst(id, "yes");
    expect(question).toMatchObject({
      folder: runs.folder,
      call: { tool: "edit", edits: [{ path: "allowed.txt", before: null, after: "new text\n" }] },
      options: [
        { optionId: "yes", name: "Allow", kind: "allow-once" },
        { optionId: "no", name: "Reject", kind: "deny-once" },
      ],
    });
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "succeeded", pending: [] });
    expect(await readFile(join(runs.folder, "allowed.txt"), "utf8")).toBe("new text\n");
    expect((await runs.bodies(id, "answered"))[0]).toMatchObject({ isAllowed: true, by: "You on phone" });
    expect((await runs.bodies(id, "tool")).at(-1)?.call.state).toBe("succeeded");
  });

  it.each([null, "no"])("does nothing when the answer is %s", async (optionId) => {
    const { id } = await runs.start({ text: "ask denied.txt", targets: [acpTarget()] });
    await answerFirst(id, optionId);
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect(await runs.answer(id)).toBe("not done");
    expect((await runs.bodies(id, "tool")).at(-1)?.call.state).toBe("denied");
    await expect(readFile(join(runs.folder, "denied.txt"))).rejects.toThrow();
  });

  it("refuses an answer that was not offered, and asks on", async () => {
    const { id } = await runs.start({ text: "ask odd.txt", targets: [acpTarget()] });
    await runs.until(id, ({ state }) => state === "waiting");
    await expect(answerFirst(id, "invented")).rejects.toMatchObject({ code: "invalid_request" });
    await answerFirst(id, "no");
    expect((await runs.ended(id)).state).toBe("succeeded");
  });

  it("does not ask for what the mode makes free, and asks for the rest", async () => {
    const free = await runs.start({ text: "ask free.txt", permissionMode: "free-in-folder", targets: [acpTarget()] });
    expect((await runs.ended(free.id)).state).toBe("succeeded");
    expect((await runs.bodies(free.id, "answered"))[0]).toMatchObject({ isAllowed: true, by: "Rule: free-in-folder" });
    const outside = await runs.start({
      text: "ask ../x.txt",
      permissionMode: "free-in-folder",
      targets: [acpTarget()],
    });
    await answerFirst(outside.id, "no");
    await runs.ended(outside.id);
  });

  it("lets an agent read and write in the folder only", async () => {
    await writeFile(join(runs.folder, "here.txt"), "inside");
    const text = `read ${runs.folder}/here.txt\nread /etc/passwd\nwrite /tmp/portos-outside.txt no\nwrite ${runs.folder}/w.txt yes`;
    const { id } = await runs.start({ text, permissionMode: "free", targets: [acpTarget()] });
    expect((await runs.ended(id)).state).toBe("succeeded");
    const said = await runs.answer(id);
    expect(said).toContain("read: inside");
    expect(said.match(/refused: .*?outside the folder/g)).toHaveLength(2);
    expect(await readFile(join(runs.folder, "w.txt"), "utf8")).toBe("yes");
  });

  it("runs commands for an agent in the folder", async () => {
    const { id } = await runs.start({ text: "run sh -c pwd", permissionMode: "free", targets: [acpTarget()] });
    await runs.ended(id);
    expect(await runs.answer(id)).toBe(`exit 0: ${runs.folder}\n`);
  });

  describe("what an agent has its client do", () => {
    const read = "read file.txt";
    const write = "write w.txt hello";
    const command = "run touch touched";
    const guardedFile = "write AGENTS.md hello";
    it.each([
      ["ask", read, true],
      ["ask", write, true],
      ["ask", command, true],
      ["ask-writes", read, false],
      ["ask-writes", write, true],
      ["ask-writes", command, true],
      ["free-in-folder", write, false],
      ["free-in-folder", guardedFile, true],
      ["free-in-folder", "write .vscode/tasks.json {}", true],
      ["free-in-folder", command, true],
      ["free", guardedFile, false],
      ["free", command, false],
    ] as const)("%s: whether %s is asked for is %s, and it stands in the transcript", async (mode, text, isAsked) => {
      await writeFile(join(runs.folder, "file.txt"), "inside");
      const { id } = await runs.start({ text, permissionMode: mode, targets: [acpTarget()] });
      if (isAsked) await answerFirst(id, "deny");
      await runs.ended(id);
      const call = (await runs.bodies(id, "tool")).at(-1)?.call;
      expect(call?.state).toBe(isAsked ? "denied" : "succeeded");
      expect(call?.input).toContain(text === command ? '"touched"' : text.split(" ")[1]);
      expect(call?.edits).toHaveLength(text.startsWith("write") ? 1 : 0);
      const said = await runs.answer(id);
      if (isAsked) expect(said).toContain("It was denied");
      else expect(said).toMatch(/^(?:read: inside|written|exit 0)/);
    });

    it("shows the whole command, and its output once it was run", async () => {
      const { id } = await runs.start({ text: "run sh -c echo\u00a0hi", targets: [acpTarget()] });
      const { question } = await answerFirst(id, "allow");
      expect(JSON.parse(question?.call.input ?? "")).toEqual({ command: ["sh", "-c", "echo\u00a0hi"] });
      await runs.ended(id);
      expect((await runs.bodies(id, "tool")).at(-1)?.call).toMatchObject({ tool: "execute", state: "failed" });
    });

    it("is not asked for twice; an answer for one file covers no other", async () => {
      const same = await runs.start({ text: "ask same.txt", permissionMode: "ask", targets: [acpTarget()] });
      await answerFirst(same.id, "yes");
      await runs.ended(same.id);
      expect(await runs.bodies(same.id, "asked")).toHaveLength(1);
      const { id } = await runs.start({ text: "ask one.txt other.txt", targets: [acpTarget()] });
      await answerFirst(id, "yes");
      const { question } = await answerFirst(id, "deny");
      expect(question?.call.edits).toMatchObject([{ path: "other.txt", after: "new text\n" }]);
      await runs.ended(id);
      await expect(readFile(join(runs.folder, "other.txt"))).rejects.toThrow();
    });
  });

  it("cancels politely, and ends an agent that does not listen", async () => {
    for (const command of ["wait", "hang"]) {
      const { id } = await runs.start({ text: `say here\n${command}`, targets: [acpTarget()] });
      await expect.poll(async () => runs.answer(id)).toBe("here");
      await runs.client.stop({ params: { id }, body: { reason: null } });
      expect(await runs.ended(id, 12_000)).toMatchObject({ state: "cancelled", failure: "cancelled" });
    }
  });

  it("takes its question back when the run is stopped", async () => {
    const { id } = await runs.start({ text: "ask gone.txt", targets: [acpTarget()] });
    const { pending } = await runs.until(id, ({ state }) => state === "waiting");
    await runs.client.stop({ params: { id }, body: { reason: null } });
    expect(await runs.ended(id)).toMatchObject({ state: "cancelled", pending: [] });
    const body = { requestId: pending[0]?.requestId ?? "", optionId: "yes", by: "Late", reason: null };
    await expect(runs.client.answer({ params: { id }, body })).rejects.toMatchObject({ code: "conflict" });
    await expect(readFile(join(runs.folder, "gone.txt"))).rejects.toThrow();
  });

  it("goes on with a loaded session and does not tell old words again", async () => {
    const { id } = await runs.start({ text: "say one", targets: [acpTarget()] });
    const first = await runs.ended(id);
    await runs.client.say({ params: { id }, body: { text: "say two", targets: [acpTarget()] } });
    const second = await runs.ended(id);
    expect(second.agentSessionId).toBe(first.agentSessionId);
    expect(await runs.answer(id)).toBe("oneloaded; two");
  });

  it("cannot go on with an agent that keeps no session, and says so", async () => {
    const { id } = await runs.start({ text: "say one", targets: [acpTarget(["--no-load"])] });
    expect(await runs.ended(id)).toMatchObject({ state: "succeeded", canContinue: false });
    await expect(
      runs.client.say({ params: { id }, body: { text: "more", targets: [acpTarget()] } }),
    ).rejects.toMatchObject({ code: "conflict" });
  });

  it.each([
    ["crash", [], "crashed", "something broke inside"],
    ["limit", [], "rate-limit", "429"],
    ["say x", ["--no-login"], "not-logged-in", "uthentication"],
  ] as const)("calls %s %o what it is", async (text, args, failure, message) => {
    const { id } = await runs.start({ text, targets: [acpTarget([...args])] });
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "failed", failure });
    expect(run.message).toContain(message);
  });

  it("does not let a stop end what the run is told next", async () => {
    const { id } = await runs.start({ text: "say before\nwait", permissionMode: "free", targets: [acpTarget()] });
    await expect.poll(async () => runs.answer(id)).toBe("before");
    await runs.client.stop({ params: { id }, body: { reason: "Stopped by Ada", kind: "user" } });
    expect(await runs.ended(id)).toMatchObject({ state: "cancelled", canContinue: true });
    await runs.client.say({ params: { id }, body: { text: "run sleep 3", targets: [acpTarget()] } });
    expect(await runs.ended(id)).toMatchObject({ state: "succeeded", message: null });
    expect(await runs.answer(id)).toContain("exit 0");
  });

  it("interrupts a run when portos-cos stops, and goes on with it when asked", async () => {
    const { id } = await runs.start({ text: "say before\nwait", targets: [acpTarget()] });
    await expect.poll(async () => runs.answer(id)).toBe("before");
    await runs.restart();
    expect(await runs.client.get({ params: { id } })).toMatchObject({ state: "interrupted", canContinue: true });
    await runs.client.resume({ params: { id }, body: { targets: [acpTarget()] } });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect(await runs.answer(id)).toBe("beforeloaded; ");
  });
});
