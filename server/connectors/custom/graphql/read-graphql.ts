import { z } from "zod";

import {
  customConnectorSchema,
  type ConnectorDraft,
  type customConnectorsEndpoints,
} from "../../../../contract/features/custom-connectors.ts";
import type { Input } from "../../../../contract/endpoint.ts";
import { AppError } from "../../../../lib/app-error.ts";
import type { AnyConnector } from "../../framework/define-connector.ts";
import type { GatewayReply } from "../../framework/gateway-request.ts";
import { declaredConnector } from "../declared-connector.ts";
import { operationNameOf } from "../operation-name.ts";
import { importGraphql } from "./import-graphql.ts";
import { introspectionQuery, introspectionSchema } from "./introspection.ts";

type Wanted = Input<typeof customConnectorsEndpoints.readGraphql>["body"];
type Execute = (
  connector: AnyConnector,
  values: Record<string, unknown>,
  request: { operation: string; params: Record<string, unknown> },
) => Promise<GatewayReply>;

/** Asks a service for its types, through the gateway, and makes a draft of a connector with all its operations. */
export async function readGraphql(wanted: Wanted, execute: Execute): Promise<ConnectorDraft> {
  const { depth, signIn } = wanted;
  const draft = draftOf(wanted);
  const values = signIn.kind === "none" ? {} : { token: signIn.secret };
  const reply = await execute(declaredConnector(draft), values, { operation: "introspect", params: {} });
  const parsed = introspectionSchema.safeParse(reply.output);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AppError(
      "upstream_failed",
      `It does not say what it offers as GraphQL services do (${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""})`,
      { hint: "Check the address. Some services keep it to themselves: then make the connector by hand." },
    );
  }
  const { operations, warnings } = importGraphql(parsed.data, depth);
  const { id, title, description, baseUrl, isInside, config, auth } = draft;
  return { id, title, description, baseUrl, isInside, config, auth, operations, warnings };
}

/** A connector that can do nothing but ask what there is. */
function draftOf({ url, isInside, signIn }: Wanted) {
  const { hostname } = new URL(url);
  const name = hostname.replace(/^(?:api|www|graphql)\./, "");
  const isAddress = /^[\d.]+$|^\[/.test(hostname);
  const token = { name: "token", title: "Token", isSecret: true };
  return customConnectorSchema.parse({
    id: isAddress ? "graphql" : operationNameOf(name, "graphql").slice(0, 40).replace(/-+$/, ""),
    title: (isAddress ? "GraphQL service" : name).slice(0, 80),
    baseUrl: url,
    isInside,
    ...(signIn.kind === "none" ? {} : { config: [token], auth: authOf(signIn) }),
    operations: [
      {
        name: "introspect",
        title: "What it offers",
        effect: "read",
        method: "POST",
        body: { kind: "graphql", query: introspectionQuery },
      },
    ],
  });
}

function authOf(signIn: Exclude<Wanted["signIn"], { kind: "none" }>): z.input<typeof customConnectorSchema>["auth"] {
  if (signIn.kind === "bearer") return { kind: "bearer", secret: "token" };
  return { kind: "header", header: signIn.header, prefix: signIn.prefix, secret: "token" };
}
