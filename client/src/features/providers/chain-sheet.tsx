import type { ProviderList } from "../../../../contract/features/providers.ts";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { ChainView } from "./chain-view.tsx";

interface ChainSheetProps {
  list: ProviderList;
  providerId: string | undefined;
  onClose: () => void;
}

/** The fallbacks of one provider. */
export function ChainSheet({ list, providerId, onClose }: ChainSheetProps) {
  const provider = list.providers.find(({ id }) => id === providerId);
  return (
    <SideSheet title={`Fallbacks of ${provider?.name ?? ""}`} isOpen={provider !== undefined} onClose={onClose}>
      {provider === undefined ? null : <ChainView key={provider.id} list={list} id={provider.id} />}
    </SideSheet>
  );
}
