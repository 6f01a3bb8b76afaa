/** Finds the name of a thing by the parameters of a path; nothing when there is no such thing. */
export type NameFinder = (params: Record<string, string>) => string | undefined | Promise<string | undefined>;

/** What users call the things they act on. */
export interface SubjectNames {
  /** Adds the things of one endpoint group. */
  add(group: string, finder: NameFinder): void;
  /** Name of what `params` of an endpoint of `group` point to. A feature that cannot tell in time costs a name, never the action. */
  find(group: string, params: unknown): Promise<string | null>;
}

const maxWaitMs = 400;
const maxLength = 200;

/** Creates an empty register of names. */
export function createSubjectNames(): SubjectNames {
  const finders = new Map<string, NameFinder>();
  return {
    add: (group, finder) => {
      finders.set(group, finder);
    },
    async find(group, params) {
      const finder = finders.get(group);
      if (!finder || !hasText(params)) return null;
      try {
        const name = await withinTime(finder(params));
        return name ? name.slice(0, maxLength) : null;
      } catch {
        return null; // the process that knows the name is away
      }
    },
  };
}

function hasText(params: unknown): params is Record<string, string> {
  return typeof params === "object" && params !== null && Object.keys(params).length > 0;
}

async function withinTime<T>(answer: T | Promise<T>): Promise<T | undefined> {
  if (!(answer instanceof Promise)) return answer;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, maxWaitMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
