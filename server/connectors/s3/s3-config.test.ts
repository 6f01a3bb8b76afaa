import { describe, expect, test } from "vitest";

import { verifySignature } from "./testing/verify-signature.ts";
import { objectUrl, originsOf, s3Config, type S3Config } from "./s3-config.ts";
import { sendSigned, signLink } from "./s3-request.ts";

/** Of Amazon's own examples of signatures. */
const secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const known = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey };

function read(more: Record<string, unknown>): S3Config {
  return s3Config.parse({ ...known, buckets: ["examplebucket"], ...more });
}

describe("where an object is", () => {
  test.each([
    [{}, "https://s3.us-east-1.amazonaws.com/examplebucket/a/b%20c"],
    [{ region: "cn-north-1" }, "https://s3.cn-north-1.amazonaws.com.cn/examplebucket/a/b%20c"],
    [{ style: "virtual-host", region: "eu-west-1" }, "https://examplebucket.s3.eu-west-1.amazonaws.com/a/b%20c"],
    [{ endpoint: "https://x.example.com/storage/v1/s3/" }, "https://x.example.com/storage/v1/s3/examplebucket/a/b%20c"],
  ])("%j", (more, expected) => {
    expect(objectUrl("examplebucket", "a/b c", read(more))).toBe(expected);
  });

  test("a place for each bucket that has a host of its own", () => {
    const config = read({ style: "virtual-host", endpoint: "https://s3.example.com", buckets: ["one", "two"] });
    expect(originsOf(config)).toEqual(["https://one.s3.example.com", "https://two.s3.example.com"]);
    expect(originsOf(config, "two")).toEqual(["https://two.s3.example.com"]);
  });
});

test.each([
  [{ endpoint: "http://s3.example.com" }, "endpoint"],
  [{ endpoint: "https://user:pass@s3.example.com" }, "endpoint"],
  [{ style: "virtual-host", buckets: ["my.bucket"] }, "style"],
  [{ style: "virtual-host", endpoint: "https://127.0.0.1:9000" }, "style"],
  [{ buckets: ["a..b"] }, "buckets"],
  [{ buckets: [] }, "buckets"],
])("refuses %j", (more, field) => {
  const parsed = s3Config.safeParse({ ...known, buckets: ["examplebucket"], ...more });
  expect(parsed.error?.issues.map(({ path }) => path[0])).toContain(field);
});

test.each(["http://127.0.0.1:9000", "http://192.168.1.4:9000", "http://localhost:9000"])("takes %s", (endpoint) => {
  expect(read({ endpoint })).toMatchObject({ endpoint });
});

const at = Date.UTC(2013, 4, 24);
const clock = { now: () => at };

test("signs a link as Amazon's example does", async () => {
  const config = read({});
  const link = await signLink(
    { method: "GET", url: "https://examplebucket.s3.amazonaws.com/test.txt", expiresSeconds: 86_400 },
    { config, clock },
  );
  expect(new URL(link).searchParams.get("X-Amz-Signature")).toBe(
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
});

test("signs requests so that whoever follows the documentation finds them right", async () => {
  const sent: { method?: string; url: string; headers: Record<string, string> }[] = [];
  const http = {
    request(request: { url: string | URL; method?: string; headers?: Record<string, string> }) {
      const { host, pathname, search } = new URL(request.url);
      sent.push({
        ...(request.method === undefined ? {} : { method: request.method }),
        url: pathname + search,
        headers: { ...request.headers, host },
      });
      return Promise.resolve({
        status: 200,
        headers: {},
        bytes: new Uint8Array(),
        url: "",
        text: () => "",
        json: () => null,
      });
    },
    expectOk: () => Promise.reject(new Error("not used")),
  };
  const config = read({});
  const url = objectUrl("examplebucket", "a b+c/ü'()*!~.txt", config);
  await sendSigned(
    { method: "PUT", url, query: { "x-id": "a b&c" }, headers: { "x-amz-meta-a": "1" }, body: Buffer.from("x") },
    { config, clock, http },
  );
  const [request] = sent;
  if (request === undefined) throw new Error("nothing was sent");
  expect(verifySignature(request, { secret: secretAccessKey, nowMs: at })).toBeNull();
  expect(verifySignature({ ...request, method: "GET" }, { secret: secretAccessKey, nowMs: at })).toBe(
    "SignatureDoesNotMatch",
  );
});
