// A tiny server to try the panel with: it logs in every level and colour, draws a progress line, and crashes on demand.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";

const port = Number(process.env.PORT ?? 4100);
const startedAt = Date.now();
let requests = 0;

const colours = { debug: 90, info: 36, warn: 33, error: 31 };
const emoji = { debug: "🔍", info: "👋", warn: "⚠️ ", error: "💥" };

function log(level, message) {
  const line = `\u001b[${colours[level]}m${emoji[level]} ${level.padEnd(5)}\u001b[0m ${message}\n`;
  (level === "error" ? process.stderr : process.stdout).write(line);
}

/** One line that overwrites itself, as build tools draw it. */
async function progress(what, steps = 40) {
  for (let step = 0; step <= steps; step++) {
    const done = "█".repeat(step).padEnd(steps, "░");
    process.stdout.write(
      `\r\u001b[32m${done}\u001b[0m ${String(Math.round((100 * step) / steps)).padStart(3)}% ${what}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.stdout.write("\n");
}

function burst(count) {
  for (let number = 1; number <= count; number++) {
    const [red, green, blue] = [0, 2, 4].map((shift) =>
      Math.round(127 + 127 * Math.sin((number / count) * 6.28 + shift)),
    );
    process.stdout.write(
      `\u001b[38;2;${red};${green};${blue}mline ${number} of ${count}\u001b[0m the quick brown fox\n`,
    );
  }
}

function crash() {
  log("error", "Somebody pressed the crash button");
  setTimeout(() => {
    throw new Error("Crashed on demand");
  }, 50);
}

const page = () => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Hello app</title><link rel="icon" href="/favicon.svg">
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 36rem; margin: 12vh auto; padding: 0 1rem }
  form { display: inline } button { font: inherit; padding: .6rem 1rem; margin: .2rem .2rem 0 0; border-radius: .5rem; border: 1px solid #8888; cursor: pointer }
</style></head><body>
<h1>👋 Hello</h1>
<p>Up for ${Math.round((Date.now() - startedAt) / 1000)} s, ${requests} requests. Everything below shows up in the logs of the panel.</p>
${[
  ["/burst?lines=1000", "Log 1,000 lines"],
  ["/progress", "Draw a progress bar"],
  ["/levels", "One line of each level"],
  ["/crash", "Crash"],
]
  .map(([path, label]) => `<form method="post" action="${path}"><button>${label}</button></form>`)
  .join("\n")}
</body></html>`;

const actions = {
  "/burst": ({ searchParams }) => burst(Math.min(Math.max(Number(searchParams.get("lines")) || 1000, 1), 1_000_000)),
  "/progress": () => void progress("downloading the internet"),
  "/levels": () => Object.keys(colours).forEach((level) => log(level, `This is a line of level ${level}`)),
  "/crash": crash,
};

async function answer(request, response) {
  requests += 1;
  const url = new URL(request.url, "http://localhost");
  const action = actions[url.pathname];
  if (request.method === "POST" && action) {
    action(url);
    response.writeHead(303, { location: "/" }).end();
  } else if (url.pathname === "/favicon.svg") {
    response
      .writeHead(200, { "content-type": "image/svg+xml" })
      .end(await readFile(new URL("favicon.svg", import.meta.url)));
  } else if (url.pathname === "/") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page());
  } else {
    response.writeHead(404, { "content-type": "text/plain" }).end("There is nothing here\n");
  }
  log(response.statusCode < 400 ? "info" : "warn", `${request.method} ${url.pathname} → ${response.statusCode}`);
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    log("error", `${request.method} ${request.url} failed: ${error.message}`);
    response.destroy();
  });
});

server.listen(port, "127.0.0.1", () => {
  log("info", `Listening on \u001b[4mhttp://localhost:${port}\u001b[0m`);
  void progress("warming up", 20);
});

let beat = 0;
setInterval(
  () => log("debug", `heartbeat ${++beat}, ${(process.memoryUsage().rss / 1048576).toFixed(1)} MB`),
  10_000,
).unref();

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    log("info", `Goodbye (${signal})`);
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
