import { IconCloudOff } from "../../ui/icons.gen.ts";

import { EmptyState } from "../../ui/empty-state.tsx";

/** What to know and to do when the panel is opened while portos-server is away. */
export const noConnectionText =
  "Nothing is lost: what your processes print meanwhile is in their log files, and is shown here once PortOS answers. If it does not come back, run npm start in the project folder.";

/** Stands in for lines this browser has never seen. */
export function NoConnection() {
  return (
    <div role="status">
      <EmptyState icon={IconCloudOff} title="PortOS does not answer" text={noConnectionText} />
    </div>
  );
}
