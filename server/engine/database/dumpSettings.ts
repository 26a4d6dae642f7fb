/** What a server tells at the login and pg_dump reads there; it is told the same by us. */
export const settingsForDump = `select name, setting from pg_settings
  where name in ('server_version', 'standard_conforming_strings', 'server_encoding', 'client_encoding')`;
