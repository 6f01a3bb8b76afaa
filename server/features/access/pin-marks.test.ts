import { describe, expect, test } from "vitest";

import type { Endpoint, StepUp } from "../../../contract/endpoint.ts";
import { channels } from "../../../contract/index.ts";
import { allEndpoints } from "./testing/all-endpoints.ts";

const expected = (id: string, { method, audit, summary }: Endpoint): string | undefined => {
  if (method === "DELETE") return "delete";
  // What deletes under another method: its summary says so.
  if (audit !== "none" && /^(?:Delete|Remove) /.test(summary)) return "delete";
  // Every way for a rule to come into force.
  if (/^approvals\.\w+Rule$/.test(id) && audit !== "none") return "allow";
  if (id.startsWith("terminal.") && audit !== "none") return "terminal";
  return undefined;
};

const marked = (what: StepUp) => allEndpoints.filter(({ endpoint }) => endpoint.stepUp === what).map(({ id }) => id);

describe("marks", () => {
  test("everything that deletes or lets a rule answer, everything of terminals that is taken down, and every change of secrets is marked", () => {
    for (const { id, endpoint } of allEndpoints) {
      const wanted = expected(id, endpoint);
      if (wanted !== undefined) expect([id, endpoint.stepUp]).toEqual([id, wanted]);
    }
    expect(marked("secret").toSorted()).toEqual([
      "access.saveGuests",
      "access.setMinutes",
      "apps.create",
      "apps.update",
      "automations.create",
      "automations.update",
      "backups.restore",
      "browser.saveSettings",
      "connectors.putConfig",
      "hooks.changeSecret",
      "hooks.create",
      "hooks.update",
      "localModels.update",
      "mcp.create",
      "mcp.update",
      "mcpSignIn.begin",
      "mcpSignIn.signOut",
      "providers.create",
      "providers.update",
      "push.subscribe",
      "push.update",
      "worktrees.putSetup",
    ]);
    expect(marked("allow").toSorted()).toEqual([
      "approvals.confirmRules",
      "approvals.createRule",
      "approvals.restoreRule",
      "approvals.updateRule",
      "chief.put",
      "connectorModules.accept",
      "connectorModules.put",
      "connectors.enable",
      "connectors.putPolicy",
      "customConnectors.create",
      "customConnectors.update",
      "mcp.saveRuns",
      "mcpConnectors.accept",
      "mcpConnectors.create",
      "mcpConnectors.look",
      "mcpConnectors.update",
      "repairs.putSettings",
      "repairs.setAppLevel",
      "trust.put",
      "usage.setBudget",
    ]);
  });

  test("attaching to a terminal and typing into it are marked on the channel", () => {
    const { attach, input } = channels.terminal.client;
    expect([attach.stepUp, input.stepUp]).toEqual(["terminal", "terminal"]);
  });
});
