/** Which functions of Postgres and of well-known extensions reach outside the database they are called in. */
import type { Reach } from './statement';

/** @param name last part, folded; also as C knows it (`LANGUAGE internal`), which has endings and `be_` before it */
export function reachOfFunction(name: string): Reach | undefined {
  const says = machine.find(({ names }) => names.test(name))?.says;
  if (says !== undefined) return { where: 'machine', says: `${says} (${name})` };
  const shared = cluster.find(({ names }) => names.test(name))?.says;
  return shared === undefined ? undefined : { where: 'cluster', says: `${shared} (${name})` };
}

interface Group {
  readonly names: RegExp;
  readonly says: string;
}

/** PostgreSQL documentation 9.28 (system administration functions), F (adminpack, dblink), 33.4 (large objects). */
const machine: readonly Group[] = [
  {
    names:
      /^(?:pg_read_(?:binary_)?file\w*|pg_stat_file\w*|pg_ls_\w+|pg_logdir_ls|pg_file_read|pg_file_length|pg_hba_file_rules|pg_ident_file_mappings|pg_show_all_file_settings|(?:be_)?lo_import\w*)$/,
    says: 'reads files of the database server',
  },
  {
    names: /^(?:pg_file_(?:write|rename|unlink|sync)\w*|(?:be_)?lo_export)$/,
    says: 'writes files of the database server',
  },
  {
    names: /^dblink(?:_connect(?:_u)?|_exec|_open|_fetch|_close|_send_query|_get_result|_disconnect|_cancel_query)?$/,
    says: 'connects to another database server',
  },
  {
    names:
      /^(?:create_subscription|alter_subscription_\w+|drop_subscription|citus_add_\w*node|master_add_node|run_command_on_\w+)$/,
    says: 'connects to another database server',
  },
  {
    names: /^(?:http(?:_(?:get|post|put|patch|delete|head))?|table_import_from_s3|query_export_to_s3)$/,
    says: 'calls a service on the network',
  },
];

const cluster: readonly Group[] = [
  {
    names: /^(?:pg_terminate_backend|pg_cancel_backend|pg_log_backend_memory_contexts)$/,
    says: 'reaches other sessions',
  },
  {
    names:
      /^(?:pg_reload_conf|pg_rotate_logfile|pg_rotate_logfile_old|pg_logfile_rotate|pg_promote|pg_switch_wal|pg_create_restore_point|pg_(?:backup_)?(?:start|stop)(?:_backup)?|pg_(?:start|stop)_backup|pg_wal_replay_(?:pause|resume)|pg_log_standby_snapshot|pg_wal_summarizer\w*)$/,
    says: 'works on the whole server',
  },
  {
    names:
      /^(?:pg_create_(?:physical|logical)_replication_slot|pg_copy_(?:physical|logical)_replication_slot|pg_drop_replication_slot|pg_replication_slot_advance|pg_sync_replication_slots|pg_logical_slot_get_(?:binary_)?changes|pg_replication_origin_(?:create|drop|advance|session_setup))$/,
    says: 'works on the replication of the whole server',
  },
  {
    names: /^pg_stat_(?:reset_(?:shared|slru|replication_slot|subscription_stats)|statements_reset)$/,
    says: 'clears statistics of the whole server',
  },
];
