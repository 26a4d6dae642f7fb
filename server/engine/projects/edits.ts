/**
 * What was changed of a file since it was applied? The history has no more than a digest of it, so what is only another
 * way to write the same is tried out.
 */

/** As it was applied, so far as that is known. */
export interface Applied {
  /** With its byte order mark. */
  readonly text: string;
  /** What the file has besides: `its line ends, which were LF`. */
  readonly differsIn: string;
}

/**
 * @param whole the file as it is now, with its byte order mark
 * @param isApplied whether that is what was applied
 * @returns undefined when more was changed than how it is written
 */
export function appliedVariant(whole: string, isApplied: (text: string) => boolean): Applied | undefined {
  for (const { text, differsIn } of variantsOf(whole)) if (isApplied(text)) return { text, differsIn };
  return undefined;
}

/** Few changes before many. */
function variantsOf(whole: string): Applied[] {
  const ways = [marks, lineEnds, lastLine].map((vary) => [same, ...vary(whole)]);
  const [byMark = [], byEnds = [], byLast = []] = ways;
  const all = byMark.flatMap((mark) =>
    byEnds.flatMap((ends) => byLast.map((last) => [mark, ends, last].filter((it) => it !== same))),
  );
  return all
    .filter((changes) => changes.length > 0)
    .toSorted((one, other) => one.length - other.length)
    .map((changes) => ({
      text: changes.reduce((text, { apply }) => apply(text), whole),
      differsIn: changes.map(({ says }) => says).join(' and '),
    }));
}

interface Change {
  readonly says: string;
  readonly apply: (text: string) => string;
}

const same: Change = { says: '', apply: (text) => text };

const marks = (whole: string): Change[] =>
  whole.startsWith('\uFEFF')
    ? [{ says: 'its byte order mark, which was not there', apply: (text) => text.slice(1) }]
    : [{ says: 'its byte order mark, which was there', apply: (text) => `\uFEFF${text}` }];

function lineEnds(whole: string): Change[] {
  const toLf = (text: string): string => text.replaceAll('\r\n', '\n');
  const changes: Change[] = [];
  if (whole.includes('\r\n')) changes.push({ says: 'its line ends, which were LF', apply: toLf });
  if (/(?<!\r)\n/.test(whole))
    changes.push({ says: 'its line ends, which were CRLF', apply: (text) => toLf(text).replaceAll('\n', '\r\n') });
  return changes;
}

const lastLine = (whole: string): Change[] =>
  whole.endsWith('\n')
    ? [
        { says: 'the line break at its end, which was not there', apply: (text) => text.replace(/\r?\n$/, '') },
        { says: 'the line breaks at its end, which were not there', apply: (text) => text.replace(/(?:\r?\n)+$/, '') },
      ]
    : [
        {
          says: 'the line break at its end, which was there',
          apply: (text) => `${text}${text.includes('\r\n') ? '\r\n' : '\n'}`,
        },
      ];
