import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";

import type { ConnectorStatus } from "../../../../contract/features/connectors.ts";
import { actionRegistry } from "../../lib/actions.ts";
import { IconPlugConnected } from "../../ui/icons.gen.ts";
import { checkConnector, setEnabled } from "./connector-calls.ts";

/** What the palette offers for each connector. */
export function useConnectorActions(connectors: readonly ConnectorStatus[] | undefined): void {
  const client = useQueryClient();
  const navigate = useNavigate();
  useEffect(
    () =>
      actionRegistry.register(
        (connectors ?? []).flatMap((connector) => {
          const { id, title, isEnabled, isConfigured, hasHealth } = connector;
          const about = { group: "Connectors", subject: `connector:${id}` };
          return [
            {
              ...about,
              id: `connectors.open:${id}`,
              label: `Open the connector ${title}`,
              icon: IconPlugConnected,
              run: () => navigate({ to: "/connectors/$connectorId", params: { connectorId: id } }),
            },
            {
              ...about,
              id: `connectors.toggle:${id}`,
              label: `Turn the connector ${title} ${isEnabled ? "off" : "on"}`,
              run: () => setEnabled(client, connector, !isEnabled),
            },
            ...(hasHealth && isEnabled && isConfigured
              ? [
                  {
                    ...about,
                    id: `connectors.check:${id}`,
                    label: `Check the connector ${title}`,
                    run: () => checkConnector(client, connector),
                  },
                ]
              : []),
          ];
        }),
      ),
    [client, connectors, navigate],
  );
}
