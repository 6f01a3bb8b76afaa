import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";

import type { GatewayState } from "../../../../contract/features/connectors.ts";
import { BreakerList } from "./breaker-list.tsx";

type Breaker = GatewayState["breakers"][number];

function breaker(target: string, state: Breaker["state"]): Breaker {
  return { target, state, since: "2026-05-01T12:00:00Z", until: null, failures: 5, lastReason: "refused" };
}

function draw(breakers: Breaker[]): string {
  return renderToStaticMarkup(
    <MantineProvider>
      <QueryClientProvider client={new QueryClient()}>
        <BreakerList breakers={breakers} />
      </QueryClientProvider>
    </MantineProvider>,
  );
}

test("sixty targets that failed once take one line", () => {
  const html = draw(Array.from({ length: 60 }, (_, at) => breaker(`https://h${String(at)}.example`, "closed")));
  expect(html).toContain("60 targets failed lately, and are still called.");
  expect(html).toContain("Reset all");
  expect(html).not.toContain("<li");
});

test("three that are left alone are shown, the rest is folded", () => {
  const html = draw(Array.from({ length: 5 }, (_, at) => breaker(`https://h${String(at)}.example`, "open")));
  const [before = "", folded = ""] = html.split("<details");
  expect(before.match(/<li/g)).toHaveLength(3);
  expect(folded).toContain("and 2 more");
  expect(folded.match(/<li/g)).toHaveLength(2);
});

test("nothing is said while nothing fails", () => {
  expect(draw([])).not.toContain("<p");
});
