import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { AppError } from "./app-error.ts";
import type { Clock } from "./clock.ts";
import {
  errorCode,
  identify,
  isSameFile,
  keepAs,
  readWhole,
  replaceFile,
  replaceLink,
  syncFolder,
  type Disk,
  type FileIdentity,
} from "./durable-file.ts";
import { fileTime, type ProblemList } from "./file-problems.ts";
import { formatDocument, readDocument, type DocumentRules, type Reading } from "./json-document.ts";

/** A file that changed this recently may change again within the same tick of the file system's clock. */
const recentMs = 100;
const settleMs = 30;
const maxSettleRounds = 10;
/** Copies kept aside, of one file; the oldest beyond them go. */
const keptCopies = 5;

export interface StoreFileOptions<T> {
  file: string;
  rules: DocumentRules<T>;
  disk: Disk;
  clock: Clock;
  problems: ProblemList;
  /** A larger file is not read. */
  maxBytes: number;
  /** Whether the file is ours to write; it is only looked at otherwise. */
  isOurs: () => boolean;
}

interface Found<T> {
  readonly identity: FileIdentity;
  readonly hash: string;
  readonly reading: Reading<T>;
}

/** The disk side of one store: what is there, what it means, what must be kept. One call at a time. */
export class StoreFile<T> {
  readonly #options: StoreFileOptions<T>;
  readonly #file: string;
  readonly #name: string;
  readonly #disk: Disk;
  readonly #problems: ProblemList;
  /** The last state of the file we know of; another one means that somebody else has written. */
  #known: { identity: FileIdentity; hash: string } | null = null;
  /** The file holds something that is not in force: a copy is kept before it is overwritten. */
  #isForeign = false;
  #refusal: AppError | null = null;

  constructor(options: StoreFileOptions<T>) {
    this.#options = options;
    this.#file = options.file;
    this.#name = basename(options.file);
    this.#disk = options.disk;
    this.#problems = options.problems;
  }

  /** Why the file must not be written now, `null` when it may. */
  get refusal(): AppError | null {
    return this.#refusal;
  }

  /** The value the file or its backup holds, `null` when there is neither. */
  async load(): Promise<T | null> {
    const found = await this.#readSettled();
    if (found === "unreadable") return (await this.#readBackup())?.value ?? null;
    if (found === null) return this.#recover("missing", "is missing", null);
    this.#known = found;
    const { reading } = found;
    if (reading.kind === "newer") {
      this.#refuse("newer_version", this.#newerMessage(reading.storedVersion));
      return null;
    }
    if (reading.kind === "bad") return this.#recoverDamaged(reading.reason);
    if (reading.storedVersion < this.#options.rules.version && this.#options.isOurs()) {
      await keepAs(this.#disk, this.#file, `${this.#file}.backup-v${reading.storedVersion}-${this.#now()}`);
      await this.#tryPut(reading.value);
    }
    return this.#accept(reading);
  }

  /** Takes notice of what others did to the file; the new value when there is a valid one. */
  async refresh(): Promise<{ adopted: T } | null> {
    const now = await identify(this.#disk, this.#file);
    if (isSameFile(now, this.#known?.identity ?? null) && !isRecent(now)) return null;
    const found = await this.#readSettled();
    if (found === "unreadable") return null;
    if (found === null) {
      this.#takeNoticeOfRemoval();
      return null;
    }
    const isUnchanged = found.hash === this.#known?.hash;
    this.#known = found;
    if (isUnchanged) return null;
    const { reading } = found;
    if (reading.kind === "good" || reading.kind === "partly") return { adopted: this.#accept(reading) };
    this.#isForeign = true;
    if (reading.kind === "newer") this.#refuse("newer_version", this.#newerMessage(reading.storedVersion));
    else
      this.#problems.report(
        "invalid_edit",
        `The edit of ${this.#name} is not valid: ${reading.reason}. The last good value stays in force; a copy of the edit is kept when the file is next written.`,
      );
    return null;
  }

  /** Makes a value durable; `false`, with nothing written, when somebody else has changed the file meanwhile. */
  async write(value: T, previous: T): Promise<boolean> {
    const text = formatDocument(value, this.#options.rules.version);
    const hash = hashOf(text);
    const isThere = !this.#isForeign && hash === this.#known?.hash;
    if (isThere && isSameFile(await identify(this.#disk, this.#file), this.#known?.identity ?? null)) return true;
    try {
      const beforeRename = async (): Promise<void> => {
        const now = await identify(this.#disk, this.#file);
        if (!isSameFile(now, this.#known?.identity ?? null)) throw new ChangedMeanwhile();
        if (this.#isForeign) this.#reportKept(await this.#keepCopy());
        // The old content gets a second name before it is replaced, so that a backup never costs a second fsync.
        else if (now !== null) await replaceLink(this.#disk, this.#file, `${this.#file}.backup`);
      };
      const identity = await replaceFile(this.#disk, this.#file, text, { beforeRename });
      this.#known = { identity, hash };
    } catch (error) {
      if (error instanceof ChangedMeanwhile) return false;
      await this.#putBack(previous);
      this.#problems.report("unwritable", error instanceof Error ? error.message : String(error));
      throw error;
    }
    this.#isForeign = false;
    this.#problems.clear("unwritable", "invalid_edit", "bad_entries", "missing");
    return true;
  }

  /** Renews `<file>.backup` from a value known to be good. */
  async backUp(value: T): Promise<void> {
    await replaceFile(this.#disk, `${this.#file}.backup`, formatDocument(value, this.#options.rules.version));
  }

  /** Whether the backup does not hold what the file holds, as after a kill within a second of an update. */
  async isBackupBehind(): Promise<boolean> {
    if (this.#known === null || this.#isForeign || this.#refusal !== null || !this.#options.isOurs()) return false;
    try {
      const backup = await readWhole(this.#disk, `${this.#file}.backup`, this.#options.maxBytes);
      return backup === null || hashOf(backup.bytes) !== this.#known.hash;
    } catch (error) {
      if (!(error instanceof AppError) && errorCode(error) === undefined) throw error;
      return true;
    }
  }

  /** Lists the copies that were kept aside and are still there; of ours the oldest go when there are more than five. */
  async noticeKeptCopies(): Promise<void> {
    const kept = await this.#listKeptCopies();
    const surplus = this.#options.isOurs() ? kept.splice(0, Math.max(0, kept.length - keptCopies)) : [];
    for (const file of surplus) await this.#disk.rm(file, { force: true });
    this.#problems.keepOnly("set_aside", kept);
    for (const file of kept) this.#reportKept(file);
  }

  /** The copies kept aside, oldest first by when they were made; a clock may have jumped since, so not by their names. */
  async #listKeptCopies(): Promise<string[]> {
    const folder = dirname(this.#file);
    const names = (await this.#disk.readdir(folder)).filter((name) => name.startsWith(`${this.#name}.damaged-`));
    const found: { file: string; madeNs: bigint }[] = [];
    for (const file of names.toSorted().map((name) => join(folder, name))) {
      try {
        found.push({ file, madeNs: (await this.#disk.stat(file, { bigint: true })).ctimeNs });
      } catch (error) {
        if (errorCode(error) !== "ENOENT") throw error; // removed while we looked
      }
    }
    return found.toSorted((a, b) => Number(a.madeNs - b.madeNs)).map(({ file }) => file);
  }

  #accept(reading: Extract<Reading<T>, { kind: "good" | "partly" }>): T {
    this.#refusal = null;
    this.#problems.clear("invalid_edit", "newer_version", "unreadable", "bad_entries", "missing");
    this.#isForeign = reading.kind === "partly";
    if (reading.kind === "partly")
      this.#problems.report(
        "bad_entries",
        `${this.#name} has entries that are not valid and were left out: ${reading.reason}. A copy is kept when the file is next written.`,
      );
    return reading.value;
  }

  async #recoverDamaged(reason: string): Promise<T | null> {
    if (!this.#options.isOurs()) {
      this.#isForeign = true;
      return this.#recover("damaged", `is damaged (${reason})`, null);
    }
    const keptAs = await this.#keepCopy();
    const value = await this.#recover("damaged", `is damaged (${reason})`, keptAs);
    if (value === null) {
      await this.#disk.rm(this.#file, { force: true });
      await syncFolder(this.#disk, dirname(this.#file));
      this.#known = null;
    }
    return value;
  }

  async #recover(kind: "damaged" | "missing", what: string, keptAs: string | null): Promise<T | null> {
    const backup = await this.#readBackup();
    if (kind === "missing" && backup === null) return null;
    const value = backup?.value ?? null;
    const inForce = value === null ? "there is no usable backup, so it starts anew" : "its last backup is in force";
    const kept = keptAs === null ? "" : ` The damaged file was kept as ${basename(keptAs)}.`;
    this.#problems.report(kind, `${this.#name} ${what}; ${inForce}.${kept}`, { keptAs });
    if (value !== null && this.#options.isOurs()) await this.#tryPut(value);
    return value;
  }

  async #readBackup(): Promise<{ value: T | null } | null> {
    let backup: { bytes: Buffer } | null;
    try {
      backup = await readWhole(this.#disk, `${this.#file}.backup`, this.#options.maxBytes);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return { value: null };
    }
    if (backup === null) return null;
    const reading = readDocument(backup.bytes, this.#options.rules);
    return { value: reading.kind === "good" || reading.kind === "partly" ? reading.value : null };
  }

  #takeNoticeOfRemoval(): void {
    if (this.#known !== null)
      this.#problems.report("missing", `${this.#name} was removed; the last value stays in force until it is changed.`);
    this.#known = null;
    this.#isForeign = false;
    this.#refusal = null;
  }

  /** Reads until an editor that is still writing has finished: only what stands still is judged as damaged. */
  async #readSettled(): Promise<Found<T> | "unreadable" | null> {
    let before: FileIdentity | null = null;
    for (let round = 1; ; round += 1) {
      const found = await this.#readOrRefuse();
      if (found === null || found === "unreadable") return found;
      const reading = readDocument(found.bytes, this.#options.rules);
      const result = { identity: found.identity, hash: hashOf(found.bytes), reading };
      const isSettled = isSameFile(before, found.identity) || !isRecent(found.identity) || round === maxSettleRounds;
      if (reading.kind !== "bad" || isSettled) return result;
      before = found.identity;
      await sleep(settleMs);
    }
  }

  async #readOrRefuse(): Promise<{ bytes: Buffer; identity: FileIdentity } | "unreadable" | null> {
    try {
      return await readWhole(this.#disk, this.#file, this.#options.maxBytes);
    } catch (error) {
      const code = error instanceof AppError ? error.code : errorCode(error);
      if (code === undefined) throw error;
      this.#refuse("unreadable", `${this.#name} cannot be read (${code}); it is not touched.`);
      return "unreadable";
    }
  }

  /** When only the last fsync failed, the refused value is already in place: it must not come up after a restart. */
  async #putBack(previous: T): Promise<void> {
    const now = await identify(this.#disk, this.#file);
    if (this.#known !== null && !isSameFile(now, this.#known.identity)) await this.#tryPut(previous);
  }

  async #tryPut(value: T): Promise<void> {
    const text = formatDocument(value, this.#options.rules.version);
    try {
      this.#known = { identity: await replaceFile(this.#disk, this.#file, text), hash: hashOf(text) };
      this.#isForeign = false;
    } catch (error) {
      this.#problems.report("unwritable", error instanceof Error ? error.message : String(error));
    }
  }

  #keepCopy(): Promise<string> {
    return keepAs(this.#disk, this.#file, `${this.#file}.damaged-${this.#now()}`);
  }

  #reportKept(keptAs: string): void {
    if (this.#problems.list().some((problem) => problem.keptAs === keptAs && problem.kind === "damaged")) return;
    this.#problems.report(
      "set_aside",
      `Content of ${this.#name} that could not be used was kept as ${basename(keptAs)}; remove that file when it is no longer needed. The newest ${keptCopies} of such copies are kept.`,
      { keptAs, file: keptAs },
    );
  }

  #refuse(kind: "newer_version" | "unreadable", message: string): void {
    this.#problems.report(kind, message);
    this.#refusal = new AppError("unavailable", message, {
      hint: "Mend or replace the file; it is read again at once.",
    });
  }

  #newerMessage(storedVersion: number): string {
    return `${this.#name} was written by a newer PortOS (version ${storedVersion}; this one knows ${this.#options.rules.version}); it is not touched.`;
  }

  #now(): string {
    return fileTime(this.#options.clock);
  }
}

class ChangedMeanwhile extends Error {}

function isRecent(identity: FileIdentity | null): boolean {
  return identity !== null && Math.abs(Date.now() - Number(identity.modifiedNs / 1_000_000n)) < recentMs;
}

function hashOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64");
}
