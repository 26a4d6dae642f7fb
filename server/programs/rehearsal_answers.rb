# What ActiveRecord's PostgreSQL adapter (6.0 to 8.x) asks of the schema while a migration is recorded, answered from a Schema.

require_relative "rehearsal_recording"

module Rehearsal
  KINDS = { tables: %w[r p], views: %w[v m], data_sources: %w[r p v m f] }.freeze

  # Prepended to the adapter.
  module Answers
    KINDS.each do |name, kinds|
      define_method(name) { recorded_schema ? recorded_schema.names(kinds) : super() }
    end

    { table_exists?: %w[r p], view_exists?: %w[v m], data_source_exists?: %w[r p v m f] }.each do |name, kinds|
      define_method(name) do |table|
        next super(table) unless recorded_schema

        found = table.to_s.empty? ? nil : recorded_schema.find(recorded_schema.key(parts_of(table)))
        !found.nil? && kinds.include?(found[:kind])
      end
    end

    def indexes(table)
      return super unless recorded_schema

      (recorded(table)&.fetch(:indexes) || {}).sort.map { |name, it| index_definition(table, name, it) }
    end

    def index_name_exists?(table, name)
      recorded_schema ? indexes(table).any? { |it| it.name == name.to_s } : super
    end

    def primary_keys(table)
      recorded_schema ? existing(table)[:primary_key] : super
    end

    def foreign_keys(table)
      return super unless recorded_schema

      (recorded(table)&.fetch(:foreign_keys) || {}).sort.map { |name, it| foreign_key_definition(table, name, it) }
    end

    if ActiveRecord::ConnectionAdapters.const_defined?(:CheckConstraintDefinition)
      def check_constraints(table)
        return super unless recorded_schema

        (recorded(table)&.fetch(:checks) || {}).map do |name, it|
          ActiveRecord::ConnectionAdapters::CheckConstraintDefinition.new(table, it[:expression], { name: name, validate: it[:valid] })
        end
      end
    end

    if ActiveRecord::ConnectionAdapters::PostgreSQL.const_defined?(:UniqueConstraintDefinition)
      def unique_constraints(table)
        return super unless recorded_schema

        (recorded(table)&.fetch(:uniques) || {}).map do |name, it|
          ActiveRecord::ConnectionAdapters::PostgreSQL::UniqueConstraintDefinition.new(table, it[:columns], { name: name })
        end
      end

      def exclusion_constraints(table)
        return super unless recorded_schema

        (recorded(table)&.fetch(:exclusions) || {}).map do |name, it|
          options = { name: name, using: it[:using], where: it[:where] }
          ActiveRecord::ConnectionAdapters::PostgreSQL::ExclusionConstraintDefinition.new(table, it[:expression], options)
        end
      end
    end

    def pk_and_sequence_for(table)
      return super unless recorded_schema

      key = recorded_schema.key(parts_of(table))
      found = recorded(table) or return
      pk = found[:primary_key].first or return
      sequence = found[:sequences][pk]
      name = ActiveRecord::ConnectionAdapters::PostgreSQL::Name
      return [pk, name.new(key[0], sequence)] if sequence

      # Which defaults it looks for has changed in 7.2.
      generated = ActiveRecord.version >= Gem::Version.new("7.2") ? /uuid_generate|gen_random_uuid/i : /uuid_generate/i
      [pk, nil] if found[:columns][pk] && generated.match?(found[:columns][pk][:default].to_s)
    end

    def serial_sequence(table, column)
      return super unless recorded_schema

      sequence = existing(table)[:sequences][column.to_s]
      sequence && "#{recorded_schema.key(parts_of(table))[0]}.#{sequence}"
    end

    def extension_enabled?(name)
      known = recorded_schema&.extensions&.fetch(name.to_s, nil)
      known.nil? && (recorded_schema.nil? || recorded_schema.live) ? super : !!known
    end

    def schema_exists?(name)
      known = recorded_schema&.schemas&.fetch(name.to_s, nil)
      known.nil? && (recorded_schema.nil? || recorded_schema.live) ? super : !!known || name.to_s == recorded_schema.default
    end

    def reset_pk_sequence!(*)
      recorded_schema ? Recorder.current.note("It sets a sequence by what the rows hold: that is not rehearsed.") : super
    end

    def set_pk_sequence!(*)
      recorded_schema ? Recorder.current.note("It sets a sequence by Ruby code: that is not rehearsed.") : super
    end

    # What is written in a migration goes through these as text; ActiveRecord's own goes through others, or is named so.
    def execute(sql, name = nil, **options)
      now = Recorder.current
      # Until 6.0 what begins and ends its own transactions has no name.
      now.nil? || now.live? || now.unspoken? || %w[SCHEMA TRANSACTION].include?(name) ? super : now.spoken { super }
    end

    # Begun late, by the first statement that is sent.
    %i[begin_db_transaction begin_deferred_transaction begin_isolated_db_transaction commit_db_transaction exec_rollback_db_transaction
       exec_restart_db_transaction create_savepoint exec_rollback_to_savepoint release_savepoint].each do |name|
      define_method(name) do |*given, **options|
        Recorder.current ? Recorder.current.unspoken { super(*given, **options) } : super(*given, **options)
      end
    end

    %i[insert update delete].each do |verb|
      define_method(verb) do |statement, *rest, **options|
        now = Recorder.current
        now && statement.is_a?(String) ? now.spoken { super(statement, *rest, **options) } : super(statement, *rest, **options)
      end
    end

    private

    def recorded_schema
      now = Recorder.current
      now && !now.live? ? now.schema : nil
    end

    def parts_of(table)
      name = ActiveRecord::ConnectionAdapters::PostgreSQL::Utils.extract_schema_qualified_name(table.to_s)
      [name.schema, name.identifier]
    end

    def recorded(table)
      recorded_schema.read(parts_of(table))
    end

    # As Postgres refuses it.
    def existing(table)
      recorded(table) || raise(ActiveRecord::StatementInvalid, "relation \"#{table}\" does not exist")
    end

    def configure_connection
      Recorder.current ? Recorder.current.live { super } : super
    end

    def column_definitions(table)
      return super unless recorded_schema

      existing(table)[:columns].map do |name, it|
        oid, mod, type = it[:oid] ? [it[:oid], it[:mod], it[:type]] : recorded_type(it[:type])
        [name, type, it[:default], it[:not_null], oid, mod, *(it[:tail] || tail_of(it))]
      end
    end

    # What stands behind the modifier is another thing in each version.
    def tail_of(column)
      version = ActiveRecord.version
      return [nil, nil, column[:identity].to_s, column[:generated].to_s] if version >= Gem::Version.new("7.1")

      version >= Gem::Version.new("7.0") ? [nil, nil, column[:generated].to_s] : [nil, nil]
    end

    # [oid, modifier, name as Postgres writes it]; a type that is not there yet is taken for text.
    def recorded_type(text)
      base = text.sub(/\s*\(([^)]*)\)/, "")
      given = Regexp.last_match && Regexp.last_match(1).to_s.split(",").map(&:to_i)
      row = Recorder.current.live do
        select_rows("SELECT coalesce(to_regtype(#{quote(base)}), 'text'::regtype)::oid::int8, to_regtype(#{quote(base)})::text").first
      end
      name = row[1] || base
      return [row[0].to_i, -1, name] unless given

      mod = name.start_with?("numeric") ? ((given[0] << 16) | given[1].to_i) + 4 : name.start_with?("time") ? given[0] : given[0] + 4
      [row[0].to_i, mod, name.sub(/\A(\w+(?: varying)?)/, "\\1(#{given.join(',')})")]
    end

    def index_definition(table, name, index)
      options = { orders: {}, opclasses: {}, **index.slice(:orders, :opclasses, :where, :using) }
      options[:include] = index[:include] if index[:include] && ActiveRecord.version >= Gem::Version.new("7.1")
      ActiveRecord::ConnectionAdapters::IndexDefinition.new(table, name, !!index[:unique], index[:columns], **options)
    end

    def foreign_key_definition(table, name, key)
      one = ->(columns) { columns.length == 1 || ActiveRecord.version < Gem::Version.new("7.1") ? columns.first : columns }
      options = { column: one.call(key[:columns]), name: name, primary_key: one.call(key[:primary_key]),
                  on_delete: key[:on_delete], on_update: key[:on_update], validate: key[:valid] }
      options[:deferrable] = key[:deferrable] || false if ActiveRecord.version >= Gem::Version.new("7.0")
      to = key[:to][0] == recorded_schema.default ? key[:to][1] : key[:to].join(".")
      ActiveRecord::ConnectionAdapters::ForeignKeyDefinition.new(table, to, options)
    end

    def rename_table_indexes(table, new_name, **options)
      doubt_expressions(new_name) { |it| it.name == index_name(table, column: it.columns) }
      super
    end

    def rename_column_indexes(table, column, new_name)
      doubt_expressions(table) { |it| it.columns.include?(new_name.to_s) }
      super
    end

    # @param named [Array] the column and the options; until 6.0 either of them
    def index_name_for_remove(table, *named)
      wanted = named.map { |it| it.is_a?(Hash) ? it[:column] : it }.compact.first.to_s
      doubt_expressions(table) { /[^\w, :\[\]"]/.match?(wanted) }
      super
    end

    # How Postgres writes an expression decides whether ActiveRecord finds or renames its index.
    def doubt_expressions(table)
      raw = (recorded_schema && recorded(table)&.fetch(:indexes) || {}).select { |_, it| it[:raw] }.keys
      doubtful = raw.empty? ? nil : indexes(table).find { |it| raw.include?(it.name) && yield(it) }
      raise Untellable, "what becomes of the index #{doubtful.name} depends on how Postgres writes its expression" if doubtful
    end
  end

  # The tables of the database, as the adapter itself tells of them.
  class Live
    # @param connection that may only read
    def initialize(connection, recorder)
      @connection = connection
      @recorder = recorder
    end

    def names(kinds)
      name = KINDS.find { |_, it| it == kinds }&.first or return []
      @recorder.call.live { @connection.public_send(name) }
    end

    def table_of_index(name)
      quoted = @connection.quote(name)
      @recorder.call.live do
        @connection.select_value("SELECT c.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid" \
                                 " WHERE i.relname = #{quoted} AND pg_table_is_visible(c.oid)")
      end
    end

    def table(name)
      @recorder.call.live do
        next unless @connection.data_source_exists?(name)
        next Schema::EMPTY.merge(kind: "v", columns: columns(name)) if @connection.view_exists?(name)

        Schema::EMPTY.merge(
          columns: columns(name), primary_key: Array(@connection.primary_keys(name)), pkey: "#{name}_pkey", sequences: sequences(name),
          indexes: indexes(name), foreign_keys: foreign_keys(name), **constraints(name)
        )
      end
    end

    private

    def columns(name)
      @connection.send(:column_definitions, name).to_h do |row|
        [row[0], { type: row[1], default: row[2], not_null: row[3], oid: row[4], mod: row[5], tail: row[6..] }]
      end
    end

    def sequences(name)
      pk, sequence = @connection.pk_and_sequence_for(name)
      sequence ? { pk => sequence.identifier } : {}
    end

    def indexes(name)
      constraints = @connection.respond_to?(:unique_constraints) ? @connection.unique_constraints(name).map(&:name) : []
      @connection.indexes(name).to_h do |it|
        orders, opclasses = [it.orders, it.opclasses].map { |value| value.is_a?(Hash) ? value : Array(it.columns).to_h { |column| [column, value] } }
        index = { unique: it.unique, columns: it.columns, where: it.where, using: it.using, orders: orders, opclasses: opclasses }
        index[:include] = it.include if it.respond_to?(:include)
        index[:of] = :unique if constraints.include?(it.name)
        [it.name, index]
      end
    end

    def foreign_keys(name)
      @connection.foreign_keys(name).to_h do |it|
        to = it.to_table.delete('"').split(".")
        key = { to: to.length > 1 ? to : [nil, to[0]], columns: Array(it.column), primary_key: Array(it.primary_key) }
        [it.name, { **key, on_delete: it.on_delete, on_update: it.on_update, valid: it.validate?, deferrable: it.options[:deferrable] || nil }]
      end
    end

    def constraints(name)
      told = ->(method) { @connection.respond_to?(method) ? @connection.public_send(method, name) : [] }
      { checks: told.call(:check_constraints).to_h { |it| [it.name, { expression: it.expression, valid: it.validate? }] },
        uniques: told.call(:unique_constraints).to_h { |it| [it.name, { columns: Array(it.column) }] },
        exclusions: told.call(:exclusion_constraints).to_h { |it| [it.name, { expression: it.expression, using: it.using, where: it.where }] } }
    end
  end
end
