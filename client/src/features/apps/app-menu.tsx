import { IconArchive, IconArchiveOff, IconTrash } from "../../ui/icons.gen.ts";

import type { App } from "../../../../contract/features/apps.ts";
import { actionsOf, useActions } from "../../lib/actions.ts";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import { archiveApp, removeApp } from "./use-apps.ts";

/** The menu of an app: everything the registry knows about it, then archive and delete. */
export function AppMenu({ app, onRemoved }: { app: App; onRemoved?: () => void }) {
  const known = actionsOf(useActions(), `app:${app.id}`);
  const own: MenuItem[] = [
    {
      id: "archive",
      label: app.isArchived ? "Take out of the archive" : "Archive",
      icon: app.isArchived ? IconArchiveOff : IconArchive,
      run: () => archiveApp(app, !app.isArchived),
    },
    {
      id: "remove",
      label: `Delete ${app.name}`,
      icon: IconTrash,
      isDangerous: true,
      run: async () => {
        if (await removeApp(app)) onRemoved?.();
      },
    },
  ];
  return <ActionMenu label={`Actions for ${app.name}`} items={[...known, ...own]} />;
}
