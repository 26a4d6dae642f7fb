# What stands in CREATE TABLE, and behind ADD of ALTER TABLE: columns and constraints, for the table with the key @key.

require_relative "rehearsal_words"

module Rehearsal
  module Elements
    private

    # One entry of CREATE TABLE, or what follows ADD.
    def element(words)
      return if words.next?("LIKE")
      return constraint(words) if %w[CONSTRAINT UNIQUE PRIMARY CHECK FOREIGN EXCLUDE].any? { |it| words.next?(it) }

      column(words)
    end

    ENDS = ["CONSTRAINT", "NOT NULL", "NULL", "DEFAULT", "PRIMARY KEY", "UNIQUE", "CHECK", "REFERENCES", "COLLATE", "GENERATED",
            "DEFERRABLE", "NOT DEFERRABLE", "INITIALLY", "USING", "STORAGE", "COMPRESSION"].freeze

    SERIALS = { "smallserial" => "smallint", "serial" => "integer", "bigserial" => "bigint", "serial2" => "smallint",
                "serial4" => "integer", "serial8" => "bigint" }.freeze

    def column(words)
      name = words.identifier or return
      type = words.text_until(*ENDS)
      serial = SERIALS[type.downcase]
      made = { type: serial || type, default: nil, not_null: !serial.nil?, identity: "", generated: "" }
      sequence = chosen(@key[1], name, "seq") if serial
      made[:default] = "nextval('#{sequence}'::regclass)" if serial
      later = []
      column_options(words, made, later)
      sequence ||= chosen(@key[1], name, "seq") unless made[:identity].empty?
      @schema.change(@key) do |it|
        { columns: it[:columns].merge(name => made), sequences: sequence ? it[:sequences].merge(name => sequence) : it[:sequences] }
      end
      later.each { |it| it.call(name) }
    end

    def column_options(words, made, later)
      given = nil
      until words.ended?
        if words.accept("CONSTRAINT") then given = words.identifier
        elsif words.accept("NOT", "NULL") then made[:not_null] = true
        elsif words.accept("DEFAULT") then made[:default] = default_of(words.text_until(*(ENDS - ["NULL"])), made[:type])
        elsif words.accept("COLLATE") then words.name
        elsif words.accept("GENERATED") then generated(words, made)
        elsif words.accept("PRIMARY", "KEY")
          made[:not_null] = true
          given = later_one(later, given) { |column, name| primary_key([column], name) }
        elsif words.accept("UNIQUE") then given = later_one(later, given) { |column, name| unique([column], name) }
        elsif words.accept("REFERENCES") then given = reference(words, later, given)
        elsif words.accept("CHECK")
          expression = inner(words)
          given = later_one(later, given) { |column, name| check(expression, name || chosen(@key[1], column, "check")) }
        else words.skip
        end
      end
    end

    def later_one(later, given, &block)
      later << ->(column) { block.call(column, given) }
      nil
    end

    def generated(words, made)
      always = words.accept("ALWAYS") || !words.accept("BY", "DEFAULT")
      return unless words.accept("AS")

      if words.accept("IDENTITY")
        made[:identity] = always ? "a" : "d"
        made[:not_null] = true
      else
        made[:default] = inner(words)
        made[:generated] = words.accept("VIRTUAL") ? "v" : "s"
      end
    end

    def reference(words, later, given)
      target = target_of(words)
      later_one(later, given) { |column, name| foreign_key([column], target, name) }
    end

    # What follows REFERENCES.
    def target_of(words)
      to = @schema.key(words.name)
      columns = words.parenthesised&.map(&:identifier)
      { to: to, columns: columns, **actions(words.text_until("NULL", "DEFAULT", "CHECK", "UNIQUE", "NOT NULL", "CONSTRAINT")) }
    end

    def actions(rest)
      on = lambda do |verb|
        found = rest[/\bON\s+#{verb}\s+(CASCADE|RESTRICT|SET\s+NULL)/i, 1]
        found && { "cascade" => :cascade, "restrict" => :restrict }.fetch(found.downcase, :nullify)
      end
      deferrable = /\bNOT\s+DEFERRABLE/i.match?(rest) ? nil : rest[/\bINITIALLY\s+(DEFERRED|IMMEDIATE)/i, 1]&.downcase
      deferrable ||= /(?<!NOT )\bDEFERRABLE/i.match?(rest) ? "immediate" : nil
      { on_delete: on.call("DELETE"), on_update: on.call("UPDATE"), valid: !/\bNOT\s+VALID\b/i.match?(rest), deferrable: deferrable&.to_sym }
    end

    def inner(words)
      words.accept("(")
      text = words.text_until(")")
      words.accept(")")
      text
    end

    def default_of(text, type)
      return nil if /\ANULL(?:::.*)?\z/i.match?(text)

      /\A'(?:[^']|'')*'\z/m.match?(text) ? "#{text}::#{type}" : text
    end

    def constraint(words)
      given = words.accept("CONSTRAINT") ? words.identifier : nil
      if words.accept("PRIMARY", "KEY") then key_of(words, given) { |columns, name| primary_key(columns, name) }
      elsif words.accept("UNIQUE") then key_of(words, given) { |columns, name| unique(columns, name) }
      elsif words.accept("CHECK")
        expression = inner(words)
        check(expression, given || chosen(@key[1], only_column(expression), "check"), !/NOT\s+VALID/i.match?(words.rest))
      elsif words.accept("FOREIGN", "KEY")
        columns = words.parenthesised.map(&:identifier)
        words.accept("REFERENCES")
        foreign_key(columns, target_of(words), given)
      elsif words.accept("EXCLUDE")
        using = words.accept("USING") ? words.identifier : nil
        exclude(inner(words), using, given, words.rest)
      end
    end

    def key_of(words, given)
      return index_as_key(words, given) { |columns, name| yield columns, name } if words.accept("USING", "INDEX")

      words.accept("NULLS", "NOT", "DISTINCT") || words.accept("NULLS", "DISTINCT")
      yield words.parenthesised.map(&:identifier), given
    end

    # The index becomes that of the constraint, under its name.
    def index_as_key(words, given)
      name = words.identifier
      index = @schema.find(@key)&.dig(:indexes, name)
      @schema.change(@key) { |it| { indexes: it[:indexes].reject { |other,| other == name } } }
      yield index ? Array(index[:columns]) : [], given || name
    end

    def only_column(expression)
      known = @schema.find(@key)[:columns].keys
      named = Words.in_text(expression).map { |it| it.kind == :quoted ? it.text[1..-2] : it.text } & known
      named.length == 1 ? named.first : ""
    end

    def primary_key(columns, name)
      @schema.change(@key) do |it|
        known = it[:columns].to_h { |column, was| [column, columns.include?(column) ? was.merge(not_null: true) : was] }
        { columns: known, primary_key: columns, pkey: name || chosen(@key[1], "", "pkey") }
      end
    end

    def unique(columns, name)
      name ||= chosen(@key[1], columns.join("_"), "key")
      put(:uniques, name, { columns: columns })
      put(:indexes, name, { unique: true, columns: columns, using: :btree, of: :unique })
    end

    def check(expression, name, valid = true)
      put(:checks, name, { expression: expression, valid: valid })
    end

    def exclude(expression, using, given, rest)
      where = rest[/WHERE\s*\((.*)\)/im, 1]
      put(:exclusions, given || chosen(@key[1], only_column(expression), "excl"), { expression: expression, using: using&.to_sym, where: where })
    end

    def foreign_key(columns, target, name)
      other = target[:columns] || @schema.find(target[:to])&.fetch(:primary_key) || []
      put(:foreign_keys, name || chosen(@key[1], columns.join("_"), "fkey"), target.merge(columns: columns, primary_key: other))
    end

    def put(of, name, value)
      @schema.change(@key) { |it| { of => it[of].merge(name => value) } }
    end

    # Names that Postgres chooses: makeObjectName in src/backend/commands/indexcmds.c.
    def chosen(table, column, ending)
      room = 63 - 1 - ending.bytesize - (column.empty? ? 0 : 1)
      while table.bytesize + column.bytesize > room
        table.bytesize > column.bytesize ? table = table[0..-2] : column = column[0..-2]
      end
      [table, column, ending].reject(&:empty?).join("_")
    end
  end
end
