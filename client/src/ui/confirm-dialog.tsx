import "../app/styles/mantine-rest.ts";

import { Button, Group, Modal, Text } from "@mantine/core";

import type { Confirmation } from "./confirm.ts";

/** Shows a confirmation; loaded when the first one is asked. */
export function ConfirmDialog({ confirmation }: { confirmation: Confirmation }) {
  const { title, text, confirmLabel, cancelLabel = "Cancel", answer } = confirmation;
  return (
    <Modal
      opened
      onClose={() => {
        answer(false);
      }}
      title={title}
      size="sm"
      styles={{ title: { fontWeight: 600 } }}
    >
      <Text size="sm" c="dimmed" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
        {text}
      </Text>
      <Group justify="flex-end" gap="sm" mt="lg">
        <Button
          data-autofocus
          onClick={() => {
            answer(false);
          }}
        >
          {cancelLabel}
        </Button>
        <Button
          variant="filled"
          color="red"
          onClick={() => {
            answer(true);
          }}
        >
          {confirmLabel}
        </Button>
      </Group>
    </Modal>
  );
}
