import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconFileText } from "../../ui/icons.gen.ts";
import { useEffect } from "react";

import { actionRegistry } from "../../lib/actions.ts";
import { callQuery } from "../../lib/call-query.ts";
import { joinNames } from "./log-address.ts";

/** Registers "Tail <process>" for every process that has logs. */
export function useLogActions(): void {
  const navigate = useNavigate();
  const { data } = useQuery({ ...callQuery("logs.sources", undefined, { isKept: true }), staleTime: 30_000 });
  useEffect(
    () =>
      actionRegistry.register(
        // What is left of a deleted app is found on the Logs page; nobody tails it.
        (data ?? []).flatMap(({ id, name, namespace, kind }) =>
          kind === "deleted"
            ? []
            : [
                {
                  id: `logs.tail:${id}`,
                  label: `Tail ${name}`,
                  group: "Logs",
                  icon: IconFileText,
                  keywords: ["log", "logs", "follow"],
                  ...(namespace.startsWith("app:") ? { subject: namespace } : {}),
                  run: () => navigate({ to: "/logs", search: { process: joinNames([id]) } }),
                },
              ],
        ),
      ),
    [data, navigate],
  );
}
