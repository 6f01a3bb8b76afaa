import { forgetSecret, registerSecret } from "../../../../lib/redact.ts";

/** What counts for one sign-in and for nothing after it: looked for in whatever is told until that has ended. */
export interface PassingSecrets {
  hide(id: string, secret: string): void;
  /** Of the connector with this id; what somebody registered besides stays. */
  end(id: string): void;
}

export function createPassingSecrets(): PassingSecrets {
  const passing = new Map<string, string[]>();
  return {
    hide(id, secret) {
      if (registerSecret(secret)) passing.set(id, [...(passing.get(id) ?? []), secret]);
    },
    end(id) {
      for (const secret of passing.get(id) ?? []) forgetSecret(secret);
      passing.delete(id);
    },
  };
}
