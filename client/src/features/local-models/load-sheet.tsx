import { Button, NumberInput, Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { LocalModel, LocalServer } from "../../../../contract/features/local-models.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { FormError } from "../../ui/form-error.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import classes from "./local-models.module.css";

interface LoadSheetProps {
  server: LocalServer;
  /** The model to load; closed without one. */
  model: LocalModel | null;
  onClose: () => void;
}

const stays = [
  { value: "", label: "As the server is set" },
  { value: "300", label: "5 minutes unused" },
  { value: "3600", label: "1 hour unused" },
  { value: "86400", label: "1 day unused" },
  { value: "-1", label: "Until it is unloaded" },
];

/** With how much context a model is loaded, and how long it stays. */
export function LoadSheet({ server, model, onClose }: LoadSheetProps) {
  return (
    <SideSheet title={`Load ${model?.label ?? ""}`} isOpen={model !== null} onClose={onClose}>
      {model === null ? null : <LoadForm key={model.name} server={server} model={model} onClose={onClose} />}
    </SideSheet>
  );
}

function LoadForm({ server, model, onClose }: LoadSheetProps & { model: LocalModel }) {
  const [contextLength, setContextLength] = useState<number | null>(null);
  const [stay, setStay] = useState("");
  const load = useMutation({
    mutationFn: () =>
      call("localModels.load", {
        params: { kind: server.kind },
        body: { model: model.name, contextLength, keepAliveSeconds: stay === "" ? null : Number(stay) },
      }),
    onSuccess: onClose,
  });
  const errors = fieldErrors(load.error);
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        load.mutate();
      }}
    >
      <NumberInput
        label="Context size"
        description={`In tokens; empty for what the server takes by itself${model.maxContext === null ? "" : `. At most ${model.maxContext.toLocaleString("en")}`}`}
        thousandSeparator=" "
        step={1024}
        value={contextLength ?? ""}
        error={errors["contextLength"]}
        onChange={(value) => {
          setContextLength(typeof value === "number" ? value : null);
        }}
      />
      {server.abilities.keepAlive === null ? (
        <Select
          label="Stays in memory"
          allowDeselect={false}
          data={stays}
          value={stay}
          error={errors["keepAliveSeconds"]}
          onChange={(value) => {
            setStay(value ?? "");
          }}
        />
      ) : (
        <p className="dim">{server.abilities.keepAlive}</p>
      )}
      <FormError error={load.error} shown={Object.keys(errors)} />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" loading={load.isPending}>
          Load
        </Button>
      </div>
    </form>
  );
}
