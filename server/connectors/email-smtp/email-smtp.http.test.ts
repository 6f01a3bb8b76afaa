import { generateKeyPairSync } from "node:crypto";
import { connect, type Socket } from "node:net";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { startHttp, startRaw, type StartedServer } from "../../../lib/guarded-http/testing/hostile-server.ts";
import { makeCertificate } from "../../../lib/guarded-http/testing/make-certificate.ts";
import { loopbackContext } from "../framework/testing/loopback-context.ts";
import { emailSmtp } from "./email-smtp.ts";
import { startMailServer, type MailServer } from "./testing/mail-server.ts";

const authority = makeCertificate({ name: "Authority of a test", hosts: [], isAuthority: true });
const certificate = makeCertificate({ name: "mail", hosts: ["127.0.0.1"], issuer: authority });
const { send, verify } = emailSmtp.operations;

let starttls: MailServer;
let implicit: MailServer;
let plain: MailServer;
let small: MailServer;
let tokenServer: StartedServer;
const tokens: string[] = [];
let given = "fresh-token";

beforeAll(async () => {
  starttls = await startMailServer({ certificate });
  implicit = await startMailServer({ certificate, secure: true });
  plain = await startMailServer({ certificate, disabledCommands: ["STARTTLS"], isAuthOptional: true });
  small = await startMailServer({ certificate, size: 2_000 });
  tokenServer = await startHttp((request, response) => {
    request.on("data", (chunk: Buffer) => tokens.push(chunk.toString()));
    request.on("end", () => response.end(JSON.stringify({ access_token: given, expires_in: 3_600 })));
  });
});
afterAll(async () => {
  await Promise.all([starttls, implicit, plain, small, tokenServer].map((server) => server.close()));
});
beforeEach(() => {
  for (const { mails } of [starttls, implicit, plain, small]) mails.length = 0;
  tokens.length = 0;
});

type Settings = Record<string, unknown>;
const mail = { to: ["Bo <bo@example.com>"], subject: "Hello", text: "Good day" };

async function run(
  operation: typeof send,
  server: MailServer,
  params: Settings,
  settings: Settings = {},
  idempotencyKey: string | null = null,
) {
  const config = emailSmtp.config.parse({
    host: "127.0.0.1",
    port: server.port,
    certificate: authority.cert,
    user: "ada",
    password: "right",
    from: "PortOS <portos@example.com>",
    ...settings,
  });
  const insides = emailSmtp.insides?.(config);
  const { context, close } = loopbackContext<unknown>({ config, insides, idempotencyKey });
  if (!operation) throw new Error("no operation");
  try {
    return await operation.run(operation.input.parse(params), context);
  } finally {
    await close();
  }
}

describe("email-smtp", () => {
  it("sends over STARTTLS, signed in, and tells what the server said", async () => {
    const output = await run(send, starttls, { ...mail, cc: ["c@example.com"], bcc: ["d@example.com"] });
    expect(output).toMatchObject({
      said: expect.stringContaining("250") as string,
      recipients: ["bo@example.com", "c@example.com", "d@example.com"].map((address) => ({
        address,
        outcome: "accepted",
      })),
    });
    expect(starttls.mails).toMatchObject([{ from: "portos@example.com", user: "ada", isSecure: true }]);
    const source = starttls.mails[0]?.source ?? "";
    expect(source).toMatch(/^Subject: Hello\r$/m);
    expect(source).not.toContain("d@example.com");
  });

  it("sends over TLS from the first byte on", async () => {
    await run(send, implicit, mail, { security: "implicit" });
    expect(implicit.mails).toMatchObject([{ isSecure: true, user: "ada" }]);
  });

  it("counts a mail as sent that was taken, however the server says goodbye", async () => {
    const upstream = new Map<Socket, Socket>();
    // Some servers end TLS first, and say goodbye in the clear.
    const rude = await startRaw((client, bytes) => {
      if (implicit.mails.length > 0) {
        client.end("221 mta.test closing connection\r\n");
        return;
      }
      const known = upstream.get(client) ?? connect(implicit.port, "127.0.0.1");
      upstream.set(client, known);
      if (known.listenerCount("data") === 0) known.on("data", (answer: Buffer) => client.write(answer));
      known.write(bytes);
    });
    await expect(run(send, { ...implicit, port: rude.port }, mail, { security: "implicit" })).resolves.toMatchObject({
      recipients: [{ outcome: "accepted" }],
    });
    expect(implicit.mails).toHaveLength(1);
    for (const socket of upstream.values()) socket.destroy();
    await rude.close();
  });

  it.each([
    ["starttls", () => starttls],
    ["implicit", () => implicit],
  ])("trusts no strange certificate (%s)", async (security, server) => {
    await expect(run(send, server(), mail, { security, certificate: undefined })).rejects.toMatchObject({
      gatewayCode: "upstream_failed",
    });
    expect(server().mails).toHaveLength(0);
  });

  it("sends nothing where STARTTLS is wanted and not offered", async () => {
    await expect(run(send, plain, mail)).rejects.toMatchObject({ gatewayCode: "upstream_failed" });
    expect(plain.mails).toHaveLength(0);
  });

  it("sends plainly within this machine where that is asked for", async () => {
    await run(send, plain, mail, { security: "none", login: "none" });
    expect(plain.mails).toMatchObject([{ isSecure: false, user: null }]);
  });

  it("says that the password is wrong, without saying it", async () => {
    const error = await run(send, starttls, mail, { password: "not-this-one" }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ gatewayCode: "upstream_failed", isFinal: true });
    expect((error as Error).message).toContain("does not accept the user and password: 535");
    expect((error as Error).message).not.toContain("not-this-one");
  });

  it("tells for each recipient what the server said", async () => {
    const output = await run(send, starttls, {
      ...mail,
      to: ["bo@example.com", "nobody@example.com", "later@example.com"],
    });
    expect(output).toMatchObject({
      recipients: [
        { address: "bo@example.com", outcome: "accepted", said: null },
        { address: "nobody@example.com", outcome: "refused", said: "550 5.1.1 No such user here" },
        { address: "later@example.com", outcome: "refused", said: "450 4.2.1 Mailbox is busy" },
      ],
    });
  });

  it("fails for good where every recipient is refused for good, and for now where one may pass", async () => {
    await expect(run(send, starttls, { ...mail, to: ["nobody@example.com"] })).rejects.toMatchObject({
      message: expect.stringContaining("nobody@example.com (550 5.1.1 No such user here)") as string,
      isFinal: true,
    });
    await expect(run(send, starttls, { ...mail, to: ["later@example.com"] })).rejects.toMatchObject({ isFinal: false });
  });

  it("says that a message is too large for the server", async () => {
    await expect(run(send, small, { ...mail, text: "long ".repeat(2_000) })).rejects.toMatchObject({
      message: expect.stringContaining("552") as string,
      isFinal: true,
    });
  });

  it("makes the text part from HTML, and carries attachments", async () => {
    await run(send, starttls, {
      ...mail,
      text: undefined,
      html: '<style>p{}</style><h1>Report</h1><p>See <a href="https://example.com/a">this</a>.</p>',
      attachments: [
        { name: "zpráva.csv", text: "a,b" },
        { name: "dot.png", base64: "iVBORw0KGgo=", type: "image/png", cid: "dot" },
      ],
    });
    const source = starttls.mails[0]?.source ?? "";
    expect(source).toContain("See this (https://example.com/a).");
    expect(source).toContain("Content-Type: image/png");
    expect(source).toContain("Content-ID: <dot>");
    expect(source).toContain(Buffer.from("a,b").toString("base64"));
  });

  it("signs with DKIM", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const dkimKey = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    await run(send, starttls, mail, { dkimDomain: "example.com", dkimSelector: "one", dkimKey });
    expect(starttls.mails[0]?.source).toMatch(/^DKIM-Signature: v=1;[\s\S]*d=example\.com;[\s\S]*s=one;/m);
  });

  it("signs in with a token that came through the guard, and keeps it", async () => {
    const oauth = {
      login: "oauth2",
      tokenUrl: `http://127.0.0.1:${tokenServer.port}/token`,
      clientId: "client",
      clientSecret: "client-secret",
      refreshToken: "refresh",
    };
    await run(send, starttls, mail, oauth);
    await run(send, starttls, mail, oauth);
    expect(starttls.mails).toHaveLength(2);
    expect(tokens).toEqual([
      "grant_type=refresh_token&client_id=client&refresh_token=refresh&client_secret=client-secret",
    ]);
    given = "stale-token";
    await expect(run(send, starttls, mail, { ...oauth, refreshToken: "other" })).rejects.toMatchObject({
      gatewayCode: "upstream_failed",
    });
    given = "fresh-token";
    await run(send, starttls, mail, { ...oauth, refreshToken: "other" }); // what was refused is asked for anew
    expect(tokens).toHaveLength(3);
  });

  it("gives a repeated delivery the same id", async () => {
    for (const key of ["a", "a", "b"]) await run(send, starttls, mail, {}, key);
    const [one, two, three] = starttls.mails.map(({ source }) => /^Message-ID: (.*)\r$/m.exec(source)?.[1]);
    expect(one).toBe(two);
    expect(one).not.toBe(three);
  });

  it("verifies by signing in", async () => {
    await expect(run(verify, starttls, {})).resolves.toMatchObject({ isGood: true });
    await expect(run(verify, starttls, {}, { password: "wrong" })).rejects.toMatchObject({
      gatewayCode: "upstream_failed",
    });
    expect(starttls.mails).toHaveLength(0);
  });

  it("refuses whatever would begin another header or recipient, and files named by path or address", () => {
    const line = "a\r\nBcc: eve@example.com";
    for (const wrong of [
      { subject: line },
      { to: [`x <bo@example.com>${line}`] },
      { to: ["bo@example.com, eve@example.com"] },
      { to: ["bo@example.com> RCPT TO:<eve@example.com"] },
      { headers: { "X-A": line } },
      { headers: { Bcc: "eve@example.com" } },
      { attachments: [{ name: line, text: "" }] },
      { attachments: [{ name: "a", path: "/etc/hostname" }] },
      { attachments: [{ name: "a", href: "https://example.com" }] },
      { inReplyTo: line },
    ])
      expect(send?.input.safeParse({ ...mail, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
  });

  it("wants all that belongs together in its configuration", () => {
    const base = { host: "mail.example.com", from: "a@example.com" };
    expect(emailSmtp.config.safeParse(base).error?.issues.map(({ path }) => path[0])).toEqual(["user", "password"]);
    expect(emailSmtp.config.safeParse({ ...base, user: "a", password: "b", security: "none" }).success).toBe(false);
    expect(emailSmtp.config.safeParse({ ...base, login: "none", dkimDomain: "example.com" }).success).toBe(false);
    expect(emailSmtp.config.safeParse({ ...base, login: "none" }).success).toBe(true);
  });
});
