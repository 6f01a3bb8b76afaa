import { Button, NumberInput, Switch, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { BrowserSettings } from "../../../../contract/internal/browser.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { undoToast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./browser.module.css";

const put = (body: BrowserSettings) => call("browser.saveSettings", { body });

/** The browser's settings; saving restarts Chrome, and can be undone. */
export function BrowserForm({ saved }: { saved: BrowserSettings }) {
  const [draft, setDraft] = useState(saved);
  const [flags, setFlags] = useState(saved.extraFlags.join("\n"));
  const save = useMutation({
    mutationFn: put,
    onSuccess: () => {
      undoToast("Saved. Chrome follows the new settings.", () => put(saved));
    },
  });
  const next: BrowserSettings = { ...draft, extraFlags: flags.split("\n").flatMap((line) => line.trim() || []) };
  const isChanged = JSON.stringify(next) !== JSON.stringify(saved);
  const errors = fieldErrors(save.error);
  const flagErrors = Object.entries(errors).filter(([path]) => path.startsWith("extraFlags"));
  const change = (patch: Partial<BrowserSettings>): void => {
    setDraft({ ...draft, ...patch });
  };
  return (
    <Section title="Settings" isCard>
      <form
        className={classes["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(next);
        }}
      >
        <Switch
          label="Without a window"
          description="A window needs a screen on the machine that runs PortOS."
          checked={draft.isHeadless}
          onChange={(event) => {
            change({ isHeadless: event.currentTarget.checked });
          }}
        />
        <div className={classes["size"]}>
          {(["width", "height"] as const).map((side) => (
            <NumberInput
              key={side}
              label={side === "width" ? "Width" : "Height"}
              suffix=" px"
              allowDecimal={false}
              value={draft.windowSize[side]}
              error={errors[`windowSize.${side}`]}
              onChange={(value) => {
                if (typeof value === "number") change({ windowSize: { ...draft.windowSize, [side]: value } });
              }}
            />
          ))}
        </div>
        <TextInput
          label="Program"
          description="Empty: the Chrome or Chromium that is found. PORTOS_CHROME goes before this."
          placeholder="/usr/bin/chromium"
          value={draft.chromePath ?? ""}
          error={errors["chromePath"]}
          onChange={(event) => {
            const path = event.currentTarget.value;
            change({ chromePath: path.trim() === "" ? null : path });
          }}
        />
        <Textarea
          label="Further switches"
          description="One per line, for example --lang=de-DE. Only those that cannot open the machine are taken."
          autosize
          minRows={2}
          maxRows={8}
          value={flags}
          error={flagErrors.length === 0 ? null : flagErrors.map(([, message]) => message).join(". ")}
          onChange={(event) => {
            setFlags(event.currentTarget.value);
          }}
        />
        <FormError error={save.error} shown={Object.keys(errors)} />
        <div className={classes["save"]}>
          <Button type="submit" variant="filled" disabled={!isChanged} loading={save.isPending}>
            Save and restart Chrome
          </Button>
          {isChanged ? (
            <Button
              variant="subtle"
              color="gray"
              onClick={() => {
                setDraft(saved);
                setFlags(saved.extraFlags.join("\n"));
              }}
            >
              Discard
            </Button>
          ) : null}
        </div>
      </form>
    </Section>
  );
}
