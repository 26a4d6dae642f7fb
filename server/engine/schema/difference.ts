/** What has changed between two schemas, object by object. */
import type { ObjectChange } from '../changes';
import { byTitle, qualifiedName, type SchemaObject } from './schemaText';

/** Changes in the order of the later schema, what was removed at the place where it stood in the earlier one. */
export function differenceOf(before: readonly SchemaObject[], after: readonly SchemaObject[]): ObjectChange[] {
  const [old, now] = [byTitle(before, joined), byTitle(after, joined)];
  const changes: ObjectChange[] = [];
  const titles = merged([...old.keys()], [...now.keys()]);
  for (const title of titles) {
    const [was, is] = [old.get(title), now.get(title)];
    const object = (is ?? was)?.object ?? { type: '', schema: '-', name: title };
    const named = { type: object.type, name: qualifiedName(object) };
    if (!was && is) changes.push({ kind: 'added', ...named, after: is.text });
    else if (was && !is) changes.push({ kind: 'removed', ...named, before: was.text });
    else if (was && is && was.text !== is.text)
      changes.push({ kind: 'changed', ...named, before: was.text, after: is.text });
  }
  return changes;
}

interface Titled {
  readonly object: SchemaObject;
  readonly text: string;
}

const joined = (object: SchemaObject, former: Titled | undefined): Titled => ({
  object,
  text: former ? `${former.text}\n${object.text}` : object.text,
});

/** The later order, with what is only in the earlier one put behind its former neighbour. */
export function merged(before: readonly string[], after: readonly string[]): string[] {
  const known = new Set(after);
  const order = new Set<string>();
  let at = 0;
  for (const title of before) {
    if (known.has(title)) {
      const until = after.indexOf(title, at);
      for (; at <= until; at++) order.add(after[at] ?? title);
    } else {
      order.add(title);
    }
  }
  for (const title of after.slice(at)) order.add(title);
  return [...order];
}
