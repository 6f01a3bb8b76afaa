import { afterEach, expect, test, vi } from "vitest";

import type { SignedConnector } from "../../../connectors/custom/mcp/ask-signed-in.ts";
import type { Looker } from "../recorded-look.ts";
import type { OpenSignIn, SignInBook } from "./sign-in-book.ts";
import type { SignInSteps } from "./sign-in-steps.ts";
import { createTokenKeeper } from "./token-keeper.ts";

const connector = { id: "counter", title: "Counter" } as SignedConnector;
const signIn = {
  place: { authorize: "https://in.example/authorize", token: "https://in.example/token", revoke: null },
  client: { id: "portos", secret: null, method: null },
  access: "access-1",
  refresh: "refresh-1",
  since: "2026-11-22T00:00:00.000Z",
  until: "2026-11-22T00:00:30.000Z",
  ended: null,
  missing: null,
} as unknown as OpenSignIn;

afterEach(() => {
  vi.useRealTimers();
});

test("it ends in time although a renewal hangs, writes what is left, and begins no other one", async () => {
  vi.useFakeTimers();
  let saved = 0;
  let renewals = 0;
  const book = {
    open: () => Promise.resolve(signIn),
    save: () => {
      saved += 1;
      return Promise.resolve();
    },
  } as Partial<SignInBook> as SignInBook;
  const steps = {
    subject: () => Promise.resolve({}),
    record: (_subject: unknown, { looker }: { looker: Looker }) => {
      renewals += 1;
      return new Promise((_resolve, reject) => {
        looker.signal.addEventListener("abort", () => {
          reject(looker.signal.reason as Error);
        });
      });
    },
  } as unknown as SignInSteps;
  const notifications = { notify: () => Promise.reject(new Error("Nobody is told")) };
  const clock = { now: () => Date.parse(signIn.since) + 60_000 };
  const keeper = createTokenKeeper({ book, steps, notifications, clock });
  const asked = expect(keeper.token(connector)).rejects.toMatchObject({ isEnding: true });
  await vi.advanceTimersByTimeAsync(10);
  let isOver = false;
  const stopped = keeper.stop().then(() => {
    isOver = true;
  });
  await vi.advanceTimersByTimeAsync(4_000);
  expect([isOver, renewals]).toEqual([false, 1]);
  await vi.advanceTimersByTimeAsync(1_500);
  expect([isOver, saved]).toEqual([true, 1]);
  await Promise.all([asked, stopped]);
  await expect(keeper.token(connector)).rejects.toMatchObject({ isEnding: true });
  expect(renewals).toBe(1);
});
