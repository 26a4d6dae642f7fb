# Tables, columns, indexes and constraints at one point of a history, as the statements that lead there have made them.
#
# ActiveRecord asks the database for what it has not chosen itself. The database knows its present state only: not that of the
# past, which is replayed, and not what pending migrations make. So the answers come from here, and from the database for what no
# pending migration has touched yet.

module Rehearsal
  # No StandardError, so that neither ActiveRecord nor a migration rescues it.
  class Untellable < Exception; end

  # Values are never changed: who changes a table puts another one in its place, so that a copy costs nothing.
  #
  # A table: { kind:, columns: { name => column }, primary_key: [names], pkey: name, sequences: { column => name },
  # indexes: { name => index }, foreign_keys:, checks:, uniques:, exclusions: { name => constraint }, unsure: why or nil }
  class Schema
    EMPTY = { kind: "r", columns: {}, primary_key: [], pkey: nil, sequences: {}, indexes: {}, foreign_keys: {}, checks: {},
              uniques: {}, exclusions: {}, unsure: nil }.freeze

    attr_reader :live, :extensions, :types, :schemas, :default
    attr_accessor :touched

    # @param live [#table, #names, #table_of_index, nil] what the database says; nil for a history that begins with nothing
    # @param default [String] the schema of names without one
    def initialize(default, live = nil)
      @default = default
      @live = live
      @tables = {}
      @doubts = []
      @extensions = {}
      @types = {}
      @schemas = {}
      @moved = {}
      @touched = false
    end

    def initialize_copy(_former)
      %i[@tables @doubts @extensions @types @schemas @moved].each do |it|
        instance_variable_set(it, instance_variable_get(it).dup)
      end
    end

    def key((schema, name))
      [schema || @default, name]
    end

    # Nil when there is none; Untellable when it cannot be known how it is.
    def read(name)
      table = find(key(name))
      doubt = @doubts.find { |it| it[:words].nil? || it[:words].include?(name[1]) }
      raise Untellable, "it asks what #{name[1]} is like, and #{doubt[:why]}" if doubt
      raise Untellable, "it asks what #{name[1]} is like, and #{table[:unsure]}" if table && table[:unsure]

      table
    end

    def find(key)
      return @tables[key] if @tables.key?(key)

      @tables[key] = seeded(key)
    end

    def put(key, table)
      @tables[key] = table
    end

    # Changes what is known of a table; one that is not known stays so.
    def change(key)
      table = find(key)
      @tables[key] = table.merge(yield(table)) if table
    end

    def drop(key)
      @tables[key] = nil
      tables.each do |other, table|
        kept = table[:foreign_keys].reject { |_, it| it[:to] == key }
        @tables[other] = table.merge(foreign_keys: kept) if kept.length < table[:foreign_keys].length
      end
    end

    def rename(former, key)
      @tables[key] = find(former)
      @tables[former] = nil
      @moved[former] = key
      tables.each do |other, table|
        next if table[:foreign_keys].none? { |_, it| it[:to] == former }

        @tables[other] = table.merge(foreign_keys: table[:foreign_keys].transform_values { |it| it[:to] == former ? it.merge(to: key) : it })
      end
    end

    # Those that are known so far, by key.
    def tables
      @tables.compact
    end

    def names(kinds, schema = @default)
      there = @live ? @live.names(kinds).map { |it| [schema, it] } : []
      there = there.reject { |it| @tables.key?(it) } + tables.select { |it, table| it[0] == schema && kinds.include?(table[:kind]) }.keys
      there.map(&:last).sort
    end

    # The key of the table that an index or constraint with this name of its own is on.
    def with_index(name)
      here = tables.find { |_, it| it[:indexes].key?(name) || it[:pkey] == name }
      return here[0] if here

      there = @live&.table_of_index(name)
      there && find([@default, there]) && tables[[@default, there]][:indexes].key?(name) ? [@default, there] : nil
    end

    # From here on nobody knows what these tables are like.
    #
    # @param words names that may be theirs; nil for all
    def doubt(words, why)
      @doubts << { words: words, why: why }
    end

    def unsure(key, why)
      @tables[key] = (find(key) || EMPTY).merge(unsure: why)
    end

    private

    def seeded(key)
      return if key[0] != @default && @live.nil?

      table = @live&.table(key[0] == @default ? key[1] : key.join("."))
      table && table.merge(foreign_keys: table[:foreign_keys].transform_values { |it| it.merge(to: @moved[key(it[:to])] || key(it[:to])) })
    end
  end
end
