/** What is remembered of applied migrations, which several processes may do at once, and a copy inherits. */
import { deepEqual, equal } from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../../server/engine/base/digest';
import { appliedMemory, upgradeMemory } from '../../server/engine/history/appliedMemory';
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

  it('is taken over once from where former versions had it, by the target, and not where it was inherited', () =>
    withFolder((storage) => {
      const about = (databaseId: string, folder = '/migrations') => ({
        ...{ databaseId, folder },
        targetId: 'localhost:5432/shop',
        table: 'public.h',
      });
      const opened = (of: ReturnType<typeof about>) => {
        upgradeMemory(storage, of);
        return appliedMemory(storage, of, () => new Date('2026-11-27T08:00:00Z'));
      };
      const name = { version: '1', digits: '1', order: '1', title: '', direction: 'up' } as const;
      const digest = (of: string) => sha256(`localhost:5432/shop\n${of}`).slice(0, 24);
      const move = (from: string, to: string) => {
        mkdirSync(dirname(join(storage, to)), { recursive: true });
        renameSync(join(storage, from), join(storage, to));
      };
      /** As former versions have left it of two folders. */
      const leave = () => {
        const written = opened(about('written'));
        written.texts.remember(new Map([['1', () => 'applied']]));
        written.kept.put([{ version: '1', title: '', name }], []);
        opened(about('written', '/others')).texts.remember(new Map([['1', () => 'applied']]));
        const home = `applied/${sha256('written').slice(0, 24)}`;
        move(`${home}/${sha256('/migrations').slice(0, 24)}.json`, `applied/${digest('/migrations')}.json`);
        move(`${home}/${sha256('/others').slice(0, 24)}.json`, `applied/${digest('/others')}.json`);
        move(`${home}/kept/${sha256('public.h').slice(0, 24)}`, `kept/${digest('public.h')}`);
      };
      const toldOf = (of: ReturnType<typeof about>) => {
        const { texts, kept } = opened(of);
        return [texts.edited('1', 'edited'), kept.all().size];
      };
      leave();
      deepEqual(toldOf(about('first')), [true, 1]);
      deepEqual(toldOf(about('first')), [true, 1]);
      deepEqual(toldOf(about('first', '/others')), [true, 1]);
      deepEqual(toldOf(about('later')), [false, 0]);

      rmSync(join(storage, 'applied'), { recursive: true });
      leave();
      appliedMemory(storage, about('restored'), () => new Date()).inherit({});
      deepEqual(toldOf(about('restored')), [false, 0]);
      deepEqual(toldOf(about('first')), [true, 1]);
    }));
});
