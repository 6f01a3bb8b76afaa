import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { callQuery } from "../../lib/call-query.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { CodeText } from "../../ui/code-text.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { Facts } from "../../ui/facts.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import { GuestSection } from "./guest-section.tsx";
import { PinSection } from "./pin-section.tsx";
import classes from "./system.module.css";
import { useAccess } from "./use-access.ts";

/** How the panel is reached from this machine, from other devices, and as an installed app. */
export function AccessTab() {
  const { data, error, isPending, dataUpdatedAt, refetch } = useQuery(
    callQuery("system.access", undefined, { isKept: true }),
  );
  if (isPending) return <LoadingState rows={3} rowHeight={80} label="Loading" />;
  if (data === undefined)
    return <ErrorState title="Could not read how PortOS is reached" error={error} onRetry={() => void refetch()} />;
  const tailnetUrl = data.urls.find(({ kind }) => kind === "tailnet")?.url;
  const facts: [string, ReactNode][] = [
    ["Version", data.version],
    ["Node.js", data.nodeVersion],
    ["Running since", <Time key="since" iso={data.startedAt} />],
    ["Data folder", <CopyText key="data" text={data.dataDir} />],
  ];
  return (
    <div className={classes["narrow"]}>
      <Section title="Addresses" aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />} isCard>
        <ul role="list" className={classes["addresses"]}>
          {data.urls.map((address) => (
            <li key={address.url}>
              <span className="dim">{address.kind === "local" ? "This machine" : "Your tailnet"}</span>
              <CopyText text={address.url} />
            </li>
          ))}
        </ul>
        {data.tailnet.state === "running" ? null : (
          <p className={classes["note"]}>
            {data.tailnet.state === "absent"
              ? "Install Tailscale on this machine and on your phone to open PortOS from there."
              : "Tailscale is installed but not connected. Run tailscale up, then reload this page."}
          </p>
        )}
      </Section>
      <Section title="On your phone" isCard>
        <ol className={classes["steps"]}>
          <li>Install Tailscale on the phone and sign in to the same tailnet.</li>
          <li>
            {tailnetUrl === undefined ? (
              "Once this machine is connected, its address and a QR code for the phone appear here."
            ) : (
              <>
                Scan this code, or type the tailnet address above.
                <div className={classes["code"]}>
                  <QrCode text={tailnetUrl} label={`QR code of ${tailnetUrl}`} />
                </div>
              </>
            )}
          </li>
          <li>
            {isSecureContext ? (
              "Add it to the home screen from the browser's menu."
            ) : (
              <SecureHint dnsName={data.tailnet.dnsName} />
            )}
          </li>
        </ol>
      </Section>
      <WhoMayComeIn />
      <Section title="About" isCard>
        <Facts items={facts} layout="lines" />
      </Section>
    </div>
  );
}

function WhoMayComeIn() {
  const { query, ...calls } = useAccess();
  const { data, error, isPending, refetch } = query;
  if (isPending) return <LoadingState rows={2} rowHeight={80} label="Loading" />;
  if (data === undefined)
    return <ErrorState title="Could not read who may come in" error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <GuestSection state={data} saveGuests={calls.saveGuests} />
      <PinSection state={data} {...calls} />
    </>
  );
}

function SecureHint({ dnsName }: { dnsName: string }) {
  return (
    <>
      To install it as an app that opens offline, browsers want https. Run{" "}
      <CopyText text={`tailscale serve --bg ${location.port === "" ? "5554" : location.port}`} /> on the machine and
      open {dnsName === "" ? "its https address" : <CodeText>{`https://${dnsName}`}</CodeText>}.
    </>
  );
}
