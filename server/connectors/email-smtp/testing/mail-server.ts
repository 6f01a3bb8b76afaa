import type { AddressInfo } from "node:net";

import { SMTPServer, type SMTPServerOptions } from "smtp-server";

import type { MadeCertificate } from "../../../../lib/guarded-http/testing/make-certificate.ts";

/** A mail that was taken. */
export interface TakenMail {
  from: string;
  to: string[];
  user: string | null;
  isSecure: boolean;
  source: string;
}

export interface MailServer {
  port: number;
  mails: TakenMail[];
  close(): Promise<void>;
}

export interface MailServerOptions extends Pick<
  SMTPServerOptions,
  "secure" | "size" | "disabledCommands" | "authMethods"
> {
  certificate: MadeCertificate;
  isAuthOptional?: boolean;
}

function answer(code: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode: code });
}

/** A real mail server: "ada"/"right" or the token "fresh-token" may sign in, "nobody@…" and "later@…" get no mail. */
export async function startMailServer({
  certificate,
  isAuthOptional = false,
  ...options
}: MailServerOptions): Promise<MailServer> {
  const mails: TakenMail[] = [];
  const server = new SMTPServer({
    ...options,
    key: certificate.key,
    cert: certificate.cert,
    authOptional: isAuthOptional,
    allowInsecureAuth: true,
    authMethods: options.authMethods ?? ["PLAIN", "LOGIN", "XOAUTH2"],
    onAuth(auth, _session, callback) {
      if (
        auth.method === "XOAUTH2"
          ? auth.accessToken === "fresh-token"
          : auth.username === "ada" && auth.password === "right"
      )
        callback(null, { user: auth.username });
      else callback(answer(535, "5.7.8 Wrong name or password"));
    },
    onRcptTo({ address }, _session, callback) {
      if (address.startsWith("nobody@")) callback(answer(550, "5.1.1 No such user here"));
      else if (address.startsWith("later@")) callback(answer(450, "4.2.1 Mailbox is busy"));
      else callback();
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (stream.sizeExceeded) {
          callback(answer(552, "5.3.4 Message is too large"));
          return;
        }
        mails.push({
          from: session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
          user: typeof session.user === "string" ? session.user : null,
          isSecure: session.secure,
          source: Buffer.concat(chunks).toString(),
        });
        callback();
      });
    },
  });
  server.on("error", () => undefined); // clients that hang up: what some tests are about
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
