/**
 * Bundles a TypeScript entry, given as a path from the project's root, into one file that Node can run or import;
 * returns its absolute path.
 */
export function bundleProgram(entry: string): Promise<string>;
