import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

export interface MadeCertificate {
  /** PEM. */
  cert: string;
  key: string;
  /** SHA-256 as Node writes it. */
  fingerprint256: string;
  signer: { name: string; key: KeyObject };
}

export interface CertificateOptions {
  name: string;
  /** Names and IPv4 addresses it is good for. */
  hosts: readonly string[];
  /** Signed by itself when left out. */
  issuer?: MadeCertificate;
  isAuthority?: boolean;
  notAfter?: Date;
}

/** Makes an X.509 certificate (RFC 5280, DER by hand) with a P-256 key, for servers of tests. */
export function makeCertificate({
  name,
  hosts,
  issuer,
  isAuthority = false,
  notAfter,
}: CertificateOptions): MadeCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const signer = issuer?.signer ?? { name, key: privateKey };
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    commonName(signer.name),
    sequence(time(new Date(Date.now() - 86_400_000)), time(notAfter ?? new Date(Date.now() + 86_400_000))),
    commonName(name),
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(alternativeNames(hosts), basicConstraints(isAuthority))),
  );
  const signature = sign("sha256", body, signer.key);
  const der = sequence(body, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const hex = createHash("sha256").update(der).digest("hex").toUpperCase();
  const lines =
    der
      .toString("base64")
      .match(/.{1,64}/g)
      ?.join("\n") ?? "";
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    fingerprint256: hex.match(/../g)?.join(":") ?? "",
    signer: { name, key: privateKey },
  };
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function explicit(number: number, content: Buffer): Buffer {
  return tagged(0xa0 + number, content);
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, "hex"));
}

const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"));

function commonName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId("550403"), tagged(0x0c, Buffer.from(name)))));
}

function time(date: Date): Buffer {
  return tagged(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replaceAll(/[-:T]/g, "")}Z`));
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIP(host) === 4 ? tagged(0x87, Buffer.from(host.split(".").map(Number))) : tagged(0x82, Buffer.from(host)),
  );
  return sequence(objectId("551d11"), tagged(0x04, sequence(...names)));
}

function basicConstraints(isAuthority: boolean): Buffer {
  const value = isAuthority ? sequence(tagged(0x01, Buffer.from([255]))) : sequence();
  return sequence(objectId("551d13"), tagged(0x01, Buffer.from([255])), tagged(0x04, value));
}
