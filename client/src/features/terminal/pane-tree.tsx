import type { PointerEvent, ReactNode } from "react";

import type { PaneNode } from "./layout.ts";
import classes from "./pane-tree.module.css";

interface PaneTreeProps {
  node: PaneNode;
  path?: string;
  render: (session: string) => ReactNode;
  onRatio: (path: string, ratio: number) => void;
}

/** Panes of a tab with borders that can be dragged or moved with the arrow keys. */
export function PaneTree({ node, path = "", render, onRatio }: PaneTreeProps) {
  if (node.kind === "pane") return render(node.session);
  const percent = Math.round(node.ratio * 100);
  return (
    <div className={classes["split"]} data-direction={node.direction}>
      <div className={classes["part"]} style={{ flexGrow: node.ratio }}>
        <PaneTree node={node.first} path={`${path}1`} render={render} onRatio={onRatio} />
      </div>
      <div
        className={classes["border"]}
        role="separator"
        tabIndex={0}
        aria-label="Border between two terminals"
        aria-orientation={node.direction === "row" ? "vertical" : "horizontal"}
        aria-valuenow={percent}
        aria-valuemin={15}
        aria-valuemax={85}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) onRatio(path, ratioAt(event, node.direction));
        }}
        onKeyDown={(event) => {
          const step = { ArrowLeft: -0.05, ArrowUp: -0.05, ArrowRight: 0.05, ArrowDown: 0.05 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          onRatio(path, node.ratio + step);
        }}
      />
      <div className={classes["part"]} style={{ flexGrow: 1 - node.ratio }}>
        <PaneTree node={node.second} path={`${path}2`} render={render} onRatio={onRatio} />
      </div>
    </div>
  );
}

function ratioAt(event: PointerEvent<HTMLElement>, direction: "row" | "column"): number {
  const box = event.currentTarget.parentElement?.getBoundingClientRect();
  if (!box) return 0.5;
  return direction === "row" ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height;
}
