import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

const longestMessage = 600;

/** The failed tests of a report of Vitest, each `{ file, title, message }`; a file that could not be loaded is one. */
export function failedOfVitest(report, root) {
  return (report.testResults ?? []).flatMap((result) => {
    const file = relative(root, result.name);
    const failed = (result.assertionResults ?? []).filter(({ status }) => status === "failed");
    if (failed.length === 0 && result.status === "failed") return [entry(file, "the whole file", result.message)];
    return failed.map(({ fullName, failureMessages }) => entry(file, fullName, failureMessages?.[0]));
  });
}

/** The failed tests of a report of Playwright, the name of the device before each title. */
export function failedOfPlaywright(report) {
  return (report.suites ?? []).flatMap(specsOf).flatMap((spec) =>
    (spec.tests ?? [])
      .filter(({ status }) => status === "unexpected")
      .map(({ projectName, results }) => {
        const error = results?.find(({ status }) => status !== "passed")?.error;
        return entry(spec.file, `[${projectName}] ${spec.title}`, error?.message);
      }),
  );
}

function specsOf(suite) {
  return [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specsOf)];
}

function entry(file, title, message) {
  const lines = stripVTControlCharacters(message ?? "no message")
    .trim()
    .split("\n");
  const text = lines.filter((line) => !line.includes("node_modules")).join("\n");
  return { file, title, message: text.length > longestMessage ? `${text.slice(0, longestMessage)} …` : text };
}
