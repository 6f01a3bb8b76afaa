import type { PermissionMode } from "../../../contract/features/runs.ts";

/** What agents may do without asking, in the same words wherever it is chosen. */
export const permissionModes: readonly { value: PermissionMode; label: string; text: string }[] = [
  { value: "ask", label: "Ask for everything", text: "Nothing is read, written or run before you allow it." },
  {
    value: "ask-writes",
    label: "Ask before changes",
    text: "Reading is free. Writing a file or running a command asks you.",
  },
  {
    value: "free-in-folder",
    label: "Free in its folder",
    text: "Changes in its folder are free. What goes beyond it asks you.",
  },
  { value: "free", label: "Free", text: "Nothing is asked. It can do whatever your user can do on this machine." },
];
