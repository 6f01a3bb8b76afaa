import { backupsEndpoints } from "../../../contract/features/backups.ts";
import type { Mount } from "../../http/mount.ts";
import type { BackupService } from "./backup-service.ts";

/** HTTP side of backups. */
export function mountBackups(mount: Mount, backups: BackupService): void {
  mount(
    "backups",
    backupsEndpoints,
  )({
    list: () => backups.list(),
    create: () => backups.create("manual"),
    preview: ({ params }) => backups.preview(params.id),
    restore: ({ params }) => backups.restore(params.id),
    async remove({ params }) {
      await backups.remove(params.id);
      return null;
    },
    download: ({ params }) => backups.download(params.id),
  });
}
