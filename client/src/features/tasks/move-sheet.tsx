import { Button } from "@mantine/core";

import type { Task } from "../../../../contract/features/tasks.ts";
import { IconArrowBarDown, IconArrowBarUp, IconArrowDown, IconArrowUp } from "../../ui/icons.gen.ts";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { placeOf, stepFrom, type Place, type TasksByColumn } from "./board-order.ts";
import classes from "./board.module.css";
import { canMoveTo, columnOf, columns } from "./task-words.ts";

interface MoveSheetProps {
  task: Task | null;
  byColumn: TasksByColumn;
  onMove: (task: Task, place: Place) => void;
  onClose: () => void;
}

/** Moves a task without dragging: to another column, or within its own. */
export function MoveSheet({ task, byColumn, onMove, onClose }: MoveSheetProps) {
  return (
    <SideSheet title={task === null ? "Move" : `Move "${task.title}"`} isOpen={task !== null} onClose={onClose}>
      {task === null ? null : <Choices task={task} byColumn={byColumn} onMove={onMove} onClose={onClose} />}
    </SideSheet>
  );
}

function Choices({ task, byColumn, onMove, onClose }: MoveSheetProps & { task: Task }) {
  const own = columnOf(task.state);
  const here = placeOf(byColumn, task.id);
  const up = here && stepFrom(byColumn, task.id, here, "ArrowUp", () => false);
  const down = here && stepFrom(byColumn, task.id, here, "ArrowDown", () => false);
  const first = byColumn[own].find(({ id }) => id !== task.id)?.id ?? null;
  const button = (label: string, place: Place | null, Icon: typeof IconArrowUp) => (
    <Button
      leftSection={<Icon size={16} />}
      disabled={place === null}
      onClick={() => {
        if (place !== null) onMove(task, place);
      }}
    >
      {label}
    </Button>
  );
  return (
    <div className={classes["moves"]}>
      {own === "ended" ? null : (
        <div className={classes["moveGrid"]}>
          {button("Up", up, IconArrowUp)}
          {button("Down", down, IconArrowDown)}
          {button("To the top", up === null ? null : { column: own, before: first }, IconArrowBarUp)}
          {button("To the end", down === null ? null : { column: own, before: null }, IconArrowBarDown)}
        </div>
      )}
      <div className={classes["moveColumns"]}>
        {columns
          .filter(({ id }) => id !== own && canMoveTo(task, id))
          .map(({ id, label }) => (
            <Button
              key={id}
              onClick={() => {
                onMove(task, { column: id, before: null });
                onClose();
              }}
            >
              {id === "running" ? "Start now" : `To ${label}`}
            </Button>
          ))}
      </div>
    </div>
  );
}
