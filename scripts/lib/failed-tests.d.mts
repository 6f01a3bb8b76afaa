export interface FailedTest {
  file: string;
  title: string;
  message: string;
}
export function failedOfVitest(report: unknown, root: string): FailedTest[];
export function failedOfPlaywright(report: unknown): FailedTest[];
