import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { TrustTier } from "../../../../contract/features/connectors.ts";
import type { TrustLists } from "../../../../contract/features/trust.ts";
import { fieldErrors } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { trustLabel, trustWords } from "../../lib/gateway-words.ts";
import { linesOf } from "../../lib/prompt-values.ts";
import { undoToast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { FormError } from "../../ui/form-error.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./trust.module.css";

const key = callKey("trust.get");

/** Which sources are trusted how far, and what that makes of an address. */
export function TrustTab({ tabs }: { tabs: readonly PageTab[] }) {
  const { data, error, isPending, refetch } = useQuery(callQuery("trust.get"));
  return (
    <Page title="Connectors" layout="wide" tabs={tabs}>
      <p className={classes["lead"]}>
        Text from outside goes into prompts fenced, with its tier. Write domains one per line: example.com,
        *.example.com, example.com:8443. In the two lower tiers a name stands for all below it, too; in the two upper
        ones for itself alone.
      </p>
      {isPending ? <LoadingState rows={4} rowHeight={96} label="Loading the lists" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the lists" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data === undefined ? null : (
        <div className={classes["split"]}>
          <Lists key={JSON.stringify(data)} lists={data} />
          <Check />
        </div>
      )}
    </Page>
  );
}

type Texts = Readonly<Record<TrustTier, string>>;

function toTexts(lists: TrustLists): Texts {
  return {
    "search-result": lists["search-result"].join("\n"),
    external: lists.external.join("\n"),
    primary: lists.primary.join("\n"),
    authoritative: lists.authoritative.join("\n"),
  };
}

function toLists(texts: Texts): TrustLists {
  const lines = (tier: TrustTier): string[] => linesOf(texts[tier]).map((line) => line.trim());
  return {
    "search-result": lines("search-result"),
    external: lines("external"),
    primary: lines("primary"),
    authoritative: lines("authoritative"),
  };
}

function Lists({ lists }: { lists: TrustLists }) {
  const client = useQueryClient();
  const [texts, setTexts] = useState(() => toTexts(lists));
  const save = useMutation({
    mutationFn: (body: TrustLists) => call("trust.put", { body }),
    onSuccess: (saved, _body, _kept) => {
      client.setQueryData(key, saved);
    },
  });
  const errors = fieldErrors(save.error);
  const submit = async (): Promise<void> => {
    await save.mutateAsync(toLists(texts));
    undoToast("The lists are saved", () => save.mutateAsync(lists));
  };
  const errorOf = (tier: TrustTier): string | undefined => {
    const found = Object.entries(errors).find(([path]) => path === tier || path.startsWith(`${tier}.`));
    if (found === undefined) return undefined;
    const line = Number(found[0].slice(tier.length + 1));
    return found[0] === tier || Number.isNaN(line) ? found[1] : `Line ${String(line + 1)} ${found[1]}`;
  };
  return (
    <form
      className={classes["form"]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit().catch(() => undefined); // said below the form
      }}
    >
      {trustWords.toReversed().map(({ value, label, text }) => (
        <Textarea
          key={value}
          label={label}
          description={text}
          autosize
          minRows={2}
          maxRows={10}
          spellCheck={false}
          classNames={{ input: "mono" }}
          value={texts[value]}
          error={errorOf(value)}
          onChange={(event) => {
            const changed = event.currentTarget.value;
            setTexts((current) => ({ ...current, [value]: changed }));
          }}
        />
      ))}
      <FormError error={save.error} shown={Object.keys(errors)} />
      <div>
        <Button type="submit" variant="filled" loading={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

function Check() {
  const [address, setAddress] = useState("");
  const [tier, setTier] = useState<TrustTier>("external");
  const check = useMutation({ mutationFn: () => call("trust.check", { body: { address, tier } }) });
  return (
    <Section title="How far is it trusted?" isCard>
      <form
        className={`${classes["form"] ?? ""} ${classes["check"] ?? ""}`}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          check.mutate();
        }}
      >
        <TextInput
          label="Address"
          placeholder="https://docs.example.com/page"
          inputMode="url"
          value={address}
          onChange={(event) => {
            setAddress(event.currentTarget.value);
          }}
        />
        <Select
          label="Where it would come from"
          description="What the operation says of its replies, when no list names the address"
          allowDeselect={false}
          data={trustWords.map(({ value, label }) => ({ value, label }))}
          value={tier}
          onChange={(value) => {
            setTier(value ?? "external");
          }}
        />
        <div>
          <Button type="submit" loading={check.isPending} disabled={address.trim() === ""}>
            Check
          </Button>
        </div>
        <FormError error={check.error} />
        <div role="status">
          {check.data === undefined ? null : (
            <Notice tone="info">
              <strong>{trustLabel(check.data.tier)}</strong>
              {check.data.rule === null ? ", no list names it" : `, because of ${check.data.rule}`}
            </Notice>
          )}
        </div>
      </form>
    </Section>
  );
}
