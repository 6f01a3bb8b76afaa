import { join } from "node:path";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { defaultBasePort } from "../contract/ports.ts";

const basePort = Number(process.env["PORTOS_BASE_PORT"] ?? defaultBasePort);
const apiHost = process.env["VITE_API_HOST"] ?? "127.0.0.1";
const server = `http://${apiHost}:${String(basePort)}`;

/** The web UI. In development `/api` and the socket go to the running portos-server, so the page has one origin. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: join(import.meta.dirname, "../dist/client"),
    emptyOutDir: true,
    target: "es2023",
    manifest: "asset-manifest.json",
    rolldownOptions: {
      input: {
        index: join(import.meta.dirname, "index.html"),
        "service-worker": join(import.meta.dirname, "src/worker/service-worker.ts"),
      },
      output: {
        // The worker keeps its name: its address is what a browser knows it by.
        entryFileNames: (chunk) => (chunk.name === "service-worker" ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
  server: {
    host: "127.0.0.1",
    port: basePort + 1,
    strictPort: true,
    proxy: {
      "/api": { target: server },
      "/socket.io": { target: server, ws: true },
    },
  },
});
