import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseEnv, type Env } from "../env.ts";
import { freePort } from "./free-port.ts";

/** What a process sees that follows the list of guests: the file, and a portos-server that takes down refusals. */
export interface GuestScene {
  /** With free ports for both pages, and the port of the stand-in for portos-server. */
  env: Env;
  /** Calls that reached portos-server. */
  told: { path: string; body: string }[];
  /** Writes the file as a hand would: Ada, and these devices. */
  writeList(isOn: boolean, nodes?: string[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens the scene in a temporary folder. */
export async function openGuestScene(): Promise<GuestScene> {
  const folder = await mkdtemp(join(tmpdir(), "portos-guests-"));
  await mkdir(join(folder, "data"));
  const told: GuestScene["told"] = [];
  const api = createServer((incoming, response) => {
    let body = "";
    incoming.setEncoding("utf8").on("data", (part: string) => (body += part));
    incoming.on("end", () => {
      told.push({ path: incoming.url ?? "", body });
      response.writeHead(200, { "Content-Type": "application/json" }).end("null");
    });
  });
  api.on("upgrade", (_, socket) => {
    socket.on("error", () => socket.destroy());
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  });
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  const base = parseEnv({ HOST: "127.0.0.1", PORTOS_DATA_DIR: join(folder, "data") }, process.cwd());
  const [ui, autofixerUi] = [await freePort(), await freePort()];
  const ports = { ...base.ports, server: (api.address() as AddressInfo).port, ui, autofixerUi };
  return {
    env: { ...base, stateDir: join(folder, "s"), pm2Home: join(folder, "s/pm2"), userPm2Home: null, ports },
    told,
    async writeList(isOn, nodes = []) {
      const data = { guests: { isOn, logins: ["ada@example.org"], nodes } };
      await writeFile(join(folder, "data/access.json"), JSON.stringify({ version: 1, data }));
    },
    async close() {
      api.closeAllConnections();
      api.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Status of a GET that comes through loopback for a peer, or for this machine itself. */
export function statusFor(port: number, path: string, from: string | null): Promise<number> {
  const headers = from === null ? {} : { "x-forwarded-for": from };
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, headers, agent: false }, (reply) => {
      reply.resume();
      resolve(reply.statusCode ?? 0);
    })
      .once("error", reject)
      .end();
  });
}
