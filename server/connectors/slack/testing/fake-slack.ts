import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";

import { startHttp } from "../../../../lib/guarded-http/testing/hostile-server.ts";

interface Method {
  params: Record<string, string>;
  required: string[];
  reply: string[];
  errors: string[];
}

/** What Slack publishes of its methods. */
export const slackMethods = (
  JSON.parse(readFileSync(new URL("slack-methods.json", import.meta.url), "utf8")) as {
    methods: Record<string, Method>;
  }
).methods;

export interface SlackCall {
  method: string;
  params: Record<string, string>;
  body: Buffer;
  headers: IncomingHttpHeaders;
}

export interface FakeSlack {
  port: number;
  apiUrl: string;
  calls: SlackCall[];
  /** What is answered next instead of the usual. */
  answers: { status?: number; headers?: Record<string, string>; body: unknown }[];
  close(): Promise<void>;
}

/** Answers as Slack does, and only to what its specification allows. */
export async function startFakeSlack(token: string): Promise<FakeSlack> {
  const calls: SlackCall[] = [];
  const answers: FakeSlack["answers"] = [];
  const server = await startHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const method = (request.url ?? "").replace(/^\/api\//, "").replace(/^\//, "");
      const body = Buffer.concat(chunks);
      const isForm = request.headers["content-type"] === "application/x-www-form-urlencoded";
      const params = isForm ? Object.fromEntries(new URLSearchParams(body.toString())) : {};
      const call = { method, params, body, headers: request.headers };
      calls.push(call);
      const wrong = request.headers.authorization === `Bearer ${token}` ? wrongOf(call) : "invalid_auth";
      const isUpload = method.startsWith("upload/");
      const usual = isUpload ? "OK" : wrong ? { ok: false, error: wrong } : replyOf(call, server.port);
      const { status = 200, headers = {}, body: said } = answers.shift() ?? { body: usual };
      response.writeHead(status, headers).end(typeof said === "string" ? said : JSON.stringify(said));
    });
  });
  return { port: server.port, apiUrl: `http://127.0.0.1:${server.port}/api/`, calls, answers, close: server.close };
}

function wrongOf({ method, params }: SlackCall): string | null {
  const known = slackMethods[method];
  if (!known) return "unknown_method";
  if (Object.keys(params).some((name) => !Object.hasOwn(known.params, name))) return "invalid_arg_name";
  if (known.required.some((name) => params[name] === undefined)) return "invalid_arguments";
  for (const [name, value] of Object.entries(params)) {
    if (known.params[name] === "boolean" && !/^(?:true|false)$/.test(value)) return "invalid_arguments";
    if (known.params[name] === "integer" && !/^\d+$/.test(value)) return "invalid_arguments";
  }
  return null;
}

function replyOf({ method, params }: SlackCall, port: number): Record<string, unknown> {
  const message = {
    channel: params["channel"],
    ts: "1700000000.000100",
    text: params["text"] ?? "",
    message: { text: "" },
  };
  const replies: Record<string, Record<string, unknown>> = {
    "auth.test": { url: "https://t.slack.com/", team: "Team", user: "bot", team_id: "T1", user_id: "U1", bot_id: "B1" },
    "chat.postMessage": message,
    "chat.update": { ...message, ts: params["ts"] },
    "conversations.list": {
      channels: [
        { id: "C1", name: "general", is_private: false, is_archived: false, is_member: true, topic: { value: "All" } },
      ],
      response_metadata: { next_cursor: params["cursor"] === undefined ? "more=" : "" },
    },
    "files.getUploadURLExternal": { upload_url: `http://127.0.0.1:${port}/upload/v1/abc`, file_id: "F1" },
    "files.completeUploadExternal": { files: [{ id: "F1", title: "report.csv", permalink: "https://t.slack.com/F1" }] },
  };
  const reply = { ok: true, ...replies[method] };
  const missing = slackMethods[method]?.reply.filter((name) => !Object.hasOwn(reply, name)) ?? [];
  if (missing.length > 0) throw new Error(`The fake of ${method} lacks ${missing.join(", ")}`);
  return reply;
}
