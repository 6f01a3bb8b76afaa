import type { InstallHelp } from "../contract/internal/browser.ts";

export interface InstallSystem {
  platform: NodeJS.Platform;
  arch: string;
  /** Text of /etc/os-release; empty elsewhere. */
  osRelease: string;
}

const download = { what: "Or download it from google.com/chrome and install it", command: null };

/** How to install Chrome or Chromium on this system. */
export function installHelp({ platform, arch, osRelease }: InstallSystem): InstallHelp {
  if (platform === "darwin")
    return {
      system: "macOS",
      steps: [{ what: "With Homebrew", command: "brew install --cask google-chrome" }, download],
    };
  if (platform === "win32")
    return {
      system: "Windows",
      steps: [{ what: "With winget", command: "winget install --id Google.Chrome" }, download],
    };
  return linuxHelp(arch, osRelease);
}

function linuxHelp(arch: string, osRelease: string): InstallHelp {
  const system = releaseField(osRelease, "PRETTY_NAME") ?? "Linux";
  const family = `${releaseField(osRelease, "ID") ?? ""} ${releaseField(osRelease, "ID_LIKE") ?? ""}`;
  const is = (name: string): boolean => family.split(" ").includes(name);
  // Google builds Chrome for Linux on x64 only; everywhere else Chromium is the one to take.
  const last = arch === "x64" ? [download] : [];
  const steps = (what: string, command: string): InstallHelp => ({ system, steps: [{ what, command }, ...last] });
  if (is("ubuntu")) return steps("Chromium as a snap", "sudo snap install chromium");
  if (is("debian")) return steps("Chromium from Debian", "sudo apt-get update && sudo apt-get install -y chromium");
  if (is("fedora") || is("rhel")) return steps("Chromium from the distribution", "sudo dnf install -y chromium");
  if (is("arch")) return steps("Chromium from the distribution", "sudo pacman -S --needed chromium");
  if (is("alpine")) return steps("Chromium from the distribution", "sudo apk add chromium");
  if (is("suse") || is("opensuse")) return steps("Chromium from the distribution", "sudo zypper install -y chromium");
  if (is("nixos")) return steps("For your user", "nix-env -iA nixos.chromium");
  return {
    system,
    steps: [{ what: "Install the package chromium or google-chrome of your distribution", command: null }, ...last],
  };
}

function releaseField(text: string, name: string): string | undefined {
  const match = new RegExp(`^${name}=("?)(.*)\\1$`, "m").exec(text);
  return match?.[2] === "" ? undefined : match?.[2];
}
