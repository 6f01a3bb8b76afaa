import { CodeText } from "../../ui/code-text.tsx";
import { Notice } from "../../ui/notice.tsx";
import type { PushObstacle } from "./push-device.ts";
import classes from "./push.module.css";

/** Why messages do not work here, and what to do about it. */
export function PushHelp({ obstacle }: { obstacle: Exclude<PushObstacle, null> }) {
  return (
    <div className={classes["help"]}>
      {obstacle === "not-secure" ? <NotSecure /> : null}
      {obstacle === "not-installed" ? <NotInstalled /> : null}
      {obstacle === "not-supported" ? (
        <Notice tone="warn">
          This browser takes no messages. Firefox, Chrome, Edge and Safari do; private windows do not.
        </Notice>
      ) : null}
      {obstacle === "blocked" ? (
        <Notice tone="warn">
          Messages of this page are blocked. Allow them in the settings of the browser for this address (the icon beside
          the address), then reload.
        </Notice>
      ) : null}
    </div>
  );
}

function NotSecure() {
  return (
    <>
      <Notice tone="warn">
        Browsers take messages over HTTPS only, and this page was opened without it. Within your tailnet, Tailscale
        gives it a certificate:
      </Notice>
      <ol className={classes["steps"]}>
        <li>
          Turn on HTTPS certificates in the admin console of Tailscale, on its page <em>DNS</em>.
        </li>
        <li>
          On the machine PortOS runs on: <CodeText>{`tailscale serve --bg ${location.port || "5554"}`}</CodeText>
        </li>
        <li>
          Open the address it prints, <CodeText>https://machine.tailnet.ts.net</CodeText>, and come back to this page.
        </li>
      </ol>
      <p className={classes["text"]}>
        Only devices of your tailnet reach that address. Do not use <CodeText>tailscale funnel</CodeText>: it opens it
        to everybody, and PortOS refuses such requests.
      </p>
    </>
  );
}

function NotInstalled() {
  return (
    <>
      <Notice tone="info">An iPhone or iPad gives messages to a page on its home screen only.</Notice>
      <ol className={classes["steps"]}>
        <li>Open this page in Safari, over HTTPS.</li>
        <li>
          Touch <em>Share</em>, then <em>Add to Home Screen</em>.
        </li>
        <li>Open PortOS from the home screen, come back to this page, and turn messages on.</li>
      </ol>
      <p className={classes["text"]}>It needs iOS 16.4 or newer.</p>
    </>
  );
}
