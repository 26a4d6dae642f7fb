/** What a second look has said of a text stands until the next one. Pure. */
import { byPlace } from '../engine/base/text';
import type { FileCheck, Finding } from '../engine/project';
import { bodyCodes } from '../engine/rehearsal/bodies/bodyFindings';

/**
 * A new shadow knows nothing of bodies and routines before its second look, though nothing was changed for it: until
 * then what was said of the same text stands.
 *
 * @param former findings in the same text
 */
export function withLooked(check: FileCheck, former: readonly Finding[]): FileCheck {
  if (!check.unlooked) return check;
  const findings = [...check.findings, ...former.filter(({ code }) => bodyCodes.has(code))];
  return { ...check, findings: findings.toSorted(byPlace) };
}
