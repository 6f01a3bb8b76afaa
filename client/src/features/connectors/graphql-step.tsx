import { Button, PasswordInput, Select, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { ConnectorDraft } from "../../../../contract/features/custom-connectors.ts";
import { fieldErrors, unlessAtFields } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { FormError } from "../../ui/form-error.tsx";
import type { Values } from "../../ui/schema-form/schema-values.ts";
import { ChooseOperations } from "./choose-operations.tsx";
import classes from "./connectors.module.css";

interface GraphqlStepProps {
  /** `values` are those of the fields of its configuration, as they were typed here. */
  onDraft: (draft: Values, values: Values) => void;
}

const signInWays = [
  { value: "none", label: "Nobody signs in" },
  { value: "bearer", label: "Bearer token" },
  { value: "header", label: "A header of its own" },
];
const depths = [1, 2, 3, 4].map((depth) => ({
  value: String(depth),
  label: depth === 1 ? "Plain fields only" : `${String(depth)} levels`,
}));

/** Asks a GraphQL service what it offers, and lets one choose what of it becomes a connector. */
export function GraphqlStep({ onDraft }: GraphqlStepProps) {
  const [url, setUrl] = useState("");
  const [isInside, setInside] = useState(false);
  const [way, setWay] = useState("none");
  const [header, setHeader] = useState("X-Api-Key");
  const [secret, setSecret] = useState("");
  const [depth, setDepth] = useState("2");
  const read = useMutation({
    mutationFn: (): Promise<ConnectorDraft> => {
      const signIn =
        way === "bearer"
          ? { kind: "bearer" as const, secret }
          : way === "header"
            ? { kind: "header" as const, header, secret }
            : { kind: "none" as const };
      return call("customConnectors.readGraphql", {
        body: { url: url.trim(), isInside, signIn, depth: Number(depth) },
      });
    },
  });
  const errors = fieldErrors(read.error);
  if (read.data !== undefined)
    return (
      <ChooseOperations
        draft={read.data}
        onDraft={(draft) => {
          onDraft(draft, way === "none" ? {} : { token: secret });
        }}
      />
    );
  return (
    <form
      className={classes["form"]}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        read.mutate();
      }}
    >
      <TextInput
        label="Address"
        description="It is asked once what it offers, through the gateway. Nothing is kept before you add it."
        placeholder="https://api.example.com/graphql"
        error={errors["url"]}
        value={url}
        onChange={(event) => {
          setUrl(event.currentTarget.value);
        }}
      />
      <Switch
        label="The address lies on this machine or in this network"
        checked={isInside}
        onChange={(event) => {
          setInside(event.currentTarget.checked);
        }}
      />
      <Select
        label="Signing in"
        allowDeselect={false}
        data={signInWays}
        value={way}
        onChange={(value) => {
          setWay(value ?? "none");
        }}
      />
      {way === "header" ? (
        <TextInput
          label="Header"
          error={errors["signIn.header"]}
          value={header}
          onChange={(event) => {
            setHeader(event.currentTarget.value);
          }}
        />
      ) : null}
      {way === "none" ? null : (
        <PasswordInput
          label="Token"
          error={errors["signIn.secret"]}
          value={secret}
          onChange={(event) => {
            setSecret(event.currentTarget.value);
          }}
        />
      )}
      <Select
        label="What comes back"
        description="How deep queries ask; each can be changed afterwards"
        allowDeselect={false}
        data={depths}
        value={depth}
        onChange={(value) => {
          setDepth(value ?? "2");
        }}
      />
      <FormError error={unlessAtFields(read.error, ["url", "signIn"])} />
      <div>
        <Button type="submit" variant="filled" disabled={url.trim() === ""} loading={read.isPending}>
          Ask what it offers
        </Button>
      </div>
    </form>
  );
}
