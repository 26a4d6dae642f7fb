/** Version of Rehearsal, as package.json says; the bundler writes it in. */
import { version as written } from '../../../package.json';

export const version: string = written;
