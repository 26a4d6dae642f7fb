# What a migration sends is written down here, and not sent. What ActiveRecord asks of the schema is answered from a Schema.

require_relative "rehearsal_ddl"
require_relative "rehearsal_places"

module Rehearsal
  class Recorder
    Statement = Struct.new(:line, :sql)

    NOTHING = "SELECT WHERE false".freeze
    TRANSACTIONS = %w[BEGIN START COMMIT END ROLLBACK SAVEPOINT RELEASE].freeze
    READS = %w[SELECT WITH VALUES TABLE EXPLAIN FETCH].freeze
    # They say the same before and after migrations.
    STABLE = /\bFROM\s+(?:pg_catalog\.)?(?:pg_type|pg_range|pg_available_extensions|pg_settings|pg_roles|pg_database)\b/i
    CATALOGS = /\b(?:information_schema\b|pg_(?:class|index(?:es)?|attribute|attrdef|constraint|namespace|tables|views|matviews|proc|trigger|depend|enum|extension|sequences?|inherits|stat\w*|policy|policies|rules?|description)\b)/i

    class << self
      # Set while a migration is run for its statements.
      attr_accessor :current
    end

    attr_reader :schema, :statements, :notes

    # @param apart whether each statement is by itself
    def initialize(schema, places, apart)
      @schema = schema
      @places = places
      @apart = apart
      @ddl = Ddl.new(schema)
      @statements = []
      @notes = {}
      @live = 0
      @spoken = 0
      @unspoken = 0
      @has_read = false
    end

    # What is asked in here is asked of the database.
    def live
      @live += 1
      yield
    ensure
      @live -= 1
    end

    def live?
      @live.positive?
    end

    # What is sent in here is written in the migration as it is.
    def spoken
      @spoken += 1
      yield
    ensure
      @spoken -= 1
    end

    # What is sent in here comes from ActiveRecord itself, whatever has called it.
    def unspoken
      before, @spoken, @unspoken = @spoken, 0, @unspoken + 1
      yield
    ensure
      @spoken, @unspoken = before, @unspoken - 1
    end

    def unspoken?
      @unspoken.positive?
    end

    # What is to be sent in the place of it.
    def judge(sql, params)
      return [sql, params] if live? || sql == NOTHING

      word = first_word(sql)
      return [regtype(sql), params] if sql.match?(/\ASELECT '(?:[^']|'')*'::regtype::oid\z/)
      # Of statements that the session itself has prepared.
      return [sql, params] if word == "DEALLOCATE" && @spoken.zero?
      return [sql, params] if word == "SHOW" || (READS.include?(word) && passes?(sql))

      take(word, sql, params)
      [NOTHING, []]
    end

    def note(message)
      line = @places.now
      @notes[line] ||= message
      @has_read = true
    end

    private

    def first_word(sql)
      sql.sub(%r{\A(?:\s+|--[^\n]*\n|/\*.*?\*/|\()+}m, "")[/\A\w+/].to_s.upcase
    end

    # A type that is not there yet is taken for text: what its values are written like.
    def regtype(sql)
      "SELECT coalesce(to_regtype(#{sql[/'(?:[^']|'')*'/]}), 'text'::regtype)::oid"
    end

    def passes?(sql)
      return true if sql.match?(STABLE) && !sql.match?(CATALOGS)
      return true if sql.match?(/\A\s*SELECT\s+(?:1|(?:pg_catalog\.)?(?:version\(\)|current_\w+(?:\([^)]*\))?))(?:\s+AS\s+\w+)?\s*;?\s*\z/i)
      return false unless sql.match?(CATALOGS)
      return true if @schema.live && !@schema.touched

      raise Untellable, "it looks into the catalogs of the database by itself (#{brief(sql)})"
    end

    def take(word, sql, params)
      return transaction(sql) if TRANSACTIONS.include?(word)
      return note("It reads rows: what its Ruby code does with them is not rehearsed.") if READS.include?(word) && reads_rows?(sql)
      return note("It makes rows by Ruby code: they are not rehearsed.") if word == "INSERT" && @spoken.zero?
      return note("It changes rows by Ruby code that has read some: that is not rehearsed.") if @has_read && @spoken.zero? && %w[UPDATE DELETE].include?(word)

      write(inlined(sql, params))
    end

    # Those of ActiveRecord itself come to nothing in the transaction that the whole migration is in.
    def transaction(sql)
      write(sql) if @apart || @spoken.positive?
    end

    def reads_rows?(sql)
      words = Words.in_text(sql)
      return false if words.any? { |it| it.kind == :word && %w[INSERT UPDATE DELETE MERGE].include?(it.text.upcase) } && first_word(sql) == "WITH"

      depth = 0
      has_from = words.any? do |it|
        depth += { "(" => 1, ")" => -1 }.fetch(it.text, 0) if it.kind == :sign
        depth.zero? && it.kind == :word && it.text.casecmp?("FROM")
      end
      has_from && !Ddl.calls?(Words.new(sql, words))
    end

    def write(sql)
      sql = sql.dup.force_encoding("UTF-8").scrub("?")
      @ddl.read(sql)
      @schema.touched = true
      @statements << Statement.new(@places.now, sql)
    end

    def inlined(sql, params)
      return sql if params.empty?

      sql.gsub(/\$(\d+)/) { literal(params[Regexp.last_match(1).to_i - 1]) }
    end

    def literal(value)
      value = value[:value] if value.is_a?(Hash)
      case value
      when nil then "NULL"
      when true, false, Integer, Float then value.to_s
      else "'#{value.to_s.gsub("'", "''")}'"
      end
    end

    def brief(sql)
      line = sql.split.join(" ")
      line.length > 80 ? "#{line[0, 77]}…" : line
    end
  end

  # For PG::Connection: below all that ActiveRecord, of whatever version, and migrations can send.
  module Intercepted
    %i[exec async_exec sync_exec query async_query send_query].each do |name|
      define_method(name) do |sql, *rest, &block|
        now = Recorder.current or next super(sql, *rest, &block)
        super(*(rest.empty? ? [now.judge(sql, []).first] : now.judge(sql, rest.first)), &block)
      end
    end

    %i[exec_params async_exec_params sync_exec_params send_query_params].each do |name|
      define_method(name) do |sql, params = [], *rest, &block|
        now = Recorder.current or next super(sql, params, *rest, &block)
        super(*now.judge(sql, params), *rest, &block)
      end
    end

    %i[prepare async_prepare send_prepare].each do |name|
      define_method(name) do |key, sql, *rest, &block|
        now = Recorder.current
        next super(key, sql, *rest, &block) if now.nil? || now.live?

        rehearsal_prepared[key] = sql
        super(key, Recorder::NOTHING, &block)
      end
    end

    %i[exec_prepared async_exec_prepared send_query_prepared].each do |name|
      define_method(name) do |key, params = [], *rest, &block|
        now = Recorder.current
        sql = rehearsal_prepared[key]
        next super(key, params, *rest, &block) unless now && sql

        now.judge(sql, params)
        super(key, [], *rest, &block)
      end
    end

    def copy_data(sql, *)
      return super unless Recorder.current

      Recorder.current.note("It copies rows by Ruby code: they are not rehearsed.")
      nil
    end

    private

    def rehearsal_prepared
      @rehearsal_prepared ||= {}
    end
  end
end
