import { IconHistory, IconTerminal2 } from "../../ui/icons.gen.ts";

import { actionRegistry, registerActionSearch, type Action } from "../../lib/actions.ts";
import { call } from "../../lib/api.ts";
import { copyText } from "../../lib/clipboard.ts";
import { toast } from "../../lib/toasts.ts";
import { focusedPane } from "./pane-control.ts";
import { shortFolder } from "./session-text.ts";

const foundCommands = 8;

type Navigate = (target: { to: "/terminal"; search: Record<string, string> }) => unknown;

/** What the palette offers for terminals on every page: open one, and every command typed before. Returns how to stop. */
export function registerTerminalActions(navigate: Navigate): () => void {
  const stopActions = actionRegistry.register([
    {
      id: "terminal.new",
      label: "Open a new terminal",
      group: "Terminal",
      icon: IconTerminal2,
      keywords: ["shell", "console", "bash"],
      run: async () => {
        const { id } = await call("terminal.create", { body: {} });
        void navigate({ to: "/terminal", search: { session: id } });
      },
    },
    {
      id: "terminal.sessions",
      label: "Show all terminal sessions",
      group: "Terminal",
      icon: IconTerminal2,
      run: () => navigate({ to: "/terminal", search: { sheet: "sessions" } }),
    },
    {
      id: "terminal.recordings",
      label: "Show terminal recordings",
      group: "Terminal",
      icon: IconTerminal2,
      run: () => navigate({ to: "/terminal", search: { sheet: "recordings" } }),
    },
  ]);
  const stopSearch = registerActionSearch({
    id: "terminal.commands",
    group: "Typed commands",
    search: async (text, signal) => {
      const { items } = await call("terminal.commandHistory", { query: { text, limit: foundCommands } }, { signal });
      return items.map((item): Action => ({
        id: `terminal.command:${item.at}`,
        label: item.command,
        group: "Typed commands",
        icon: IconHistory,
        keywords: [shortFolder(item.folder)],
        run: () => offerCommand(item.command, item.folder, navigate),
      }));
    },
  });
  return () => {
    stopActions();
    stopSearch();
  };
}

/** Puts a command at the prompt of the terminal in focus; elsewhere it is copied and a terminal opens in its folder. */
async function offerCommand(command: string, folder: string, navigate: Navigate): Promise<void> {
  const pane = focusedPane();
  if (pane) {
    pane.paste(command);
    return;
  }
  if (await copyText(command)) toast({ kind: "ok", text: "Command copied: paste it at the prompt" });
  void navigate({ to: "/terminal", search: { cwd: folder } });
}
