import { expect, test } from "vitest";

import { rightsText } from "../../lib/rights-words.ts";
import { newRights } from "./mcp-words.ts";
import { setUps } from "./set-up-texts.ts";

const state = { url: "http://127.0.0.1:5554/mcp", bridge: ["/usr/bin/node", "/portos/dist/mcp.js"] };

test("each set-up holds the token and where to go, and what is JSON can be read", () => {
  const all = setUps(state, "portos_mcp_x");
  for (const { text } of all) {
    expect(text).toContain("portos_mcp_x");
    expect(text).toContain(state.url);
    if (text.startsWith("{")) expect(JSON.parse(text)).toHaveProperty("mcpServers.portos");
  }
  const piped = JSON.parse(all.find(({ id }) => id === "jetbrains")?.text ?? "") as object;
  expect(piped).toHaveProperty("mcpServers.portos.command", "/usr/bin/node");
  expect(piped).toHaveProperty("mcpServers.portos.args", ["/portos/dist/mcp.js"]);
});

test("what a token may is said in a line", () => {
  expect(rightsText(newRights)).toBe("reads through every connector · sees apps, logs");
  const wide = { ...newRights, effects: ["read" as const, "write" as const], areas: [], mayRestartApps: true };
  expect(rightsText(wide)).toBe("uses every connector, asks before changes · restarts apps");
  expect(rightsText({ ...newRights, connectors: [], areas: ["logs"] })).toBe("calls no connector · sees logs");
});
