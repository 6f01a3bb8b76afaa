import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createSecureServer } from "node:tls";

import type { MadeCertificate } from "../../../../lib/guarded-http/testing/make-certificate.ts";
import { bytes, int16, int32, int64, int8, list, readFrame, string, type FrameReader } from "./kafka-frames.ts";

export interface FakeKafka {
  port: number;
  /** Offsets that groups have noted: "group topic 0". */
  committed: Map<string, bigint>;
  /** Batches of each partition of "builds", in their order. */
  logs: Buffer[][];
  /** Where clients are sent to; this broker itself at first. */
  advertised: { host: string; port: number };
  /** Connections that are open. */
  open(): number;
  close(): Promise<void>;
}

interface Options {
  /** Only this user may come in. */
  user?: { name: string; password: string };
  certificate?: MadeCertificate;
}

type Answer = (request: FrameReader, session: { isIn: boolean }) => Buffer | Promise<Buffer>;

const errors = { none: 0, unknownTopic: 3, loginFailed: 58 } as const;
const topicName = "builds";

/**
 * A broker with one topic of two partitions, that speaks as much of Kafka's protocol as a client needs to publish, and to read as
 * the only member of a group. Batches are kept as they come: only their first offset is written into them.
 */
export async function startFakeKafka({ user, certificate }: Options = {}): Promise<FakeKafka> {
  const logs: Buffer[][] = [[], []];
  const committed = new Map<string, bigint>();
  const advertised = { host: "127.0.0.1", port: 0 };
  const sockets = new Set<Socket>();
  const answers = createAnswers({ logs, committed, advertised, user });
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => undefined); // clients that hang up
    answerAll(socket, answers, { isIn: user === undefined });
  };
  const server = certificate
    ? createSecureServer({ key: certificate.key, cert: certificate.cert }, serve)
    : createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  advertised.port = (server.address() as AddressInfo).port;
  return {
    port: advertised.port,
    committed,
    logs,
    advertised,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function answerAll(
  socket: Socket,
  answers: Map<number, { version: number; answer: Answer }>,
  session: { isIn: boolean },
) {
  let rest = Buffer.alloc(0);
  let turn = Promise.resolve();
  const handle = async (frame: Buffer): Promise<void> => {
    const request = readFrame(frame);
    const key = request.int16();
    const version = request.int16();
    const correlation = request.int32();
    request.string();
    const known = answers.get(key);
    if (!known || (key !== 18 && version !== known.version)) throw new Error(`no answer to ${key} v${version}`);
    if (!session.isIn && ![17, 18, 36].includes(key)) throw new Error("not signed in");
    const body = await known.answer(request, session);
    const isLate = key === 18 && version > 0;
    socket.write(bytes(Buffer.concat([int32(correlation), body, ...(isLate ? [int32(0)] : [])])));
  };
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      const frame = rest.subarray(4, end);
      rest = rest.subarray(end);
      turn = turn.then(() => handle(frame)).catch(() => void socket.destroy());
    }
  });
}

interface State extends Pick<FakeKafka, "logs" | "committed" | "advertised"> {
  user: Options["user"];
}

function createAnswers(state: State): Map<number, { version: number; answer: Answer }> {
  const all = new Map<number, { version: number; answer: Answer }>([
    [0, { version: 3, answer: (request) => produce(request, state) }],
    [1, { version: 4, answer: (request) => fetchBatches(request, state) }],
    [2, { version: 1, answer: (request) => listOffsets(request, state) }],
    [3, { version: 4, answer: (request) => metadata(request, state) }],
    [8, { version: 2, answer: (request) => commit(request, state) }],
    [9, { version: 1, answer: (request) => fetchOffsets(request, state) }],
    [
      10,
      {
        version: 0,
        answer: () => Buffer.concat([int16(0), int32(1), string(state.advertised.host), int32(state.advertised.port)]),
      },
    ],
    [11, { version: 0, answer: joinGroup }],
    [12, { version: 0, answer: () => int16(0) }],
    [13, { version: 0, answer: () => int16(0) }],
    [14, { version: 0, answer: syncGroup }],
    [17, { version: 1, answer: () => Buffer.concat([int16(0), list([string("PLAIN")])]) }],
    [36, { version: 0, answer: (request, session) => signIn(request, session, state) }],
  ]);
  const versions = [...all].map(([key, { version }]) => Buffer.concat([int16(key), int16(version), int16(version)]));
  const own = Buffer.concat([int16(18), int16(0), int16(2)]);
  return all.set(18, { version: 2, answer: () => Buffer.concat([int16(0), list([...versions, own])]) });
}

function signIn(request: FrameReader, session: { isIn: boolean }, { user }: State): Buffer {
  const [, name, password] = (request.bytes() ?? Buffer.alloc(0)).toString("utf8").split("\0");
  session.isIn = user !== undefined && name === user.name && password === user.password;
  const error = session.isIn ? errors.none : errors.loginFailed;
  return Buffer.concat([int16(error), string(session.isIn ? null : "Authentication failed"), bytes(Buffer.alloc(0))]);
}

function metadata(request: FrameReader, { advertised, logs }: State): Buffer {
  const wanted = request.list(() => request.string() ?? "");
  const names = wanted.length === 0 ? [topicName] : wanted;
  const partitions = logs.map((_log, index) =>
    Buffer.concat([int16(0), int32(index), int32(1), list([int32(1)]), list([int32(1)])]),
  );
  const topics = names.map((name) => {
    const isKnown = name === topicName;
    return Buffer.concat([
      int16(isKnown ? errors.none : errors.unknownTopic),
      string(name),
      int8(0),
      list(isKnown ? partitions : []),
    ]);
  });
  const broker = Buffer.concat([int32(1), string(advertised.host), int32(advertised.port), string(null)]);
  return Buffer.concat([int32(0), list([broker]), string("fake"), int32(1), list(topics)]);
}

/** Where the next batch begins. */
function endOf(log: readonly Buffer[] = []): bigint {
  const last = log.at(-1);
  return last === undefined ? 0n : last.readBigInt64BE(0) + BigInt(last.readInt32BE(23)) + 1n;
}

function produce(request: FrameReader, { logs }: State): Buffer {
  request.string();
  request.int16();
  request.int32();
  const topics = request.list(() => {
    const name = request.string();
    const partitions = request.list(() => {
      const index = request.int32();
      const batch = Buffer.from(request.bytes() ?? Buffer.alloc(0));
      const first = endOf(logs[index]);
      batch.writeBigInt64BE(first, 0);
      logs[index]?.push(batch);
      return Buffer.concat([int32(index), int16(0), int64(first), int64(-1n)]);
    });
    return Buffer.concat([string(name), list(partitions)]);
  });
  return Buffer.concat([list(topics), int32(0)]);
}

async function fetchBatches(request: FrameReader, { logs }: State): Promise<Buffer> {
  request.int32();
  const waitMs = request.int32();
  request.int32();
  request.int32();
  request.int8();
  let size = 0;
  const topics = request.list(() => {
    const name = request.string();
    const partitions = request.list(() => {
      const index = request.int32();
      const from = request.int64();
      request.int32();
      const log = logs[index] ?? [];
      const found = log.filter((batch) => endOf([batch]) > from);
      size += found.length;
      const end = int64(endOf(log));
      return Buffer.concat([int32(index), int16(0), end, end, list([]), bytes(Buffer.concat(found))]);
    });
    return Buffer.concat([string(name), list(partitions)]);
  });
  if (size === 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  return Buffer.concat([int32(0), list(topics)]);
}

function listOffsets(request: FrameReader, { logs }: State): Buffer {
  request.int32();
  const topics = request.list(() => {
    const name = request.string();
    const partitions = request.list(() => {
      const index = request.int32();
      const offset = request.int64() === -2n ? 0n : endOf(logs[index]);
      return Buffer.concat([int32(index), int16(0), int64(-1n), int64(offset)]);
    });
    return Buffer.concat([string(name), list(partitions)]);
  });
  return list(topics);
}

function joinGroup(request: FrameReader): Buffer {
  request.string();
  request.int32();
  const given = request.string() ?? "";
  request.string();
  const [protocol] = request.list(() => ({ name: request.string(), about: request.bytes() }));
  const member = given === "" ? "member-1" : given;
  const members = list([Buffer.concat([string(member), bytes(protocol?.about ?? null)])]);
  return Buffer.concat([int16(0), int32(1), string(protocol?.name ?? null), string(member), string(member), members]);
}

/** The only member is also who shares the partitions out. */
function syncGroup(request: FrameReader): Buffer {
  request.string();
  request.int32();
  request.string();
  const [own] = request.list(() => ({ member: request.string(), share: request.bytes() }));
  return Buffer.concat([int16(0), bytes(own?.share ?? null)]);
}

function commit(request: FrameReader, { committed }: State): Buffer {
  const group = request.string() ?? "";
  request.int32();
  request.string();
  request.int64();
  const topics = request.list(() => {
    const name = request.string() ?? "";
    const partitions = request.list(() => {
      const index = request.int32();
      committed.set(`${group} ${name} ${index}`, request.int64());
      request.string();
      return Buffer.concat([int32(index), int16(0)]);
    });
    return Buffer.concat([string(name), list(partitions)]);
  });
  return list(topics);
}

function fetchOffsets(request: FrameReader, { committed }: State): Buffer {
  const group = request.string() ?? "";
  const topics = request.list(() => {
    const name = request.string() ?? "";
    const partitions = request.list(() => {
      const index = request.int32();
      const offset = committed.get(`${group} ${name} ${index}`) ?? -1n;
      return Buffer.concat([int32(index), int64(offset), string(""), int16(0)]);
    });
    return Buffer.concat([string(name), list(partitions)]);
  });
  return list(topics);
}
