import "./styles/mantine-rest.ts";

import { Button, Group, Modal, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { call } from "../lib/api.ts";
import { callKey } from "../lib/call-query.ts";
import { connectionId } from "../lib/socket.ts";
import { pinOpenUntil, type PinRequest } from "../lib/step-up.ts";
import { FormError } from "../ui/form-error.tsx";
import { PinField } from "../ui/pin-field.tsx";

/** Asks for the PIN; what was refused is done again once it is right. Loaded when it is asked for first. */
export function PinSheet({ request }: { request: PinRequest }) {
  const client = useQueryClient();
  const [pin, setPin] = useState("");
  const enter = useMutation({
    mutationFn: async () => call("access.unlock", { body: { pin, socket: await connectionId() } }),
    onSuccess: (state) => {
      client.setQueryData(callKey("access.get"), state);
      pinOpenUntil.set(state.pin.openUntil);
      request.answer(true);
    },
    onError: () => {
      setPin("");
    },
  });
  return (
    <Modal
      opened
      onClose={() => {
        request.answer(false);
      }}
      title="Enter your PIN"
      size="xs"
      centered={false} // the keyboard of a phone takes the lower half
      yOffset="12dvh"
      styles={{ title: { fontWeight: 600 } }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (pin !== "" && !enter.isPending) enter.mutate();
        }}
      >
        <Text size="sm" c="dimmed" mb="sm">
          {request.reason}. Then it holds for a while in this browser.
        </Text>
        <PinField label="PIN" value={pin} onChange={setPin} isFocused />
        <FormError error={enter.error} />
        <Group justify="flex-end" gap="sm" mt="md">
          <Button
            onClick={() => {
              request.answer(false);
            }}
          >
            Cancel
          </Button>
          <Button type="submit" variant="filled" disabled={pin === ""} loading={enter.isPending}>
            Enter
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
