import { isIP, type LookupFunction } from "node:net";
import { type ConnectionOptions, connect as tlsConnect, type TLSSocket } from "node:tls";

import { CallFailure } from "./call-failure.ts";
import { canonicalFingerprint, type TlsTrust } from "./tls-trust.ts";

/** A lookup that answers with judged addresses, whatever name it is asked for. */
export function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, done) => {
    const [first] = entries;
    if (options.all === true) done(null, entries);
    else done(null, first?.address ?? "", first?.family);
  };
}

/** Longest time a connection whose certificate has to be looked at may take, in milliseconds. */
const handshakeMs = 15_000;

/**
 * Opens a TLS connection that counts only when the other side shows the one certificate whose fingerprint is trusted; not a
 * byte is sent before that is known. `done` is called once.
 */
export function connectToFingerprint(
  options: ConnectionOptions,
  { ca, fingerprint256 = "" }: TlsTrust,
  done: (error: Error | null, socket?: TLSSocket) => void,
): TLSSocket {
  const expected = canonicalFingerprint(fingerprint256);
  // The certificate is judged here; with an authority of its own too, both must be right.
  const socket = tlsConnect({ ...options, rejectUnauthorized: ca !== undefined, ...(ca === undefined ? {} : { ca }) });
  const finish = (error: Error | null): void => {
    clearTimeout(timer);
    socket.removeListener("error", finish);
    socket.removeListener("secureConnect", judge);
    if (error) socket.destroy();
    if (error) done(error);
    else done(null, socket);
  };
  const judge = (): void => {
    const shown = socket.getPeerCertificate().fingerprint256;
    const isRight = expected !== null && shown === expected;
    finish(isRight ? null : wrongCertificate(shown));
  };
  const timer = setTimeout(() => {
    finish(new CallFailure("timeout", `No TLS connection within ${handshakeMs} ms`));
  }, handshakeMs);
  socket.once("error", finish);
  socket.once("secureConnect", judge);
  return socket;
}

function wrongCertificate(shown: string | undefined): CallFailure {
  return new CallFailure("tls", "No answer: its certificate is not the one whose fingerprint is trusted", {
    hint: `It shows ${shown ?? "no certificate"}. Only if that is right, put it into the configuration.`,
  });
}
