import type { Env } from "../../lib/env.ts";
import { readTailnet } from "../../lib/tailnet.ts";
import { say, style } from "./terminal-output.ts";

/** Prints where the panel can be opened: here, and from other devices of the tailnet with a QR code for the phone. */
export async function printAddresses(env: Pick<Env, "ports">): Promise<void> {
  const port = env.ports.ui;
  const tailnet = await readTailnet();
  const name = tailnet.dnsName || tailnet.addresses[0];
  say();
  say(`  On this machine    ${style.cyan(`http://localhost:${port}`)}`);
  if (tailnet.state !== "running" || !name) {
    const reason = tailnet.state === "absent" ? "Tailscale is not installed here" : "Tailscale is not connected";
    const cure = tailnet.state === "absent" ? "https://tailscale.com/download" : "run: tailscale up";
    say(
      `  From your phone    ${style.dim(`${reason}; install it on both devices to open PortOS from anywhere (${cure})`)}`,
    );
    return;
  }
  const url = `http://${name}:${port}`;
  say(`  In your tailnet    ${style.cyan(url)}`);
  if (!process.stdout.isTTY) return;
  const { renderUnicodeCompact } = await import("uqr");
  say();
  for (const line of renderUnicodeCompact(url, { border: 1 }).split("\n")) say(`    ${line}`);
}
