// npm run --silent mcp: brings the MCP server of PortOS to the pipes of a program. Its output is the protocol: nothing else may be
// written there. Programs may as well start dist/mcp.js themselves.
import { existsSync } from "node:fs";

import { build } from "./build.mjs";

if (!existsSync(new URL("../dist/mcp.js", import.meta.url)))
  await build({ only: ["mcp"], log: (line) => process.stderr.write(`${line}\n`) });
await import("../dist/mcp.js");
