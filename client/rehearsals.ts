/** Where the rehearsal of each open file stands, as the server said last: heard once for all views. */
import { type Disposable, type Event, EventEmitter, Uri } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { type RehearsalState, RehearsalStateChanged } from '../server/protocol/messages';

export interface Rehearsals extends Disposable {
  readonly onDidChange: Event<void>;
  /** Undefined when nothing is to be told of it. */
  of(uri: Uri): KnownState | undefined;
  /** The place of the file that was rehearsed last among these. */
  lastPlace(isWanted: (uri: string) => boolean): RehearsalPlace | undefined;
}

export type KnownState = Exclude<RehearsalState, { readonly kind: 'none' }>;

export type RehearsalPlace = Pick<
  Extract<KnownState, { readonly kind: 'rehearsed' }>,
  'rehearsedOn' | 'placeBecause' | 'placeLimits'
>;

export function followRehearsals(client: LanguageClient): Rehearsals {
  const states = new Map<string, KnownState>();
  const places = new Map<string, RehearsalPlace>();
  const changed = new EventEmitter<void>();
  const listening = client.onNotification(RehearsalStateChanged, (state) => {
    const key = keyOf(Uri.parse(state.uri));
    if (state.kind === 'none') states.delete(key);
    else states.set(key, state);
    // The order of a map is that of its first entries.
    if (state.kind === 'none' || state.kind === 'rehearsed') places.delete(key);
    if (state.kind === 'rehearsed') places.set(key, state);
    changed.fire();
  });
  return {
    onDidChange: changed.event,
    of: (uri) => states.get(keyOf(uri)),
    lastPlace: (isWanted) => [...places].findLast(([uri]) => isWanted(uri))?.[1],
    dispose() {
      listening.dispose();
      changed.dispose();
    },
  };
}

/** A line each: where, why there, and what cannot be told there. */
export const linesOf = ({ rehearsedOn, placeBecause, placeLimits }: RehearsalPlace): readonly string[] => [
  `${rehearsedOn} (${placeBecause})`,
  ...placeLimits,
];

const keyOf = (uri: Uri): string => uri.toString();
