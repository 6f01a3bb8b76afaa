import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { SecretBox, StoredSecret } from "../../../lib/secret-box.ts";
import { holdsSecret } from "../framework/secret-parameters.ts";
import type { RssBook, RssStore, StoredRssBook, StoredSubscription, Subscription } from "./rss-book.ts";

/** Stands in a stored address for a value that is sealed. */
const sealedMark = "sealed";
const mostRounds = 20;

interface Parts {
  store: Pick<JsonStore<StoredRssBook>, "get" | "update" | "subscribe">;
  secrets: Pick<SecretBox, "open" | "seal">;
  logger: Logger;
}

/**
 * Followed feeds whose addresses carry keys: on disk those are sealed, here the addresses are whole. What was written plainly, by
 * hand or by an earlier version, is sealed when it is opened.
 */
export async function openPrivateFeeds(parts: Parts): Promise<RssStore & { stop(): Promise<void> }> {
  const { store, logger } = parts;
  let read = await openBook(store.get(), parts);
  let tail: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = tail.then(work);
    tail = run.catch(() => undefined); // whoever asked is told; the next one does not care
    return run;
  }

  /** The file as it is now, whoever has changed it. */
  async function refresh(): Promise<void> {
    if (store.get() !== read.stored) read = await openBook(store.get(), parts);
  }

  async function write(next: RssBook): Promise<boolean> {
    const { stored } = read;
    const sealed = await sealBook(next, stored, parts);
    const isWritten = await store.update((now) =>
      now === stored ? { next: sealed, result: true } : { next: now, result: false },
    );
    if (isWritten) read = { stored: store.get(), book: next };
    return isWritten;
  }

  async function sealWhatIsPlain(): Promise<void> {
    await refresh();
    if (read.stored.subscriptions.some(hasPlainSecret)) await write(read.book);
  }

  const look = (): void => {
    inTurn(sealWhatIsPlain).catch((error: unknown) => {
      logger.error("The addresses of followed feeds could not be sealed", {}, error);
    });
  };
  look();
  const stopFollowing = store.subscribe(look);
  await tail;

  return {
    get: () => read.book,
    update: (change) =>
      inTurn(async () => {
        for (let round = 0; round < mostRounds; round += 1) {
          await refresh();
          const { next, result } = change(read.book);
          if (next === read.book || (await write(next))) return result;
        }
        throw new AppError("conflict", "The file of followed feeds is being changed by another program.");
      }),
    async stop() {
      stopFollowing();
      await tail;
    },
  };
}

function hasPlainSecret({ url }: StoredSubscription): boolean {
  return parametersOf(url).some(([name, value]) => value !== sealedMark && holdsSecret(name, value));
}

function parametersOf(url: string): [string, string][] {
  return URL.canParse(url) ? [...new URL(url).searchParams] : [];
}

interface ReadBook {
  stored: StoredRssBook;
  book: RssBook;
}

async function openBook(stored: StoredRssBook, parts: Parts): Promise<ReadBook> {
  const subscriptions = await Promise.all(stored.subscriptions.map((one) => openOne(one, parts)));
  return { stored, book: { subscriptions } };
}

async function openOne({ secrets, ...subscription }: StoredSubscription, parts: Parts): Promise<Subscription> {
  if (Object.keys(secrets).length === 0) return subscription;
  const url = new URL(subscription.url);
  for (const [name, value] of Object.entries(secrets)) {
    if (value === null) continue;
    try {
      url.searchParams.set(name, await parts.secrets.open(value));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      parts.logger.error("The key of a followed feed cannot be opened", { id: subscription.id, code: error.code });
    }
  }
  return { ...subscription, url: url.href };
}

async function sealBook({ subscriptions }: RssBook, before: StoredRssBook, parts: Parts): Promise<StoredRssBook> {
  const known = new Map(before.subscriptions.map((one) => [one.id, one]));
  return { subscriptions: await Promise.all(subscriptions.map((one) => sealOne(one, known.get(one.id), parts))) };
}

async function sealOne(
  subscription: Subscription,
  before: StoredSubscription | undefined,
  parts: Parts,
): Promise<StoredSubscription> {
  const secrets: Record<string, StoredSecret> = {};
  const url = URL.canParse(subscription.url) ? new URL(subscription.url) : null;
  for (const [name, value] of url?.searchParams ?? []) {
    const kept = before?.secrets[name];
    if (value === sealedMark && kept !== undefined)
      secrets[name] = kept; // it could not be opened
    else if (holdsSecret(name, value)) secrets[name] = await sealedAs(value, kept, parts);
  }
  for (const name of Object.keys(secrets)) url?.searchParams.set(name, sealedMark);
  const isPlain = url === null || Object.keys(secrets).length === 0;
  return { ...subscription, url: isPlain ? subscription.url : url.href, secrets };
}

/** As it was, when it is the same one: the file changes only where something has changed. */
async function sealedAs(value: string, kept: StoredSecret | undefined, { secrets }: Parts): Promise<StoredSecret> {
  const before = kept === undefined || kept === null ? null : await secrets.open(kept).catch(() => null);
  return before === value && kept !== undefined ? kept : secrets.seal(value);
}
