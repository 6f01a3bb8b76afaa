import { AskForRepair } from "./repair-actions.tsx";
import { RepairCard } from "./repair-card.tsx";
import classes from "./repairs.module.css";
import { useRepairsOf } from "./use-repairs.ts";

/** What agents did about one crash, and the way to ask one. */
export function RepairPanel({ incidentId, name }: { incidentId: string; name: string }) {
  const repairs = useRepairsOf(incidentId);
  const isGoingOn = repairs.some(({ endedAt }) => endedAt === null);
  return (
    <section className={classes["panel"]} aria-label="Repair by an agent">
      <h3>Repair by an agent</h3>
      {repairs.map((repair) => (
        <RepairCard key={repair.id} repair={repair} />
      ))}
      {isGoingOn ? null : <AskForRepair incidentId={incidentId} name={name} />}
    </section>
  );
}
