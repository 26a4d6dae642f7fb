/** Between the URIs of the protocol and the absolute paths of the engine. */
import { fileURLToPath, pathToFileURL } from 'node:url';

/** @returns undefined for what is no file on this machine (`untitled:`, `git:`, another host) */
export function pathOf(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch (error) {
    // A malformed URI or a host name on a system without UNC paths.
    if (error instanceof TypeError || error instanceof URIError) return undefined;
    throw error;
  }
}

export const uriOf = (path: string): string => pathToFileURL(path).href;
