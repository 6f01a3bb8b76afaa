import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { loopbackContext } from "../framework/testing/loopback-context.ts";
import { slackRefusal } from "./slack-failure.ts";
import { slack } from "./slack.ts";
import { slackMethods, startFakeSlack, type FakeSlack } from "./testing/fake-slack.ts";

const token = "xoxb-1234567890-abcdef";
let fake: FakeSlack;
beforeAll(async () => {
  fake = await startFakeSlack(token);
});
afterAll(() => fake.close());
beforeEach(() => {
  fake.calls.length = 0;
  fake.answers.length = 0;
});

function run(name: string, params: Record<string, unknown>, settings: Record<string, unknown> = {}, isPatient = false) {
  const operation = slack.operations[name];
  if (!operation) throw new Error(`no operation ${name}`);
  const config = slack.config.parse({ token, apiUrl: fake.apiUrl, ...settings });
  const retries = { maxAttempts: 3, baseMs: 1, maxPauseMs: 2, maxAskedMs: 1_500 };
  const scene = loopbackContext<unknown>({
    config,
    insides: slack.insides?.(config),
    ...(isPatient ? { retries } : {}),
  });
  return operation.run(operation.input.parse(params), scene.context);
}

function limited(seconds: string) {
  return { status: 429, headers: { "retry-after": seconds }, body: { ok: false, error: "ratelimited" } };
}

describe("slack", () => {
  it("sends a message with blocks into a thread", async () => {
    const blocks = [{ type: "section", text: { type: "mrkdwn", text: "*Hi*" } }];
    const params = {
      channel: "C0123ABC",
      text: "Hi & <you>",
      blocks,
      threadTs: "1700000000.123456",
      isShownInChannel: true,
    };
    await expect(run("send-message", params)).resolves.toEqual({ channel: "C0123ABC", ts: "1700000000.000100" });
    expect(fake.calls[0]?.params).toEqual({
      channel: "C0123ABC",
      text: "Hi & <you>",
      blocks: JSON.stringify(blocks),
      thread_ts: "1700000000.123456",
      reply_broadcast: "true",
    });
  });

  it("updates a message, and tells whose the token is", async () => {
    const params = { channel: "C0123ABC", ts: "1700000000.123456", text: "b" };
    await expect(run("update-message", params)).resolves.toEqual({ channel: "C0123ABC", ts: "1700000000.123456" });
    await expect(run("auth-test", {})).resolves.toMatchObject({ team: "Team", user: "bot", isBot: true });
  });

  it("lists channels a page at a time", async () => {
    const first = await run("list-channels", {});
    expect(first).toMatchObject({ channels: [{ id: "C1", name: "general", topic: "All" }], next: "more=" });
    await expect(run("list-channels", { cursor: "more=" })).resolves.toMatchObject({ next: null });
  });

  it("uploads in three steps, the token not sent with the bytes", async () => {
    const params = { name: "report.csv", text: "a,b\nž", channel: "C0123ABC", comment: "Look" };
    await expect(run("upload-file", params)).resolves.toMatchObject({ id: "F1", permalink: "https://t.slack.com/F1" });
    const [asked, sent, done] = fake.calls;
    expect(asked?.params).toEqual({ filename: "report.csv", length: "6" });
    expect(sent).toMatchObject({ method: "upload/v1/abc", body: Buffer.from("a,b\nž") });
    expect(sent?.headers.authorization).toBeUndefined();
    expect(done?.params).toMatchObject({ channel_id: "C0123ABC", initial_comment: "Look" });
    expect(JSON.parse(done?.params["files"] ?? "")).toEqual([{ id: "F1", title: "report.csv" }]);
  });

  it("sends no bytes to an address that is not Slack's", async () => {
    fake.answers.push({ body: { ok: true, upload_url: "https://slack.com.evil.example/x", file_id: "F1" } });
    await expect(run("upload-file", { name: "a.txt", text: "a" })).rejects.toMatchObject({
      gatewayCode: "reply_invalid",
    });
    expect(fake.calls).toHaveLength(1);
  });

  it("waits as long as Slack asks, and says so when that is too long", async () => {
    fake.answers.push(limited("1"));
    const startedAt = performance.now();
    await run("send-message", { channel: "C0123ABC", text: "a" }, {}, true);
    expect(performance.now() - startedAt).toBeGreaterThan(950);
    fake.answers.push(limited("300"));
    await expect(run("send-message", { channel: "C0123ABC", text: "a" }, {}, true)).rejects.toMatchObject({
      gatewayCode: "upstream_failed",
      askedMs: 300_000,
      isFinal: false,
    });
    expect(fake.calls).toHaveLength(3);
  });

  it("translates what Slack refuses", async () => {
    await expect(run("auth-test", {}, { token: "xoxb-wrong-token" })).rejects.toMatchObject({
      message: "Slack does not accept the token (invalid_auth)",
      isFinal: true,
    });
    fake.answers.push({ body: { ok: false, error: "missing_scope", needed: "chat:write", provided: "none" } });
    await expect(run("send-message", { channel: "C0123ABC", text: "a" })).rejects.toMatchObject({
      message: "The app may not do this (missing_scope): it needs chat:write",
    });
    fake.answers.push({ status: 500, body: "oops" });
    await expect(run("auth-test", {})).rejects.toMatchObject({ message: "Slack answered 500", isFinal: false });
  });

  it("has a sentence for every word of Slack's specification", () => {
    const codes = Object.values(slackMethods).flatMap(({ errors }) => errors);
    expect(codes.length).toBeGreaterThan(50);
    for (const error of codes) expect(slackRefusal({ error }).message, error).not.toContain("Slack refused the call");
  });

  it("wants text or blocks, one channel and a real time stamp", () => {
    const input = slack.operations["send-message"]?.input;
    for (const wrong of [
      { channel: "C0123ABC" },
      { channel: "C1,C2", text: "a" },
      { channel: "C0123ABC", text: "a", threadTs: "now" },
    ])
      expect(input?.safeParse(wrong).success).toBe(false);
  });
});
