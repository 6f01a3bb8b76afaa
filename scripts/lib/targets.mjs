// What is built: one bundle per process, one for the programs of scripts/control, and the client.
// `sources` are the folders whose change makes a bundle stale; what PM2 keeps running `isCached`: it starts with what V8 has made of
// its text before (scripts/lib/cached-program.cjs).
export const bundles = [
  { name: "server", entry: "server/main.ts", isCached: true, sources: ["contract", "lib", "server"] },
  {
    name: "page-reader",
    entry: "server/connectors/web-fetch/page-worker.ts",
    sources: ["contract", "lib", "server/connectors"],
  },
  {
    name: "document-reader",
    entry: "server/connectors/custom/openapi/document-worker.ts",
    sources: ["contract", "lib", "server/connectors"],
  },
  { name: "cos", entry: "cos/main.ts", isCached: true, sources: ["contract", "lib", "cos"] },
  { name: "browser", entry: "browser/main.ts", isCached: true, sources: ["contract", "lib", "browser"] },
  { name: "autofixer", entry: "autofixer/main.ts", isCached: true, sources: ["contract", "lib", "autofixer"] },
  { name: "autofixer-ui", entry: "autofixer/ui/main.ts", isCached: true, sources: ["contract", "lib", "autofixer"] },
  { name: "ui", entry: "client/serve/main.ts", isCached: true, sources: ["contract", "lib", "client/serve"] },
  { name: "mcp", entry: "mcp/main.ts", sources: ["contract", "lib", "mcp"] },
  {
    name: "control",
    entry: "scripts/control/main.ts",
    sources: ["contract", "lib", "browser/find-chrome.ts", "browser/install-help.ts", "scripts/control"],
  },
];

export const client = {
  name: "client",
  entry: "client/vite.config.ts",
  sources: ["contract", "client/src", "client/public", "client/index.html", "client/vite.config.ts"],
};

// Native code, or packages that look for files of their own at run time.
export const external = [
  "node-pty",
  "pm2",
  "oxc-parser",
  "systeminformation",
  "chrome-remote-interface",
  "bufferutil",
  "utf-8-validate",
  "fsevents",
];
