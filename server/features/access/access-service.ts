import type { AccessState, GuestList, SeenGuest } from "../../../contract/features/access.ts";
import type { Caller } from "../../../contract/features/history.ts";
import type { AccessFile, FollowedGuests } from "../../../lib/access-file.ts";
import { AppError } from "../../../lib/app-error.ts";
import { callerKey, type Callers, type Identity } from "../../../lib/callers.ts";
import type { Clock } from "../../../lib/clock.ts";
import { guestRefusal, type GuestRefusal } from "../../../lib/guests.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { isTailnetAddress, type Tailscale } from "../../../lib/tailnet.ts";
import { stepUpRequired, type StepUpGuard } from "../../http/step-up.ts";
import { withSeen, type AccessStateFile } from "./access-state.ts";
import { createElevations } from "./elevations.ts";
import type { PinCaller, PinKeeper } from "./pin-keeper.ts";

/** Who asks: the caller, who that is, and the token of the browser. */
export interface Asking {
  caller: Caller;
  identity: Identity;
  token: string | null;
}

/** Who may come in, and what the PIN stands before. */
export interface AccessService extends StepUpGuard {
  read(asking: Asking): Promise<AccessState>;
  /** Throws `conflict` when the list would lock out who asks. */
  saveGuests(list: GuestList, asking: Asking): Promise<void>;
  saveMinutes(minutes: number): Promise<void>;
  /** Sets the PIN and opens the browser that did; the token for its cookie. */
  setPin(pin: string, current: string | null, asking: Asking): Promise<string>;
  removePin(current: string, asking: Asking): Promise<void>;
  /** Opens a browser; the token for its cookie. */
  unlock(pin: string, asking: Asking): Promise<string>;
  lock(asking: Asking): void;
  minutes(): number;
  /** Takes down who came, so that the page can offer them for the list. */
  noteSeen(caller: Caller): void;
}

export interface AccessServiceOptions {
  file: JsonStore<AccessFile>;
  state: JsonStore<AccessStateFile>;
  guests: FollowedGuests;
  pin: PinKeeper;
  callers: Pick<Callers, "isUserspace">;
  tailscale: Tailscale;
  ownName: () => string;
  clock: Clock;
  onWriteFailed: (error: unknown) => void;
}

export function createAccessService(options: AccessServiceOptions): AccessService {
  const { file, state, guests, pin, callers, tailscale, ownName, clock } = options;
  const elevations = createElevations(clock);
  pin.onChange(() => {
    elevations.closeAll();
  });
  const open = ({ caller }: Asking): string => elevations.open(callerKey(caller), file.get().minutes);

  return {
    demand(what, token, caller) {
      if (pin.isSet() && elevations.openUntil(token, callerKey(caller)) === null) throw stepUpRequired(what);
    },
    async read(asking) {
      const { caller, identity } = asking;
      const list = guests.list();
      const until = elevations.openUntil(asking.token, callerKey(caller));
      const waitMs = pin.waitMs(toPinCaller(asking));
      return {
        guests: list,
        naming: await namingOf(tailscale),
        isLost: guests.isLost(),
        isUserspace: callers.isUserspace(),
        you: {
          name: caller.name,
          address: caller.address,
          node: caller.node ?? null,
          isLocal: identity.kind === "local",
        },
        seen: state
          .get()
          .seen.map((guest) => ({ ...guest, isLetIn: guestRefusal(list, identityOf(guest), ownName()) === null })),
        pin: {
          isSet: pin.isSet(),
          updatedAt: pin.updatedAt(),
          minutes: file.get().minutes,
          openUntil: !pin.isSet() || until === null ? null : new Date(until).toISOString(),
          waitUntil: waitMs === 0 ? null : new Date(clock.now() + waitMs).toISOString(),
        },
      };
    },
    async saveGuests(list, { identity, caller }) {
      const reason = guestRefusal(list, identity, ownName());
      if (reason !== null) throw lockOut(reason, caller);
      await file.update((current) => ({ next: { ...current, guests: list }, result: null }));
    },
    saveMinutes: (minutes) => file.update((current) => ({ next: { ...current, minutes }, result: undefined })),
    async setPin(next, current, asking) {
      if (pin.isSet()) await pin.verify(current ?? "", toPinCaller(asking));
      await pin.replace(next);
      return open(asking);
    },
    async removePin(current, asking) {
      await pin.verify(current, toPinCaller(asking));
      await pin.replace(null);
    },
    async unlock(entered, asking) {
      await pin.verify(entered, toPinCaller(asking));
      if (asking.token !== null) elevations.close(asking.token);
      return open(asking);
    },
    lock({ token }) {
      if (token !== null) elevations.close(token);
    },
    minutes: () => file.get().minutes,
    noteSeen(caller) {
      if (withSeen(state.get(), caller, clock.now()) === state.get()) return;
      state
        .update((current) => ({ next: withSeen(current, caller, clock.now()), result: null }))
        .catch(options.onWriteFailed);
    },
  };
}

function toPinCaller({ caller, identity }: Asking): PinCaller {
  // Whoever cannot prove to be this machine must not be able to make it wait.
  const key = identity.kind === "unproven" ? "unproven" : callerKey(caller);
  return { key, isLocal: identity.kind === "local" };
}

function lockOut(reason: GuestRefusal, { name, node }: Caller): AppError {
  const device = node !== undefined && node !== name ? ` (${node})` : "";
  if (reason === "list")
    return new AppError(
      "conflict",
      `This list would lock you out: neither ${name} nor this device${device} is on it.`,
      {
        hint: "Add yourself first, or change the list on the machine itself.",
      },
    );
  return new AppError("conflict", "This list would lock you out: Tailscale cannot say who you are just now.", {
    hint: "Switch the list on at the machine itself, or when Tailscale answers again.",
  });
}

function identityOf({ login, node, isTagged }: SeenGuest): Identity {
  if (login === "" && !isTagged) return { kind: isTailnetAddress(node) ? "unknown" : "outside", address: node };
  return { kind: "peer", address: "", peer: { login, name: "", node, isTagged } };
}

async function namingOf(tailscale: Tailscale): Promise<AccessState["naming"]> {
  if (!tailscale.isInstalled()) return "absent";
  return (await tailscale.read()).state === "running" ? "ready" : "unreachable";
}
