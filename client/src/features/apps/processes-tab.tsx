import { Button } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPencil, IconPlus, IconTrash } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { App, AppProcess, ProcessInput } from "../../../../contract/features/apps.ts";
import { call } from "../../lib/api.ts";
import { toast, undoToast, withErrorToast } from "../../lib/toasts.ts";
import type { MenuItem } from "../../ui/action-menu.tsx";
import { Section } from "../../ui/section.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { newProcess, toInput } from "./app-model.ts";
import { ProcessForm } from "./process-form.tsx";
import { ProcessRows } from "./process-rows.tsx";
import { useKeepApp } from "./use-apps.ts";

/** Processes of an app in the order of starting: edit, move, add, remove. */
export function ProcessesTab({ app }: { app: App }) {
  const keep = useKeepApp();
  const [editing, setEditing] = useState<ProcessInput | null>(null);
  const inputs = app.processes.map(toInput);
  const isNew = editing !== null && !inputs.some(({ name }) => name === editing.name);

  const save = async (processes: ProcessInput[]): Promise<void> => {
    keep(await call("apps.update", { params: { id: app.id }, body: { processes } }));
  };
  const saveOne = async (next: ProcessInput): Promise<void> => {
    await save(isNew ? [...inputs, next] : inputs.map((entry) => (entry.name === editing?.name ? next : entry)));
    setEditing(null);
    toast({
      kind: "ok",
      text: `Saved ${next.name}`,
      ...(isNew ? {} : { detail: "It takes effect at the next restart." }),
    });
  };
  const move = (index: number, by: -1 | 1): Promise<boolean> => {
    const next = [...inputs];
    const [entry] = next.splice(index, 1);
    if (entry) next.splice(index + by, 0, entry);
    return withErrorToast("Could not change the order", () => save(next));
  };
  const remove = (name: string): Promise<boolean> =>
    withErrorToast(`Could not remove ${name}`, async () => {
      await save(inputs.filter((entry) => entry.name !== name));
      undoToast(`Removed ${name}`, () => save(inputs));
    });
  const items = (process: AppProcess): MenuItem[] => {
    const index = app.processes.indexOf(process);
    return [
      { id: "edit", label: "Edit", icon: IconPencil, run: () => setEditing(toInput(process)) },
      { id: "up", label: "Start earlier", icon: IconArrowUp, isDisabled: index === 0, run: () => move(index, -1) },
      {
        id: "down",
        label: "Start later",
        icon: IconArrowDown,
        isDisabled: index === app.processes.length - 1,
        run: () => move(index, 1),
      },
      {
        id: "remove",
        label: `Remove ${process.name}`,
        icon: IconTrash,
        isDangerous: true,
        run: () => remove(process.name),
      },
    ];
  };

  return (
    <>
      <Section
        title="In the order of starting"
        isCard
        actions={
          <Button
            leftSection={<IconPlus size={14} />}
            onClick={() => {
              setEditing(newProcess(freeName(inputs)));
            }}
          >
            Add a process
          </Button>
        }
      >
        <ProcessRows app={app} menuOf={items} />
      </Section>
      <SideSheet
        title={isNew ? "Add a process" : `Edit ${editing?.name ?? ""}`}
        isOpen={editing !== null}
        onClose={() => {
          setEditing(null);
        }}
        width={480}
      >
        {editing === null ? null : (
          <ProcessForm key={editing.name} process={editing} onSave={saveOne} saveLabel="Save" />
        )}
      </SideSheet>
    </>
  );
}

function freeName(processes: readonly ProcessInput[]): string {
  const names = new Set(processes.map(({ name }) => name));
  if (!names.has("web")) return "web";
  let number = 2;
  while (names.has(`process-${String(number)}`)) number += 1;
  return `process-${String(number)}`;
}
