import { SystemPage } from "../features/system/system-page.tsx";

/** The System page with the tabs other features bring; a feature does not import a feature, so they meet here. */
export function SystemRoute() {
  return <SystemPage others={[]} />;
}
