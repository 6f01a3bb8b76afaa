import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";

import { changePages, dropReply, loadAnew } from "./live-queries.ts";

const key = ["approvals.list"];

/** A list that somebody looks at, and the replies it waits for. */
function observed() {
  const client = new QueryClient();
  const replies: ((list: string[]) => void)[] = [];
  const observer = new QueryObserver<string[]>(client, {
    queryKey: key,
    queryFn: () => new Promise((resolve) => replies.push(resolve)),
  });
  return { client, replies, observer, stop: observer.subscribe(() => undefined) };
}

describe("lists that keep themselves current", () => {
  it("a reply that comes late does not replace what the feed has told", async () => {
    const { client, replies, observer, stop } = observed();
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

  it("an event that comes while pages are loaded is not lost to an older reply", async () => {
    const { client, replies, stop } = observed();
    await expect.poll(() => replies.length).toBe(1);
    changePages<string[]>(client, key, (list) => [...list, "from an event"]);
    await expect.poll(() => replies.length).toBe(2);
    replies[0]?.([]);
    replies[1]?.(["from an event"]);
    await expect.poll(() => client.getQueryData(key)).toEqual(["from an event"]);
    changePages<string[]>(client, key, (list) => [...list, "at rest"]);
    expect(client.getQueryData(key)).toEqual(["from an event", "at rest"]);
    expect(client.getQueryState(key)).toMatchObject({ fetchStatus: "idle" });
    expect(replies).toHaveLength(2);
    stop();
  });

  it("loads anew over the connection although the first load is still on its way", async () => {
    const { client, replies, stop } = observed();
    await expect.poll(() => replies.length).toBe(1);
    loadAnew(client, key);
    await expect.poll(() => replies.length).toBe(2);
    replies[1]?.(["over the connection"]);
    replies[0]?.(["older"]);
    await expect.poll(() => client.getQueryData(key)).toEqual(["over the connection"]);
    expect(client.getQueryState(key)).toMatchObject({ status: "success", fetchStatus: "idle" });
    stop();
  });
});
