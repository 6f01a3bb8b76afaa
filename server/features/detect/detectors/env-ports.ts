import { emptyFinding, type Finding } from "../finding.ts";
import type { FolderReader } from "../../../../lib/folder-reader.ts";

const fileNames = [".env.local", ".env.development.local", ".env.development", ".env", ".env.example"];

/** Port lines of `.env` files. No other line is looked at, and no other value ever leaves this function. */
export async function detectEnvPorts(folder: FolderReader): Promise<Finding> {
  const finding = emptyFinding();
  const ports: number[] = [];
  for (const file of fileNames) {
    const text = await folder.readText(file, 64 * 1024);
    for (const { name, port } of text === null ? [] : portLines(text)) {
      finding.lines.push(`${file}: ${name}=${port}`);
      if (name === "PORT" && file !== ".env.example") ports.push(port);
    }
  }
  if (ports.length > 0) finding.ports = [...new Set(ports)];
  return finding;
}

/** `PORT=3000`, `API_PORT="4000"`, `export WEB_PORT=80 # comment`. */
export function portLines(text: string): { name: string; port: number }[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*(?:export\s+)?((?:[A-Z][A-Z0-9_]*_)?PORT)\s*=\s*["']?(\d{2,5})["']?\s*(?:#.*)?$/.exec(line);
    const port = Number(match?.[2]);
    return match?.[1] !== undefined && port > 0 && port < 65_536 ? [{ name: match[1].slice(0, 60), port }] : [];
  });
}
