import type { McpAuth } from "../../../../contract/features/mcp-connectors.ts";
import type { AppContext } from "../../../app-context.ts";
import type { GatewayDependencies } from "../../../connectors/framework/gateway-request.ts";
import type { NotificationService } from "../../notifications/notification-service.ts";
import type { ConfigStore } from "../config-store.ts";
import { createSignInBook } from "./sign-in-book.ts";
import { createSignInService, type SignInService } from "./sign-in-service.ts";
import { createSignInSteps } from "./sign-in-steps.ts";
import { createTokenKeeper, signInKey, type TokenKeeper } from "./token-keeper.ts";

export interface SignInParts {
  configs: ConfigStore;
  notifications: Pick<NotificationService, "notify" | "settle">;
  dependencies: GatewayDependencies;
  /** How its definition says that one signs in; throws `not_found`. */
  authOf(id: string): McpAuth;
}

/** Signing in to MCP servers on their own pages. */
export interface BuiltSignIn {
  service: SignInService;
  tokens: TokenKeeper;
  /** Nobody has to sign in to what is gone. */
  settle(id: string): Promise<void>;
}

export function buildSignIn(
  { clock, secrets, logger }: Pick<AppContext, "clock" | "secrets" | "logger">,
  parts: SignInParts,
): BuiltSignIn {
  const { configs, notifications, dependencies, authOf } = parts;
  const book = createSignInBook({ configs, secrets, logger: logger.child("sign-in"), now: () => clock.now() });
  const steps = createSignInSteps(dependencies);
  return {
    service: createSignInService({ book, steps, notifications, authOf, dependencies, clock }),
    tokens: createTokenKeeper({ book, steps, notifications, clock }),
    settle: (id) => notifications.settle(signInKey(id)),
  };
}
