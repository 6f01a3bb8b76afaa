import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { LocalServer } from "../../../../contract/features/local-models.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { FormError } from "../../ui/form-error.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { showServer } from "./local-calls.ts";
import classes from "./local-models.module.css";

interface AddressSheetProps {
  server: LocalServer;
  isOpen: boolean;
  onClose: () => void;
}

/** Where a server listens, and the token it asks for. */
export function AddressSheet(props: AddressSheetProps) {
  return (
    <SideSheet title={`Address of ${props.server.name}`} isOpen={props.isOpen} onClose={props.onClose}>
      {props.isOpen ? <AddressForm {...props} /> : null}
    </SideSheet>
  );
}

function AddressForm({ server, onClose }: AddressSheetProps) {
  const client = useQueryClient();
  const [baseUrl, setBaseUrl] = useState(server.baseUrl);
  const [token, setToken] = useState<string | null>(null);
  const save = useMutation({
    mutationFn: () =>
      call("localModels.update", {
        params: { kind: server.kind },
        body: { baseUrl: baseUrl.trim(), ...(token === null ? {} : { token }) },
      }),
    onSuccess: (saved) => {
      showServer(client, saved);
      onClose();
    },
  });
  const errors = fieldErrors(save.error);
  const kept = server.token.last4 === null ? "unchanged" : `unchanged, ends in ${server.token.last4}`;
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label="Address"
        description="On this machine or in your tailnet; only this host and port are ever called"
        classNames={{ input: "mono" }}
        value={baseUrl}
        error={errors["baseUrl"]}
        onChange={(event) => {
          setBaseUrl(event.currentTarget.value);
        }}
      />
      <PasswordInput
        label="Token"
        description="Only when the server asks for one. It is stored sealed and never shown again; another address needs it anew."
        placeholder={server.token.isSet ? kept : ""}
        autoComplete="off"
        value={token ?? ""}
        error={errors["token"]}
        onChange={(event) => {
          setToken(event.currentTarget.value);
        }}
      />
      {server.token.isSet ? (
        <Button
          className={classes["start"]}
          onClick={() => {
            setToken("");
          }}
          disabled={token === ""}
        >
          {token === "" ? "The token is removed when you save" : "Remove the token"}
        </Button>
      ) : null}
      <FormError error={save.error} shown={Object.keys(errors)} />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
