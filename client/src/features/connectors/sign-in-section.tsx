import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { ConnectorView } from "../../../../contract/features/connectors.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { toast } from "../../lib/toasts.ts";
import { FormError } from "../../ui/form-error.tsx";
import { IconLock } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import { ClientForm } from "./client-form.tsx";
import classes from "./connectors.module.css";
import { hasTools, signedOutText } from "./connector-words.ts";

/** Whether somebody has signed in to a connector on its own page, and the way there. */
export function SignInSection({ connector }: { connector: ConnectorView }) {
  const { signIn } = connector;
  if (signIn === null) return null;
  return (
    <Section title="Sign-in">
      {signIn.state === "active" ? (
        <SignedIn connector={connector} signIn={signIn} />
      ) : (
        <SignIn connector={connector} problem={signIn.problem} isAgain={signIn.state === "expired"} />
      )}
    </Section>
  );
}

interface SignedInProps {
  connector: ConnectorView;
  signIn: NonNullable<ConnectorView["signIn"]>;
}

function SignedIn({ connector, signIn: { host, since, scope, problem } }: SignedInProps) {
  const { id, title } = connector;
  const client = useQueryClient();
  const leave = useMutation({
    mutationFn: () => call("mcpSignIn.signOut", { params: { id } }),
    async onSuccess({ told }) {
      await client.invalidateQueries({ queryKey: callKey("connectors.get", { params: { id } }) });
      toast({ kind: told === "failed" ? "warn" : "ok", ...signedOutText(title, host, told) });
    },
  });
  return (
    <div className={classes["parts"]}>
      <span>
        Signed in at <strong>{host}</strong> {since === null ? null : <Time iso={since} />}
      </span>
      {scope === null ? null : <span className={classes["sub"]}>For: {scope}</span>}
      <NextStep connector={connector} />
      {problem === null ? null : (
        <>
          <Notice tone="warn">{problem}. Sign in again to give them.</Notice>
          <SignIn connector={connector} problem={null} isAgain />
        </>
      )}
      <FormError error={leave.error} />
      <div>
        <Button
          loading={leave.isPending}
          onClick={() => {
            leave.mutate();
          }}
        >
          Sign out
        </Button>
      </div>
    </div>
  );
}

/** What is left to do until it can be used. */
function NextStep({ connector }: { connector: ConnectorView }) {
  const { id, title, isEnabled } = connector;
  if (hasTools(connector)) return isEnabled ? null : <span className={classes["sub"]}>Turn {title} on to use it.</span>;
  const tools = (
    <Link
      to="/connectors/$connectorId"
      params={{ connectorId: id }}
      search={{ tab: "tools" }}
      className={classes["plain"]}
    >
      ask for its tools
    </Link>
  );
  return (
    <span role="status">
      {isEnabled ? "Now " : `Turn ${title} on, then `}
      {tools} and accept those you want.
    </span>
  );
}

interface SignInProps {
  connector: ConnectorView;
  /** Why the former one does not count any more. */
  problem: string | null;
  isAgain: boolean;
}

/** First where one signs in, then the page itself. */
function SignIn({ connector, problem, isAgain }: SignInProps) {
  const { id, title, isConfigured } = connector;
  const params = { id };
  const look = useMutation({ mutationFn: () => call("mcpSignIn.look", { params }) });
  const begin = useMutation({
    mutationFn: (mark: string) => call("mcpSignIn.begin", { params, body: { mark } }),
    onSuccess({ url }) {
      window.open(url, "_blank", "noreferrer");
    },
  });
  if (look.data === undefined)
    return (
      <div className={classes["parts"]}>
        {problem === null ? null : <Notice tone="warn">The sign-in has ended: {problem}</Notice>}
        {isAgain ? null : <span>{title} lets in only who has signed in on its own page.</span>}
        {isConfigured ? null : <span className={classes["sub"]}>Complete its configuration first.</span>}
        <FormError error={look.error} />
        <div>
          <Button
            variant="filled"
            leftSection={<IconLock size={14} />}
            disabled={!isConfigured}
            loading={look.isPending}
            onClick={() => {
              look.mutate();
            }}
          >
            {isAgain ? "Sign in again" : "Sign in"}
          </Button>
        </div>
      </div>
    );
  const { host, otherHosts, scopes, needsClientId, mark, redirectUri } = look.data;
  if (needsClientId)
    return (
      <ClientForm
        connector={connector}
        host={host}
        redirectUri={redirectUri}
        onSaved={() => {
          look.mutate();
        }}
      />
    );
  return (
    <div className={classes["parts"]}>
      <span>
        {title} signs in at <strong>{host}</strong>
        {otherHosts.length === 0 ? "" : `, which asks ${otherHosts.join(" and ")} as well`}.
      </span>
      {scopes.length === 0 ? null : <span className={classes["sub"]}>It is asked for: {scopes.join(", ")}</span>}
      <span className={classes["sub"]}>
        To sign in to {title}, and for nothing else, PortOS may call {[host, ...otherHosts].join(" and ")}. What you
        agree to there is handed to {title} with each call.
      </span>
      <FormError error={begin.error} />
      {begin.data === undefined ? null : (
        <span role="status">
          The page opens in another tab, and counts for ten minutes. If it did not,{" "}
          <a href={begin.data.url} target="_blank" rel="noreferrer" className={classes["plain"]}>
            open the page of {host}
          </a>
          .
        </span>
      )}
      <div className={classes["buttons"]}>
        <Button
          variant={begin.data === undefined ? "filled" : "default"}
          loading={begin.isPending}
          onClick={() => {
            begin.mutate(mark);
          }}
        >
          {begin.data === undefined ? `Go to ${host}` : "Begin anew"}
        </Button>
        <Button
          onClick={() => {
            look.reset();
            begin.reset();
          }}
        >
          Cancel
        </Button>
      </div>
    </div>
  );
}
