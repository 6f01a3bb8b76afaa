import { LocalModels } from "../features/local-models/local-models.tsx";
import { ProvidersPage } from "../features/providers/providers-page.tsx";

const others = [{ id: "local", label: "On this machine", content: <LocalModels /> }];

/** The Providers page with what other features bring; a feature does not import a feature, so they meet here. */
export function ProvidersRoute() {
  return <ProvidersPage others={others} />;
}
