import type { IncomingMessage, ServerResponse } from "node:http";

import helmet from "helmet";

import { isLoopback } from "./loopback.ts";

const permissions =
  "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=(), display-capture=()";

const common = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'"],
      // The component library sets CSS variables in style attributes; scripts get no such exception.
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", "data:", "blob:"],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      workerSrc: ["'self'"],
      manifestSrc: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  crossOriginOpenerPolicy: { policy: "same-origin" as const },
  crossOriginEmbedderPolicy: false,
  referrerPolicy: { policy: "no-referrer" as const },
  xPoweredBy: true,
};

const overHttp = helmet({
  ...common,
  strictTransportSecurity: false,
  originAgentCluster: false,
  crossOriginOpenerPolicy: false,
});
const overHttps = helmet(common);

/** Sets the security headers of a page or reply. What only works over https (HSTS, COOP) is sent only there. */
export function setSecurityHeaders(request: IncomingMessage, response: ServerResponse): void {
  const isHttps = isLoopback(request.socket.remoteAddress) && request.headers["x-forwarded-proto"] === "https";
  const isLocal = /^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(request.headers.host ?? "");
  (isHttps ? overHttps : overHttp)(request, response, () => undefined);
  if (isLocal && !isHttps) response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Permissions-Policy", permissions);
}
