# Reads statements that change tables into a Schema. What is not understood leaves a doubt behind, never a wrong answer.

require_relative "rehearsal_elements"
require_relative "rehearsal_schema"

module Rehearsal
  class Ddl
    include Elements

    def initialize(schema)
      @schema = schema
    end

    # @param sql one text with any number of statements
    def read(sql)
      Words.statements(sql).each { |it| statement(it) }
    end

    # Functions may do anything, but for those of Postgres itself.
    def self.calls?(words)
      return false unless words.next?("SELECT") || words.next?("WITH")

      own = words.words.each_cons(2).select { |one, other| one.kind == :word && other.text == "(" }.map { |it, _| it.text.downcase }
      (own - HARMLESS).any?
    end

    HARMLESS = %w[
      setval nextval currval lastval set_config current_setting count max min sum avg coalesce greatest least nullif now lower upper
      pg_get_serial_sequence pg_advisory_lock pg_advisory_unlock pg_advisory_xact_lock pg_try_advisory_lock pg_sleep exists in as over
      values and or not any all select where from on using replace substring substr length trim concat format to_char to_date cast
      row_number rank array_agg string_agg json_agg jsonb_agg json_build_object jsonb_build_object unnest generate_series
      gen_random_uuid uuid_generate_v4 clock_timestamp date_trunc extract md5 to_regclass pg_notify
    ].freeze

    private

    def statement(words)
      @text = words.text
      if words.accept("CREATE") then create(words)
      elsif words.accept("DROP") then drop(words)
      elsif words.accept("ALTER") then alter(words)
      elsif %w[DO CALL IMPORT].any? { |it| words.next?(it) } || Ddl.calls?(words) then doubt(words)
      end
    end

    def doubt(words)
      names = @text.scan(/[[:alpha:]_][[:alnum:]_$]*/).uniq
      return if words.next?("DO") && names.none? { |it| /\A(?:alter|table|index|execute|perform)\z/i.match?(it) }

      names = nil if names.any? { |it| /\A(?:format|execute)\z/i.match?(it) } && words.next?("DO")
      @schema.doubt(names, "what \"#{brief}\" does to it is not known")
    end

    def brief
      line = @text.split.join(" ")
      line.length > 60 ? "#{line[0, 57]}…" : line
    end

    def create(words)
      words.accept("OR", "REPLACE")
      %w[GLOBAL LOCAL TEMPORARY TEMP UNLOGGED].each { |it| words.accept(it) }
      if words.accept("TABLE") || words.accept("FOREIGN", "TABLE") then create_table(words)
      elsif words.next?("UNIQUE") || words.next?("INDEX") then create_index(words)
      elsif words.accept("MATERIALIZED", "VIEW") then view(words, "m")
      elsif words.accept("VIEW") || words.accept("RECURSIVE", "VIEW") then view(words, "v")
      elsif words.accept("EXTENSION") then named(words) { |it| @schema.extensions[it[1]] = true }
      elsif words.accept("SCHEMA") then named(words) { |it| @schema.schemas[it[1]] = true }
      elsif words.accept("TYPE") || words.accept("DOMAIN") then named(words) { |it| @schema.types[it[1]] = @text }
      end
    end

    def named(words)
      words.accept("IF", "NOT", "EXISTS")
      found = words.name
      yield found if found
    end

    def view(words, kind)
      named(words) { |it| @schema.put(@schema.key(it), Schema::EMPTY.merge(kind: kind, unsure: "the columns of a view are not known")) }
    end

    def create_table(words)
      lenient = words.accept("IF", "NOT", "EXISTS")
      @key = @schema.key(words.name || return)
      return if lenient && @schema.find(@key)

      @schema.put(@key, Schema::EMPTY)
      elements = words.parenthesised
      rest = words.rest
      elements&.each { |it| element(it) }
      partly = elements.nil? || /\A\s*(?:INHERITS|AS)\b/i.match?(rest) || elements.any? { |it| it.words.first.text.casecmp?("LIKE") }
      @schema.unsure(@key, "what \"#{brief}\" makes of it is not known") if partly
    end

    def create_index(words)
      unique = words.accept("UNIQUE")
      words.accept("INDEX")
      words.accept("CONCURRENTLY")
      lenient = words.accept("IF", "NOT", "EXISTS")
      name = words.next?("ON") ? nil : words.name&.last
      words.accept("ON") || return
      words.accept("ONLY")
      @key = @schema.key(words.name || return)
      return if lenient && @schema.find(@key)&.dig(:indexes)&.key?(name)

      using = words.accept("USING") ? words.identifier : "btree"
      index = { unique: unique, using: using.to_sym, **elements_of(words.parenthesised || []) }
      index[:include] = words.parenthesised.map(&:identifier) if words.accept("INCLUDE")
      index[:where] = words.rest[/\bWHERE\b\s*(.*)\z/im, 1]
      put(:indexes, name || chosen(@key[1], Array(index[:columns]).join("_"), "idx"), index)
    end

    # As ActiveRecord has them: names with their options, or one text where an expression is among them.
    def elements_of(elements)
      columns, orders, opclasses = [], {}, {}
      text = elements.map(&:text).join(", ")
      elements.each do |it|
        return { columns: text, raw: true } if it.next?("(") || !(name = it.identifier) || it.next?("(")

        rest = it.rest
        columns << name
        opclasses[name] = rest[/\w+_ops\b/].to_sym if /\w+_ops\b/.match?(rest)
        order = rest[/\bDESC\b|\bNULLS\s+(?:FIRST|LAST)/i] && rest.scan(/\bDESC\b|\bNULLS\s+(?:FIRST|LAST)/i).join(" ").upcase
        orders[name] = order == "DESC" ? :desc : order if order
      end
      { columns: columns, orders: orders, opclasses: opclasses }
    end

    def drop(words)
      kind = words.identifier
      kind = words.identifier if %w[materialized foreign].include?(kind)
      words.accept("CONCURRENTLY")
      words.accept("IF", "EXISTS")
      found = words.names
      case kind
      when "table", "view" then found.each { |it| @schema.drop(@schema.key(it)) }
      when "index" then found.each { |it| drop_index(it[1]) }
      when "extension" then found.each { |it| @schema.extensions[it[1]] = false }
      when "type", "domain" then found.each { |it| @schema.types.delete(it[1]) }
      when "schema" then found.each { |it| drop_schema(it[1]) }
      end
    end

    def drop_schema(name)
      @schema.schemas[name] = false
      @schema.tables.each_key { |it| @schema.drop(it) if it[0] == name }
    end

    def drop_index(name)
      key = @schema.with_index(name) or return
      @schema.change(key) { |it| { indexes: it[:indexes].reject { |other,| other == name } } }
    end

    def alter(words)
      kind = words.identifier
      kind = words.identifier if %w[materialized foreign].include?(kind)
      words.accept("IF", "EXISTS")
      words.accept("ONLY")
      found = words.name or return
      words.accept("*")
      case kind
      when "table", "view", "sequence", "index" then alter_relation(kind, found, words)
      when "type" then @schema.types[words.rest[/RENAME TO\s+"?([\w$]+)/i, 1]] = @text if words.next?("RENAME", "TO")
      end
    end

    # ALTER TABLE may also name an index or a sequence.
    def alter_relation(kind, found, words)
      if kind == "index" || (@schema.find(@schema.key(found)).nil? && @schema.with_index(found[1]))
        words.accept("RENAME", "TO") && rename_index(found[1], words.identifier)
      elsif kind == "sequence" || @schema.find(@schema.key(found)).nil?
        words.accept("RENAME", "TO") && rename_sequence(found[1], words.identifier)
      else
        @key = @schema.key(found)
        words.parts.each { |it| action(it) }
      end
    end

    def rename_index(former, name)
      key = @schema.with_index(former) or return
      @schema.change(key) do |it|
        { indexes: renamed(it[:indexes], former, name), uniques: renamed(it[:uniques], former, name),
          pkey: it[:pkey] == former ? name : it[:pkey] }
      end
    end

    def rename_sequence(former, name)
      @schema.tables.each do |key, table|
        next unless table[:sequences].value?(former)

        @schema.change(key) { |it| { sequences: it[:sequences].transform_values { |has| has == former ? name : has } } }
      end
    end

    def renamed(values, former, name)
      values.to_h { |it, value| [it == former ? name : it, value] }
    end

    def action(words)
      if words.accept("ADD") then add(words)
      elsif words.accept("DROP") then drop_part(words)
      elsif words.accept("ALTER") then alter_column(words)
      elsif words.accept("RENAME") then rename(words)
      elsif words.accept("SET", "SCHEMA") then @schema.rename(@key, [words.identifier, @key[1]])
      elsif words.accept("VALIDATE", "CONSTRAINT") then validate(words.identifier)
      elsif words.next?("ATTACH") || words.next?("INHERIT") then @schema.unsure(@key, "what \"#{brief}\" makes of it is not known")
      end
    end

    def add(words)
      words.accept("COLUMN")
      lenient = words.accept("IF", "NOT", "EXISTS")
      return if lenient && @schema.find(@key)[:columns].key?(words.dup.identifier)

      element(words)
    end

    def drop_part(words)
      if words.accept("CONSTRAINT")
        words.accept("IF", "EXISTS")
        drop_constraint(words.identifier)
      else
        words.accept("COLUMN")
        words.accept("IF", "EXISTS")
        drop_column(words.identifier)
      end
    end

    def drop_constraint(name)
      @schema.change(@key) do |it|
        without = %i[foreign_keys checks exclusions uniques].to_h { |of| [of, it[of].reject { |other,| other == name }] }
        without[:indexes] = it[:indexes].reject { |other, index| other == name && index[:of] == :unique }
        without.merge!(primary_key: [], pkey: nil) if it[:pkey] == name
        without
      end
    end

    # With all that stands on it.
    def drop_column(column)
      uses = ->(text) { Words.in_text(text.to_s).any? { |it| it.text.delete('"') == column } }
      @schema.change(@key) do |it|
        { columns: it[:columns].reject { |name,| name == column }, sequences: it[:sequences].reject { |name,| name == column },
          primary_key: it[:primary_key].include?(column) ? [] : it[:primary_key],
          pkey: it[:primary_key].include?(column) ? nil : it[:pkey],
          indexes: it[:indexes].reject { |_, index| holds?(index, column, uses) },
          foreign_keys: it[:foreign_keys].reject { |_, key| key[:columns].include?(column) },
          uniques: it[:uniques].reject { |_, key| key[:columns].include?(column) },
          checks: it[:checks].reject { |_, check| uses.call(check[:expression]) },
          exclusions: it[:exclusions].reject { |_, exclusion| uses.call(exclusion[:expression]) } }
      end
    end

    def holds?(index, column, uses)
      columns = index[:columns]
      (columns.is_a?(Array) ? columns.include?(column) : uses.call(columns)) || Array(index[:include]).include?(column) || uses.call(index[:where])
    end

    def alter_column(words)
      words.accept("COLUMN")
      column = words.identifier
      if words.accept("TYPE") || words.accept("SET", "DATA", "TYPE") then retype(column, words.text_until(*ENDS))
      elsif words.accept("SET", "DEFAULT") then set(column) { |it| { default: default_of(words.rest, it[:type]) } }
      elsif words.accept("DROP", "DEFAULT") then set(column) { { default: nil } }
      elsif words.accept("SET", "NOT", "NULL") then set(column) { { not_null: true } }
      elsif words.accept("DROP", "NOT", "NULL") then set(column) { { not_null: false } }
      elsif words.accept("DROP", "IDENTITY") then set(column) { { identity: "" } }
      elsif words.accept("DROP", "EXPRESSION") then set(column) { { generated: "", default: nil } }
      elsif words.accept("ADD", "GENERATED")
        made = {}
        generated(words, made)
        set(column) { made }
        sequence = chosen(@key[1], column, "seq")
        @schema.change(@key) { |it| { sequences: it[:sequences].merge(column => sequence) } }
      end
    end

    def retype(column, type)
      set(column) { { type: type, oid: nil } }
    end

    def set(column)
      @schema.change(@key) do |it|
        was = it[:columns][column]
        was ? { columns: it[:columns].merge(column => was.merge(yield(was))) } : {}
      end
    end

    def rename(words)
      return @schema.rename(@key, [@key[0], words.identifier]) if words.accept("TO")
      return rename_constraint(words) if words.accept("CONSTRAINT")

      words.accept("COLUMN")
      former = words.identifier
      words.accept("TO")
      rename_column(former, words.identifier)
    end

    def rename_constraint(words)
      former = words.identifier
      words.accept("TO")
      name = words.identifier
      @schema.change(@key) do |it|
        all = %i[foreign_keys checks exclusions uniques indexes].to_h { |of| [of, renamed(it[of], former, name)] }
        all.merge(pkey: it[:pkey] == former ? name : it[:pkey])
      end
    end

    def rename_column(former, name)
      new = ->(columns) { columns.is_a?(Array) ? columns.map { |it| it == former ? name : it } : within(columns, former, name) }
      @schema.change(@key) do |it|
        { columns: renamed(it[:columns], former, name), sequences: renamed(it[:sequences], former, name),
          primary_key: new.call(it[:primary_key]),
          indexes: it[:indexes].transform_values { |index| index.merge(columns: new.call(index[:columns]), where: new.call(index[:where])) },
          foreign_keys: it[:foreign_keys].transform_values { |key| key.merge(columns: new.call(key[:columns])) },
          uniques: it[:uniques].transform_values { |key| key.merge(columns: new.call(key[:columns])) },
          checks: it[:checks].transform_values { |check| check.merge(expression: new.call(check[:expression])) },
          exclusions: it[:exclusions].transform_values { |one| one.merge(expression: new.call(one[:expression])) } }
      end
      table = @key
      @schema.tables.each do |key, it|
        next if it[:foreign_keys].none? { |_, one| one[:to] == table && one[:primary_key].include?(former) }

        @schema.change(key) { { foreign_keys: it[:foreign_keys].transform_values { |one| one[:to] == table ? one.merge(primary_key: new.call(one[:primary_key])) : one } } }
      end
    end

    def within(text, former, name)
      text&.gsub(/(?<![\w$'])#{Regexp.escape(former)}(?![\w$'])/, name)
    end

    def validate(name)
      @schema.change(@key) do |it|
        %i[foreign_keys checks].to_h { |of| [of, it[of].to_h { |other, was| [other, other == name ? was.merge(valid: true) : was] }] }
      end
    end
  end
end
