/** What a place for shadows cannot tell, whatever is rehearsed there. For people, a sentence each. */
import type { Server } from '../database/session';
import type { ShadowPlace } from './place';

/**
 * @param target undefined for the embedded engine, whose shadow is a copy of its file
 * @param lacking extensions of the target that the place has not
 */
export function limitsOf(
  { kind, shared, serverVersion }: ShadowPlace,
  target: Server | undefined,
  lacking: readonly string[],
): readonly string[] {
  const major = Number.parseInt(serverVersion, 10);
  const wanted = target && Math.floor(target.versionNumber / 10_000);
  return [
    ...(wanted !== undefined && wanted !== major
      ? [`It is PostgreSQL ${major}, and the target is PostgreSQL ${wanted}.`]
      : []),
    ...(lacking.length > 0
      ? [`It lacks the extension ${lacking.join(', ')} of the target, and what is made with it.`]
      : []),
    ...(shared ? ['Others may use this server: statements that reach outside the database are not run.'] : []),
    ...(kind === 'embedded'
      ? [
          'A statement that takes longer than the statement timeout ends the shadow: what follows in the file is not rehearsed.',
        ]
      : []),
  ];
}
