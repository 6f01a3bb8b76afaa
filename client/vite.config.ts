import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import react from "@vitejs/plugin-react";
import { rolldown } from "rolldown";
import { defineConfig, transformWithOxc, type Plugin } from "vite";

import { defaultBasePort } from "../contract/ports.ts";

const basePort = Number(process.env["PORTOS_BASE_PORT"] ?? defaultBasePort);
const apiHost = process.env["VITE_API_HOST"] ?? "127.0.0.1";
const source = join(import.meta.dirname, "src");
const server = `http://${apiHost}:${String(basePort)}`;

/**
 * Emits the offline shell under a name that never changes, because that is what a browser knows it by. It is no second
 * entry of the bundle: then what the entry shares with later pages would be cut into many small files.
 */
function serviceWorker(file: string): Plugin {
  return {
    name: "portos-service-worker",
    apply: "build",
    async generateBundle() {
      const { code } = await transformWithOxc(await readFile(file, "utf8"), file, { target: "es2023" });
      this.emitFile({ type: "asset", fileName: "service-worker.js", source: code });
    },
  };
}

function answerFile(text: string, suffix: string): string {
  return `assets/answer-${createHash("sha256").update(text).digest("base64url").slice(0, 8)}.${suffix}`;
}

/** Builds the page of a single question: one small script and one style sheet that share nothing with the application. */
function answerPage(folder: string, tokens: string): Plugin {
  return {
    name: "portos-answer-page",
    apply: "build",
    async generateBundle() {
      const bundle = await rolldown({ input: join(folder, "main.ts"), platform: "browser", logLevel: "warn" });
      const { output } = await bundle.generate({ format: "esm", minify: true });
      await bundle.close();
      const [{ code }] = output;
      const sheets = await Promise.all([tokens, join(folder, "answer.css")].map((file) => readFile(file, "utf8")));
      const style = sheets
        .join("")
        .replace(/\/\*[^]*?\*\//g, "")
        .replace(/\s+/g, " ");
      const files = { script: answerFile(code, "js"), style: answerFile(style, "css") };
      const html = await readFile(join(folder, "answer.html"), "utf8");
      const page = html.replace("%script%", files.script).replace("%style%", files.style);
      this.emitFile({ type: "asset", fileName: files.script, source: code });
      this.emitFile({ type: "asset", fileName: files.style, source: style });
      this.emitFile({ type: "asset", fileName: "answer.html", source: page });
    },
  };
}

/** The web UI. In development `/api` and the socket go to the running portos-server, so the page has one origin. */
export default defineConfig(({ command }) => {
  // A shell or a test runner may say "test" or "development"; what is built is for use, three times smaller and faster.
  if (command === "build") process.env["NODE_ENV"] = "production";
  return {
    root: import.meta.dirname,
    plugins: [
      react(),
      serviceWorker(join(source, "worker/service-worker.ts")),
      answerPage(join(source, "answer"), join(source, "app/styles/tokens.css")),
    ],
    build: {
      outDir: join(import.meta.dirname, "../dist/client"),
      emptyOutDir: true,
      target: "es2023",
      manifest: "asset-manifest.json",
      rolldownOptions: {
        output: {
          codeSplitting: {
            // What the first page needs, in two files: libraries, which stay in the cache over an update, and our own.
            groups: [
              { name: "libraries", test: /node_modules/, tags: ["$initial"] },
              { name: "shell", tags: ["$initial"] },
            ],
          },
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
  };
});
