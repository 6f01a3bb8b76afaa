import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { freePort } from "../../../../lib/testing/free-port.ts";
import type { MadeCertificate } from "../../../../lib/guarded-http/testing/make-certificate.ts";

/** Where packages of Linux and Homebrew put the program that runs as whoever starts it. */
const places = [
  "/usr/lib/rabbitmq/bin/rabbitmq-server",
  "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
  "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
];
export const rabbitProgram: string | null = places.find((place) => existsSync(place)) ?? null;

export interface RabbitBroker {
  port: number;
  tlsPort: number;
  close(): Promise<void>;
}

const patienceMs = 90_000;

/** RabbitMQ with ports, a folder and a name of its own; nothing of it is left behind. */
export async function startRabbit(program: string, certificate: MadeCertificate): Promise<RabbitBroker> {
  const folder = await mkdtemp(join(tmpdir(), "portos-rabbit-"));
  const port = await freePort();
  const [tlsPort, distPort, epmdPort] = [port + 1, port + 2, port + 3];
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "cert.pem"), certificate.cert);
  await writeFile(join(folder, "key.pem"), certificate.key);
  await writeFile(join(folder, "enabled_plugins"), "[].");
  await writeFile(
    join(folder, "rabbitmq.conf"),
    [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      `listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
      `ssl_options.certfile = ${join(folder, "cert.pem")}`,
      `ssl_options.keyfile = ${join(folder, "key.pem")}`,
      "ssl_options.verify = verify_none",
      "",
    ].join("\n"),
  );
  const child = spawn(program, [], {
    cwd: folder,
    detached: true, // a group of its own, so that all of it can be ended
    stdio: "ignore",
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      ERL_EPMD_PORT: String(epmdPort),
      ERL_EPMD_ADDRESS: "127.0.0.1",
      RABBITMQ_NODENAME: `portos-${port}@localhost`,
      RABBITMQ_DIST_PORT: String(distPort),
      RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
      RABBITMQ_CONF_ENV_FILE: join(folder, "none"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
      RABBITMQ_MNESIA_BASE: join(folder, "data"),
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_PID_FILE: join(folder, "pid"),
    },
  });
  const close = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await endNames(epmdPort);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await reachable([port, tlsPort]);
  } catch (error) {
    await close();
    throw error;
  }
  return { port, tlsPort, close };
}

/** Erlang's service of names, which goes on by itself: asked to end, at the port of this broker alone. */
async function endNames(port: number): Promise<void> {
  for (let left = 50; left > 0; left -= 1) {
    if ((await askNames(port)) !== "NO") return;
    await pause(100); // it still knows the broker
  }
}

/** "OK", or "NO" when a name is still in use; empty when nobody answers. */
function askNames(port: number): Promise<string> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from([0, 1, 0x6b])));
    socket.on("error", () => undefined); // it is gone already
    socket.on("data", (bytes) => (said += bytes.toString("latin1")));
    socket.once("close", () => {
      resolve(said);
    });
  });
}

async function reachable(ports: readonly number[]): Promise<void> {
  const endsAt = Date.now() + patienceMs;
  for (const port of ports)
    while (!(await answers(port))) {
      if (Date.now() > endsAt) throw new Error("RabbitMQ did not start");
      await pause(250);
    }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
