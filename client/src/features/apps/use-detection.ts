import { useEffect, useState } from "react";

import type { DetectionStep, ImportPlan } from "../../../../contract/features/detect.ts";
import { call } from "../../lib/api.ts";
import { channel, connection } from "../../lib/socket.ts";

/** A look into a folder as far as it has come. */
export interface Detection {
  folder: string;
  steps: readonly DetectionStep[];
  plan: ImportPlan | null;
  error: unknown;
}

const detect = channel("detect");

/** Looks into a folder while the component is mounted; give the component a new key to look again. */
export function useDetection(folder: string): Detection {
  const [detection, setDetection] = useState<Detection>({ folder, steps: [], plan: null, error: null });
  useEffect(() => {
    let isWanted = true;
    const stop = look(folder, (edit) => {
      if (isWanted) setDetection((current) => ({ ...current, ...edit(current) }));
    });
    return () => {
      isWanted = false;
      stop();
    };
  }, [folder]);
  return detection;
}

type Change = (edit: (current: Detection) => Partial<Detection>) => void;

/** Streams over the socket; without a live connection the plan comes in one piece over HTTP. */
function look(folder: string, change: Change): () => void {
  if (connection.get() !== "live") {
    const stopper = new AbortController();
    call("detect.plan", { body: { folder } }, { signal: stopper.signal }).then(
      (plan) => {
        change(() => ({ plan }));
      },
      (error: unknown) => {
        change(() => ({ error }));
      },
    );
    return () => {
      stopper.abort();
    };
  }
  let id: string | null = null;
  let isStopped = false;
  const isMine = (payload: { detectionId: string }): boolean => id === null || payload.detectionId === id;
  const stops = [
    detect.on("step", (payload) => {
      if (isMine(payload)) change(({ steps }) => ({ steps: putStep(steps, payload.step) }));
    }),
    detect.on("done", (payload) => {
      if (isMine(payload)) change(() => ({ plan: payload.plan }));
    }),
    detect.on("failed", (payload) => {
      if (isMine(payload)) change(() => ({ error: new Error(payload.message) }));
    }),
  ];
  const cancel = (detectionId: string): void => {
    detect.emit("cancel", { detectionId }).catch(() => undefined); // it ends with the connection anyway
  };
  detect.emit("start", { folder }).then(
    ({ detectionId }) => {
      id = detectionId;
      if (isStopped) cancel(detectionId);
    },
    (error: unknown) => {
      change(() => ({ error }));
    },
  );
  return () => {
    isStopped = true;
    for (const stop of stops) stop();
    if (id !== null) cancel(id);
  };
}

/** The newest word of each detector, in the order in which they began. */
export function putStep(steps: readonly DetectionStep[], step: DetectionStep): DetectionStep[] {
  return steps.some(({ detector }) => detector === step.detector)
    ? steps.map((other) => (other.detector === step.detector ? step : other))
    : [...steps, step];
}
