import { hashKey } from "@tanstack/react-query";

import type { Values } from "../../ui/schema-form/schema-values.ts";

interface Versions {
  /** What the form was begun with, and what was made of it there. */
  from: Values;
  mine: Values;
  /** What somebody else has saved meanwhile. */
  now: Values;
}

/** In these, nothing does not mean "none". */
const open = new Set(["operations", "callers"]);

/**
 * What was changed here, made to what was saved meanwhile: fields nobody touched here are as they are now, and of lists what was added
 * and taken away here. Where both changed the same value, the one from here stays.
 */
export function onTop({ from, mine, now }: Versions): Values {
  const names = [...new Set([...Object.keys(now), ...Object.keys(mine), ...Object.keys(from)])];
  const merged = names.map((name) => [name, mergedField(name, from[name], mine[name], now[name])] as const);
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}

function mergedField(name: string, from: unknown, mine: unknown, now: unknown): unknown {
  if (isSame(mine, from)) return now;
  const lists = [from, mine, now].map((value) => (value === undefined && !open.has(name) ? [] : value));
  if (!lists.every(Array.isArray) || ![from, mine, now].some(Array.isArray)) return mine;
  const [before = [], here = [], there = []] = lists as unknown[][];
  const kept = there.filter((one) => here.includes(one) || !before.includes(one));
  const all = [...kept, ...here.filter((one) => !before.includes(one) && !there.includes(one))];
  return all.length === 0 ? undefined : all;
}

function isSame(one: unknown, other: unknown): boolean {
  return hashKey([one]) === hashKey([other]);
}
