import { ActionIcon } from "@mantine/core";
import { IconCheck, IconChevronLeft, IconChevronRight, IconDots } from "./icons.gen.ts";
import { Fragment, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import type { Icon } from "./icon.ts";
import { KeyHint } from "./key-hint.tsx";
import { menuPlace } from "./menu-place.ts";
import classes from "./action-menu.module.css";

/** One line of a menu. `href` makes it a link. */
export interface MenuItem {
  readonly id: string;
  readonly label: string;
  readonly icon?: Icon | undefined;
  readonly shortcut?: string | undefined;
  readonly isDangerous?: boolean | undefined;
  readonly isDisabled?: boolean | undefined;
  /** One of several that exclude each other, or a switch: shows whether it is the one in force. */
  readonly isCurrent?: boolean | undefined;
  /** Heading over this line and those that follow with the same one. An empty one draws a line only. */
  readonly group?: string | undefined;
  /** A menu of its own behind this line, which takes the place of this one. */
  readonly items?: readonly MenuItem[] | undefined;
  /** Said beside the label: what is in force behind the line. */
  readonly hint?: string | undefined;
  /** May be wanted several times in a row: the menu stays. */
  readonly isRepeated?: boolean | undefined;
  readonly href?: string | undefined;
  readonly run?: (() => unknown) | undefined;
}

interface ActionMenuProps {
  /** What the menu is about, for screen readers and as heading of the sheet: "Actions for blog". */
  label: string;
  items: readonly MenuItem[];
  /** Content of the button instead of three dots; `className` then styles it. */
  trigger?: ReactNode;
  className?: string | undefined;
  isDisabled?: boolean;
}

/**
 * A button that opens a list of actions: a menu at the button on a wide screen, a sheet at the bottom on a phone.
 * Built on the browser's popover, which brings the top layer, Escape, light dismissal and the return of the focus.
 */
export function ActionMenu({ label, items, trigger, className, isDisabled = false }: ActionMenuProps) {
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  const [below, setBelow] = useState<string | null>(null);
  const parent = items.find((item) => item.id === below);
  // Only once its lines are there is it known how wide and high the menu is.
  useLayoutEffect(() => {
    if (!isOpen || panel.current === null || button.current === null) return;
    place(panel.current, button.current);
    const left = parent === undefined ? panel.current.dataset["left"] : undefined;
    const lines = linesOf(panel.current);
    (lines.find((line) => line.id === left) ?? lines[0])?.focus();
    if (parent !== undefined) panel.current.dataset["left"] = lineId(id, parent.id);
  }, [isOpen, parent, id]);
  const shown: readonly MenuItem[] = parent?.items ?? items;
  const common = {
    ref: button,
    popoverTarget: id,
    "aria-haspopup": "menu",
    "aria-expanded": isOpen,
    "aria-label": label,
    disabled: isDisabled,
  } as const;
  return (
    <>
      {trigger === undefined ? (
        <ActionIcon {...common} {...(className === undefined ? {} : { className })}>
          <IconDots size={18} />
        </ActionIcon>
      ) : (
        <button type="button" {...common} aria-label={undefined} className={className}>
          {trigger}
        </button>
      )}
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        tabIndex={-1}
        className={classes["panel"]}
        onToggle={(event) => {
          const isNowOpen = event.newState === "open";
          setIsOpen(isNowOpen);
          setBelow(null);
          if (isNowOpen) delete event.currentTarget.dataset["left"];
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft" && parent !== undefined) setBelow(null);
          else moveFocus(event);
        }}
      >
        <p className={classes["heading"]} aria-hidden="true">
          {label}
        </p>
        {isOpen && parent !== undefined ? (
          <Back
            label={parent.label}
            onBack={() => {
              setBelow(null);
            }}
          />
        ) : null}
        {isOpen
          ? shown.map((item, index) => (
              <Fragment key={item.id}>
                {item.group === shown[index - 1]?.group ? null : (
                  <Heading text={item.group ?? ""} isFirst={index === 0} />
                )}
                <Line
                  item={item}
                  id={lineId(id, item.id)}
                  close={() => panel.current?.hidePopover()}
                  onBelow={() => {
                    setBelow(item.id);
                  }}
                />
              </Fragment>
            ))
          : null}
      </div>
    </>
  );
}

function lineId(menu: string, item: string): string {
  return `${menu}-${item}`;
}

function Heading({ text, isFirst }: { text: string; isFirst: boolean }) {
  if (text === "") return isFirst ? null : <div className={classes["rule"]} role="separator" />;
  return (
    <p className={classes["group"]} data-first={isFirst || undefined} role="presentation">
      {text}
    </p>
  );
}

/** The way back to the menu above; says where one is. */
function Back({ label, onBack }: { label: string; onBack: () => void }) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      className={`${classes["item"] ?? ""} ${classes["back"] ?? ""}`}
      onClick={onBack}
    >
      <span className={classes["icon"]}>
        <IconChevronLeft size={16} />
      </span>
      <span className="truncate">{label}</span>
    </button>
  );
}

interface LineProps {
  item: MenuItem;
  id: string;
  close: () => void;
  onBelow: () => void;
}

function Line({ item, id, close, onBelow }: LineProps) {
  const Icon = item.icon ?? (item.isCurrent === true ? IconCheck : undefined);
  const isParent = item.items !== undefined;
  const content = (
    <>
      <span className={classes["icon"]}>{Icon === undefined ? null : <Icon size={16} stroke={1.7} />}</span>
      <span className="truncate">{item.label}</span>
      {item.hint === undefined ? null : <span className={classes["hint"]}>{item.hint}</span>}
      {isParent ? <IconChevronRight size={15} className={classes["deeper"]} /> : null}
      {item.shortcut === undefined ? null : (
        <span className={`${classes["keys"] ?? ""} desktop-only`}>
          <KeyHint shortcut={item.shortcut} />
        </span>
      )}
    </>
  );
  const common = {
    ...(item.isCurrent === undefined
      ? { role: "menuitem" }
      : { role: "menuitemradio", "aria-checked": item.isCurrent }),
    ...(isParent ? { "aria-haspopup": "menu" as const } : {}),
    id,
    tabIndex: -1,
    className: classes["item"],
    "data-danger": item.isDangerous === true || undefined,
    "data-current": item.isCurrent === true || undefined,
  };
  if (item.href !== undefined) {
    const isElsewhere = /^https?:/.test(item.href);
    return (
      <a {...common} href={item.href} onClick={close} {...(isElsewhere ? { target: "_blank", rel: "noreferrer" } : {})}>
        {content}
      </a>
    );
  }
  return (
    <button
      type="button"
      {...common}
      disabled={item.isDisabled === true}
      onClick={() => {
        if (isParent) {
          onBelow();
          return;
        }
        if (item.isRepeated !== true) close();
        void item.run?.();
      }}
      onKeyDown={(event) => {
        if (isParent && event.key === "ArrowRight") onBelow();
      }}
    >
      {content}
    </button>
  );
}

function place(panel: HTMLElement, button: HTMLElement): void {
  if (matchMedia("(max-width: 47.99em)").matches) {
    panel.style.cssText = "";
    return;
  }
  const anchor = button.getBoundingClientRect();
  const { left, top } = menuPlace(
    anchor,
    { width: panel.offsetWidth, height: panel.offsetHeight },
    {
      width: document.documentElement.clientWidth,
      height: document.documentElement.clientHeight,
    },
  );
  panel.style.left = `${String(left)}px`;
  panel.style.top = `${String(top)}px`;
}

function linesOf(panel: HTMLElement): HTMLElement[] {
  return [...panel.querySelectorAll<HTMLElement>("[role^=menuitem]:not(:disabled)")];
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const lines = linesOf(event.currentTarget);
  const index = lines.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: lines.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  lines.at(next >= lines.length ? 0 : next)?.focus();
}
