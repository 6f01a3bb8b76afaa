import type { Provider, ProviderList } from "../../../../contract/features/providers.ts";
import { Section } from "../../ui/section.tsx";
import classes from "./chain.module.css";
import { ChainView } from "./chain-view.tsx";

/** Every chain of fallbacks there is; nothing while nobody has one. */
export function ChainList({ list }: { list: ProviderList }) {
  const starts = chainStarts(list.providers);
  if (starts.length === 0) return null;
  return (
    <div className={classes["below"]}>
      <Section title="Fallbacks">
        <ul role="list" className={classes["chains"]}>
          {starts.map(({ id, name }) => (
            <li key={id} className={classes["card"]} aria-label={`Chain of ${name}`}>
              <ChainView list={list} id={id} />
            </li>
          ))}
        </ul>
      </Section>
    </div>
  );
}

type Linked = Pick<Provider, "id" | "name" | "fallbackProvider" | "tierFallbacks">;

/** Those with a fallback who are nobody's own: their chains hold all the others. */
export function chainStarts<P extends Linked>(providers: readonly P[]): P[] {
  const targetsOf = ({ fallbackProvider, tierFallbacks: { light, medium, heavy } }: Linked): string[] =>
    [fallbackProvider, light, medium, heavy].filter((id) => id != null);
  const reached = new Set(providers.flatMap(targetsOf));
  return providers.filter((provider) => targetsOf(provider).length > 0 && !reached.has(provider.id));
}
