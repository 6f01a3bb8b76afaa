import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { call } from "../../lib/api.ts";
import { errorToast } from "../../lib/toasts.ts";
import { IconListCheck } from "../../ui/icons.gen.ts";

/** Makes a crash a task for an agent, with what is known of it; the same task each time while it has not ended. */
export function MakeTask({ incidentId }: { incidentId: string }) {
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: () => call("tasks.fromIncident", { body: { incidentId } }),
    onSuccess: (task) => navigate({ to: "/agents/tasks/$taskId", params: { taskId: task.id } }),
    onError: (error) => {
      errorToast("Could not make a task of it", error);
    },
  });
  return (
    <Button
      leftSection={<IconListCheck size={14} />}
      disabled={make.isPending}
      onClick={() => {
        make.mutate();
      }}
    >
      Make a task of it
    </Button>
  );
}
