import "./styles/mantine-rest.ts";

import { Modal } from "@mantine/core";

import { groupActions, useActions } from "../lib/actions.ts";
import { KeyHint } from "../ui/key-hint.tsx";
import classes from "./shortcut-sheet.module.css";

/** `?`: every registered shortcut, by group. */
export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const withKeys = useActions().filter((action) => action.shortcut !== undefined);
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts" size="lg" styles={{ title: { fontWeight: 600 } }}>
      <div className={classes["groups"]}>
        {groupActions(withKeys).map(({ group, actions }) => (
          <section key={group}>
            <h3 className={classes["group"]}>{group}</h3>
            <dl className={classes["list"]}>
              {actions.map((action) => (
                <div key={action.id} className={classes["line"]}>
                  <dt>{action.label}</dt>
                  <dd>
                    <KeyHint shortcut={action.shortcut ?? ""} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
