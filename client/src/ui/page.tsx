import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";

import { pageMeta } from "../lib/page-meta.ts";
import { useSearchState } from "../lib/search-state.ts";
import { LoadingState } from "./loading-state.tsx";
import classes from "./page.module.css";

/** One tab of a page. The first one has no trace in the address, unless another one may be shown first. */
export interface PageTab {
  readonly id: string;
  readonly label: string;
  readonly count?: number | undefined;
  /** Shown while the address names none, wherever it stands. */
  readonly isDefault?: boolean | undefined;
}

interface PageProps {
  title: string;
  /** Pages above this one: shown as breadcrumb, and as the way back on a phone. */
  parents?: readonly { label: string; to: string }[];
  /** Small line under the title. */
  description?: ReactNode;
  /** Before the title. */
  icon?: ReactNode;
  /** Beside the title: a status. */
  aside?: ReactNode;
  /** Buttons on the right. */
  actions?: ReactNode;
  /** Tabs kept in the address as `?tab=`; read the current one with `usePageTab`. */
  tabs?: readonly PageTab[];
  /** `full`: the content fills the window and scrolls by itself (logs, terminal). `wide`: no reading width. */
  layout?: "normal" | "wide" | "full";
  /** The title stands above the content although nothing stands beside it, in a `full` layout. */
  isTitleShown?: boolean;
  /** The content says by itself where one is; the title is left to the header and to screen readers. */
  isTitleHidden?: boolean;
  children: ReactNode;
}

/** Frame of every page: title, breadcrumb, actions, tabs, content. Sets the header and the document's title. */
export function Page({
  title,
  parents,
  description,
  icon,
  aside,
  actions,
  tabs,
  layout = "normal",
  isTitleShown = false,
  isTitleHidden = false,
  children,
}: PageProps) {
  useEffect(() => {
    pageMeta.set({ title, parents: parents ?? [] });
    document.title = title === "Home" ? "PortOS" : `${title} · PortOS`;
  }, [title, parents]);
  const hasHead = !isTitleHidden && (layout !== "full" || isTitleShown || actions !== undefined || aside !== undefined);
  return (
    <div className={classes["page"]} data-layout={layout}>
      {hasHead ? (
        <div className={classes["head"]}>
          <div className={classes["titles"]}>
            <div className={classes["titleRow"]}>
              {icon}
              <h1 className={classes["title"]}>{title}</h1>
              {aside}
            </div>
            {description === undefined ? null : <div className={classes["description"]}>{description}</div>}
          </div>
          {actions === undefined ? null : <div className={classes["actions"]}>{actions}</div>}
        </div>
      ) : (
        <h1 className="visually-hidden">{title}</h1>
      )}
      {tabs === undefined ? null : <PageTabs tabs={tabs} />}
      <div className={classes["content"]}>{children}</div>
    </div>
  );
}

/** The place of a page whose code is still on its way, with its margins, so that nothing jumps. */
export function ComingPage() {
  return (
    <div className={classes["page"]} data-layout="wide">
      <div className={`${classes["head"] ?? ""} desktop-only`} />
      <LoadingState rows={5} rowHeight={56} />
    </div>
  );
}

/** Id of the tab the address asks for; without a known one the default, else the first. */
export function usePageTab(tabs: readonly PageTab[]): string {
  const [search] = useSearchState();
  const first = tabs.find(({ isDefault }) => isDefault === true) ?? tabs[0];
  return tabs.some((tab) => tab.id === search["tab"]) ? (search["tab"] ?? "") : (first?.id ?? "");
}

function PageTabs({ tabs }: { tabs: readonly PageTab[] }) {
  const current = usePageTab(tabs);
  const isFirstNamed = tabs.some(({ isDefault }) => isDefault !== undefined);
  return (
    <nav className={classes["tabs"]} aria-label="Sections of this page">
      {tabs.map((tab, index) => (
        <TabLink
          key={tab.id}
          search={index === 0 && !isFirstNamed ? {} : { tab: tab.id }}
          isCurrent={tab.id === current}
        >
          {tab.label}
          {tab.count === undefined || tab.count === 0 ? null : <span className={classes["count"]}>{tab.count}</span>}
        </TabLink>
      ))}
    </nav>
  );
}

interface TabLinkProps {
  search: Record<string, string>;
  isCurrent: boolean;
  children: ReactNode;
}

/** A link of its own: the router's would call the first tab current as long as its path is. */
function TabLink({ search, isCurrent, children }: TabLinkProps) {
  const router = useRouter();
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    // On a phone the row of tabs scrolls, and the current one may lie outside of it.
    if (isCurrent) link.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [isCurrent]);
  return (
    <a
      ref={link}
      className={classes["tab"]}
      href={router.buildLocation({ to: ".", search }).href}
      aria-current={isCurrent ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        void router.navigate({ to: ".", search, resetScroll: false });
      }}
    >
      {children}
    </a>
  );
}
