/** Cuts what a client of the Postgres protocol sends into its messages (Postgres documentation, "Message Formats"). */

const startupLengthBytes = 4;
const typeAndLengthBytes = 5;
/** Requests for TLS and GSS encryption, which come before the startup message and are answered by one byte. */
const encryptionRequests = new Set([80_877_103, 80_877_104]);

export type FrontendMessage =
  | { readonly kind: 'encryption' }
  | { readonly kind: 'startup' }
  | { readonly kind: 'query'; readonly sql: string; readonly bytes: Buffer }
  | { readonly kind: 'call' | 'sync'; readonly bytes: Buffer }
  | { readonly kind: 'terminate' }
  | { readonly kind: 'other'; readonly bytes: Buffer };

export class FrontendMessages {
  #rest = Buffer.alloc(0);
  #started = false;

  /** @returns the messages that are complete with these bytes; the rest waits for more */
  add(bytes: Uint8Array): readonly FrontendMessage[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const messages: FrontendMessage[] = [];
    for (let message = this.#next(); message; message = this.#next()) messages.push(message);
    return messages;
  }

  #next(): FrontendMessage | undefined {
    return this.#started ? this.#nextOfSession() : this.#nextOfStartup();
  }

  #nextOfStartup(): FrontendMessage | undefined {
    const bytes = this.#take(0, startupLengthBytes);
    if (!bytes) return undefined;
    if (encryptionRequests.has(bytes.readInt32BE(4))) return { kind: 'encryption' };
    this.#started = true;
    return { kind: 'startup' };
  }

  #nextOfSession(): FrontendMessage | undefined {
    const bytes = this.#take(1, typeAndLengthBytes);
    if (!bytes) return undefined;
    switch (bytes.toString('latin1', 0, 1)) {
      case 'Q':
        return { kind: 'query', sql: bytes.toString('utf8', typeAndLengthBytes, bytes.length - 1), bytes };
      case 'F':
        return { kind: 'call', bytes };
      case 'S':
        return { kind: 'sync', bytes };
      case 'X':
        return { kind: 'terminate' };
      default:
        return { kind: 'other', bytes };
    }
  }

  /** @param before bytes in front of the length, which the length does not count */
  #take(before: number, headerBytes: number): Buffer | undefined {
    if (this.#rest.length < headerBytes) return undefined;
    const length = before + this.#rest.readInt32BE(before);
    if (this.#rest.length < length) return undefined;
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}

/** A message with its type and length in front. */
export function message(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(typeAndLengthBytes);
  header.write(type, 0, 'latin1');
  header.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([header, body]);
}

export const text = (value: string): Buffer => Buffer.from(`${value}\0`);

export const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** What a server says after a login that needed no password: itself, its settings, and that it is ready. */
export function greeting(settings: Readonly<Record<string, string>>): Buffer {
  const statuses = Object.entries(settings).map(([name, value]) => message('S', text(name), text(value)));
  return Buffer.concat([
    message('R', int32(0)),
    ...statuses,
    message('K', int32(1), int32(0)),
    message('Z', Buffer.from('I')),
  ]);
}
