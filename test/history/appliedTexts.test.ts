/** What is remembered of applied texts, which several processes may do at once. */
import { equal } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appliedTexts } from '../../server/engine/history/appliedTexts';

describe('applied texts', () => {
  it('are forgotten and remembered anew once another process has forgotten them', () => {
    const storage = mkdtempSync(join(tmpdir(), 'rehearsal-test-'));
    try {
      const opened = () => appliedTexts(storage, 'shop', '/migrations');
      const [editor, terminal] = [opened(), opened()];
      editor.remember(new Map([['1', () => 'create table a ()']]));
      equal(editor.edited('1', 'create table b ()'), true);
      const { known } = editor;
      editor.remember(new Map([['1', () => 'create table b ()']]));
      equal(editor.known, known);
      terminal.remember(new Map());
      editor.remember(new Map([['1', () => 'create table b ()']]));
      equal(editor.edited('1', 'create table b ()'), false);
    } finally {
      rmSync(storage, { recursive: true, force: true });
    }
  });
});
