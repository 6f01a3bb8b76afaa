import { Checkbox, TextInput } from "@mantine/core";

import type { ImportPlan } from "../../../../contract/features/detect.ts";
import { Section } from "../../ui/section.tsx";
import { runText } from "./app-model.ts";
import classes from "./apps.module.css";
import type { PlanDraft } from "./plan-draft.ts";

interface PlanEditorProps {
  plan: ImportPlan;
  draft: PlanDraft;
  onChange: (draft: PlanDraft) => void;
}

/** The plan to look over: names, processes with checkboxes, conflicts, and what else was seen. */
export function PlanEditor({ plan, draft, onChange }: PlanEditorProps) {
  return (
    <>
      <div className={classes["form"]}>
        <div className={classes["pair"]}>
          <TextInput
            label="Name"
            value={draft.name}
            onChange={(event) => {
              onChange({ ...draft, name: event.currentTarget.value });
            }}
          />
          <TextInput
            label="Id"
            description="Part of addresses and names; stays as it is"
            inputWrapperOrder={["label", "input", "description", "error"]}
            classNames={{ input: "mono" }}
            value={draft.id}
            onChange={(event) => {
              onChange({ ...draft, id: event.currentTarget.value });
            }}
          />
        </div>
        <Notes messages={plan.conflicts.map(({ message }) => message)} />
      </div>
      <Section title="Processes" isCard>
        {draft.rows.length === 0 ? (
          <p className={`dim ${classes["process"] ?? ""}`}>
            Nothing was found that starts something. The app can be added all the same; give it a process afterwards.
          </p>
        ) : (
          <ul role="list" className={classes["rows"]}>
            {draft.rows.map((row, index) => (
              <li key={`${row.proposed.source} ${row.proposed.process.name}`}>
                <PlanRow
                  row={row}
                  onChange={(part) => {
                    const rows = draft.rows.map((other, at) => (at === index ? { ...other, ...part } : other));
                    onChange({ ...draft, rows });
                  }}
                />
              </li>
            ))}
          </ul>
        )}
      </Section>
      {plan.facts.length === 0 ? null : (
        <Section title="Also seen" isCard>
          <dl className={classes["facts"]}>
            {plan.facts.map(({ source, text }) => (
              <Fact key={`${source} ${text}`} source={source} text={text} />
            ))}
          </dl>
        </Section>
      )}
    </>
  );
}

function Fact({ source, text }: { source: string; text: string }) {
  return (
    <>
      <dt>{source}</dt>
      <dd>{text}</dd>
    </>
  );
}

interface PlanRowProps {
  row: PlanDraft["rows"][number];
  onChange: (part: Partial<PlanDraft["rows"][number]>) => void;
}

function PlanRow({ row, onChange }: PlanRowProps) {
  const { proposed, isSelected, name, ports } = row;
  return (
    <div className={classes["planRow"]} data-off={isSelected ? undefined : true}>
      <Checkbox
        aria-label={`Take ${name}`}
        checked={isSelected}
        onChange={(event) => {
          onChange({ isSelected: event.currentTarget.checked });
        }}
      />
      <div className={classes["planText"]}>
        <p>{proposed.reason}</p>
        <p className={classes["small"]}>
          {proposed.source} · <span className="mono">{runText(proposed.process)}</span>
          {proposed.process.cwd === "." ? "" : ` in ${proposed.process.cwd}`}
        </p>
        <Notes messages={proposed.conflicts.map(({ message }) => message)} />
      </div>
      <TextInput
        size="xs"
        aria-label={`Name of ${proposed.process.name}`}
        classNames={{ input: "mono" }}
        value={name}
        disabled={!isSelected}
        onChange={(event) => {
          onChange({ name: event.currentTarget.value });
        }}
      />
      <TextInput
        size="xs"
        aria-label={`Ports of ${name}`}
        placeholder="no port"
        value={ports}
        disabled={!isSelected || proposed.process.run.kind === "linked"}
        onChange={(event) => {
          onChange({ ports: event.currentTarget.value });
        }}
      />
    </div>
  );
}

function Notes({ messages }: { messages: readonly string[] }) {
  if (messages.length === 0) return null;
  return (
    <ul className={classes["notes"]}>
      {messages.map((message) => (
        <li key={message}>{message}</li>
      ))}
    </ul>
  );
}
