import type { NextFunction, Request, RequestHandler, Response } from "express";

import type { Endpoint } from "../../contract/endpoint.ts";
import { AppError } from "../../lib/app-error.ts";
import { compilePath, matchPath } from "../../lib/path-pattern.ts";
import { refuseMethod } from "../../lib/refuse-method.ts";

const served = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

/** Refuses OPTIONS, TRACE and whatever else no endpoint uses, before the router answers in its own way. */
export function refuseOtherMethods(endpoints: () => readonly Endpoint[]): RequestHandler {
  const answer = answerUnanswered(endpoints);
  return (request, response, next) => {
    if (served.has(request.method)) next();
    else answer(request, response, next);
  };
}

/** The end of the chain: another method of an endpoint or a page is 405 with `Allow`, everything else is 404. */
export function answerUnanswered(endpoints: () => readonly Endpoint[]): RequestHandler {
  let patterns: { method: string; pattern: ReturnType<typeof compilePath> }[] | null = null;
  return (request: Request, response: Response, next: NextFunction) => {
    const path = request.originalUrl.split(/[?#]/, 1)[0] ?? "/";
    patterns ??= endpoints().map((one) => ({ method: one.method, pattern: compilePath(one.path) }));
    const methods = patterns.flatMap(({ method, pattern }) => (matchPath(pattern, path) ? [method] : []));
    if (methods.includes("GET")) methods.push("HEAD");
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead && methods.length === 0 && !/^\/api(?:\/|$)/.test(path)) methods.push("GET", "HEAD");
    if (methods.length > 0 && !methods.includes(request.method)) refuseMethod(request.method, methods, response);
    next(new AppError("not_found", `There is nothing at ${request.method} ${path}`));
  };
}
