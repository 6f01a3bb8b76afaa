import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconBrowser, IconCamera, IconX } from "../../ui/icons.gen.ts";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import type { BrowserTab } from "../../../../contract/internal/browser.ts";
import { errorMessage } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { toast, undoToast, withErrorToast } from "../../lib/toasts.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import classes from "./browser.module.css";
import { useBrowserTabs, useRenewBrowser } from "./use-browser.ts";
import { withScheme } from "./with-scheme.ts";

/** The tabs of the shared Chrome: open one, take its picture, close it. */
export function OpenTabs({ isOnline }: { isOnline: boolean }) {
  const tabs = useBrowserTabs(isOnline);
  if (!isOnline) {
    return (
      <Section title="Tabs" isCard>
        <EmptyState icon={IconBrowser} title="No tabs" text="Tabs appear here while Chrome runs." isCompact />
      </Section>
    );
  }
  return (
    <Section title="Tabs" isCard>
      <OpenForm />
      {tabs.isPending ? <LoadingState rows={2} rowHeight={48} label="Loading tabs" /> : null}
      {tabs.data === undefined && tabs.error !== null ? (
        <ErrorState title="Could not load the tabs" error={tabs.error} onRetry={() => void tabs.refetch()} isCompact />
      ) : null}
      <ul role="list" className={classes["tabs"]} aria-label="Open tabs">
        {tabs.data?.map((tab) => (
          <li key={tab.id}>
            <Tab tab={tab} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function OpenForm() {
  const renew = useRenewBrowser();
  const [text, setText] = useState("");
  const open = useMutation({
    mutationFn: (url: string) => call("browser.openTab", { body: { url } }),
    onSuccess: async () => {
      setText("");
      await renew("tabs");
    },
  });
  return (
    <form
      className={classes["open"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "") open.mutate(withScheme(text.trim()));
      }}
    >
      <TextInput
        aria-label="Address to open"
        placeholder="localhost:3000 or https://…"
        inputMode="url"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        value={text}
        error={open.error === null ? null : errorMessage(open.error)}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
      />
      <Button type="submit" loading={open.isPending} disabled={text.trim() === ""} h={36}>
        Open
      </Button>
    </form>
  );
}

function Tab({ tab }: { tab: BrowserTab }) {
  const renew = useRenewBrowser();
  const [isBusy, setIsBusy] = useState(false);
  const capture = async (): Promise<void> => {
    setIsBusy(true);
    const isDone = await withErrorToast("Could not take the screenshot", () =>
      call("browser.takeScreenshot", { params: { id: tab.id } }),
    );
    if (isDone) {
      toast({ kind: "ok", text: "Screenshot taken" });
      await renew("screenshots");
    }
    setIsBusy(false);
  };
  const close = async (): Promise<void> => {
    const isDone = await withErrorToast("Could not close the tab", () =>
      call("browser.closeTab", { params: { id: tab.id } }),
    );
    await renew("tabs");
    if (!isDone || !/^https?:/.test(tab.url)) return;
    undoToast(`Closed ${tab.title}`, async () => {
      await call("browser.openTab", { body: { url: tab.url } });
      await renew("tabs");
    });
  };
  const isEmpty = tab.url === "about:blank";
  return (
    <div className={classes["tab"]}>
      <div className="truncate">
        <p className={`${classes["tabTitle"] ?? ""} truncate`}>{isEmpty ? "Empty tab" : tab.title}</p>
        <p className={`${classes["tabUrl"] ?? ""} truncate`} title={tab.url}>
          {tab.url}
        </p>
      </div>
      <div className={classes["buttons"]}>
        <Button
          loading={isBusy}
          leftSection={<IconCamera size={14} />}
          aria-label={`Screenshot of ${tab.title}`}
          onClick={() => void capture()}
        >
          Screenshot
        </Button>
        <ActionIcon aria-label={`Close ${tab.title}`} onClick={() => void close()}>
          <IconX size={16} />
        </ActionIcon>
      </div>
    </div>
  );
}
