/** What well-known extensions bring, by name: those that are often missing and do not call it after themselves. */

/** Types, functions, schemas, access methods and operator classes; as the documentation of each extension has them. */
const brought: Readonly<Record<string, RegExp>> = {
  address_standardizer: /^(?:standardize_address|parse_address|stdaddr)$/,
  age: /^(?:ag_catalog|agtype|cypher|create_graph|drop_graph|load_labels_from_file)$/,
  citus: /^(?:create_distributed_table|create_reference_table|undistribute_table|citus_\w+|run_command_on_\w+)$/,
  h3: /^h3(?:index|_\w+)$/,
  hll: /^hll(?:_\w+)?$/,
  hypopg: /^hypopg(?:_\w+)?$/,
  ip4r: /^(?:ip[46]r?|ipaddress|iprange)$/,
  orafce: /^(?:oracle|dbms_\w+|utl_\w+|plv\w+|varchar2|nvarchar2)$/,
  pg_cron: /^cron$/,
  pg_net: /^net$/,
  pg_partman: /^(?:partman|create_parent|run_maintenance(?:_proc)?|part_config)$/,
  pg_repack: /^repack$/,
  pg_uuidv7: /^uuid_(?:generate_v7|v7_to_timestamp\w*|timestamp\w*_to_v7)$/,
  pgjwt: /^(?:sign|verify|url_encode|url_decode|algorithm_sign)$/,
  pgrouting: /^pgr_\w+$/,
  pgtap: /^(?:plan|finish|ok|is|isnt|has_\w+|hasnt_\w+|results_eq|throws_ok|lives_ok|runtests)$/,
  postgis:
    /^(?:_?st_\w+|geometry\w*|geography\w*|box[23]d\w*|spatial_ref_sys|postgis_\w+|addgeometrycolumn|dropgeometrycolumn|updategeometrysrid|(?:gist|btree|brin|spgist)_geo\w+_ops\w*)$/,
  postgis_raster: /^(?:raster|st_\w+|rast_\w+|reclassarg|unionarg|addbandarg)$/,
  postgis_sfcgal: /^(?:st_\w+|cg_\w+)$/,
  postgis_tiger_geocoder: /^(?:tiger(?:_data)?|geocode|reverse_geocode|normalize_address|norm_addy)$/,
  postgis_topology: /^(?:topology|topogeometry|createtopology|addtopogeometrycolumn|totopogeom)$/,
  roaringbitmap: /^(?:roaringbitmap|rb_\w+)$/,
  rum: /^rum(?:_\w+)?$/,
  supabase_vault: /^vault$/,
  temporal_tables: /^versioning$/,
  timescaledb:
    /^(?:create_hypertable|hypertables?|time_bucket\w*|(?:add|remove|alter)_\w+_(?:policy|dimension|job)|add_(?:dimension|job|compression_policy|retention_policy)|set_chunk_time_interval|set_integer_now_func|drop_chunks|show_chunks|compress_chunk|decompress_chunk|refresh_continuous_aggregate|_?timescaledb\w*)$/,
  vector:
    /^(?:vector\w*|halfvec\w*|sparsevec\w*|hnsw|ivfflat|l[12]_(?:distance|norm)|l2_normalize|cosine_distance|inner_product|binary_quantize|subvector|(?:hamming|jaccard)_distance)$/,
};

/** @param extension by its name in `CREATE EXTENSION` */
export const bringsByName = (extension: string, name: string): boolean => brought[extension]?.test(name) ?? false;
