import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";

import { dropReply } from "./live-queries.ts";

const key = ["approvals.list"];

describe("lists that keep themselves current", () => {
  it("a reply that comes late does not replace what the feed has told", async () => {
    const client = new QueryClient();
    const replies: ((list: string[]) => void)[] = [];
    const observer = new QueryObserver<string[]>(client, {
      queryKey: key,
      queryFn: () => new Promise((resolve) => replies.push(resolve)),
    });
    const stop = observer.subscribe(() => undefined);
    await expect.poll(() => replies.length).toBe(1);
    dropReply(client, key);
    client.setQueryData(key, ["from the snapshot"]);
    replies[0]?.([]);
    await Promise.resolve();
    expect(client.getQueryData(key)).toEqual(["from the snapshot"]);

    void observer.refetch();
    await expect.poll(() => replies.length).toBe(2);
    dropReply(client, key);
    client.setQueryData<string[]>(key, (list) => [...(list ?? []), "from an event"]);
    replies[1]?.(["from the snapshot"]);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
    expect(client.getQueryData(key)).toEqual(["from the snapshot", "from an event"]);
    expect(client.getQueryState(key)).toMatchObject({ status: "success", fetchStatus: "idle" });
    stop();
  });
});
