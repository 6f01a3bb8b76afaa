import { ActionIcon } from "@mantine/core";
import { IconDots } from "./icons.gen.ts";
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

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
  readonly isCurrent?: boolean | undefined;
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
  // Only once its lines are there is it known how wide and high the menu is.
  useLayoutEffect(() => {
    if (!isOpen || panel.current === null || button.current === null) return;
    place(panel.current, button.current);
    panel.current.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }, [isOpen]);
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
          setIsOpen(event.newState === "open");
        }}
        onKeyDown={moveFocus}
      >
        <p className={classes["heading"]} aria-hidden="true">
          {label}
        </p>
        {isOpen
          ? items.map((item) => <Line key={item.id} item={item} close={() => panel.current?.hidePopover()} />)
          : null}
      </div>
    </>
  );
}

function Line({ item, close }: { item: MenuItem; close: () => void }) {
  const { icon: Icon } = item;
  const content = (
    <>
      <span className={classes["icon"]}>{Icon === undefined ? null : <Icon size={16} stroke={1.7} />}</span>
      <span className="truncate">{item.label}</span>
      {item.shortcut === undefined ? null : (
        <span className={`${classes["keys"] ?? ""} desktop-only`}>
          <KeyHint shortcut={item.shortcut} />
        </span>
      )}
    </>
  );
  const common = {
    role: "menuitem",
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
        close();
        void item.run?.();
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

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const lines = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)")];
  const index = lines.indexOf(document.activeElement as HTMLElement);
  const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: lines.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  lines.at(next >= lines.length ? 0 : next)?.focus();
}
