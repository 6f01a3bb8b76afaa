import { Button, PasswordInput, SegmentedControl, Switch, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { Effect } from "../../../../contract/features/connectors.ts";
import type { McpToolFacts, McpTools } from "../../../../contract/features/mcp-connectors.ts";
import { fieldErrors, unlessAtFields } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { dropDraft } from "../../lib/drafts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { VariablesEditor } from "../../ui/variables-editor.tsx";
import classes from "./connectors.module.css";
import { ownDraft } from "./draft-about.ts";
import { firstMcpForm, idOf, mcpDraftOf, type McpForm } from "./mcp-draft.ts";
import { SignInFirst } from "./sign-in-first.tsx";
import { ToolChoice } from "./tool-choice.tsx";
import { renewOwn } from "./own-calls.ts";

/** Adds any MCP server: how it is reached, then which of its tools become operations. */
export function McpStep() {
  const [form, setForm] = useState(firstMcpForm);
  const look = useMutation({
    mutationFn: (wanted: McpForm) => call("mcpConnectors.look", { body: mcpDraftOf(wanted) }),
  });
  if (look.data?.signIn) return <SignInFirst form={form} offer={look.data.signIn} />;
  if (look.data !== undefined) return <ChooseTools form={form} tools={look.data} />;
  const errors = fieldErrors(look.error);
  const change = (part: Partial<McpForm>): void => {
    setForm({ ...form, ...part });
  };
  const isReady = form.id !== "" && (form.kind === "stdio" ? form.command : form.url).trim() !== "";
  return (
    <form
      className={classes["form"]}
      noValidate
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        look.mutate(form);
      }}
    >
      <TextInput
        label="Title"
        error={errors["definition.title"]}
        value={form.title}
        onChange={(event) => {
          const title = event.currentTarget.value;
          change({ title, ...(form.id === idOf(form.title) ? { id: idOf(title) } : {}) });
        }}
      />
      <TextInput
        label="Id"
        description="Lower-case letters, digits and hyphens; it is also the name of the file"
        error={errors["definition.id"] ?? errors["id"]}
        value={form.id}
        onChange={(event) => {
          change({ id: event.currentTarget.value });
        }}
      />
      <SegmentedControl
        aria-label="How it is reached"
        fullWidth
        data={[
          { value: "stdio", label: "A program here" },
          { value: "http", label: "An address" },
        ]}
        value={form.kind}
        onChange={(value) => {
          change({ kind: value === "http" ? value : "stdio" });
        }}
      />
      {form.kind === "stdio" ? (
        <ProgramFields form={form} errors={errors} onChange={change} />
      ) : (
        <AddressFields form={form} errors={errors} onChange={change} />
      )}
      <FormError error={unlessAtFields(look.error, ["definition", "id"])} />
      <div>
        <Button type="submit" variant="filled" disabled={!isReady} loading={look.isPending}>
          Look for its tools
        </Button>
      </div>
    </form>
  );
}

interface PartProps {
  form: McpForm;
  errors: Readonly<Record<string, string>>;
  onChange: (part: Partial<McpForm>) => void;
}

function ProgramFields({ form, errors, onChange }: PartProps) {
  return (
    <>
      <TextInput
        label="Command"
        description="The program and its arguments. No shell reads it; it is started when it is called, and ended when nobody calls."
        placeholder="npx -y @example/server-files /home/me/notes"
        spellCheck={false}
        classNames={{ input: "mono" }}
        error={errors["definition.server.command"]}
        value={form.command}
        onChange={(event) => {
          onChange({ command: event.currentTarget.value });
        }}
      />
      <TextInput
        label="Folder"
        description="Where it starts; your home folder when left empty"
        spellCheck={false}
        error={errors["definition.server.folder"]}
        value={form.folder}
        onChange={(event) => {
          onChange({ folder: event.currentTarget.value });
        }}
      />
      <div className={classes["parts"]} role="group" aria-label="Variables">
        <span className={classes["sub"]}>
          Variables it gets, such as a key. It gets no others of PortOS; secrets are sealed.
        </span>
        <VariablesEditor
          rows={form.variables}
          onChange={(variables) => {
            onChange({ variables });
          }}
        />
      </div>
      <Switch
        label="Confined: no network, nothing may be written"
        description="In bubblewrap. Without it the program has the network and the files that you have."
        checked={form.isConfined}
        onChange={(event) => {
          onChange({ isConfined: event.currentTarget.checked });
        }}
      />
    </>
  );
}

function AddressFields({ form, errors, onChange }: PartProps) {
  return (
    <>
      <TextInput
        label="Address"
        description="For streamable HTTP. Every request goes through the gateway."
        placeholder="https://mcp.example.com/mcp"
        spellCheck={false}
        error={errors["definition.server.url"]}
        value={form.url}
        onChange={(event) => {
          onChange({ url: event.currentTarget.value });
        }}
      />
      <Switch
        label="The address lies on this machine or in this network"
        checked={form.isInside}
        onChange={(event) => {
          onChange({ isInside: event.currentTarget.checked });
        }}
      />
      <PasswordInput
        label="Token"
        description="Sent as a bearer token; empty when you sign in on a page of its own, or nobody does"
        value={form.token}
        onChange={(event) => {
          onChange({ token: event.currentTarget.value });
        }}
      />
    </>
  );
}

/** What is chosen of a tool that is not accepted yet. */
interface Chosen {
  isChosen: boolean;
  effect: Effect;
}

function ChooseTools({ form, tools: { tools, server } }: { form: McpForm; tools: McpTools }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const offered = tools.flatMap(({ offered: facts, suggestedEffect }) =>
    facts === null ? [] : [{ facts, suggestedEffect }],
  );
  const [chosen, setChosen] = useState<ReadonlyMap<string, Chosen>>(
    () => new Map(offered.map(({ facts, suggestedEffect }) => [facts.tool, firstChoice(facts, suggestedEffect)])),
  );
  const wanted = offered.flatMap(({ facts }) => {
    const choice = chosen.get(facts.tool);
    return choice?.isChosen === true ? [{ tool: facts.tool, hash: facts.hash, effect: choice.effect }] : [];
  });
  const add = useMutation({
    async mutationFn() {
      const { definition, values } = mcpDraftOf(form);
      const described = { ...definition, description: describes(server) };
      const facts = offered.map((one) => one.facts);
      const body = { definition: described, server, offered: facts, accept: wanted };
      const { id } = await call("mcpConnectors.create", { body });
      if (Object.keys(values).length > 0)
        await call("connectors.putConfig", { params: { id }, body: { config: { ...values } } });
      return id;
    },
    async onSuccess(id) {
      dropDraft(ownDraft);
      await renewOwn(client, id);
      await navigate({ to: "/connectors/$connectorId", params: { connectorId: id } });
    },
  });
  return (
    <div className={classes["form"]}>
      <p className={classes["sub"]} role="status">
        {`${server === null ? "It" : `${server.name} ${server.version}`} offers ${String(offered.length)} tools; ${String(wanted.length)} are chosen. What it says about them is its own word.`}
      </p>
      <div className={classes["choices"]}>
        {offered.map(({ facts }) => (
          <ToolChoice
            key={facts.tool}
            facts={facts}
            isChosen={chosen.get(facts.tool)?.isChosen === true}
            effect={chosen.get(facts.tool)?.effect ?? "write"}
            onChange={(choice) => {
              setChosen(new Map(chosen).set(facts.tool, choice));
            }}
          />
        ))}
      </div>
      <FormError error={add.error} />
      <div>
        <Button
          variant="filled"
          loading={add.isPending}
          onClick={() => {
            add.mutate();
          }}
        >
          Add, turned off
        </Button>
      </div>
    </div>
  );
}

function firstChoice({ hints }: McpToolFacts, effect: Effect): Chosen {
  return { isChosen: hints.isReadOnly === true, effect };
}

function describes(server: McpTools["server"]): string {
  return server === null
    ? "Tools of an MCP server."
    : `Tools of ${server.name} ${server.version}, over MCP.`.slice(0, 1_000);
}
