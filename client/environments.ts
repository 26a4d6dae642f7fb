/** Asks the server about environments, with the passwords that the keychain has for them. */
import { l10n, type SecretStorage, window } from 'vscode';
import { type LanguageClient, ResponseError } from 'vscode-languageclient/node';
import {
  type EnvironmentItem,
  type EnvironmentParams,
  type EnvironmentState,
  EnvironmentStateRequest,
  ListEnvironmentsRequest,
} from '../server/protocol/environments';
import { faultOf } from './faults';

export interface Environments {
  /** As they are configured; nothing is connected. */
  of(folder: string): Promise<readonly EnvironmentItem[]>;
  stateOf(folder: string, environment: string): Promise<EnvironmentState>;
  /** Names one in a request. */
  params(folder: string, environment: string): Promise<EnvironmentParams>;
  /** Where the login is refused for want of a password, asks for it once, keeps it, and tries again. */
  loggedIn<T>(
    folder: string,
    environment: string,
    use: (params: EnvironmentParams) => Promise<T>,
  ): Promise<T | undefined>;
}

export function followEnvironments(client: LanguageClient, secrets: SecretStorage): Environments {
  const of = (folder: string): Promise<readonly EnvironmentItem[]> =>
    client.sendRequest(ListEnvironmentsRequest, { folder });
  const loginOf = async (folder: string, environment: string): Promise<string> =>
    (await of(folder)).find(({ name }) => name === environment)?.login ?? '';
  const params = async (folder: string, environment: string): Promise<EnvironmentParams> => {
    const login = await loginOf(folder, environment);
    const value = await secrets.get(secretName(folder, login));
    return { folder, environment, ...(value === undefined ? {} : { password: { login, value } }) };
  };
  return {
    params,
    of,
    stateOf: async (folder, environment) =>
      client.sendRequest(EnvironmentStateRequest, await params(folder, environment)),
    async loggedIn(folder, environment, use) {
      const login = await loginOf(folder, environment);
      try {
        return await use(await params(folder, environment));
      } catch (error) {
        if (!(error instanceof ResponseError) || faultOf(error)?.fault !== 'wrong-password') throw error;
        const password = await window.showInputBox({
          title: l10n.t('Password for {0}', environment),
          prompt: error.message,
          password: true,
          ignoreFocusOut: true,
        });
        if (password === undefined) return undefined;
        await secrets.store(secretName(folder, login), password);
        return use(await params(folder, environment));
      }
    },
  };
}

/** By the login: the name may come to stand for another server. */
const secretName = (folder: string, login: string): string => `rehearsal:${folder}:environment:${login}`;
