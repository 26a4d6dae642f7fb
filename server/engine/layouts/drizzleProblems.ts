/** Marks in a file that are none for drizzle. */
import type { FileProblem } from './layout';

/** What stands between two statements. */
export const breakpoint = '--> statement-breakpoint';

/** Lines that only nearly are what drizzle looks for. */
export function breakpointProblems(text: string): FileProblem[] {
  return [...text.matchAll(/--[ \t]*>?[ \t]*statement[ \t_-]*break[ \t_-]*point\b/gi)].flatMap((found) => {
    if (found[0] === breakpoint) return [];
    const range = { start: found.index, end: found.index + found[0].length };
    return [
      {
        range,
        severity: 'warning',
        code: 'drizzle-breakpoint',
        message: `drizzle does not cut the file here: it looks for "${breakpoint}".`,
        fixes: [{ title: `Write "${breakpoint}"`, edits: [{ range, text: breakpoint }] }],
      },
    ];
  });
}
