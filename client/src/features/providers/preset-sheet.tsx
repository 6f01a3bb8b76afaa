import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconPlus } from "../../ui/icons.gen.ts";

import type { ProviderPreset } from "../../../../contract/features/providers.ts";
import { callQuery } from "../../lib/call-query.ts";
import { CopyText } from "../../ui/copy-text.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import classes from "./providers.module.css";

interface PresetSheetProps {
  isOpen: boolean;
  onChoose: (presetId: string) => void;
  onClose: () => void;
}

/** Ready-made providers to choose from: programs that are installed first. */
export function PresetSheet({ isOpen, onChoose, onClose }: PresetSheetProps) {
  return (
    <SideSheet title="Add a provider" isOpen={isOpen} onClose={onClose} width={520}>
      {isOpen ? <Presets onChoose={onChoose} /> : null}
    </SideSheet>
  );
}

function Presets({ onChoose }: Pick<PresetSheetProps, "onChoose">) {
  const { data, error, isPending, refetch } = useQuery(callQuery("providers.presets"));
  if (isPending) return <LoadingState rows={6} rowHeight={56} label="Loading ready-made providers" />;
  if (data === undefined)
    return <ErrorState title="Could not load them" error={error} onRetry={() => void refetch()} isCompact />;
  const found = data.filter(({ program }) => program !== null && program.path !== null);
  const missing = data.filter(({ program }) => program !== null && program.path === null);
  return (
    <div className={classes["parts"]}>
      {found.length === 0 ? null : (
        <Section title="Found on this machine">
          <PresetList presets={found} onChoose={onChoose} />
        </Section>
      )}
      <Section title="APIs and model servers">
        <PresetList presets={data.filter(({ program }) => program === null)} onChoose={onChoose} />
      </Section>
      {missing.length === 0 ? null : (
        <Section title="Not installed">
          <PresetList presets={missing} onChoose={onChoose} />
        </Section>
      )}
    </div>
  );
}

function PresetList({
  presets,
  onChoose,
}: { presets: readonly ProviderPreset[] } & Pick<PresetSheetProps, "onChoose">) {
  return (
    <ul className={classes["presets"]}>
      {presets.map((preset) => (
        <li key={preset.id} className={classes["preset"]}>
          <div className={classes["name"]}>
            <span className={classes["presetLabel"]}>{preset.label}</span>
            <span className={classes["sub"]}>{preset.description}</span>
            <ProgramNote preset={preset} />
          </div>
          <Button
            leftSection={<IconPlus size={14} />}
            aria-label={`Add ${preset.label}`}
            onClick={() => {
              onChoose(preset.id);
            }}
          >
            Add
          </Button>
        </li>
      ))}
    </ul>
  );
}

function ProgramNote({ preset: { program } }: { preset: ProviderPreset }) {
  if (program === null) return null;
  if (program.path === null)
    return program.installHint.startsWith("npm ") ? (
      <span className={classes["sub"]}>
        <CopyText text={program.installHint} />
      </span>
    ) : (
      <span className={classes["sub"]}>{program.installHint}</span>
    );
  return (
    <span className={classes["sub"]}>
      <span className="mono">{program.path}</span>
      {program.version === null ? null : ` · ${program.version}`}
      {program.hasLogin === null ? null : program.hasLogin ? " · logged in" : " · no login found"}
    </span>
  );
}
