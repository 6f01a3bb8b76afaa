import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconCompass } from "../ui/icons.gen.ts";

import { EmptyState } from "../ui/empty-state.tsx";
import { Page } from "../ui/page.tsx";

/** Shown for an address no page answers to. */
export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState
        icon={IconCompass}
        title="There is no page at this address"
        text="The link may be old, or something was renamed."
        action={
          <Button renderRoot={(props) => <Link to="/" {...props} />} variant="filled">
            Go to Home
          </Button>
        }
      />
    </Page>
  );
}
