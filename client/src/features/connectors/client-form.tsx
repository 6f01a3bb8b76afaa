import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { ConnectorView } from "../../../../contract/features/connectors.ts";
import { call } from "../../lib/api.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Notice } from "../../ui/notice.tsx";
import classes from "./connectors.module.css";
import { withClient } from "./mcp-draft.ts";
import { isMcp, renewOwn, useOwnFiles } from "./own-calls.ts";

interface ClientFormProps {
  connector: ConnectorView;
  /** Where one signs in. */
  host: string;
  /** What has to be registered there. */
  redirectUri: string;
  onSaved: () => void;
}

/** What PortOS is known by, where a sign-in does not register programs by itself. */
export function ClientForm({ connector: { id, config }, host, redirectUri, onSaved }: ClientFormProps) {
  const client = useQueryClient();
  const definition = useOwnFiles().data?.find((file) => file.definition?.id === id)?.definition ?? null;
  const [clientId, setClientId] = useState("");
  const [secret, setSecret] = useState("");
  const save = useMutation({
    async mutationFn() {
      if (definition === null || !isMcp(definition)) return;
      const body = withClient(definition, { clientId: clientId.trim(), hasSecret: secret !== "" });
      await call("mcpConnectors.update", { params: { id }, body });
      if (secret !== "")
        await call("connectors.putConfig", { params: { id }, body: { config: { ...config, clientSecret: secret } } });
    },
    async onSuccess() {
      await renewOwn(client, id);
      onSaved();
    },
  });
  return (
    <form
      className={`${classes["form"] ?? ""} ${classes["narrow"] ?? ""}`}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Notice tone="info">
        {host} does not register programs by itself. Register PortOS there as an application (most call it an OAuth
        app), with the address below, and enter what you are given.
      </Notice>
      <TextInput label="Address to register" readOnly value={redirectUri} classNames={{ input: "mono" }} />
      <TextInput
        label="Client id"
        spellCheck={false}
        value={clientId}
        onChange={(event) => {
          setClientId(event.currentTarget.value);
        }}
      />
      <PasswordInput
        label="Client secret"
        description="Empty where you were given none"
        value={secret}
        onChange={(event) => {
          setSecret(event.currentTarget.value);
        }}
      />
      <FormError error={save.error} />
      <div>
        <Button
          type="submit"
          variant="filled"
          disabled={clientId.trim() === "" || definition === null}
          loading={save.isPending}
        >
          Save and go on
        </Button>
      </div>
    </form>
  );
}
