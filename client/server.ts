/** Starts the language server and keeps it running; the only place that knows the options of LanguageClient. */
import { type ExtensionContext, type LogOutputChannel, l10n, Uri, workspace } from 'vscode';
import { LanguageClient, RevealOutputChannelOn, TransportKind } from 'vscode-languageclient/node';
import type { InitializationOptions } from '../server/protocol/messages';
import { readSettings } from './settings';
import type { Targets } from './targets';

/** Other extensions' names for PostgreSQL's SQL stand beside VS Code's own. */
export const languages = ['sql', 'postgres', 'pgsql', 'plpgsql'] as const;

/** After so many crashes within three minutes the server stays down until the user asks for it again. */
const restarts = 4;

export function createServer(context: ExtensionContext, log: LogOutputChannel, targets: Targets): LanguageClient {
  const module = Uri.joinPath(context.extensionUri, 'dist', 'server.js').fsPath;
  return new LanguageClient(
    'rehearsal',
    l10n.t('Rehearsal'),
    {
      run: { module, transport: TransportKind.ipc },
      debug: { module, transport: TransportKind.ipc, options: { execArgv: ['--enable-source-maps'] } },
    },
    {
      documentSelector: languages.map((language) => ({ scheme: 'file', language })),
      diagnosticCollectionName: 'rehearsal',
      outputChannel: log,
      traceOutputChannel: withoutPasswords(log),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      connectionOptions: { maxRestartCount: restarts },
      initializationOptions: (): InitializationOptions => ({
        trusted: workspace.isTrusted,
        settings: readSettings(),
        targets: targets.all(),
      }),
    },
  );
}

/** The same channel, for traces of whole messages: `rehearsal.trace.server` must not write a password into the log. */
function withoutPasswords(log: LogOutputChannel): LogOutputChannel {
  return new Proxy(log, {
    get(channel, property) {
      if (property === 'trace') return (message: string) => channel.trace(masked(message));
      const value: unknown = Reflect.get(channel, property, channel);
      return typeof value === 'function' ? value.bind(channel) : value;
    },
  });
}

/** Passwords as our messages and as connection texts in settings hold them. */
export const masked = (message: string): string =>
  message
    .replaceAll(/("password"\s*:\s*)"(?:[^"\\]|\\.)*"/g, '$1"***"')
    .replaceAll(/(\bpostgres(?:ql)?:\/\/[^\s"/@:]*:)[^\s"/]*(?=@)/gi, '$1***')
    .replaceAll(/(\b(?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s"&]+)/gi, '$1***');
