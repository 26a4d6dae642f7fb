/** Files of programs, and of Liquibase, with a way back in them: what stands there stays, and what is quoted comes out again. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { withDowngrade } from '../../server/engine/layouts/alembicDowngrade';
import { withReverseSql } from '../../server/engine/layouts/djangoReverse';
import type { DownEdit } from '../../server/engine/layouts/layout';
import { withRollback } from '../../server/engine/layouts/liquibaseRollback';
import { withDown } from '../../server/engine/layouts/railsDown';

const textOf = (edit: DownEdit): string => ('text' in edit ? edit.text : edit.because);
const odd = `select 'a\\b', "x" || ':y'\n  , '"""', 1::int`;

describe('a way back that is written into a file', () => {
  it('of Alembic stands in downgrade()', () => {
    const head = 'from alembic import op\nimport sqlalchemy as sa\n\ndef upgrade() -> None:\n    pass\n';
    const down = '\n\ndef downgrade() -> None:\n    """Downgrade schema."""\n';
    const made = textOf(
      withDowngrade(`${head}${down}    # nothing\n\n    raise NotImplementedError\n\n\nx = 1\n`, ['drop table a']),
    );
    equal(made, `${head}${down}    op.execute("drop table a")\n\n\nx = 1\n`);
    match(
      textOf(withDowngrade(head, ['drop table a'])),
      /pass\n\n\ndef downgrade\(\):\n {4}op\.execute\("drop table a"\)\n$/,
    );
    match(textOf(withDowngrade('def downgrade():\n    pass\n', ['x'])), /does not import op/);
    const [, literal = ''] = /op\.execute\((.*)\)\n$/s.exec(textOf(withDowngrade(head, [odd]))) ?? [];
    equal(
      execFileSync('python3', ['-c', `print(${literal}, end="")`], { encoding: 'utf8' }),
      odd.replace(':y', '\\:y'),
    );
  });

  it('of Django stands in the operation, where it is the only one', () => {
    const of = (operations: string) => `class Migration(migrations.Migration):\n    operations = [${operations}]\n`;
    equal(
      textOf(
        withReverseSql(
          of(`\n        # one\n        migrations.RunSQL("create table a (b text default ',)')"),\n    `),
          ['drop table a'],
        ),
      ),
      of(
        `\n        # one\n        migrations.RunSQL("create table a (b text default ',)')",\n            reverse_sql=[\n                "drop table a",\n            ],\n        ),\n    `,
      ),
    );
    const others = [
      `migrations.RunSQL('a', 'b')`,
      `migrations.RunSQL('a'), migrations.RunSQL('b')`,
      `migrations.RunSQL('a', reverse_sql='b')`,
      `migrations.RunPython(f)`,
      '',
    ];
    deepEqual(
      others.map((it) => /takes back each operation by itself/.test(textOf(withReverseSql(of(it), ['x'])))),
      others.map(() => true),
    );
  });

  it('of ActiveRecord stands in down', () => {
    const up = 'class A < ActiveRecord::Migration[7.0]\n  def up\n    if true\n      execute "x"\n    end\n  end\n';
    const down = `\n  def down\n    execute <<-'SQL'\ndrop table a\n    SQL\n  end\n`;
    equal(textOf(withDown(`${up}end\n`, ['drop table a'])), `${up}${down}end\n`);
    equal(
      textOf(
        withDown(`${up}\n  def down\n    raise ActiveRecord::IrreversibleMigration\n  end\nend\n`, ['drop table a']),
      ),
      `${up}${down}end\n`,
    );
    match(textOf(withDown('class A\n  def change\n  end\nend\n', ['x'])), /turns `change` round by itself/);
  });

  it('of Liquibase takes the place of the one that is there', () => {
    const head = '--liquibase formatted sql\n--changeset ada:1 rollbackSplitStatements:true\ncreate table a ();\n';
    const made = `${head}\n--rollback drop table a;\n`;
    equal(textOf(withRollback(`${head}--rollback x\n--rollback y\n`, ['drop table a'])), made);
    equal(textOf(withRollback(`${head}/* liquibase rollback\nx;\n*/\n`, ['drop table a'])), made);
    match(textOf(withRollback(head, ["select ';'"])), /ada:1 rollbackSplitStatements:false\n/);
  });
});
