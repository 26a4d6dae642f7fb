/** The bodies in CREATE FUNCTION, CREATE PROCEDURE and DO, whatever their quotes. */
import { isStringToken, readString, type StringValue } from '../strings';
import { tokensOf } from '../tokens';

/** `offsetOf` gives offsets in the statement. */
export type BodyText = StringValue;

/** Every string that the statement holds outside of another, longest first: one of them is the body. */
export const bodiesIn = (statement: string): BodyText[] =>
  tokensOf(statement)
    .filter(({ kind }) => isStringToken(kind))
    .map(({ text, range }) => {
      const value = readString(text);
      return { text: value.text, offsetOf: (index: number) => range.start + value.offsetOf(index) };
    })
    .toSorted((a, b) => b.text.length - a.text.length);
