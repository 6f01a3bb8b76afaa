import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { McpToken, McpTokenInput } from "../../../../contract/features/mcp.ts";
import { fieldErrors, unlessAtFields } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { FormError } from "../../ui/form-error.tsx";
import { lifetimes, newRights } from "./mcp-words.ts";
import classes from "./mcp.module.css";
import { RightsFields } from "../../ui/rights-fields.tsx";

const dayMs = 24 * 3_600_000;
const usualLifetime = "90";

interface TokenFormProps {
  /** Nothing for a new one. */
  token?: McpToken | undefined;
  /** The token itself, when it was just made: it is shown this once. */
  onSaved: (name: string, secret: string | null) => void;
  onClose: () => void;
}

/** Makes a token, or changes what one may do. */
export function TokenForm({ token, onSaved, onClose }: TokenFormProps) {
  const [name, setName] = useState(token?.name ?? "");
  const [rights, setRights] = useState(token?.rights ?? newRights);
  const [lifetime, setLifetime] = useState(token === undefined ? usualLifetime : "as-it-is");
  const save = useMutation({
    async mutationFn() {
      const body: McpTokenInput = { name, rights, expiresAt: expiryOf(lifetime, token) };
      if (token !== undefined) {
        await call("mcp.update", { params: { id: token.id }, body });
        return null;
      }
      return (await call("mcp.create", { body })).secret;
    },
    onSuccess: (secret) => {
      onSaved(name, secret);
    },
  });
  const errors = fieldErrors(save.error);
  return (
    <form
      className={classes["form"]}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label="Name"
        description="The program that will use it, such as Claude Code on this laptop"
        maxLength={80}
        data-autofocus
        value={name}
        error={errors["name"]}
        onChange={(event) => {
          setName(event.currentTarget.value);
          save.reset();
        }}
      />
      <NativeSelect
        label="Counts for"
        data={[...asItIs(token), ...lifetimes.map(({ value, label }) => ({ value, label }))]}
        value={lifetime}
        onChange={(event) => {
          setLifetime(event.currentTarget.value);
        }}
      />
      <RightsFields rights={rights} onChange={setRights} />
      <FormError error={unlessAtFields(save.error, ["name"])} />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={save.isPending}>
          {token === undefined ? "Make the token" : "Save"}
        </Button>
      </div>
    </form>
  );
}

function asItIs(token: McpToken | undefined): { value: string; label: string }[] {
  if (token === undefined) return [];
  const label =
    token.expiresAt === null ? "As it is: until it is revoked" : `As it is: until ${formatAbsolute(token.expiresAt)}`;
  return [{ value: "as-it-is", label }];
}

function expiryOf(lifetime: string, token: McpToken | undefined): string | null {
  if (lifetime === "as-it-is") return token?.expiresAt ?? null;
  const days = lifetimes.find(({ value }) => value === lifetime)?.days ?? null;
  return days === null ? null : new Date(Date.now() + days * dayMs).toISOString();
}
