import { ActionIcon, Button, NumberInput, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { IconPlus, IconX } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { App, AppLink } from "../../../../contract/features/apps.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { toast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./apps.module.css";
import { archiveApp, removeApp, useKeepApp } from "./use-apps.ts";

const fields = ["name", "description", "folder", "group", "editorTemplate"];

/** Name, folder, links and editor of an app, and its end. */
export function SettingsTab({ app }: { app: App }) {
  const keep = useKeepApp();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(() => ({
    name: app.name,
    description: app.description,
    folder: app.folder,
    group: app.group,
    editorTemplate: app.editorTemplate ?? "",
    links: app.links,
  }));
  const [error, setError] = useState<unknown>(null);
  const errors = fieldErrors(error);
  const save = async (): Promise<void> => {
    setError(null);
    try {
      const { editorTemplate, ...rest } = draft;
      const body = { ...rest, editorTemplate: editorTemplate === "" ? null : editorTemplate };
      keep(await call("apps.update", { params: { id: app.id }, body }));
      toast({ kind: "ok", text: `Saved ${draft.name}` });
    } catch (failure) {
      setError(failure);
    }
  };
  const text = (name: "name" | "description" | "folder" | "group" | "editorTemplate", label: string, hint?: string) => (
    <TextInput
      label={label}
      {...(hint === undefined ? {} : { description: hint })}
      required={name === "name" || name === "folder"}
      value={draft[name]}
      error={errors[name] ?? null}
      {...(name === "folder" || name === "editorTemplate" ? { classNames: { input: "mono" } } : {})}
      onChange={(event) => {
        setDraft({ ...draft, [name]: event.currentTarget.value });
      }}
    />
  );
  return (
    <>
      <form
        className={classes["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {text("name", "Name")}
        {text("description", "Description")}
        {text("folder", "Folder")}
        <div className={classes["pair"]}>
          {text("group", "Group", "Apps of one group can be shown together")}
          {text("editorTemplate", "Editor link", "{folder} is the folder; empty takes the panel's editor")}
        </div>
        <LinksEditor
          links={draft.links}
          onChange={(links) => {
            setDraft({ ...draft, links });
          }}
        />
        <FormError error={error} shown={fields} />
        <div className={classes["buttons"]}>
          <Button type="submit" variant="filled">
            Save
          </Button>
        </div>
      </form>
      <Section title="Put away">
        <div className={classes["buttons"]}>
          <Button onClick={() => void archiveApp(app, !app.isArchived)}>
            {app.isArchived ? "Take out of the archive" : "Archive"}
          </Button>
          <Button
            color="red"
            variant="light"
            onClick={() => {
              void removeApp(app).then((isRemoved) => (isRemoved ? navigate({ to: "/apps" }) : undefined));
            }}
          >
            {`Delete ${app.name}`}
          </Button>
        </div>
        <p className="dim" style={{ marginTop: 8, fontSize: 13 }}>
          Both stop its processes. The project's folder is never touched.
        </p>
      </Section>
    </>
  );
}

function LinksEditor({ links, onChange }: { links: readonly AppLink[]; onChange: (links: AppLink[]) => void }) {
  const replace = (index: number, link: AppLink): void => {
    onChange(links.map((entry, at) => (at === index ? link : entry)));
  };
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0, display: "grid", gap: 8 }}>
      <legend style={{ fontSize: 13, fontWeight: 500, padding: 0, marginBottom: 4 }}>Links</legend>
      {links.map((link, index) => (
        <div key={index} style={{ display: "grid", gridTemplateColumns: "1fr 2fr 32px", gap: 8, alignItems: "center" }}>
          <TextInput
            aria-label="Label of the link"
            placeholder="Open"
            value={link.label}
            onChange={(event) => {
              replace(index, { ...link, label: event.currentTarget.value });
            }}
          />
          {link.kind === "port" ? (
            <NumberInput
              aria-label="Port"
              min={1}
              max={65_535}
              hideControls
              value={link.port}
              onChange={(value) => {
                if (typeof value === "number") replace(index, { ...link, port: value });
              }}
            />
          ) : (
            <TextInput
              aria-label="Address"
              placeholder="https://example.org"
              value={link.url}
              onChange={(event) => {
                replace(index, { ...link, url: event.currentTarget.value });
              }}
            />
          )}
          <ActionIcon
            aria-label={`Remove the link ${link.label}`}
            onClick={() => {
              onChange(links.filter((_, at) => at !== index));
            }}
          >
            <IconX size={15} />
          </ActionIcon>
        </div>
      ))}
      <div className={classes["buttons"]}>
        <Button
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            onChange([...links, { kind: "port", label: "Open", port: 3000, path: "/" }]);
          }}
        >
          Port of this machine
        </Button>
        <Button
          leftSection={<IconPlus size={14} />}
          onClick={() => {
            onChange([...links, { kind: "url", label: "Site", url: "" }]);
          }}
        >
          Address
        </Button>
      </div>
    </fieldset>
  );
}
