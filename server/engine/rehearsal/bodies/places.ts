/** The pieces of a body, each with what lies around it and decides whether a refusal of it is one when it is called. */
import type { TextRange } from '../../base/text';
import type { Assignment, Block, Code, Handler, Loop, Piece } from '../../sql/plpgsql/code';

export interface Place {
  readonly piece: Piece;
  /** The loops around it that assign variables, outermost first. */
  readonly loops: readonly Loop[];
  /** An exception handler around it keeps the refusal to itself, or may do so. */
  readonly handled: boolean;
}

export interface Surveyed {
  readonly places: readonly Place[];
  /** Each with the offset at which it stands, roughly: that of the piece before it. */
  readonly assignments: readonly (Assignment & { readonly at: number })[];
  readonly utilities: readonly TextRange[];
}

export function survey(block: Block): Surveyed {
  const places: Place[] = [];
  const assignments: (Assignment & { at: number })[] = [];
  const utilities: TextRange[] = [];
  let at = 0;
  const add = (piece: Piece, around: Omit<Place, 'piece'>): void => {
    places.push({ piece, ...around });
    at = piece.range.start;
  };
  const visitBlock = ({ declarations, body, handlers }: Block, around: Omit<Place, 'piece'>): void => {
    for (const it of declarations) {
      if (it.kind === 'variable' && it.initial) add(it.initial, around);
      if (it.kind === 'cursor') add(it.cursor.query, around);
    }
    visit(body, { ...around, handled: around.handled || handlers.some(keeps) });
    for (const it of handlers) visit(it.body, around);
  };
  const visit = (code: readonly Code[], around: Omit<Place, 'piece'>): void => {
    for (const it of code) {
      switch (it.kind) {
        case 'sql':
          add(it.piece, around);
          break;
        case 'assignment':
          assignments.push({ ...it, at });
          break;
        case 'utility':
          utilities.push(it.range);
          break;
        case 'block':
          visitBlock(it.block, around);
          break;
        case 'branch':
          visit(it.body, around);
          break;
        case 'loop':
          if (it.assignment) assignments.push({ ...it.assignment, at: it.range.start });
          visit(it.body, it.assignment ? { ...around, loops: [...around.loops, it] } : around);
          break;
      }
    }
  };
  visitBlock(block, { loops: [], handled: false });
  return { places, assignments, utilities };
}

/** Those that wait for a name that is not there, or for whatever comes and say nothing of it. */
const keeps = ({ conditions, raises }: Handler): boolean =>
  conditions.some((it) =>
    it === 'others' ? !raises : /^(?:undefined_|ambiguous_|invalid_|syntax_error|datatype_|42|3f|22)/.test(it),
  );
