import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A model on loopback that speaks the chat API of OpenAI. What it does is chosen by the name of the model. */
export interface MockModel {
  /** Base address for a provider: "http://127.0.0.1:4711/v1". */
  url: string;
  close(): Promise<void>;
}

const answer = `## What I found

The tests fail because of **one line** in \`sum.ts\`:

\`\`\`ts
export const sum = (a: number, b: number) => a - b;
\`\`\`

| before | after |
| --- | --- |
| \`a - b\` | \`a + b\` |

- [x] read the tests
- [ ] mend it, see <script>alert("no")</script> and [this](javascript:alert(1))

All done.`;

/** "swift" answers at once, "patient" for half a minute, "broken" fails with 500, "late" does after a while. */
export async function startMockModel(): Promise<MockModel> {
  const server = createServer((request, response) => {
    if (request.url?.endsWith("/models")) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify({
          object: "list",
          data: ["swift", "patient", "broken", "late"].map((id) => ({ id, object: "model" })),
        }),
      );
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { model } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { model: string };
      reply(model, response).catch(() => {
        response.destroy();
      });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

async function reply(model: string, response: ServerResponse): Promise<void> {
  if (model === "late") await sleep(3_000);
  if (model === "broken" || model === "late") {
    response.writeHead(500, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: "The model is out of order", type: "server_error" } }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const say = (delta: object, finish: string | null = null): void => {
    const choices = [{ index: 0, delta, finish_reason: finish }];
    response.write(
      `data: ${JSON.stringify({ id: "chat-1", object: "chat.completion.chunk", created: 1, model, choices })}\n\n`,
    );
  };
  const words =
    model === "patient"
      ? Array.from({ length: 150 }, (_, index) => `Step ${String(index + 1)}. `)
      : answer.split(/(?<= )/);
  say({ role: "assistant", content: "" });
  for (const word of words) {
    if (response.destroyed) return;
    say({ content: word });
    await sleep(model === "patient" ? 200 : 5);
  }
  say({}, "stop");
  const usage = { prompt_tokens: 1_200, completion_tokens: 340, total_tokens: 1_540 };
  response.write(
    `data: ${JSON.stringify({ id: "chat-1", object: "chat.completion.chunk", created: 1, model, choices: [], usage })}\n\n`,
  );
  response.end("data: [DONE]\n\n");
}
