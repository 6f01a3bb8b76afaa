import { logsEndpoints } from "../../../contract/features/logs.ts";
import type { Mount } from "../../http/mount.ts";
import type { LogService } from "./log-service.ts";

/** Mounts the endpoints of the logs feature. */
export function mountLogs(mount: Mount, service: LogService): void {
  mount(
    "logs",
    logsEndpoints,
  )({
    sources: () => service.sources(),
    lines: ({ body }, { signal }) => service.lines(body, signal),
    line: ({ query }) => service.line(query),
    search: ({ body }, { signal }) => service.search(body, signal),
    download: ({ query }) => service.download(query),
    retention: () => service.retention(),
    rotate: () => service.rotate(),
  });
}
