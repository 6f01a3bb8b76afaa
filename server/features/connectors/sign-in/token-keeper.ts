import type { Clock } from "../../../../lib/clock.ts";
import { correlationId, newCorrelationId } from "../../../../lib/correlation.ts";
import type { McpSignIns, SignedConnector } from "../../../connectors/custom/mcp/ask-signed-in.ts";
import { renewTokens, SignInEnded } from "../../../connectors/custom/mcp/sign-in/ask-for-tokens.ts";
import { originsOf } from "../../../connectors/custom/mcp/sign-in/sign-in-place.ts";
import { endingError, type GatewayError } from "../../../connectors/framework/gateway-error.ts";
import { notSignedIn } from "../../../connectors/framework/prepare-call.ts";
import type { NotificationService } from "../../notifications/notification-service.ts";
import { revokeUnused } from "./revoke-sign-in.ts";
import type { OpenSignIn, SignInBook } from "./sign-in-book.ts";
import type { SignInSteps } from "./sign-in-steps.ts";

interface Parts {
  book: SignInBook;
  steps: SignInSteps;
  notifications: Pick<NotificationService, "notify">;
  clock: Pick<Clock, "now">;
}

/** Tokens for calls: renewed before they end, and once when they are refused. */
export interface TokenKeeper extends McpSignIns {
  /** Waits a while for renewals that are under way: what they bring must not be lost. */
  stop(): Promise<void>;
}

/** What has not come by then is lost: the process is ended a little later. */
const stopWithinMs = 5_000;

/** A token is renewed this long before it ends: calls take a while. */
const spareMs = 60_000;

export function createTokenKeeper({ book, steps, notifications, clock }: Parts): TokenKeeper {
  /** One at a time for each connector: many servers take a second use of the same token for theft. */
  const renewals = new Map<string, Promise<OpenSignIn>>();
  const ending = new AbortController();
  let isStopping = false;

  async function openOf(connector: SignedConnector): Promise<OpenSignIn> {
    const found = await book.open(connector);
    if (found === null) throw notSignedIn(`${connector.title} needs you to sign in`);
    if (found.ended !== null) throw notSignedIn(`The sign-in to ${connector.title} has ended: ${found.ended}`);
    return found;
  }

  async function end(connector: SignedConnector, since: string, why: string): Promise<GatewayError> {
    await book.note(connector, since, { ended: why });
    await notifications.notify({
      level: "warning",
      title: `Sign in to ${connector.title} again`,
      message: why,
      key: signInKey(connector.id),
      link: `/connectors/${connector.id}`,
      needsYou: true,
    });
    return notSignedIn(`The sign-in to ${connector.title} has ended: ${why}`);
  }

  async function renew(connector: SignedConnector, refused: string): Promise<OpenSignIn> {
    const found = await openOf(connector);
    if (found.access !== refused) return found; // somebody was faster
    const { place, client, refresh, since } = found;
    const host = new URL(place.authorize).host;
    if (refresh === null) throw await end(connector, since, `${host} gives no tokens that can be renewed`);
    const looker = {
      caller: { kind: "system" as const, name: "PortOS" },
      correlationId: correlationId() ?? newCorrelationId(),
      // Not of the call that needs it: others wait for it, and half of it done would lose the sign-in.
      signal: ending.signal,
    };
    try {
      const subject = await steps.subject(connector.id);
      const tokens = await steps.record(
        subject,
        { name: "renew", origins: [new URL(place.token).origin], looker },
        (reach) => reach(originsOf(place), (forward) => renewTokens({ place, forward }, { client, refresh })),
      );
      const isKept = await book.replace(connector, refused, tokens);
      // Somebody has signed out, or in anew, meanwhile.
      if (!isKept) await revokeUnused({ place, client, ...tokens }, { book, steps, subject, looker });
    } catch (error) {
      if (error instanceof SignInEnded) throw await end(connector, since, error.message);
      throw error;
    }
    return openOf(connector);
  }

  function renewOnce(connector: SignedConnector, refused: string): Promise<OpenSignIn> {
    const running = renewals.get(connector.id);
    if (running) return running;
    if (isStopping) return Promise.reject(endingError());
    const work = renew(connector, refused).finally(() => renewals.delete(connector.id));
    renewals.set(connector.id, work);
    return work;
  }

  return {
    async token(connector) {
      const found = await openOf(connector);
      const left = found.until === null ? Infinity : Date.parse(found.until) - clock.now();
      if (left > spareMs || found.refresh === null) return given(found);
      try {
        return given(await renewOnce(connector, found.access));
      } catch (error) {
        const isStillGood = left > 0 && (await book.open(connector))?.ended === null;
        if (isStillGood) return given(found);
        throw error;
      }
    },
    renewed: async (connector, refused) => given(await renewOnce(connector, refused)),
    async ended(connector) {
      const found = await openOf(connector);
      return end(connector, found.since, "the server does not accept it any more");
    },
    async tooLittle(connector, scope) {
      const found = await openOf(connector);
      const words = scope === "" ? "more rights than it was given" : `more rights: ${scope}`;
      if (found.missing !== scope) await book.note(connector, found.since, { missing: scope });
      return notSignedIn(`${connector.title} asks for ${words}`);
    },
    async stop() {
      isStopping = true;
      const timer = setTimeout(() => {
        ending.abort(endingError());
      }, stopWithinMs);
      await Promise.allSettled(renewals.values());
      clearTimeout(timer);
      await book.save();
    },
  };
}

/** Under which it is told that somebody has to sign in again. */
export function signInKey(id: string): string {
  return `sign-in:${id}`;
}

function given({ access, since }: OpenSignIn): { token: string; who: string } {
  return { token: access, who: since };
}
