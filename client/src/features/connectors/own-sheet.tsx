import { Button, SegmentedControl } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { CustomConnector, CustomConnectorInput } from "../../../../contract/features/custom-connectors.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { FormError } from "../../ui/form-error.tsx";
import { SchemaForm } from "../../ui/schema-form/schema-form.tsx";
import { problemsOf, type Values } from "../../ui/schema-form/schema-values.ts";
import { SideSheet } from "../../ui/side-sheet.tsx";
import classes from "./connectors.module.css";
import { OpenApiStep } from "./openapi-step.tsx";
import { renewOwn } from "./own-calls.ts";
import { definitionFields, firstDefinition } from "./own-fields.ts";

interface OwnSheetProps {
  isOpen: boolean;
  /** `null` for a new one. */
  definition: CustomConnector | null;
  onClose: () => void;
}

/** Adds or changes a connector made of data. */
export function OwnSheet({ isOpen, definition, onClose }: OwnSheetProps) {
  const title = definition === null ? "A connector of your own" : `Edit ${definition.title}`;
  return (
    <SideSheet title={title} isOpen={isOpen} onClose={onClose} width={720}>
      {definition === null ? (
        <NewConnector onClose={onClose} />
      ) : (
        <DefinitionForm start={{ ...definition }} id={definition.id} onClose={onClose} />
      )}
    </SideSheet>
  );
}

function NewConnector({ onClose }: Pick<OwnSheetProps, "onClose">) {
  const [way, setWay] = useState<"openapi" | "hand">("openapi");
  const [draft, setDraft] = useState<Values | null>(null);
  if (draft !== null) return <DefinitionForm start={draft} id={null} onClose={onClose} />;
  return (
    <div className={classes["form"]}>
      <SegmentedControl
        aria-label="How it is made"
        fullWidth
        data={[
          { value: "openapi", label: "From an OpenAPI document" },
          { value: "hand", label: "By hand" },
        ]}
        value={way}
        onChange={(value) => {
          setWay(value === "hand" ? value : "openapi");
        }}
      />
      {way === "openapi" ? (
        <OpenApiStep onDraft={setDraft} />
      ) : (
        <DefinitionForm start={firstDefinition} id={null} onClose={onClose} />
      )}
    </div>
  );
}

interface DefinitionFormProps {
  start: Values;
  /** Of the one that is changed; `null` for a new one. */
  id: string | null;
  onClose: () => void;
}

function DefinitionForm({ start, id, onClose }: DefinitionFormProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [values, setValues] = useState(start);
  const [problems, setProblems] = useState<Record<string, string>>({});
  const save = useMutation({
    mutationFn: () => {
      const body = { ...values } as CustomConnectorInput;
      return id === null
        ? call("customConnectors.create", { body })
        : call("customConnectors.update", { params: { id }, body });
    },
    async onSuccess(saved) {
      await renewOwn(client, saved.id);
      if (id !== null) onClose();
      else await navigate({ to: "/connectors/$connectorId", params: { connectorId: saved.id } });
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
        const found = problemsOf(definitionFields, values);
        setProblems(found);
        if (Object.keys(found).length === 0) save.mutate();
      }}
    >
      <SchemaForm
        fields={id === null ? definitionFields : definitionFields.filter(({ name }) => name !== "id")}
        values={values}
        errors={errors}
        onChange={(next) => {
          setValues(next);
          setProblems({});
        }}
      />
      <FormError error={save.error} shown={Object.keys(errors)} />
      <div className={classes["buttons"]}>
        <Button type="submit" variant="filled" loading={save.isPending}>
          {id === null ? "Add, turned off" : "Save"}
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  );
}
