import { useCallback, useState } from "react";

import { readPreference, writePreference } from "./preferences.ts";

/** State that survives a reload in this browser. */
export function usePreference<T>(name: string, fallback: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => readPreference(name, fallback));
  const change = useCallback(
    (next: T) => {
      setValue(next);
      writePreference(name, next);
    },
    [name],
  );
  return [value, change];
}
