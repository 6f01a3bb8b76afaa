import type { SMTPTransportOptions } from "nodemailer";
import { z } from "zod";

import { cleanLine } from "../framework/clean-input.ts";
import { defineConnector, defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { emailConfig, placesOf, secretPlacesIn, targetsOf, type EmailConfig } from "./email-config.ts";
import { emailInput, toMessage, type EmailInput } from "./email-message.ts";
import { createOauthTokens } from "./oauth-token.ts";
import { saidBy, smtpFailure, type SmtpError } from "./smtp-failure.ts";

const sent = z.strictObject({
  messageId: z.string(),
  /** What the server said when it took the message. */
  said: z.string(),
  recipients: z.array(
    z.strictObject({ address: z.string(), outcome: z.enum(["accepted", "refused"]), said: z.string().nullable() }),
  ),
});
const verified = z.strictObject({ isGood: z.literal(true), server: z.string(), encryption: z.string() });
const nothing = z.strictObject({});
type Context = OperationContext<EmailConfig>;

const tokens = createOauthTokens();
const silenceMs = 60_000;

const send = defineOperation<EmailConfig, typeof emailInput, typeof sent>({
  title: "Send",
  description: "Sends a mail and says which recipients the server has accepted.",
  effect: "write",
  isToPeople: true,
  input: emailInput,
  output: sent,
  targets: (_input, config) => targetsOf(config),
  examples: [
    { title: "A line of text", input: { to: ["Ada <ada@example.com>"], subject: "Build", text: "It is done." } },
    {
      title: "HTML with a file",
      input: {
        to: ["ada@example.com"],
        subject: "Report",
        html: "<h1>Report</h1>",
        attachments: [{ name: "report.csv", text: "a,b\n1,2\n" }],
      },
    },
  ],
  run: (input, context) => sendMail(input, context),
});

const verify = defineOperation<EmailConfig, typeof nothing, typeof verified>({
  title: "Verify",
  description: "Connects to the mail server and signs in, without sending anything.",
  effect: "read",
  input: nothing,
  output: verified,
  targets: (_input, config) => targetsOf(config),
  examples: [{ title: "Look whether mail can be sent", input: {} }],
  run: (_input, context) => verifyServer(context),
});

/** Mail over SMTP. */
export const emailSmtp = defineConnector({
  id: "email-smtp",
  title: "Mail",
  description: "Sends mail through a mail server.",
  config: emailConfig,
  secrets: ["password", "clientSecret", "refreshToken", "dkimKey"],
  secretPlaces: secretPlacesIn,
  operations: { send, verify },
  insides: placesOf,
  async health(context) {
    const { server } = await verifyServer(context);
    return { isHealthy: true, detail: `${server} lets us sign in.` };
  },
});

async function sendMail(input: EmailInput, context: Context): Promise<z.input<typeof sent>> {
  const { clock, idempotencyKey, signal } = context;
  const message = await toMessage(input, context.config, { idempotencyKey, nowMs: clock.now() });
  return withTransport(context, async (transport) => {
    const info = await transport.sendMail({ ...message, signal });
    const refusals: SmtpError[] = info.rejectedErrors ?? [];
    return {
      messageId: info.messageId,
      said: cleanLine(info.response).slice(0, 400),
      recipients: [
        ...info.accepted.map((address) => ({ address, outcome: "accepted" as const, said: null })),
        ...info.rejected.map((address) => {
          const why = refusals.find(({ recipient }) => recipient === address);
          return { address, outcome: "refused" as const, said: why ? saidBy(why) : null };
        }),
      ],
    };
  });
}

function verifyServer(context: Context): Promise<z.input<typeof verified>> {
  const { host, port, security } = context.config;
  return withTransport(context, async (transport) => {
    await transport.verify();
    return { isGood: true, server: `${host}:${port}`, encryption: security };
  });
}

type Transport = Awaited<ReturnType<typeof openTransport>>["transport"];

async function withTransport<T>(context: Context, work: (transport: Transport) => Promise<T>): Promise<T> {
  const { signal, config } = context;
  const opened = await openTransport(context);
  const stop = (): void => void opened.socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    signal.throwIfAborted();
    return await work(opened.transport);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failure = smtpFailure(error);
    if (config.login === "oauth2" && error instanceof Error && "code" in error && error.code === "EAUTH")
      tokens.forget(config);
    throw failure;
  } finally {
    signal.removeEventListener("abort", stop);
    opened.transport.close();
    await closed(opened.socket);
  }
}

/** The library says goodbye by itself; who does not answer it is hung up on. */
async function closed(socket: Awaited<ReturnType<Context["dial"]>>): Promise<void> {
  if (socket.closed) return;
  const timer = setTimeout(() => socket.destroy(), 500);
  socket.on("error", () => undefined); // what was to be said is said; how it ends changes nothing about it
  await new Promise<void>((resolve) => {
    socket.once("close", () => {
      resolve();
    });
  });
  clearTimeout(timer);
}

async function openTransport(context: Context) {
  const { config, dial } = context;
  const auth = await authOf(context);
  const { createTransport } = await import("nodemailer"); // heavy, and rarely used
  const { host, port, security } = config;
  const socket = await dial({ host, port, tls: security === "implicit" ? "implicit" : "none" });
  const options: SMTPTransportOptions = {
    host,
    port,
    connection: socket,
    secure: security === "implicit",
    secured: security === "implicit",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    // A login the server does not offer must fail, not be left out.
    forceAuth: auth !== undefined,
    greetingTimeout: silenceMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    maxRecipients: 100,
    ...(config.clientName === undefined ? {} : { name: config.clientName }),
    ...(config.certificate === undefined ? {} : { tls: { ca: config.certificate } }),
    ...(auth === undefined ? {} : { auth }),
    ...dkimOf(config),
  };
  return { transport: createTransport(options), socket };
}

async function authOf(context: Context): Promise<SMTPTransportOptions["auth"]> {
  const { login, user, password } = context.config;
  if (login === "none") return undefined;
  if (login === "password") return { user, pass: password };
  return { type: "OAuth2", user, accessToken: await tokens.get(context) };
}

function dkimOf({ dkimDomain, dkimSelector, dkimKey }: EmailConfig): Pick<SMTPTransportOptions, "dkim"> {
  if (dkimDomain === undefined || dkimSelector === undefined || dkimKey === undefined) return {};
  return { dkim: { domainName: dkimDomain, keySelector: dkimSelector, privateKey: dkimKey } };
}
