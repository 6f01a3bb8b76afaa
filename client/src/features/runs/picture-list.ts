import { createObservable, type Observable } from "../../lib/observable.ts";
import { shrinkPicture, type SmallPicture } from "../../lib/shrink-picture.ts";
import { errorToast } from "../../lib/toasts.ts";

/** As many pictures go along with a prompt. */
export const mostPictures = 4;

export interface GivenPictures {
  readonly pictures: readonly SmallPicture[];
  /** How many are still being made small. */
  readonly pending: number;
  /** How many of those added last were too many. */
  readonly leftOut: number;
}

export interface PictureList {
  readonly given: Observable<GivenPictures>;
  /** Takes as many as there is room for; says which could not be read. */
  add(files: readonly File[]): Promise<void>;
  remove(picture: SmallPicture): void;
  clear(): void;
}

/** Pictures for a prompt, which may be added and left out while others are still being made small. */
export function createPictureList(shrink: (file: File) => Promise<SmallPicture> = shrinkPicture): PictureList {
  const given = createObservable<GivenPictures>({ pictures: [], pending: 0, leftOut: 0 });
  return {
    given,
    async add(files) {
      const before = given.get();
      const taken = files.slice(0, Math.max(0, mostPictures - before.pictures.length - before.pending));
      given.set({ ...before, pending: before.pending + taken.length, leftOut: files.length - taken.length });
      const read = await Promise.allSettled(taken.map(shrink));
      const { pictures, pending, leftOut } = given.get();
      const readable = read.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
      given.set({ pictures: [...pictures, ...readable], pending: pending - taken.length, leftOut });
      const failed = read.find((result) => result.status === "rejected");
      if (failed) errorToast("This is no picture that can be shown", failed.reason);
    },
    remove(picture) {
      const { pictures, pending } = given.get();
      given.set({ pictures: pictures.filter((one) => one !== picture), pending, leftOut: 0 });
    },
    clear() {
      given.set({ ...given.get(), pictures: [], leftOut: 0 });
    },
  };
}

/** Says that some were too many. */
export function leftOutText(count: number): string {
  const most = `At most ${String(mostPictures)} pictures go along`;
  return count === 1 ? `${most}; one was left out.` : `${most}; ${String(count)} were left out.`;
}
