import { Autocomplete, Button } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { IconCornerLeftUp, IconFolder, IconFolderCode } from "../../ui/icons.gen.ts";
import { useState } from "react";

import { callQuery } from "../../lib/call-query.ts";
import { CodeText } from "../../ui/code-text.tsx";
import classes from "./apps.module.css";

interface FolderFieldProps {
  /** The folder chosen before, "" without one; give the field a new key when it changes. */
  initial: string;
  /** The folder is chosen: Enter, the button, or a project among the folders. */
  onChoose: (path: string) => void;
}

const maxChips = 40;

/** A path that completes itself, and the folders to walk through below. */
export function FolderField({ initial, onChoose }: FolderFieldProps) {
  const [value, onChange] = useState(initial);
  const { data, error } = useQuery({
    ...callQuery("detect.folders", { query: { path: value } }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const folders = data?.folders ?? [];
  const above = parentOf(data?.parent ?? "");
  return (
    <form
      className={classes["folderForm"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (value.trim() !== "") onChoose(value.trim());
      }}
    >
      <div className={classes["buttons"]} style={{ alignItems: "flex-end" }}>
        <Autocomplete
          label="Project folder"
          description="Nothing in it is executed or changed by looking."
          placeholder="~/code/blog"
          style={{ flex: "1 1 260px" }}
          classNames={{ input: "mono" }}
          value={value}
          onChange={onChange}
          data={folders.flatMap(({ path }) => (path === value ? [] : [path]))}
          filter={({ options }) => options}
          limit={12}
          error={error === null ? null : error.message}
          spellCheck={false}
          autoCapitalize="off"
          autoFocus={initial === ""}
        />
        <Button type="submit" size="sm" variant="filled" disabled={value.trim() === ""}>
          {initial !== "" && value === initial ? "Look again" : "Look into it"}
        </Button>
      </div>
      {data === undefined ? null : (
        <p className={classes["place"]}>
          {folders.length === 0 && data.isFolder ? "No folders in" : "In"} <CodeText>{data.parent}</CodeText>
        </p>
      )}
      <div
        className={`${classes["chips"] ?? ""} ${classes["below"] ?? ""}`}
        role="group"
        aria-label={`Folders in ${data?.parent ?? "the home folder"}`}
      >
        {above === null ? null : (
          <button
            type="button"
            className={classes["chip"]}
            onClick={() => {
              onChange(above);
            }}
          >
            <IconCornerLeftUp size={15} /> Up
          </button>
        )}
        {folders.slice(0, maxChips).map(({ name, path, isProject }) => (
          <button
            key={path}
            type="button"
            className={classes["chip"]}
            title={path}
            onClick={() => {
              onChange(isProject ? path : `${path}/`);
              if (isProject) onChoose(path);
            }}
          >
            {isProject ? <IconFolderCode size={15} color="var(--accent)" /> : <IconFolder size={15} />}
            <span className="truncate">{name}</span>
          </button>
        ))}
      </div>
      {data !== undefined && folders.length === 0 && !data.isFolder ? (
        <p className="dim" style={{ fontSize: 13 }}>
          No folder begins like this.
        </p>
      ) : null}
    </form>
  );
}

function parentOf(path: string): string | null {
  if (path === "" || path === "/") return null;
  return path.slice(0, path.lastIndexOf("/") + 1);
}
