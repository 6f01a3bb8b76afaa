import { Button } from "@mantine/core";
import { IconCamera, IconDownload, IconTrash } from "../../ui/icons.gen.ts";

import type { Screenshot } from "../../../../contract/features/browser.ts";
import { call, url } from "../../lib/api.ts";
import { formatBytes } from "../../lib/format.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import classes from "./browser.module.css";
import { useRenewBrowser, useScreenshots } from "./use-browser.ts";

/** Pictures taken of tabs, newest first; one opens with `?screenshot=`. */
export function Screenshots() {
  const pages = useScreenshots();
  const [search, setSearch] = useSearchState();
  const all = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  const selected = all.find(({ id }) => id === search["screenshot"]);
  return (
    <Section title="Screenshots" aside={<AgeNote updatedAt={pages.dataUpdatedAt} isStale={pages.isError} />}>
      {pages.isPending ? <LoadingState rows={2} rowHeight={120} label="Loading screenshots" /> : null}
      {pages.data === undefined && pages.error !== null ? (
        <ErrorState title="Could not load the screenshots" error={pages.error} onRetry={() => void pages.refetch()} />
      ) : null}
      {pages.data !== undefined && all.length === 0 ? (
        <EmptyState
          icon={IconCamera}
          title="No screenshots yet"
          text="Press Screenshot beside a tab: the picture is kept here and in data/screenshots."
          isCompact
        />
      ) : null}
      <div className={classes["gallery"]}>
        {all.map((screenshot) => (
          <button
            key={screenshot.id}
            type="button"
            className={classes["shot"]}
            onClick={() => {
              setSearch({ screenshot: screenshot.id }, { push: true });
            }}
          >
            <img src={imageOf(screenshot)} alt="" loading="lazy" />
            <span className="truncate">{screenshot.title}</span>
            <span className="dim">{formatAbsolute(screenshot.takenAt)}</span>
          </button>
        ))}
      </div>
      {pages.hasNextPage ? (
        <div className={classes["more"]}>
          <Button onClick={() => void pages.fetchNextPage()} loading={pages.isFetchingNextPage}>
            Show older
          </Button>
        </div>
      ) : null}
      {selected === undefined ? null : (
        <OneScreenshot
          screenshot={selected}
          onClose={() => {
            setSearch({ screenshot: null });
          }}
        />
      )}
    </Section>
  );
}

function imageOf({ id }: Screenshot): string {
  return url("browser.image", { params: { id }, query: {} });
}

function OneScreenshot({ screenshot, onClose }: { screenshot: Screenshot; onClose: () => void }) {
  const renew = useRenewBrowser();
  const { id, title, width, height, bytes, takenAt } = screenshot;
  const remove = async (): Promise<void> => {
    const isDone = await withErrorToast("Could not delete the screenshot", () =>
      call("browser.deleteScreenshot", { params: { id } }),
    );
    if (!isDone) return;
    onClose();
    await renew("screenshots");
    undoToast(`Deleted the screenshot of ${title}`, async () => {
      await call("browser.restoreScreenshot", { params: { id } });
      await renew("screenshots");
    });
  };
  return (
    <SideSheet title={title} isOpen onClose={onClose} width={860}>
      <div className={classes["view"]}>
        <p className="dim">
          {formatAbsolute(takenAt)} · {width} × {height} · {formatBytes(bytes)}
        </p>
        <p className="mono truncate" title={screenshot.url}>
          {screenshot.url}
        </p>
        <img src={imageOf(screenshot)} width={width} height={height} alt={`Screenshot of ${title}`} />
        <div className={classes["buttons"]}>
          <Button
            component="a"
            href={url("browser.image", { params: { id }, query: { download: "1" } })}
            leftSection={<IconDownload size={14} />}
          >
            Download
          </Button>
          <Button leftSection={<IconTrash size={14} />} onClick={() => void remove()}>
            Delete
          </Button>
        </div>
      </div>
    </SideSheet>
  );
}
