import { Button } from "@mantine/core";
import { IconRefresh } from "../../ui/icons.gen.ts";
import { useState } from "react";

import { Notice } from "../../ui/notice.tsx";
import { recoverPm2 } from "./recover-pm2.ts";
import classes from "./system.module.css";

/** PM2 was killed: what that means, and the way back from any device. */
export function Pm2Gone() {
  const [isBusy, setBusy] = useState(false);
  return (
    <div className={classes["padded"]}>
      <Notice tone="bad">
        <p>
          <strong>PM2, the process manager, is gone or does not answer.</strong> What runs goes on, but nothing restarts
          it, what it prints is lost, and nothing can be started.
        </p>
        <p style={{ marginTop: 8 }}>
          <Button
            variant="filled"
            loading={isBusy}
            leftSection={<IconRefresh size={14} />}
            onClick={() => {
              setBusy(true);
              void recoverPm2().finally(() => {
                setBusy(false);
              });
            }}
          >
            Bring it up again
          </Button>
        </p>
      </Notice>
    </div>
  );
}
