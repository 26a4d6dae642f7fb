/** What is remembered of applied migrations, which several processes may do at once, and a copy inherits. */
import { deepEqual, equal } from 'node:assert/strict';
import { appliedMemory } from '../../server/engine/history/appliedMemory';
import { withFolder } from '../support/files';

describe('what is remembered of a database', () => {
  it('is inherited whole, in the place of what was remembered, also by other processes', () =>
    withFolder((storage) => {
      const opened = (databaseId: string, folder = '/migrations', table = 'public.h') =>
        appliedMemory(storage, { databaseId, folder, table }, () => new Date());
      const remember = ({ texts }: ReturnType<typeof opened>, text: string) =>
        texts.remember(new Map([['1', () => text]]));
      const name = { version: '1', digits: '1', order: '1', title: '', direction: 'up' } as const;
      const kept = { title: '', name, kept: '' };
      const [origin, elsewhere] = [opened('origin'), opened('origin', '/others', 'public.others')];
      remember(origin, 'create table a ()');
      remember(elsewhere, 'create table a ()');
      elsewhere.kept.put([{ ...kept, version: '1' }], []);

      const [editor, terminal] = [opened('copy'), opened('copy')];
      remember(editor, 'create table b ()');
      editor.kept.put([{ ...kept, version: '2' }], []);
      const { known } = editor.texts;
      remember(editor, 'create table c ()');
      equal(editor.texts.known, known);
      equal(editor.texts.edited('1', 'create table a ()'), true);

      terminal.inherit(origin.heritage());
      deepEqual(terminal.heritage(), origin.heritage());
      remember(editor, 'create table b ()');
      equal(editor.texts.edited('1', 'create table a ()'), false);
      deepEqual([...editor.kept.all().keys()], []);
      deepEqual([...opened('copy', '/others', 'public.others').kept.all().keys()], ['1']);
    }));
});
