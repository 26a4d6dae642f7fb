/** Whether another process of this machine still runs. */
import { systemCode } from './systemError';

/** A process of another user that may not be signalled runs all the same. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
