import { Button, Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { McpRuns } from "../../../../contract/features/mcp.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { FormError } from "../../ui/form-error.tsx";
import classes from "./mcp.module.css";
import { RightsFields } from "../../ui/rights-fields.tsx";

/** What agents may use that PortOS runs itself. */
export function RunsForm({ runs, onClose }: { runs: McpRuns; onClose: () => void }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(runs);
  const save = useMutation({
    mutationFn: () => call("mcp.saveRuns", { body: draft }),
    async onSuccess() {
      await client.invalidateQueries({ queryKey: callKey("mcp.get") });
      onClose();
    },
  });
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Switch
        label="Runs get tools of PortOS"
        description="Each run with a token of its own, which ends with it"
        checked={draft.isOn}
        onChange={(event) => {
          setDraft({ ...draft, isOn: event.currentTarget.checked });
        }}
      />
      {draft.isOn ? (
        <RightsFields
          rights={draft.rights}
          onChange={(rights) => {
            setDraft({ ...draft, rights });
          }}
        />
      ) : null}
      <FormError error={save.error} />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
