import type { LocalServer, LocalServerKind } from "../../../contract/features/local-models.ts";

/** Names and commands of the two programs. */
export const serverNames: Record<LocalServerKind, { name: string; program: string; site: string }> = {
  lmstudio: { name: "LM Studio", program: "lms", site: "lmstudio.ai" },
  ollama: { name: "Ollama", program: "ollama", site: "ollama.com" },
};

/** What to do when a server does not answer as it should. `isInstalled`: its program was found in PATH. */
export function helpFor(
  kind: LocalServerKind,
  { state, baseUrl }: Pick<LocalServer, "state" | "baseUrl">,
  isInstalled: boolean,
): LocalServer["help"] {
  const { name, site } = serverNames[kind];
  if (state === "locked")
    return [
      { text: `Make a token in ${name} (Developer, Server settings) and enter it under Address.`, command: null },
    ];
  if (state === "failed")
    return [{ text: `Check that ${baseUrl} is the address of ${name}, and that it is up to date.`, command: null }];
  if (state !== "absent") return [];
  const isHere = /^https?:\/\/(?:localhost|127\.|\[::1\])/.test(baseUrl);
  if (!isHere) return [{ text: `Start ${name} on the machine of ${baseUrl} and let it listen there.`, command: null }];
  const install = { text: `Install ${name} from ${site}.`, command: null };
  const starts =
    kind === "ollama"
      ? [
          { text: "Start it:", command: "ollama serve" },
          { text: "Or, where it was installed as a service:", command: "sudo systemctl start ollama" },
        ]
      : [
          { text: "Start its server:", command: "lms server start" },
          { text: "Or in LM Studio itself: Developer, then the switch Status.", command: null },
        ];
  return isInstalled ? starts : [install, ...starts];
}
