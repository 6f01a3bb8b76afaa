import { Button, Select } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { CustomConnectorInput, CustomFile } from "../../../../contract/features/custom-connectors.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { dropDraft, useUnsaved } from "../../lib/drafts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { SchemaForm } from "../../ui/schema-form/schema-form.tsx";
import { problemsOf, type Values } from "../../ui/schema-form/schema-values.ts";
import { SideSheet } from "../../ui/side-sheet.tsx";
import classes from "./connectors.module.css";
import { ownDraft, sheetAbout } from "./draft-about.ts";
import { GraphqlStep } from "./graphql-step.tsx";
import { McpForm } from "./mcp-form.tsx";
import { McpStep } from "./mcp-step.tsx";
import { ModuleStep } from "./module-step.tsx";
import { OpenApiStep } from "./openapi-step.tsx";
import { isMcp, renewOwn } from "./own-calls.ts";
import { definitionFields, firstDefinition } from "./own-fields.ts";

interface OwnSheetProps {
  isOpen: boolean;
  /** `null` for a new one. */
  definition: CustomFile["definition"];
  onClose: () => void;
}

/** Adds or changes a connector made of data. */
export function OwnSheet({ isOpen, definition, onClose }: OwnSheetProps) {
  const title = definition === null ? "A connector of your own" : `Edit ${definition.title}`;
  return (
    <SideSheet title={title} isOpen={isOpen} onClose={onClose} width={720}>
      <Forms definition={definition} onClose={onClose} />
    </SideSheet>
  );
}

/** While one of its forms holds something that is not saved, closing the sheet asks. */
function Forms({ definition, onClose }: Omit<OwnSheetProps, "isOpen">) {
  const [isTouched, setTouched] = useState(false);
  const pathname = useLocation({ select: (location) => location.pathname });
  const about = sheetAbout(pathname, definition === null ? "new" : "edit", definition?.title ?? "The new connector");
  useUnsaved(ownDraft, about, isTouched);
  const touch = (): void => {
    setTouched(true);
  };
  return (
    <div onInput={touch}>
      {definition === null ? (
        <NewConnector onClose={onClose} onTouch={touch} />
      ) : isMcp(definition) ? (
        <McpForm definition={definition} onClose={onClose} onTouch={touch} />
      ) : (
        <DefinitionForm start={{ ...definition }} id={definition.id} onClose={onClose} onTouch={touch} />
      )}
    </div>
  );
}

const ways = [
  { value: "openapi", label: "From an OpenAPI document" },
  { value: "graphql", label: "From a GraphQL service" },
  { value: "mcp", label: "An MCP server" },
  { value: "module", label: "A program in TypeScript" },
  { value: "hand", label: "By hand" },
];

function NewConnector({ onClose, onTouch }: Pick<DefinitionFormProps, "onClose" | "onTouch">) {
  const [way, setWay] = useState("openapi");
  const [draft, setDraft] = useState<{ start: Values; values: Values } | null>(null);
  if (draft !== null) return <DefinitionForm {...draft} id={null} onClose={onClose} onTouch={onTouch} />;
  const take = (start: Values, values: Values = {}): void => {
    setDraft({ start, values });
  };
  return (
    <div className={classes["form"]}>
      <Select
        label="How it is made"
        allowDeselect={false}
        data={ways}
        value={way}
        onChange={(value) => {
          setWay(value ?? "openapi");
        }}
      />
      {way === "openapi" ? <OpenApiStep onDraft={take} /> : null}
      {way === "graphql" ? <GraphqlStep onDraft={take} /> : null}
      {way === "mcp" ? <McpStep /> : null}
      {way === "module" ? <ModuleStep /> : null}
      {way === "hand" ? <DefinitionForm start={firstDefinition} id={null} onClose={onClose} onTouch={onTouch} /> : null}
    </div>
  );
}

interface DefinitionFormProps {
  start: Values;
  /** Of the fields of its configuration, as far as they were typed already. */
  values?: Values;
  /** Of the one that is changed; `null` for a new one. */
  id: string | null;
  onClose: () => void;
  /** Something is not as it was given. */
  onTouch: () => void;
}

function DefinitionForm({ start, values: config = {}, id, onClose, onTouch }: DefinitionFormProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [values, setValues] = useState(start);
  const [problems, setProblems] = useState<Record<string, string>>({});
  const save = useMutation({
    async mutationFn() {
      const body = { ...values } as CustomConnectorInput;
      if (id !== null) return call("customConnectors.update", { params: { id }, body });
      const made = await call("customConnectors.create", { body });
      if (Object.keys(config).length > 0)
        await call("connectors.putConfig", { params: { id: made.id }, body: { config: { ...config } } });
      return made;
    },
    async onSuccess(saved) {
      dropDraft(ownDraft);
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
          onTouch();
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
