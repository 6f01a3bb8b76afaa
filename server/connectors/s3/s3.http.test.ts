import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { makeCertificate } from "../../../lib/guarded-http/testing/make-certificate.ts";
import { createTestGateway, type TestGateway } from "../framework/testing/test-gateway.ts";
import { s3 } from "./s3.ts";
import { accessKeyId, refuse, secretAccessKey, startObjectStore, type ObjectStore } from "./testing/object-store.ts";

const authority = makeCertificate({ name: "Authority of a test", hosts: [], isAuthority: true });
const certificate = makeCertificate({ name: "store", hosts: ["127.0.0.1"], issuer: authority });
let store: ObjectStore;
let safe: ObjectStore;
let scene: TestGateway;
beforeAll(async () => {
  store = await startObjectStore();
  safe = await startObjectStore(certificate);
});
afterAll(() => Promise.all([store.close(), safe.close()]));
beforeEach(async () => {
  store.asked.length = 0;
  store.answers.length = 0;
  scene = await createTestGateway({
    connectors: [s3],
    configs: { s3: configOf() },
    policy: { keepsExcerpt: true, perMinute: null },
    resolve: () => Promise.resolve(["127.0.0.1"]),
  });
});
afterEach(() => scene.end());

function configOf(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { endpoint: store.origin, buckets: ["first", "second"], accessKeyId, secretAccessKey, ...more };
}

async function run(operation: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { output } = await scene.call("s3", operation, params);
  return output as Record<string, unknown>;
}

describe("s3", () => {
  it("puts a text and gets it back with what was put along with it", async () => {
    const put = await run("put", {
      key: "notes/Grüße + 100%/a (1)!.md",
      text: "# Hej\n",
      contentType: "text/markdown",
      metadata: { author: "Ada" },
    });
    expect(put).toMatchObject({ bucket: "first", bytes: 6 });
    await expect(run("get", { key: "notes/Grüße + 100%/a (1)!.md" })).resolves.toMatchObject({
      name: "a (1)!.md",
      contentType: "text/markdown",
      text: "# Hej\n",
      base64: null,
      sha256: put["sha256"],
      etag: put["etag"],
      metadata: { author: "Ada" },
      modifiedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
  });

  it("puts a file and gives its bytes back as one", async () => {
    const base64 = Buffer.from([0, 255, 1, 254]).toString("base64");
    await run("put", { key: "raw.bin", base64, bucket: "second" });
    await expect(run("get", { key: "raw.bin", bucket: "second" })).resolves.toMatchObject({
      text: null,
      base64,
      bytes: 4,
      contentType: "application/octet-stream",
    });
    await run("put", { key: "plain.txt", text: "abc" });
    await expect(run("get", { key: "plain.txt", as: "file" })).resolves.toMatchObject({ text: null, base64: "YWJj" });
    expect(await scene.refused("s3", "get", { key: "plain.txt", maxBytes: 2 })).toMatchObject({
      gatewayCode: "too_large",
    });
  });

  it("lists folders, and what lies below them", async () => {
    for (const key of ["list/a", "list/b", "list/c", "list/deep/d"]) await run("put", { key, text: key });
    const flat = await run("list", { prefix: "list/" });
    expect(flat).toMatchObject({ folders: ["list/deep/"], next: null });
    expect((flat["objects"] as { key: string; bytes: number }[]).map(({ key, bytes }) => [key, bytes])).toEqual([
      ["list/a", 6],
      ["list/b", 6],
      ["list/c", 6],
    ]);
    const deep = await run("list", { prefix: "list/", isDeep: true, bucket: "first" });
    expect((deep["objects"] as { key: string }[]).map(({ key }) => key)).toContain("list/deep/d");
  });

  it("asks for the next page by the store's own mark", async () => {
    const token = "1/a+b== c";
    store.answers.push((response) =>
      response.end(
        `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>` +
          `<Contents><Key>a &lt;&amp; b</Key><Size>5</Size></Contents></ListBucketResult>`,
      ),
    );
    const page = await run("list", { limit: 1 });
    expect(page).toMatchObject({ objects: [{ key: "a <& b", bytes: 5, modifiedAt: null }], next: token });
    store.answers.push((response) =>
      response.end("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"),
    );
    await expect(run("list", { limit: 1, cursor: token })).resolves.toMatchObject({ objects: [], next: null });
    const [first, second] = store.asked.map(({ url }) => new URL(url ?? "", store.origin).searchParams);
    expect(first?.has("continuation-token")).toBe(false);
    expect(second?.get("continuation-token")).toBe(token);
    expect(second?.get("max-keys")).toBe("1");
  });

  it("reads keys that the store has encoded", async () => {
    store.answers.push((response) =>
      response.end(
        `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>` +
          `<Contents><Key>a+b%2Bc%01</Key><Size>1</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag></Contents>` +
          `<CommonPrefixes><Prefix>x%26y/</Prefix></CommonPrefixes></ListBucketResult>`,
      ),
    );
    await expect(run("list", {})).resolves.toMatchObject({
      objects: [{ key: "a b+c", bytes: 1, etag: "e", modifiedAt: "2026-01-02T03:04:05.000Z" }],
      folders: ["x&y/"],
    });
  });

  it("deletes, and asks before an agent does", async () => {
    await run("put", { key: "gone.txt", text: "a" });
    const caller = { kind: "agent", name: "Agent" } as const;
    const denied = await scene
      .call("s3", "delete", { key: "gone.txt" }, { caller })
      .catch((error: unknown) => error as Error);
    expect(denied).toMatchObject({ gatewayCode: "approval_denied" });
    await run("get", { key: "gone.txt" });
    await expect(run("delete", { key: "gone.txt" })).resolves.toMatchObject({ key: "gone.txt", isMarked: false });
    expect(await scene.refused("s3", "get", { key: "gone.txt" })).toMatchObject({
      gatewayCode: "upstream_failed",
      message: expect.stringContaining("There is no such object (NoSuchKey)") as string,
    });
  });

  it("makes links that work until they end, and writes their signatures nowhere", async () => {
    await run("put", { key: "for you/a+b.txt", text: "hello" });
    const reply = await scene.call("s3", "presign", { key: "for you/a+b.txt", fileName: "May (1).txt" });
    const { url } = reply.output as { url: string };
    const got = await fetch(url);
    expect([got.status, await got.text()]).toEqual([200, "hello"]);
    expect(got.headers.get("content-disposition")).toContain("May%20(1).txt");
    const changed = await fetch(url.replace("a%2Bb", "other"));
    expect(changed.status).toBe(403);

    const signature = new URL(url).searchParams.get("X-Amz-Signature") ?? "";
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    const record = await scene.evidence(reply.evidenceId);
    expect(record.reply?.excerpt).toContain('"url":""');
    expect(JSON.stringify(record)).not.toContain(signature);
  });

  it("gives links for putting, as a write, with the type they were made for", async () => {
    scene.setMode("read-only");
    await scene.call("s3", "presign", { key: "a.txt" });
    expect(await scene.refused("s3", "presign-upload", { key: "a.txt" })).toMatchObject({ gatewayCode: "offline" });
    scene.setMode("online");
    const { url, headers } = (await run("presign-upload", { key: "in/p.png", contentType: "image/png" })) as {
      url: string;
      headers: Record<string, string>;
    };
    expect((await fetch(url, { method: "PUT", headers: { "content-type": "text/html" }, body: "x" })).status).toBe(403);
    expect((await fetch(url, { method: "PUT", headers, body: "x" })).status).toBe(200);
    await expect(run("get", { key: "in/p.png" })).resolves.toMatchObject({ contentType: "image/png" });
  });

  it("keeps the link whole although it has the shape of a token, and a session token in it", async () => {
    const id = "AKIAIOSFODNN7EXAMPLE";
    scene.setConfig("s3", configOf({ accessKeyId: id, sessionToken: "FwoGZXIvYXdzEXAMPLEtoken==" }));
    const { url } = (await run("presign", { key: "a" })) as { url: string };
    expect(new URL(url).searchParams.get("X-Amz-Credential")).toContain(id);
    expect(new URL(url).searchParams.get("X-Amz-Security-Token")).toBe("FwoGZXIvYXdzEXAMPLEtoken==");
  });

  it("finds buckets by host where they stand there", async () => {
    scene.setConfig("s3", configOf({ endpoint: `http://s3.localhost:${store.port}`, style: "virtual-host" }));
    await run("put", { key: "by/host.txt", text: "a" });
    await expect(run("get", { key: "by/host.txt" })).resolves.toMatchObject({ text: "a" });
    expect(store.asked[0]).toMatchObject({
      url: "/by/host.txt",
      headers: { host: `first.s3.localhost:${store.port}` },
    });
  });

  it("trusts the store's own authority where it is named, and only then", async () => {
    scene.setConfig("s3", configOf({ endpoint: safe.origin }));
    expect(await scene.refused("s3", "list", {})).toMatchObject({ gatewayCode: "upstream_failed" });
    scene.setConfig("s3", configOf({ endpoint: safe.origin, certificate: authority.cert }));
    await run("put", { key: "safe", text: "a" });
    await expect(run("get", { key: "safe" })).resolves.toMatchObject({ text: "a" });
  });

  it.each([
    ["a wrong secret", { secretAccessKey: "not-the-right-one" }, "does not accept the signature"],
    ["an unknown key", { accessKeyId: "NOBODY" }, "does not know the access key"],
    ["another bucket", { buckets: ["nowhere"] }, "no such bucket"],
  ])("says what is wrong: %s", async (_what, more, words) => {
    scene.setConfig("s3", configOf(more));
    const error = await scene.refused("s3", "list", {});
    expect(error.message).toContain(words);
    expect(error.isFinal).toBe(true);
    expect(JSON.stringify(await scene.evidence(error.evidenceId))).not.toContain("not-the-right-one");
  });

  it("names the region a bucket is in, and follows nobody", async () => {
    store.answers.push((response) => {
      response.setHeader("x-amz-bucket-region", "eu-west-1");
      response.setHeader("location", "http://127.0.0.1:1/elsewhere");
      refuse(response, 301, "PermanentRedirect");
    });
    expect(await scene.refused("s3", "get", { key: "a" })).toMatchObject({
      message: "The bucket is in another region (PermanentRedirect): No & again no",
      hint: "Set the region to eu-west-1 in the configuration.",
    });
    expect(store.asked).toHaveLength(1);
  });

  it("tries again when the store asks for patience, unless only a new object may be put", async () => {
    store.answers.push((response) => refuse(response, 503, "SlowDown"));
    await run("put", { key: "again", text: "a" });
    expect(store.asked.map(({ method }) => method)).toEqual(["PUT", "PUT"]);
    store.asked.length = 0;
    store.answers.push(
      (response) => response.writeHead(404).end(),
      (response) => refuse(response, 503, "SlowDown"),
    );
    expect(await scene.refused("s3", "put", { key: "again", text: "a", isNewOnly: true })).toMatchObject({
      message: expect.stringContaining("asks for fewer calls") as string,
      isFinal: false,
    });
    expect(store.asked.map(({ method }) => method)).toEqual(["HEAD", "PUT"]);
    expect(store.asked[1]?.headers["if-none-match"]).toBe("*");
  });

  it("replaces nothing when it is to be new, also in a store that does not know the condition", async () => {
    const first = await scene.call("s3", "put", { key: "new/a.txt", text: "hello", isNewOnly: true });
    expect(first.path.find(({ code }) => code === "looked_first")?.reason).toContain("If-None-Match");
    expect(await scene.refused("s3", "put", { key: "new/a.txt", text: "2", isNewOnly: true })).toMatchObject({
      message: "There is an object with this key already (PreconditionFailed)",
      isFinal: true,
    });
    await expect(run("get", { key: "new/a.txt" })).resolves.toMatchObject({ text: "hello" });
    await run("put", { key: "new/a.txt", text: "2" });
    await expect(run("get", { key: "new/a.txt" })).resolves.toMatchObject({ text: "2" });
  });

  it("leaves it to the store where the key may not look, and says so", async () => {
    store.answers.push((response) => response.writeHead(403).end());
    const { path } = await scene.call("s3", "put", { key: "new/b.txt", text: "a", isNewOnly: true });
    expect(path.find(({ code }) => code === "not_looked")).toBeDefined();
    store.answers.push(
      (response) => response.writeHead(404).end(),
      (response) => refuse(response, 412, "PreconditionFailed"),
    );
    expect(await scene.refused("s3", "put", { key: "new/c.txt", text: "a", isNewOnly: true })).toMatchObject({
      message: expect.stringContaining("There is an object with this key already") as string,
    });
  });

  it("calls only buckets and keys it was meant for", async () => {
    expect(await scene.refused("s3", "get", { key: "a", bucket: "third" })).toMatchObject({
      gatewayCode: "invalid_params",
    });
    for (const key of ["../second/a", "a/./b", "a/.."])
      expect(await scene.refused("s3", "get", { key })).toMatchObject({ gatewayCode: "invalid_params" });
    store.answers.push((response) => response.end("<html><body>Sign in</body></html>"));
    expect(await scene.refused("s3", "list", {})).toMatchObject({ gatewayCode: "reply_invalid" });
  });
});
