/** Names of what we make in a session that a script shares: none that a script would choose. */
import { randomBytes } from 'node:crypto';

const ours = randomBytes(4).toString('hex');

/** @param which a plain identifier */
export const ownName = (which: string): string => `rehearsal_${which}_${ours}`;
