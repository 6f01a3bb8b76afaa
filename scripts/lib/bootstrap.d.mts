export const root: string;
export class SetupError extends Error {
  cure: string;
}
export function checkNode(version?: string): void;
export function isInstalled(folder?: string): boolean;
