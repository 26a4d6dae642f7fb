/** golang-migrate's files of which the last one has no down file; that tool runs nothing out of order. */
export const pairs: Readonly<Record<string, string>> = {
  'migrations/6_projects.up.sql': 'create table projects (id int primary key);\n',
  'migrations/6_projects.down.sql': 'drop table projects;\n',
  'migrations/7_tasks.up.sql': 'create table tasks (id int primary key);\n',
  'migrations/7_tasks.down.sql': 'drop table tasks;\n',
  'migrations/8_close_project.up.sql': 'alter table projects add column closed boolean;\n',
};
