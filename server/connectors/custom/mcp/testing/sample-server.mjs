// An MCP server over standard input and output, by the official library. `SAMPLE_STATE` is a file whose text stands in the
// description of a tool, so that a test can change what it says.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";

import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const said = () => {
  const file = process.env["SAMPLE_STATE"] ?? "";
  return file !== "" && existsSync(file) ? readFileSync(file, "utf8").trim() : "Says the words again.";
};
const text = { type: "string" };
const tools = () => [
  {
    name: "echo",
    title: "Echo",
    description: said(),
    inputSchema: { type: "object", properties: { words: text }, required: ["words"] },
    annotations: { readOnlyHint: true },
  },
  { name: "addNote", description: "Adds a note.", inputSchema: { type: "object", properties: { note: text } } },
  {
    name: "wipe_all",
    description: "Takes all notes away.",
    inputSchema: { type: "object" },
    annotations: { destructiveHint: true, idempotentHint: true },
  },
  {
    name: "look",
    description: "Looks around.",
    inputSchema: { type: "object", properties: { what: text, place: text } },
  },
];

const answer = (words) => ({ content: [{ type: "text", text: words }] });
const server = new Server({ name: "sample", version: "1.2.3" }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools() }));
server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: input = {} } }) => {
  if (name === "echo") {
    if (input.words === "end") process.exit(3);
    if (input.words === "flood") process.stdout.write(`{"x":"${"y".repeat(20_000_000)}"}\n`);
    if (input.words === "wait") await new Promise((resolve) => setTimeout(resolve, 60_000));
    return { ...answer(String(input.words)), structuredContent: { words: input.words } };
  }
  if (name === "addNote") return { ...answer("there is no room"), isError: true };
  if (name === "look") return answer(await look(input.what, input.place));
  return answer("gone");
});

async function look(what, place) {
  if (what === "number") return String(process.pid);
  if (what === "variable") return process.env[place] ?? "nothing";
  if (what === "file") return existsSync(place) ? "there" : "not there";
  if (what === "write") {
    try {
      writeFileSync(place, "x");
      return "written";
    } catch (error) {
      return error.code;
    }
  }
  const [host, port] = place.split(":");
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => {
      socket.destroy();
      resolve("reached");
    });
    socket.on("error", (error) => resolve(error.code));
  });
}

process.stderr.write("sample server is here\n");
process.stdout.write("this is no message\n");
await server.connect(new StdioServerTransport());
