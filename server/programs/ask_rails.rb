# Asks ActiveRecord what the migrations of a project would send, or lets it migrate.
#
# Its own parts are used as `rake db:migrate:status`, `db:migrate:up` and `db:migrate:down` use them (activerecord/lib/active_record/
# migration.rb and railties/databases.rake, 6.0 to 8.x). What is asked of the database is asked in sessions that may only read.

require_relative "rehearsal_talk"

module Rehearsal
  # The project as its Rakefile loads it, and the database that a folder of migrations is for.
  class Project
    attr_reader :config

    # @param folder [String] of migrations, absolute
    def initialize(folder)
      @folder = File.realpath(folder)
      load_project
      require "active_record"
      @config = configurations.find { |it| paths_of(it).any? { |path| real(path) == @folder } }
      ActiveRecord::Base.establish_connection(@config) if @config && @config != configurations.first
      ActiveRecord::Migration.verbose = false
    end

    def tool
      defined?(::Rails) && ::Rails.respond_to?(:version) ? "Rails #{::Rails.version}" : "ActiveRecord #{ActiveRecord.version}"
    end

    def settings
      pool = ActiveRecord::Base.connection_pool
      return pool.spec.config.transform_keys(&:to_sym) unless pool.respond_to?(:db_config)

      pool.db_config.configuration_hash
    end

    def connection
      ActiveRecord::Base.respond_to?(:lease_connection) ? ActiveRecord::Base.lease_connection : ActiveRecord::Base.connection
    end

    # Without a connection, too.
    def context
      return ActiveRecord::MigrationContext.new(paths, ActiveRecord::SchemaMigration) if ActiveRecord.version < Gem::Version.new("7.1")

      ActiveRecord::Base.connection_pool.respond_to?(:migration_context) ? ActiveRecord::Base.connection_pool.migration_context : connection.migration_context
    end

    def paths
      @config ? paths_of(@config) : Array(ActiveRecord::Migrator.migrations_paths)
    end

    # Why these are not told of by themselves; nil when they are.
    def misplaced
      known = paths.map { |it| real(it) }
      return if known.first == @folder

      beside = known.include?(@folder) ? "runs them together with those in #{paths.first}" : "does not look for migrations there"
      "ActiveRecord #{beside}."
    end

    # The tables of the history, which a migration would make first.
    def make_history
      context.schema_migration.create_table
      (context.respond_to?(:internal_metadata) ? context.internal_metadata : ActiveRecord::InternalMetadata).create_table
    end

    # Brings db/schema.rb or db/structure.sql up to date, where the project wants that after a migration.
    def dump
      name = @config && configurations.length > 1 ? "db:_dump:#{name_of(@config)}" : "db:_dump"
      Rake::Task[name].invoke if defined?(Rake::Task) && Rake::Task.task_defined?(name)
    end

    private

    def load_project
      ARGV.clear
      $LOAD_PATH.unshift(Dir.pwd)
      return require(File.expand_path("config/environment")) unless %w[Rakefile rakefile Rakefile.rb rakefile.rb].any? { |it| File.exist?(it) }

      require "rake"
      Rake.application.init("rake", [])
      Rake.application.load_rakefile
      task = %w[db:load_config environment].find { |it| Rake::Task.task_defined?(it) }
      task ? Rake::Task[task].invoke : require(File.expand_path("config/environment"))
    end

    def configurations
      ActiveRecord::Base.configurations.configs_for(env_name: environment.to_s)
    end

    # Its tasks ask Rails where nothing else is set, and there may be none.
    def environment
      tasks = ActiveRecord::Tasks::DatabaseTasks
      defined?(::Rails) || tasks.instance_variable_get(:@env) ? tasks.env : ActiveRecord::ConnectionHandling::DEFAULT_ENV.call
    end

    def paths_of(config)
      Array(config.migrations_paths || ActiveRecord::Migrator.migrations_paths)
    end

    def name_of(config)
      config.respond_to?(:name) ? config.name : config.spec_name
    end

    def real(path)
      File.exist?(path) ? File.realpath(path) : File.expand_path(path)
    end
  end

  # For ActiveRecord::MigrationProxy, which loads the file of its migration by either.
  module ReadInstead
    private

    def load(path, *more)
      text = Rehearsal.instead(path)
      text ? eval(text, TOPLEVEL_BINDING.dup, path, 1) : super
    end

    def require(path)
      text = Rehearsal.instead(path)
      text ? eval(text, TOPLEVEL_BINDING.dup, path, 1) : super
    end
  end

  # What the migrations of a project would send, in the order in which they are run.
  class Telling
    def initialize(project)
      @project = project
    end

    def answer
      told = { tool: @project.tool, migrations: [], problems: [@project.misplaced].compact }
      adapter = @project.settings[:adapter].to_s
      return told.merge(otherServer: adapter) unless /\A(?:postgres|postgis)/.match?(adapter)

      told[:database] = database
      @unreachable = open_reading
      told[:historyTable] = history_table
      told[:migrations] = migrations if told[:problems].empty?
      told
    end

    private

    NAMES = { host: :host, port: :port, username: :user, password: :password, database: :dbname, service: :service, passfile: :passfile,
              sslmode: :sslmode, sslrootcert: :sslrootcert, sslcert: :sslcert, sslkey: :sslkey }.freeze

    def database
      found = NAMES.filter_map { |key, name| [name, @project.settings[key].to_s] unless @project.settings[key].to_s.empty? }.to_h
      file = "config/database.yml"
      source = ENV["DATABASE_URL"].to_s.empty? && File.exist?(file) ? file : ENV["DATABASE_URL"] ? "DATABASE_URL" : "the Rakefile"
      { connection: found, source: "#{source}, as #{@project.tool} reads it" }
    end

    # Why there is no connection; nil when there is one.
    def open_reading
      # A configuration with options of its own passes over PGOPTIONS, which says it for all others.
      options = @project.settings[:options]
      ActiveRecord::Base.establish_connection(@project.settings.merge(options: "#{options} -c default_transaction_read_only=on")) if options
      @connection = @project.connection
      # A pooler may pass over either.
      is_safe = @connection.select_value("SHOW default_transaction_read_only") == "on"
      return "its sessions cannot be kept from writing" unless is_safe

      listen
      nil
    rescue ActiveRecord::ActiveRecordError, PG::Error => error
      Rehearsal.trouble(error)
    end

    def listen
      require_relative "rehearsal_answers"
      PG::Connection.prepend(Intercepted)
      @connection.class.prepend(Answers)
      ActiveRecord::Migration::CommandRecorder.prepend(Places::Recorded)
    end

    # { schema:, name: }; where prefixes hold no schema, it is found by search_path.
    def history_table
      base = ActiveRecord::Base
      parts = "#{base.table_name_prefix}#{base.schema_migrations_table_name}#{base.table_name_suffix}".split(".")
      { schema: parts.length > 1 ? parts[-2] : nil, name: parts[-1] }.compact
    end

    def migrations
      all = @project.context.migrations
      refuse_twice(all)
      applied = @unreachable ? [] : @project.context.get_all_versions
      @past, @present = @unreachable ? [] : [past, Schema.new(default_schema, Live.new(@connection, -> { Recorder.current }))]
      all.map { |it| migration(it, applied.include?(it.version)) }
    end

    def past
      Schema.new(default_schema).tap do |schema|
        [history_table[:name], "ar_internal_metadata"].each { |it| schema.put([default_schema, it], Schema::EMPTY) }
      end
    end

    def default_schema
      @default_schema ||= @connection.current_schema || "public"
    end

    # As ActiveRecord::Migrator.
    def refuse_twice(all)
      name, = all.group_by(&:name).find { |_, it| it.length > 1 }
      raise ActiveRecord::DuplicateMigrationNameError.new(name) if name

      version, = all.group_by(&:version).find { |_, it| it.length > 1 }
      raise ActiveRecord::DuplicateMigrationVersionError.new(version) if version
    end

    def migration(proxy, is_applied)
      path = File.realpath(proxy.filename)
      told = { version: proxy.version.to_s, title: File.basename(path)[/\A\d+_([_a-z0-9]*)/, 1].tr("_", " "), path: path,
               inTransaction: true, operations: [] }
      return told.merge(untold: "the database cannot be asked: #{@unreachable}") if @unreachable

      told[:inTransaction] = !proxy.disable_ddl_transaction
      Both.new(proxy, path, told, @connection, is_applied).tell(is_applied ? @past : @present)
    rescue StandardError, ScriptError => error
      told.merge(untold: "#{Rehearsal.trouble(error).delete_suffix('.')}.")
    end
  end

  # One migration, forwards and backwards.
  class Both
    def initialize(proxy, path, told, connection, is_applied)
      @migration = proxy.send(:migration)
      @places = Places.new(path)
      @told = told
      @connection = connection
      @is_applied = is_applied
      @said = []
    end

    # @param schema is afterwards what it is after the migration
    def tell(schema)
      up = run(:up, schema)
      return @told.merge(untold: "#{up[:untold].delete_suffix('.')}.") if up.is_a?(Hash)

      down = run(:down, schema.dup)
      @lines = @said.flat_map { |it| it.statements.map(&:line) + it.notes.keys }.compact.uniq.sort
      @told[:operations] = @lines.map { |it| operation(it) }
      @told[:up] = statements(up)
      @told.merge(backwards(down))
    end

    private

    def backwards(down)
      return { down: statements(down) } unless down.is_a?(Hash)
      return { irreversible: down[:irreversible].delete_suffix(".") } if down[:irreversible]

      { untoldDown: down[:untold].delete_suffix(".") }
    end

    # The recorder; or why it cannot be told, or why there is no way back.
    def run(direction, schema)
      recorder = Recorder.new(schema, @places, !@told[:inTransaction])
      forget
      Places.current = @places
      Places.replayed = nil
      Recorder.current = recorder
      within { @migration.exec_migration(@connection, direction) }
      @said << recorder
      recorder
    rescue ActiveRecord::IrreversibleMigration => error
      { irreversible: first_sentence(error), untold: first_sentence(error) }
    rescue Untellable => error
      { untold: error.message }
    rescue StandardError, ScriptError => error
      STDERR.puts(error.full_message(highlight: false))
      { untold: Rehearsal.trouble(error) }
    ensure
      Recorder.current = nil
    end

    # As ActiveRecord has it: in a transaction, unless the migration says that it is not to be.
    def within(&block)
      # Since 7.2 it is given the transaction.
      approved = proc { @is_applied && @migration.respond_to?(:safety_assured) ? @migration.safety_assured(&block) : block.call }
      @connection.unprepared_statement do
        @told[:inTransaction] ? @connection.transaction(&approved) : approved.call
      end
    end

    # What was known of tables before.
    def forget
      @connection.schema_cache.clear!
      ActiveRecord::Base.descendants.each { |it| it.reset_column_information unless it.abstract_class? || it.name.nil? }
    end

    def first_sentence(error)
      said = error.message.to_s.split.join(" ")
      said.empty? || said == error.class.name ? "it says so itself" : said[/\A.*?\.(?=\s|\z)/] || said
    end

    def operation(line)
      note = @said.filter_map { |it| it.notes[line] }.first
      { title: @places.title(line), **@places.range(line), **(note ? { note: note } : {}) }
    end

    def statements(recorder)
      recorder.statements.map { |it| { operation: @lines.index(it.line), sql: it.sql } }
    end
  end

  # Lets ActiveRecord run migrations one by one, under its own lock.
  class Migrating
    def initialize(project)
      @project = project
      @on_copy = false
    end

    def run(direction, versions, pid)
      require_relative "rehearsal_places"
      ActiveRecord::Migration::CommandRecorder.prepend(Places::Recorded)
      return Rehearsal.tell({ elsewhere: @project.settings[:database].to_s }) unless same_database?(pid)

      @project.make_history if versions.empty?
      done = versions.take_while { |it| one(direction.to_sym, it) }
      dump unless done.empty? || @on_copy
    end

    # All other sessions only read, as the environment has it.
    def lead_to(copy, original)
      @on_copy = true
      settings = @project.settings
      return unless settings[:database].to_s == original

      options = "#{settings[:options]} -c default_transaction_read_only=off".strip
      ActiveRecord::Base.establish_connection(settings.merge(database: copy, options: options))
      watch
    end

    private

    # Without what ActiveRecord asks for itself.
    def watch
      ActiveSupport::Notifications.subscribe("sql.active_record") do |_, began, ended, _, payload|
        next if payload[:exception] || payload[:cached] || %w[SCHEMA TRANSACTION].include?(payload[:name])

        Rehearsal.tell({ ran: payload[:sql].to_s.dup.force_encoding("UTF-8").scrub("?"), ms: (ended - began) * 1000, rows: payload[:row_count] })
      end
    end

    # The database has it all by then.
    def dump
      @project.dump
    rescue StandardError, ScriptError => error
      STDERR.puts("The schema could not be dumped: #{error.full_message(highlight: false)}")
    end

    def same_database?(pid)
      backend = @project.connection.select_value(Rehearsal.same_database(pid))
      Rehearsal.tell({ backend: backend }) if backend
      backend
    end

    # Whether it was run to its end.
    def one(direction, version)
      Rehearsal.tell({ begins: version })
      places = Places.current = places_of(version)
      @project.context.run(direction, Integer(version))
      Rehearsal.tell({ done: version })
      true
    rescue StandardError, ScriptError => error
      STDERR.puts(error.full_message(highlight: false))
      Rehearsal.tell({ refused: version, **Rehearsal.refusal(error), **(places ? places.of_error(error) : {}) })
      false
    end

    def places_of(version)
      found = @project.context.migrations.find { |it| it.version == Integer(version) }
      found && Places.new(File.realpath(found.filename))
    end
  end

  def self.main
    asked = question
    project = Project.new(asked["folder"])
    case asked["question"]
    when "migrations"
      ActiveRecord::MigrationProxy.prepend(ReadInstead)
      tell(Telling.new(project).answer)
    else
      migrating = Migrating.new(project)
      migrating.lead_to(asked["database"], asked["copyOf"]) if asked["copyOf"]
      migrating.run(asked["direction"], asked["versions"], asked["pid"])
    end
  rescue StandardError, ScriptError => error
    STDERR.puts(error.full_message(highlight: false))
    tell({ trouble: trouble(error) })
    leave(1)
  else
    leave(0)
  end
end

Rehearsal.main
