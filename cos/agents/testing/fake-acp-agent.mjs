// An agent of the Agent Client Protocol. What it does stands in the prompt, one command per line:
//   say <text> · servers · repeat · think <text> · plan · ask <file> [<other file to write then>] · write <file> <text> · read <file> · run <program …> · wait · crash
import { Readable, Writable } from "node:stream";

import { agent, methods, ndJsonStream, PROTOCOL_VERSION, RequestError } from "@agentclientprotocol/sdk";

const sessions = new Map();
let last = 0;

process.stdout.write("a line that is no message\n");
const app = agent({ name: "fake" })
  .onRequest(methods.agent.initialize, () => ({
    protocolVersion: PROTOCOL_VERSION,
    agentCapabilities: {
      loadSession: !process.argv.includes("--no-load"),
      promptCapabilities: { image: process.argv.includes("--images") },
      mcpCapabilities: { http: process.argv.includes("--http") },
    },
  }))
  .onRequest(methods.agent.session.new, ({ params }) => {
    if (process.argv.includes("--no-login")) throw RequestError.authRequired();
    last += 1;
    const sessionId = `acp-${process.pid}-${last}`;
    sessions.set(sessionId, { cwd: params.cwd, servers: params.mcpServers, cancelled: new AbortController() });
    return { sessionId };
  })
  .onRequest(methods.agent.session.load, async ({ params, client }) => {
    sessions.set(params.sessionId, { cwd: params.cwd, cancelled: new AbortController(), isLoaded: true });
    await tell(client, params.sessionId, { sessionUpdate: "agent_message_chunk", content: text("old words") });
    return {};
  })
  .onRequest(methods.agent.session.prompt, ({ params, client }) => work(client, params))
  .onNotification(methods.agent.session.cancel, ({ params }) => {
    sessions.get(params.sessionId)?.cancelled.abort();
  });

const text = (value) => ({ type: "text", text: value });
const tell = (client, sessionId, update) => client.notify(methods.client.session.update, { sessionId, update });

async function work(client, { sessionId, prompt }) {
  const session = sessions.get(sessionId);
  session.cancelled = new AbortController();
  const say = (value) => tell(client, sessionId, { sessionUpdate: "agent_message_chunk", content: text(value) });
  if (session.isLoaded) await say("loaded; ");
  for (const line of prompt[0].text.split("\n")) {
    const [command, ...words] = line.split(" ");
    const rest = words.join(" ");
    if (command === "say") await say(rest);
    else if (command === "servers")
      await say(session.servers.map((one) => `${one.name} ${one.url ?? one.args}`).join());
    else if (command === "repeat")
      await say(prompt.map((part) => (part.type === "text" ? part.text : part.mimeType)).join(" "));
    else if (command === "think")
      await tell(client, sessionId, { sessionUpdate: "agent_thought_chunk", content: text(rest) });
    else if (command === "plan")
      await tell(client, sessionId, {
        sessionUpdate: "plan",
        entries: [
          { content: "Look", priority: "high", status: "completed" },
          { content: "Change", priority: "high", status: "in_progress" },
        ],
      });
    else if (command === "ask") await ask(client, sessionId, session.cwd, words, say);
    else if (command === "write") {
      const [path, ...content] = words;
      try {
        await client.request(methods.client.fs.writeTextFile, { sessionId, path, content: content.join(" ") });
        await say("written");
      } catch (error) {
        await say(`refused: ${error.message}`);
      }
    } else if (command === "read") {
      try {
        const { content } = await client.request(methods.client.fs.readTextFile, { sessionId, path: rest });
        await say(`read: ${content}`);
      } catch (error) {
        await say(`refused: ${error.message}`);
      }
    } else if (command === "run") {
      const [file, ...args] = words;
      try {
        const terminal = await client.createTerminal({ sessionId, command: file, args });
        const { exitCode } = await terminal.waitForExit();
        const { output } = await terminal.currentOutput();
        await terminal.release();
        await say(`exit ${exitCode}: ${output}`);
      } catch (error) {
        await say(`refused: ${error.message}`);
      }
    } else if (command === "wait")
      await new Promise((resolve) => {
        session.cancelled.signal.addEventListener("abort", resolve);
      });
    else if (command === "hang") await new Promise(() => setInterval(() => undefined, 1_000));
    else if (command === "crash") {
      process.stderr.write("something broke inside\n");
      process.exit(3);
    } else if (command === "limit") throw RequestError.internalError({ details: "429 rate limit exceeded" });
    if (session.cancelled.signal.aborted) return { stopReason: "cancelled" };
  }
  return { stopReason: "end_turn" };
}

async function ask(client, sessionId, cwd, [file, other = file], say) {
  const path = `${cwd}/${file}`;
  const toolCall = {
    toolCallId: "call-1",
    title: `Edit ${path}`,
    kind: "edit",
    status: "pending",
    locations: [{ path }],
    content: [{ type: "diff", path, oldText: null, newText: "new text\n" }],
  };
  await tell(client, sessionId, { sessionUpdate: "tool_call", ...toolCall });
  const { outcome } = await client.request(methods.client.session.requestPermission, {
    sessionId,
    toolCall: { toolCallId: "call-1" },
    options: [
      { optionId: "yes", name: "Allow", kind: "allow_once" },
      { optionId: "no", name: "Reject", kind: "reject_once" },
    ],
  });
  const isAllowed = outcome.outcome === "selected" && outcome.optionId === "yes";
  const written = { sessionId, path: `${cwd}/${other}`, content: "new text\n" };
  if (isAllowed) await client.request(methods.client.fs.writeTextFile, written).catch(({ message }) => say(message));
  await tell(client, sessionId, {
    sessionUpdate: "tool_call_update",
    toolCallId: "call-1",
    status: isAllowed ? "completed" : "failed",
  });
  await say(isAllowed ? "done" : "not done");
}

app.connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
