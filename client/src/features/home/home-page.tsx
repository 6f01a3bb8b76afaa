import { useLiveNotifications } from "../../lib/live-queries.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { Page } from "../../ui/page.tsx";
import { AppGrid } from "./app-grid.tsx";
import { FirstSteps } from "./first-steps.tsx";
import classes from "./home.module.css";
import { MachineCard } from "./machine-card.tsx";
import { NeedsYou } from "./needs-you.tsx";
import { Upcoming } from "./upcoming.tsx";

/** Is everything fine, and what needs me? */
export function HomePage() {
  const { dataUpdatedAt } = useLiveNotifications();
  return (
    <Page title="Home" isTitleHidden>
      <div className={classes["columns"]}>
        <div className={classes["main"]}>
          <AgeNote updatedAt={dataUpdatedAt} />
          <NeedsYou />
          <AppGrid />
        </div>
        <div className={classes["side"]}>
          <FirstSteps />
          <Upcoming />
          <MachineCard />
        </div>
      </div>
    </Page>
  );
}
