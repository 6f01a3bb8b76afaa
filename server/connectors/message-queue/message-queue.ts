import { defineConnector, defineOperation, type OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { consumeFromKafka, lookAtKafka, publishToKafka } from "./kafka.ts";
import { installedPackages, type PackageFinder } from "./optional-package.ts";
import { placesOf, queueConfig, targetsOf, type QueueConfig } from "./queue-config.ts";
import { queueFailure } from "./queue-failure.ts";
import { consumeInput, consumeOutput, publishInput, publishOutput } from "./queue-message.ts";
import { consumeFromRabbit, lookAtRabbit, publishToRabbit } from "./rabbitmq.ts";

type Context = OperationContext<QueueConfig>;

/** Queues of RabbitMQ and topics of Kafka, over packages that are found where they are installed. */
export function createMessageQueue(packages: PackageFinder) {
  const publish = defineOperation<QueueConfig, typeof publishInput, typeof publishOutput>({
    title: "Publish",
    description: "Sends one message to a queue, an exchange or a topic, and waits until the broker has it.",
    effect: "write",
    trust: "primary",
    input: publishInput,
    output: publishOutput,
    targets: (_input, config) => targetsOf(config),
    examples: [
      { title: "To a queue or topic", input: { to: "builds", text: '{"id": 7}', contentType: "application/json" } },
      { title: "Through an exchange", input: { exchange: "events", key: "build.done", text: "7" } },
    ],
    run: (wish, context) =>
      translated(() =>
        context.config.system === "rabbitmq"
          ? publishToRabbit(wish, context, packages)
          : publishToKafka(wish, context, packages),
      ),
  });
  const consumeBatch = defineOperation<QueueConfig, typeof consumeInput, typeof consumeOutput>({
    title: "Take messages",
    description:
      "Takes messages from a queue or topic, up to a number and a time. They count as taken once they are handed on; before that they come again.",
    effect: "write",
    trust: "external",
    input: consumeInput,
    output: consumeOutput,
    targets: (_input, config) => targetsOf(config),
    examples: [{ title: "What is there", input: { from: "builds", maxMessages: 20, waitSeconds: 3 } }],
    run(wish, context) {
      if (!context.isAwaited) throw nobodyWaits();
      const all: Context = { ...context, whenHandedOn: (work) => context.whenHandedOn(() => translated(work)) };
      return translated(() =>
        context.config.system === "rabbitmq"
          ? consumeFromRabbit(wish, all, packages)
          : consumeFromKafka(wish, all, packages),
      );
    },
  });
  return defineConnector({
    id: "message-queue",
    title: "Message queue",
    description: "Sends messages to RabbitMQ or Kafka, and takes them from there.",
    config: queueConfig(packages),
    secrets: ["password"],
    secretPlaces: ({ servers, isEncrypted = true }) =>
      servers === undefined ? {} : { password: targetsOf({ servers, isEncrypted }) },
    operations: { publish, "consume-batch": consumeBatch },
    insides: placesOf,
    async health(context: Context) {
      const look = context.config.system === "rabbitmq" ? lookAtRabbit : lookAtKafka;
      const who = await translated(() => look(context, packages));
      return { isHealthy: true, detail: `${who} lets us sign in.` };
    },
  });
}

/** With the packages that are installed beside PortOS. */
export const messageQueue = createMessageQueue(installedPackages);

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw queueFailure(error);
  }
}

function nobodyWaits(): GatewayError {
  return new GatewayError(
    "invalid_params",
    "Messages are not taken for nobody: a delivery does not give back what came",
    {
      hint: "Call it without the queue of deliveries.",
      isFinal: true,
    },
  );
}
