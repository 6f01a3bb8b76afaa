import { Checkbox, Radio } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { callQuery } from "../../lib/call-query.ts";
import { Notice } from "../../ui/notice.tsx";
import type { IsolationChoice, RunDraft } from "./composer-draft.ts";
import classes from "./composer.module.css";

/** What is known of the place a run would work in. */
export interface Place {
  /** There is a git repository; `null`: nobody has looked. */
  isRepository: boolean | null;
}

/** Whether the app's folder is a repository; a folder that was typed is looked at when the run starts. */
export function usePlace({ appId, folder }: Pick<RunDraft, "appId" | "folder">): Place {
  const isAsked = appId !== "" && folder.trim() === "";
  const { data } = useQuery({ ...callQuery("apps.git", { params: { id: appId } }), enabled: isAsked });
  if (isAsked) return { isRepository: data === undefined ? null : data !== null };
  return { isRepository: folder.trim() === "" ? false : null };
}

/** What is done when nobody has chosen, or what was chosen cannot be. */
export function effectiveIsolation(chosen: RunDraft["isolation"], place: Place, hasApp: boolean): IsolationChoice {
  if (place.isRepository === false) return "none";
  if (chosen !== "auto") return chosen;
  return hasApp && place.isRepository === true ? "worktree" : "none";
}

const choices: readonly { value: IsolationChoice; label: string; text: string }[] = [
  { value: "none", label: "In the folder itself", text: "What it changes, it changes in your files at once." },
  {
    value: "worktree",
    label: "In a worktree",
    text: "On a branch and in a folder of its own, from the last commit. Your files stay as they are until you merge.",
  },
  {
    value: "sandbox",
    label: "In a sandbox",
    text: "A worktree, and its programs can write nothing else: the rest is read-only, secrets are hidden.",
  },
];

interface IsolationFieldsProps {
  draft: RunDraft;
  place: Place;
  error: string | undefined;
  onChange: (patch: Partial<RunDraft>) => void;
}

/** Where the work happens, and what it can touch. */
export function IsolationFields({ draft, place, error, onChange }: IsolationFieldsProps) {
  const { data } = useQuery(callQuery("worktrees.list"));
  const value = effectiveIsolation(draft.isolation, place, draft.appId !== "");
  const hasPlace = place.isRepository !== false;
  const sandboxHelp = data?.sandbox.help ?? null;
  return (
    <>
      <Radio.Group
        label="Where does its work happen?"
        value={value}
        error={error}
        onChange={(isolation) => {
          onChange({ isolation });
        }}
      >
        <div className={classes["modes"]}>
          {choices.map((choice) => (
            <Radio
              key={choice.value}
              value={choice.value}
              disabled={choice.value !== "none" && (!hasPlace || (choice.value === "sandbox" && sandboxHelp !== null))}
              label={
                <>
                  {choice.label}
                  <span className={classes["mode"]}>
                    {choice.value === "sandbox" && sandboxHelp !== null ? sandboxHelp : choice.text}
                  </span>
                </>
              }
            />
          ))}
        </div>
      </Radio.Group>
      {hasPlace ? null : (
        <p className={classes["mode"]}>
          {draft.appId === ""
            ? "A worktree needs an app or a folder with a git repository."
            : "The folder of this app is in no git repository, so it can have no worktree."}
        </p>
      )}
      {value === "sandbox" ? (
        <Checkbox
          size="xs"
          label="It may use the network"
          description="Agents that call their model themselves need it. It also reaches what listens on this machine, PortOS included."
          checked={draft.hasNetwork}
          onChange={(event) => {
            onChange({ hasNetwork: event.currentTarget.checked });
          }}
        />
      ) : null}
      {value === "none" && draft.permissionMode === "free" ? (
        <Notice tone="warn">It changes your files without asking. A worktree would keep them as they are.</Notice>
      ) : null}
    </>
  );
}
