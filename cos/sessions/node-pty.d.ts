/** The build that is installed under this name declares its types under its own. */
declare module "node-pty" {
  export * from "@lydell/node-pty";
}
