import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import type { SignInOffer } from "../../../../contract/features/mcp-connectors.ts";
import { call } from "../../lib/api.ts";
import { dropDraft } from "../../lib/drafts.ts";
import { FormError } from "../../ui/form-error.tsx";
import classes from "./connectors.module.css";
import { ownDraft } from "./draft-about.ts";
import { mcpDraftOf, signedDraft, type McpForm } from "./mcp-draft.ts";
import { renewOwn } from "./own-calls.ts";

/** A server that shows its tools only to those who have signed in on its page. */
export function SignInFirst({ form, offer }: { form: McpForm; offer: SignInOffer }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const add = useMutation({
    mutationFn: () => {
      const definition = signedDraft({ ...mcpDraftOf(form).definition, description: "Tools of an MCP server." });
      return call("mcpConnectors.create", { body: { definition } });
    },
    async onSuccess({ id }) {
      dropDraft(ownDraft);
      await renewOwn(client, id);
      await navigate({ to: "/connectors/$connectorId", params: { connectorId: id } });
    },
  });
  return (
    <div className={classes["form"]}>
      <p role="status">
        It lets in only who has signed in on its own page, at <strong>{offer.host}</strong>. Add it, sign in there, then
        choose its tools.
      </p>
      {offer.needsClientId ? (
        <p className={classes["sub"]}>
          {offer.host} does not register programs by itself: you will be asked for a client id, which you get there.
        </p>
      ) : null}
      <FormError error={add.error} />
      <div>
        <Button
          variant="filled"
          loading={add.isPending}
          onClick={() => {
            add.mutate();
          }}
        >
          Add, turned off, and sign in
        </Button>
      </div>
    </div>
  );
}
