/** SQL by which the scripts of a bundle find out where the database stands, and refuse one that is somewhere else. */
import { quoteLiteral } from '../database/quote';

/** What the bundle knows of the history. */
export interface Expected {
  /** History.recorded */
  readonly recorded: string;
  /** Versions that were recorded when the bundle was made. */
  readonly before: readonly string[];
  /** Those that it applies, oldest first. */
  readonly versions: readonly string[];
}

/** Stops unless the database has what it had before, and of the bundle the first few, none, or all. */
export const historyGuard = ({ recorded, before, versions }: Expected): string => `do $guard$
declare
  known text[] := ${textArray(before)};
  bundled text[] := ${textArray(versions)};
  found text[];
  strange text;
  lacking text;
  late text;
begin
  select coalesce(array_agg(version), '{}') into found from (
    ${recorded}
  ) recorded(version);
  select string_agg(it, ', ') into strange from unnest(found) it where it <> all (known) and it <> all (bundled);
  if strange is not null then
    raise exception 'The history is not as expected; nothing was changed.'
      using detail = 'It has what this bundle does not know: ' || strange, hint = 'Have a new bundle prepared.';
  end if;
  select string_agg(it, ', ') into lacking from unnest(known) it where it <> all (found);
  if lacking is not null then
    raise exception 'The history is not as expected; nothing was changed.'
      using detail = 'It lacks what was applied when the bundle was made: ' || lacking, hint = 'Have a new bundle prepared.';
  end if;
  select string_agg(b.it, ', ') into late from unnest(bundled) with ordinality b(it, place)
    where b.it <> all (found)
      and b.place <= (select max(a.place) from unnest(bundled) with ordinality a(it, place) where a.it = any (found));
  if late is not null then
    raise exception 'The history is not as expected; nothing was changed.'
      using detail = 'It lacks what comes before others that it has: ' || late, hint = 'Have a new bundle prepared.';
  end if;
end
$guard$;`;

/** Sets a variable of psql to whether the version is recorded. */
export const isRecorded = ({ recorded }: Expected, version: string, variable: string): string =>
  `select exists (select from (
    ${recorded}
  ) recorded(version) where version = ${quoteLiteral(version).trim()}) as ${variable} \\gset`;

/** Sets a variable of psql to whether nothing of the bundle is recorded. */
export const isUntouched = ({ recorded, versions }: Expected, variable: string): string =>
  `select not exists (select from (
    ${recorded}
  ) recorded(version) where version = any (${textArray(versions)})) as ${variable} \\gset`;

export const textArray = (texts: readonly string[]): string =>
  `array[${texts.map((it) => quoteLiteral(it).trim()).join(', ')}]::text[]`;

/** @param message and detail as they are shown */
export const raise = (message: string, detail: string): string => `do $stop$
begin
  raise exception using message = ${quoteLiteral(message).trim()}, detail = ${quoteLiteral(detail).trim()};
end
$stop$;`;
