/** A schema that is one, with some objects as they are in another. */
import { merged } from './difference';
import { byTitle, objectsOf, type SchemaObject } from './schemaText';

/**
 * @param base a dump of the one
 * @param other a dump of the other
 * @param isTaken by title, for objects that are to be as in the other: there or not there
 * @returns SQL that makes it of an empty database, in the order of a dump
 */
export function composedDump(base: string, other: string, isTaken: (title: string) => boolean): string {
  const [was, is] = [byTitle(objectsOf(base), joined), byTitle(objectsOf(other), joined)];
  const titles = merged([...was.keys()], [...is.keys()]);
  const texts = titles.map((title) => (isTaken(title) ? is : was).get(title) ?? '');
  const beginning = base.slice(0, base.indexOf('--\n-- Name: '));
  return `${base.includes('--\n-- Name: ') ? beginning : ''}\n${texts.join('\n')}`;
}

const joined = ({ text, ownership }: SchemaObject, former = ''): string => `${former}${text}${ownership}`;
