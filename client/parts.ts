/** What commands and views work with; each is built once, in extension.ts. */
import type { LogOutputChannel } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { KeptDocuments } from './preview/keptDocuments';
import type { Environments } from './environments';
import type { Previews } from './preview/previews';
import type { RowTexts } from './preview/rowTexts';
import type { SqlDocuments } from './preview/sqlDocuments';
import type { TrialReports } from './preview/trialReports';
import type { ServerProgress } from './progress';
import type { Projects } from './projects';
import type { Targets } from './targets';
import type { Verifications } from './views/verifications';

export interface Parts {
  readonly client: LanguageClient;
  readonly log: LogOutputChannel;
  readonly projects: Projects;
  readonly targets: Targets;
  readonly environments: Environments;
  readonly progress: ServerProgress;
  readonly previews: Previews;
  readonly rowTexts: RowTexts;
  readonly sqlDocuments: SqlDocuments;
  readonly trialReports: TrialReports;
  readonly keptDocuments: KeptDocuments;
  readonly verifications: Verifications;
}
