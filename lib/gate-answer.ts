import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Reasons that speak of a caller who is known to the network, but not let in. */
export const guestReasons: ReadonlySet<string> = new Set(["list", "unknown", "unreachable", "unproven"]);

/** Reasons that speak of the program of this machine a request came from. */
export const programReasons: ReadonlySet<string> = new Set(["agent", "gone", "busy"]);

/** Ends a refused upgrade; a program of this machine is told why, everybody else nothing at all. */
export function refuseUpgrade(socket: Duplex, { reason, status }: { reason: string; status: 400 | 403 }): void {
  if (!programReasons.has(reason)) {
    socket.destroy();
    return;
  }
  const body = bodyOf(reason);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Answers a refused request: JSON for programs, a sentence for people who opened a page. */
export function answerRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  { reason, status }: { reason: string; status: 400 | 403 },
): void {
  const isPage = request.method === "GET" && request.headers["sec-fetch-dest"] === "document";
  const page = isPage ? pageOf(reason) : null;
  response.writeHead(status, {
    "Content-Type": page === null ? "application/json; charset=utf-8" : "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    // Hung up on while it still sends, the caller, or the panel that passes it on, would see a reset instead of the answer.
    ...(hasBody(request) ? {} : { Connection: "close" }),
  });
  response.end(page ?? bodyOf(reason));
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

function bodyOf(reason: string): string {
  return JSON.stringify({ error: { code: "forbidden", message: refusalText(reason) } });
}

function pageOf(reason: string): string | null {
  const head = '<!doctype html><meta name="viewport" content="width=device-width"><title>PortOS</title>';
  // Another site linked here: nothing of the panel is shown, but one click of the user's own opens it.
  if (reason === "site") return `${head}<p>Another site sent you here. <a href="/">Open PortOS</a></p>`;
  if (reason === "agent")
    return `${head}<p>${refusalText(reason)}. An agent has opened this browser: close it wholly, then open it yourself.</p>`;
  return guestReasons.has(reason) || reason === "busy" ? `${head}<p>${refusalText(reason)}</p>` : null;
}

function refusalText(reason: string): string {
  switch (reason) {
    case "host":
      return "PortOS is not known by this name. Add it to PORTOS_ALLOWED_HOSTS if it is yours.";
    case "list":
      return "This PortOS is only open to the people and devices on its list. Add this one on the machine itself: System, Access.";
    case "unknown":
    case "unreachable":
      return "This PortOS is only open to the people and devices on its list, and Tailscale cannot say who you are just now.";
    case "unproven":
      return "This PortOS is only open to the people and devices on its list, and the way you came does not prove who you are.";
    case "agent":
      return "A program started by an agent may not use PortOS";
    case "gone":
      return "The program that asked went away before PortOS could know it";
    case "busy":
      return "Programs of agents keep asking PortOS, so it cannot tell who you are just now. Try again in a moment";
    default:
      return "PortOS does not answer this caller.";
  }
}
