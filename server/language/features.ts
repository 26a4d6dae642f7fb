/** Everything the editor can ask for. */
import { branches } from './branches';
import { changes } from './changes';
import { codeActions } from './codeActions';
import { codeLens } from './codeLens';
import { completion } from './completion';
import { databases } from './databases';
import { drift } from './drift';
import { environments } from './environments';
import type { Feature } from './feature';
import { formatting } from './formatting';
import { hover } from './hover';
import { idempotence } from './idempotence';
import { inlayHints } from './inlayHints';
import { mayChange } from './mayChange';
import { pendingFindings } from './pendingFindings';
import { programFiles } from './programFiles';
import { projects } from './projects';
import { repairs } from './repairs';
import { rowsAtFault } from './rowsAtFault';
import { snapshots } from './snapshots';
import { symbols } from './symbols';
import { verifying } from './verifying';
import { trials } from './trials';

export const features: readonly Feature[] = [
  codeActions,
  codeLens,
  completion,
  hover,
  idempotence,
  inlayHints,
  symbols,
  formatting,
  projects,
  changes,
  mayChange,
  pendingFindings,
  programFiles,
  databases,
  drift,
  environments,
  repairs,
  rowsAtFault,
  verifying,
  trials,
  snapshots,
  branches,
];
