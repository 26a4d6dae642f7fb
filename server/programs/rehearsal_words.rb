# SQL cut into its words, as the lexer of Postgres does it (src/backend/parser/scan.l), for the few statements that have to be understood.

module Rehearsal
  class Words
    Word = Struct.new(:kind, :text, :from, :to)

    PATTERN = /
      (?<blank>\s+|--[^\n]*|\/\*.*?\*\/) |
      (?<text>[eE]'(?:[^'\\]|\\.|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'|\$(?<tag>[A-Za-z_]\w*|)\$.*?\$\k<tag>\$) |
      (?<quoted>(?:[uU]&)?"(?:[^"]|"")*") |
      (?<word>[[:alpha:]_][[:alnum:]_$]*) |
      (?<number>\d+(?:\.\d+)?) |
      (?<sign>::|.)
    /mx

    # The statements of a text, each as its words.
    def self.statements(sql)
      all = in_text(sql)
      cut = all.slice_when { |it, _| it.kind == :sign && it.text == ";" }
      cut.map { |words| new(sql, words.reject { |it| it.kind == :sign && it.text == ";" }) }.reject(&:ended?)
    end

    def self.in_text(sql)
      found = []
      sql.scan(PATTERN) do
        match = Regexp.last_match
        kind = %i[text quoted word number sign].find { |it| match[it] }
        found << Word.new(kind, match[0], match.begin(0), match.end(0)) if kind
      end
      found
    end

    attr_reader :words

    def initialize(sql, words)
      @sql = sql
      @words = words
      @at = 0
    end

    def ended?
      @at >= @words.length
    end

    def peek
      @words[@at]
    end

    def next?(*wanted)
      wanted.each_with_index.all? { |it, i| is?(@words[@at + i], it) }
    end

    # Steps over these words when they come next.
    def accept(*wanted)
      return false unless next?(*wanted)

      @at += wanted.length
      true
    end

    def skip
      @at += 1
    end

    # A name as Postgres keeps it; nil when none comes next.
    def identifier
      word = peek
      return unless word && %i[quoted word].include?(word.kind)

      skip
      word.kind == :quoted ? word.text[1..-2].gsub('""', '"') : word.text.downcase
    end

    # [schema or nil, name]; nil when none comes next.
    def name
      first = identifier
      return unless first

      parts = [first]
      parts << identifier while accept(".")
      [parts.length > 1 ? parts[-2] : nil, parts[-1]]
    end

    def names
      found = [name]
      found << name while accept(",")
      found.compact
    end

    # What stands between parentheses, cut at its commas; nil when none come next.
    def parenthesised
      return unless accept("(")

      parts = [[]]
      depth = 0
      until ended?
        word = peek
        skip
        depth += { "(" => 1, ")" => -1, "[" => 1, "]" => -1 }.fetch(word.text, 0) if word.kind == :sign
        break if depth.negative?

        depth.zero? && word.kind == :sign && word.text == "," ? parts << [] : parts.last << word
      end
      parts.reject(&:empty?).map { |it| Words.new(@sql, it) }
    end

    # Cuts what is left at its commas.
    def parts
      found = [[]]
      depth = 0
      until ended?
        word = peek
        skip
        depth += { "(" => 1, ")" => -1, "[" => 1, "]" => -1 }.fetch(word.text, 0) if word.kind == :sign
        depth.zero? && word.kind == :sign && word.text == "," ? found << [] : found.last << word
      end
      found.reject(&:empty?).map { |it| Words.new(@sql, it) }
    end

    # The text up to one of these words, which stand outside of parentheses.
    def text_until(*ends)
      from = @at
      depth = 0
      until ended?
        break if depth.zero? && @at > from && ends.any? { |it| next?(*it.split) }

        depth += { "(" => 1, ")" => -1 }.fetch(peek.text, 0) if peek.kind == :sign
        skip
      end
      text_of(from, @at)
    end

    def rest
      from = @at
      @at = @words.length
      text_of(from, @at)
    end

    def text
      text_of(0, @words.length)
    end

    private

    def text_of(from, to)
      from < to ? @sql[@words[from].from...@words[to - 1].to] : ""
    end

    def is?(word, wanted)
      return false unless word

      word.kind == :word ? word.text.casecmp?(wanted) : word.kind == :sign && word.text == wanted
    end
  end
end
