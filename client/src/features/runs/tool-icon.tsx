import type { ToolKind } from "../../../../contract/features/run-events.ts";
import type { Icon } from "../../ui/icon.ts";
import {
  IconArrowsExchange,
  IconBulb,
  IconFilePencil,
  IconFileText,
  IconSearch,
  IconTerminal2,
  IconTool,
  IconTrash,
  IconWorld,
} from "../../ui/icons.gen.ts";

const icons: Record<ToolKind, Icon> = {
  read: IconFileText,
  edit: IconFilePencil,
  delete: IconTrash,
  move: IconArrowsExchange,
  search: IconSearch,
  execute: IconTerminal2,
  think: IconBulb,
  fetch: IconWorld,
  other: IconTool,
};

/** What kind of thing a tool call does. */
export function ToolIcon({ tool, size = 15 }: { tool: ToolKind; size?: number }) {
  const Found = icons[tool];
  return <Found size={size} />;
}
