import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { McpConnector, McpConnectorInput } from "../../../../contract/features/mcp-connectors.ts";
import { fieldErrors, unlessAtFields } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { dropDraft } from "../../lib/drafts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { SchemaForm } from "../../ui/schema-form/schema-form.tsx";
import { problemsOf, type Values } from "../../ui/schema-form/schema-values.ts";
import classes from "./connectors.module.css";
import { ownDraft } from "./draft-about.ts";
import { renewOwn } from "./own-calls.ts";
import { mcpFields } from "./own-fields.ts";

interface McpFormProps {
  definition: McpConnector;
  onClose: () => void;
  /** Something is not as it was. */
  onTouch: () => void;
}

/** Changes how an MCP server is reached; its tools are changed under Tools. */
export function McpForm({ definition, onClose, onTouch }: McpFormProps) {
  const client = useQueryClient();
  const { id, tools, kind, ...start } = definition;
  const [values, setValues] = useState<Values>(start);
  const [problems, setProblems] = useState<Record<string, string>>({});
  const save = useMutation({
    mutationFn: () => {
      const body = { ...values, id, tools, kind } as McpConnectorInput;
      return call("mcpConnectors.update", { params: { id }, body });
    },
    async onSuccess() {
      dropDraft(ownDraft);
      await renewOwn(client, id);
      onClose();
    },
  });
  const errors = { ...fieldErrors(save.error), ...problems };
  return (
    <form
      className={classes["form"]}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        const found = problemsOf(mcpFields, values);
        setProblems(found);
        if (Object.keys(found).length === 0) save.mutate();
      }}
    >
      <SchemaForm
        fields={mcpFields}
        values={values}
        errors={errors}
        onChange={(next) => {
          onTouch();
          setValues(next);
          setProblems({});
        }}
      />
      <FormError
        error={unlessAtFields(
          save.error,
          mcpFields.map(({ name }) => name),
        )}
      />
      <div className={classes["buttons"]}>
        <Button type="submit" variant="filled" loading={save.isPending}>
          Save
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  );
}
