/** What is wrong with a file, for the user. */
export class BrokenFile extends Error {
  override readonly name = "BrokenFile";
}
