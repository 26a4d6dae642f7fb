/**
 * Messages say some types of the engine once more, for no engine type crosses to a client: here the compiler keeps the
 * two alike. A line that it refuses names the pair. Nothing runs.
 */
import type { Idempotence } from '../../server/engine/checks';
import type * as engine from '../../server/engine/project';
import type { ObservationLevel } from '../../server/engine/rehearsal/observation/observation';
import type { VerdictKind } from '../../server/engine/verification';
import type { Repair } from '../../server/engine/history/history';
import type * as branches from '../../server/protocol/branches';
import type * as drift from '../../server/protocol/drift';
import type * as environments from '../../server/protocol/environments';
import type { MakeIdempotentResult } from '../../server/protocol/idempotence';
import type * as messages from '../../server/protocol/messages';
import type * as snapshots from '../../server/protocol/snapshots';
import type * as trial from '../../server/protocol/trial';
import type * as verdicts from '../../server/protocol/verdicts';

/** Each is assignable to the other, and neither has a key, be it one that may be left out, that the other lacks. */
type Same<One, Other> = [One, Other, keyof One, keyof Other] extends [Other, One, keyof Other, keyof One]
  ? true
  : false;

type AllTrue<Checks extends readonly true[]> = Checks;

export type Whole = AllTrue<
  [
    Same<messages.Consent, engine.Consent>,
    Same<messages.TargetChoice, engine.TargetChoice>,
    Same<messages.CandidateItem, engine.TargetCandidate>,
    Same<messages.RepairItem, Repair>,
    Same<Omit<messages.ProgressParams, 'progress'>, Pick<engine.Progress, keyof engine.Progress>>,
    Same<snapshots.SnapshotForecast, engine.SnapshotForecast>,
    Same<snapshots.SnapshotTable, engine.SnapshotTable>,
    Same<snapshots.TableSince, engine.TableSince>,
    Same<trial.PsqlCall, engine.PsqlCall>,
    Same<
      Omit<environments.EnvironmentItem, 'target' | 'login'>,
      Pick<engine.EnvironmentInfo, keyof engine.EnvironmentInfo>
    >,
  ]
>;

/** What has more on one side, or a URI in the place of a path: the words that both choose from. */
export type Words = AllTrue<
  [
    Same<messages.HintLevel, ObservationLevel>,
    Same<messages.MigrationItem['state'], engine.MigrationState>,
    Same<messages.TargetItem['engine'], engine.TargetInfo['engine']>,
    Same<messages.PreviewResult['changes'][number]['kind'], engine.ObjectChange['kind']>,
    Same<messages.ApplyResult['kind'], engine.ApplyResult['kind']>,
    Same<Extract<messages.ApplyResult, { kind: 'refused' }>['left'], engine.Left>,
    Same<snapshots.SnapshotItem['kind'], engine.Snapshot['kind']>,
    Same<branches.BranchState['fits'], engine.BranchDatabases['fits']>,
    Same<branches.SwitchBranchResult['kind'], engine.BranchResult['kind']>,
    Same<snapshots.SnapshotResult['kind'], engine.SnapshotResult['kind']>,
    Same<snapshots.RestoreResult['kind'], engine.RestoreResult['kind']>,
    Same<snapshots.RestoreTablesResult['kind'], engine.TablesResult['kind']>,
    Same<trial.TrialParams['from'], engine.TrialSource>,
    Same<trial.TrialParams['afterwards'], engine.Afterwards>,
    Same<trial.TrialResult['kind'], engine.TrialResult['kind']>,
    Same<trial.TrialEnd['kind'], engine.TrialEnd['kind']>,
    Same<drift.DriftedItem['kind'], engine.DriftedObject['kind']>,
    Same<drift.DriftWay, engine.DriftWay>,
    Same<environments.BundleResult['kind'], engine.BundleResult['kind']>,
    Same<verdicts.VerdictKind, VerdictKind>,
    Same<MakeIdempotentResult['verdict'], Idempotence['verdict']>,
  ]
>;
