/** What the operating system refuses, as Node throws it. */

/** `ENOENT` and the like; undefined of any other error. A fault has a code as well, and is none of them. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E')
    ? error.code
    : undefined;
