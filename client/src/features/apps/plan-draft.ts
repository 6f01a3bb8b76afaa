import type { AppInput } from "../../../../contract/features/apps.ts";
import type { ImportPlan, PlanProcess } from "../../../../contract/features/detect.ts";
import { parsePorts } from "./command-text.ts";

/** A plan while it is looked over: what will be imported, as typed. */
export interface PlanDraft {
  name: string;
  id: string;
  rows: { isSelected: boolean; name: string; ports: string; proposed: PlanProcess }[];
}

/** The plan as proposed. */
export function draftOf(plan: ImportPlan): PlanDraft {
  return {
    name: plan.name,
    id: plan.id,
    rows: plan.processes.map((proposed) => ({
      isSelected: proposed.isSelected,
      name: proposed.process.name,
      ports: proposed.process.ports.join(", "),
      proposed,
    })),
  };
}

/** What must be mended before it can be imported; `null` when it can. */
export function draftProblem({ name, id, rows }: PlanDraft): string | null {
  if (name.trim() === "") return "Give the app a name.";
  if (!/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(id))
    return "The id may have lower-case letters, digits and dashes.";
  const chosen = rows.filter(({ isSelected }) => isSelected);
  const names = chosen.map((row) => row.name);
  if (new Set(names).size < names.length) return "Two chosen processes have the same name.";
  const odd = chosen.find((row) => parsePorts(row.ports) === null);
  return odd === undefined ? null : `The ports of ${odd.name} are no port numbers.`;
}

/** The app to create. */
export function toAppInput(plan: ImportPlan, draft: PlanDraft): AppInput {
  const chosen = draft.rows.filter(({ isSelected }) => isSelected);
  const processes = chosen.map(({ name, ports, proposed }) => ({
    ...proposed.process,
    name,
    ports: parsePorts(ports) ?? [],
  }));
  return {
    name: draft.name.trim(),
    id: draft.id,
    description: plan.description,
    folder: plan.folder,
    group: "",
    origin: "import",
    editorTemplate: null,
    links: processes.flatMap(({ name, ports: [port] }) =>
      port === undefined ? [] : [{ kind: "port" as const, label: name, port, path: "/" }],
    ),
    processes,
  };
}
