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

/**
 * Prints the tests, and the counts as mocha does.
 *
 * @param exit VS Code's exit code for the run, or what kept it from coming
 * @returns whether it passed: VS Code and the results agree, and something ran at all
 */
export function printed(exit: number | string, json: string): boolean {
  const { vscode, node, tests } = JSON.parse(json) as SuiteResult;
  console.log(`VS Code ${vscode}, Node ${node} in the extension host`);
  for (const { title, state, ms, error } of tests)
    console.log(`  ${marks[state]} ${title} (${ms} ms)${error ? `\n${error}` : ''}`);
  const count = (state: string): number => tests.filter((it) => it.state === state).length;
  console.log(`\n  ${count('passed')} passing\n  ${count('failed')} failing\n  ${count('skipped')} pending`);
  if (exit !== 0) console.log(`VS Code ended with: ${exit}`);
  return exit === 0 && count('failed') === 0 && count('passed') > 0;
}

const marks = { passed: '✔', failed: '✖', skipped: '-' } as const;
