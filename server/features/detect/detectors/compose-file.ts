import { z } from "zod";

import { emptyFinding, proposal, type Finding } from "../finding.ts";
import type { FolderReader } from "../../../../lib/folder-reader.ts";

const fileNames = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
const maxPortsOfService = 20;
const portEntry = z.union([
  z.string(),
  z.number(),
  z.object({ published: z.union([z.string(), z.number()]).optional() }),
]);
const composeSchema = z.object({
  services: z.record(
    z.string(),
    z
      .object({ image: z.string().optional().catch(undefined), ports: z.array(portEntry).optional().catch(undefined) })
      .catch({}),
  ),
});

/** Services of a compose file: told, and offered as one `docker compose up` where docker is installed. */
export async function detectComposeFile(folder: FolderReader, hasDocker: () => boolean): Promise<Finding> {
  const finding = emptyFinding();
  for (const file of fileNames) {
    const text = await folder.readText(file);
    if (text === null) continue;
    const services = await readServices(text);
    if (services === null) {
      finding.lines.push(`${file} cannot be read`);
      finding.facts.push({ source: file, text: "It is not a valid compose file" });
      return finding;
    }
    for (const { name, image, ports } of services) {
      const where = ports.length > 0 ? ` on ${ports.join(", ")}` : "";
      const line = `service ${name}${image === null ? "" : ` (${image})`}${where}`;
      finding.lines.push(line);
      finding.facts.push({ source: file, text: line });
    }
    if (services.length > 0 && hasDocker()) {
      finding.proposals.push(
        proposal({
          source: file,
          reason: services.length === 1 ? "the service in it" : `all ${services.length} services`,
          name: "compose",
          run: { kind: "command", command: ["docker", "compose", "-f", file, "up", "--no-color"] },
          ports: services.flatMap(({ ports }) => ports).slice(0, 20),
          weight: 3,
        }),
      );
    } else if (services.length > 0) {
      finding.facts.push({
        source: file,
        text: "docker is not installed, so these services cannot be started from here",
      });
    }
    return finding;
  }
  return finding;
}

async function readServices(text: string): Promise<{ name: string; image: string | null; ports: number[] }[] | null> {
  const { parseDocument } = await import("yaml");
  let parsed: z.ZodSafeParseResult<z.output<typeof composeSchema>>;
  try {
    // Anchors are merged with `<<`, as compose itself does.
    const document = parseDocument(text, { merge: true });
    if (document.errors.length > 0) return null;
    parsed = composeSchema.safeParse(document.toJS({ maxAliasCount: 50 }));
  } catch {
    return null; // aliases that never end
  }
  if (!parsed.success) return null;
  return Object.entries(parsed.data.services)
    .slice(0, 50)
    .map(([name, service]) => ({
      name: name.slice(0, 80),
      image: service.image?.slice(0, 200) ?? null,
      ports: (service.ports ?? []).flatMap(publishedPorts).slice(0, maxPortsOfService),
    }));
}

/** "8080:80", "127.0.0.1:8080-8082:80-82/tcp", "${PORT:-8080}:80", 3000 or `{ published }` → the ports on this machine. */
function publishedPorts(entry: z.output<typeof portEntry>): number[] {
  const text = typeof entry === "object" ? String(entry.published ?? "") : String(entry);
  const parts = text
    .replaceAll(/\$\{\w+:?-(\d{1,5})\}/g, "$1")
    .replace(/\/(?:tcp|udp)$/, "")
    .split(":");
  const published = parts.length > 1 ? parts.at(-2) : typeof entry === "object" ? parts[0] : undefined;
  const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(published ?? "") ?? [];
  const from = Number(first);
  const count = Math.min(Number(last ?? first) - from + 1, maxPortsOfService);
  if (!(count > 0)) return [];
  return Array.from({ length: count }, (_, index) => from + index).filter((port) => port > 0 && port < 65_536);
}
