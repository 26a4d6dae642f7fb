/** What a run inside the extension host tells its launcher, as JSON in a file. */

export interface SuiteResult {
  readonly vscode: string;
  /** Version of the extension host's Node. */
  readonly node: string;
  readonly tests: readonly TestResult[];
}

export interface TestResult {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly ms: number;
  readonly error?: string;
}
