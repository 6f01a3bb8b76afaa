import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { dropDraft } from "../../lib/drafts.ts";
import { FormError } from "../../ui/form-error.tsx";
import classes from "./connectors.module.css";
import { ownDraft } from "./draft-about.ts";
import { renewOwn } from "./own-calls.ts";
import { SourceField } from "./source-field.tsx";

/** Adds a connector that is a program. */
export function ModuleStep() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const template = useQuery(callQuery("connectorModules.template")).data?.source ?? "";
  const [id, setId] = useState("my-service");
  const [written, setWritten] = useState<string | null>(null);
  const source = written ?? filled(template, id);
  const add = useMutation({
    mutationFn: () => call("connectorModules.put", { params: { id }, body: { source, replaces: null } }),
    async onSuccess() {
      dropDraft(ownDraft);
      await renewOwn(client, id);
      await navigate({ to: "/connectors/$connectorId", params: { connectorId: id } });
    },
  });
  return (
    <form
      className={classes["form"]}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <p className={classes["sub"]}>
        It runs in a process of its own, without network, files and variables of this machine. With a test it is begun
        by <code>npm run new:connector {id === "" ? "my-service" : id}</code>.
      </p>
      <TextInput
        label="Id"
        description="Lower-case letters, digits and hyphens; it is also the name of the file, and stands in the program"
        value={id}
        onChange={(event) => {
          setId(event.currentTarget.value);
        }}
      />
      <SourceField label="Program" value={source} onChange={setWritten} />
      <FormError error={add.error} />
      <div>
        <Button type="submit" variant="filled" disabled={id === "" || source === ""} loading={add.isPending}>
          Add, turned off
        </Button>
      </div>
    </form>
  );
}

function filled(template: string, id: string): string {
  const title = `${id.charAt(0).toUpperCase()}${id.slice(1).replaceAll("-", " ")}`;
  return template.replaceAll("__ID__", id).replaceAll("__TITLE__", title);
}
