/**
 * Do migrations speak of event triggers, or drop the language of their function? They would meet the observer's
 * (`install.ts`).
 */
import { statementsIn } from '../../layouts/statements';
import { normalForm } from '../../sql/normalForm';
import { shapeOf } from '../../sql/parse';
import type { Base } from '../../shadow/base';
import type { Link, ScriptFile } from '../link';

const theirName = /event[\s_]+trigger/i;
/** Of a normal form, which has another character than white space between two tokens. */
const isAboutThem = /^(?:create|alter|drop)\W+event\W+trigger\b/i;

const dropsLanguage = /\bdrop\b[^;]*\bplpgsql\b/i;
const isDropOfLanguage = /^drop\W+(?:extension|(?:procedural\W+)?language)\b.*plpgsql/i;

/** What their bodies do is in no tree. */
const holdBodies: readonly string[] = ['DoStmt', 'CreateFunctionStmt'];

export const speakOfEventTriggers = (links: readonly Link[], base: Base): boolean =>
  (base.kind === 'dump' && theirName.test(base.sql)) ||
  links.some(({ up, down }) => isSpokenOfIn(up) || (down !== undefined && isSpokenOfIn(down)));

/** Only what is edited is another file each time. */
const known = new WeakMap<ScriptFile, boolean>();

function isSpokenOfIn(file: ScriptFile): boolean {
  const { text, scripts } = file;
  const found =
    known.get(file) ??
    ((theirName.test(text) || dropsLanguage.test(text)) &&
      scripts.some((script) => statementsIn(text, script).some((it) => speaks(it.text))));
  known.set(file, found);
  return found;
}

/** Comments and values that do so do not count. */
function speaks(text: string): boolean {
  if (dropsLanguage.test(text) && isDropOfLanguage.test(normalForm(text))) return true;
  if (!theirName.test(text)) return false;
  const { node, mentions } = shapeOf(text);
  return (
    isAboutThem.test(normalForm(text)) ||
    holdBodies.includes(node) ||
    [...mentions].some((it) => /event_trigger/i.test(it))
  );
}
