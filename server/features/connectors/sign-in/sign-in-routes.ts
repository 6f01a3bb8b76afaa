import { mcpSignInEndpoints } from "../../../../contract/features/mcp-sign-in.ts";
import type { Mount, RequestContext } from "../../../http/mount.ts";
import type { ConnectorStatus } from "../../../../contract/features/connectors.ts";
import { askingOf } from "../custom-routes.ts";
import { signInPage } from "./sign-in-page.ts";
import type { SignInService } from "./sign-in-service.ts";

interface Dependencies {
  signIns: SignInService;
  statusOf(id: string): Promise<ConnectorStatus>;
  titleOf(id: string): string;
}

/** Mounts the endpoints of signing in to MCP servers. */
export function mountSignIn(mount: Mount, { signIns, statusOf, titleOf }: Dependencies): void {
  mount(
    "mcpSignIn",
    mcpSignInEndpoints,
  )({
    look: ({ params }, context) => signIns.look(params.id, askingOf(context), originOf(context)),
    begin: ({ params, body }, context) =>
      signIns.begin(params.id, { mark: body.mark, origin: originOf(context) }, askingOf(context)),
    async callback({ params: { id }, query }, context) {
      const answer = { query, host: context.header("host") };
      return signInPage(await signIns.finish(id, answer, askingOf(context)), { id, title: titleOf(id) });
    },
    async signOut({ params: { id } }, context) {
      const told = await signIns.signOut(id, askingOf(context));
      return { connector: await statusOf(id), told };
    },
  });
}

/** Where the user is: the gate has found both headers to be ours. */
function originOf({ header }: RequestContext): string {
  const origin = header("origin");
  return origin === "" ? `http://${header("host")}` : origin;
}
