/** Progress of a whole plan, in the words of its migrations. */
import type { Job } from './job';
import type { Planned } from './plan';
import type { Work } from './runMigration';

/** Steps of a progress bar that can be told apart. */
const most = 500;

/** Statements of all migrations are counted, so that the fraction grows evenly. */
export function teller({ progress }: Job, plan: readonly Planned[]): (planned: Planned) => Work['tell'] {
  const counts = plan.map(({ scripts }) => scripts.reduce((sum, { statements }) => sum + statements.length, 0));
  const total = Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
  return (planned) => {
    const at = plan.indexOf(planned);
    const earlier = counts.slice(0, at).reduce((sum, count) => sum + count, 0);
    const { version, title } = planned.migration;
    const verb = planned.direction === 'up' ? 'Applying' : 'Reverting';
    let told = -1;
    return (done, cancellable) => {
      // A script of many thousand statements need not be told one by one.
      const step = Math.floor((most * (earlier + done)) / total);
      if (cancellable && total > most && step === told) return;
      told = step;
      const what = cancellable ? `statement ${done + 1} of ${counts[at]}` : 'committing';
      progress({
        message: `${verb} ${`${version} ${title}`.trimEnd()}: ${what}`,
        fraction: (earlier + done) / total,
        cancellable,
      });
    };
  };
}
