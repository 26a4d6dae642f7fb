/** Scripts that would do something to the server of the target, or to others: they are not tried out there. */
import { basename } from 'node:path';
import type { JobFiles } from '../apply/job';
import type { Planned } from '../apply/plan';
import { Fault } from '../base/fault';
import { lineIndex } from '../base/text';
import { shapeOf } from '../sql/parse';
import { ReachingNames } from '../sql/reach';
import { unseen } from '../sql/reachingKeepers';
import { reachingIn, reachingNames } from '../sql/reachingSchema';
import type { Reach } from '../sql/statement';

interface Ground {
  /** Of the target, whose functions and triggers may reach outside; left out when it is not known yet. */
  readonly schema?: string;
  /** The copy has a server of its own, to whose roles and settings anything may be done. */
  readonly alone: boolean;
}

/**
 * @throws {Fault} `no-trial` with the first such statement, or when the target has what reaches outside whatever is done
 */
export function refuseReaching(
  { folder }: Pick<JobFiles, 'folder'>,
  plans: readonly Planned[],
  { schema, alone }: Ground,
): void {
  const reaching = schema === undefined ? new ReachingNames() : reachingNames(reachingIn(schema));
  const isOut = ({ where }: Reach): boolean => where === 'machine' || !alone;
  // What only reaches the server is not refused: platforms have event triggers that would make roles for an extension.
  const always = reaching.reachesOf({ reaches: [], calls: new Set([unseen]) }).find(({ where }) => where === 'machine');
  if (always)
    throw new Fault(
      'no-trial',
      `a type, an operator, an index or an event trigger of the target ${always.says}, whatever is run.`,
    );
  for (const { path, text, scripts } of plans) {
    for (const statement of scripts.flatMap(({ statements }) => statements)) {
      const shape = shapeOf(statement.text);
      reaching.learn(shape);
      const reach = [...reaching.reachesOf(shape), ...reaching.reachesUnseen(shape)].find(isOut);
      if (reach) {
        const place = `${basename(path)}:${lineIndex(text)(statement.range.start).line + 1}`;
        throw new Fault('no-trial', `${place} ${reach.says}, which is no part of a copy (${folder.layout.label}).`);
      }
    }
  }
}
