/** Fixes of findings in JSON: a program that makes the edits is told of nothing any more. */
import { deepEqual, equal } from 'node:assert/strict';
import * as is from '../support/cliShapes';
import { withWorkspace } from '../support/commandLine';

const file = 'db/migrations/1_a.sql';
const text = '-- migrate:up transaction: false\nselect 1;\n-- migrate:dwon\n';

interface Edit {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly text: string;
}

interface Report {
  readonly files: readonly {
    readonly findings: readonly {
      readonly code: string;
      readonly fixes?: readonly { readonly edits: readonly Edit[] }[];
    }[];
  }[];
}

/** Of one line each, the last first, as lines stand. */
function edited(source: string, edits: readonly Edit[]): string {
  const lines = source.split('\n');
  for (const { line, column, endLine, endColumn, text } of edits.toReversed()) {
    equal(endLine, line);
    const whole = lines[line - 1] ?? '';
    lines[line - 1] = whole.slice(0, column - 1) + text + whole.slice(endColumn - 1);
  }
  return lines.join('\n');
}

describe('the fixes of findings', function () {
  this.timeout(240_000);

  it('stand in JSON, and mend the file', () =>
    withWorkspace({ [file]: text }, async (workspace) => {
      const first = await workspace.json('check', '--embedded');
      is.isCheck(first.value, 'check');
      const { files } = first.value as Report;
      const findings = files[0]?.findings ?? [];
      deepEqual(
        findings.map(({ code }) => code),
        ['dbmate-missing-down', 'dbmate-unknown-option', 'directive-misspelt'],
      );
      const edits = findings.slice(1).flatMap(({ fixes = [] }) => fixes[0]?.edits ?? []);
      workspace.write(file, edited(text, edits));
      const second = await workspace.json('check', '--embedded');
      deepEqual([second.code, (second.value as Report).files[0]?.findings], [0, []]);
    }));
});
