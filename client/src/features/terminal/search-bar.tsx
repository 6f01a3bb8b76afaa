import { ActionIcon, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "../../ui/icons.gen.ts";
import { useEffect, useState } from "react";

import { paneOf } from "./pane-control.ts";
import classes from "./search-bar.module.css";

const decorations = {
  matchBackground: "#5a4a10",
  activeMatchBackground: "#b07d12",
  matchOverviewRuler: "#e9b44c",
  activeMatchColorOverviewRuler: "#ffffff",
};

/** Finds text on the screen and in the scrollback of a terminal. */
export function SearchBar({ session, onClose }: { session: string; onClose: () => void }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<{ index: number; count: number } | null>(null);
  useEffect(() => {
    const search = paneOf(session)?.view.search;
    const listener = search?.onDidChangeResults(({ resultIndex, resultCount }) => {
      setFound({ index: resultIndex, count: resultCount });
    });
    return () => {
      listener?.dispose();
      search?.clearDecorations();
    };
  }, [session]);
  const find = (direction: "next" | "previous", wanted: string, isIncremental = false): void => {
    const search = paneOf(session)?.view.search;
    if (wanted === "") {
      search?.clearDecorations();
      setFound(null);
    } else if (direction === "next") search?.findNext(wanted, { decorations, incremental: isIncremental });
    else search?.findPrevious(wanted, { decorations });
  };
  const close = (): void => {
    onClose();
    paneOf(session)?.focus();
  };
  return (
    <div className={classes["bar"]} role="search">
      <TextInput
        size="xs"
        aria-label="Find in this terminal"
        placeholder="Find"
        autoFocus
        className={classes["field"] ?? ""}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          find("previous", event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") find(event.shiftKey ? "next" : "previous", text);
          else if (event.key === "Escape") close();
        }}
      />
      <span className={classes["count"]} role="status">
        {found === null || text === ""
          ? ""
          : found.count === 0
            ? "nothing found"
            : `${String(found.index + 1)} of ${String(found.count)}`}
      </span>
      <ActionIcon
        aria-label="Previous match"
        onClick={() => {
          find("previous", text);
        }}
      >
        <IconArrowUp size={16} />
      </ActionIcon>
      <ActionIcon
        aria-label="Next match"
        onClick={() => {
          find("next", text);
        }}
      >
        <IconArrowDown size={16} />
      </ActionIcon>
      <ActionIcon aria-label="Close the search" onClick={close}>
        <IconX size={16} />
      </ActionIcon>
    </div>
  );
}
