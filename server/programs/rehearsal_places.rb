# Where in the file of a migration something is called, also when ActiveRecord calls it later and in reverse.

module Rehearsal
  # Lines count from 1; first and last are both in.
  class Places
    def initialize(path)
      Places.replayed = nil
      @path = path
      @statements = statements_in(path)
      @lines = Rehearsal.source_of(path).scrub.lines
    end

    # The innermost frame that is in the file, else the command that is being replayed.
    def now
      found = caller_locations.find { |it| it.absolute_path == @path || it.path == @path }
      found ? found.lineno : Places.replayed
    end

    def of_error(error)
      line = error.backtrace.to_a.filter_map { |it| it[/\A#{Regexp.escape(@path)}:(\d+)/, 1]&.to_i }.first || Places.replayed
      line ? range(line) : {}
    end

    # The smallest statement that the line is in.
    def range(line)
      first, last = @statements.select { |from, to| from <= line && line <= to }.min_by { |from, to| to - from }
      { from: first || line, to: last || line }
    end

    # What is called there: `create_table`, `t.string`.
    def title(line)
      @lines[range(line)[:from] - 1].to_s[/\A\s*([\w.]+[?!]?)/, 1] || "code"
    end

    class << self
      # The line of the recorded command that is being replayed; nil when none is.
      attr_accessor :replayed

      # The migration whose commands are recorded.
      attr_accessor :current

      def of_commands
        @of_commands ||= {}.compare_by_identity
      end
    end

    # For ActiveRecord::Migration::CommandRecorder: `change` is recorded first when it is reverted, and run then.
    module Recorded
      def record(*command, &block)
        super.tap { Places.of_commands[commands.last] = Places.current&.now }
      end

      def replay(migration)
        self.commands = Replay.new(commands)
        super
        Places.replayed = nil
      end
    end

    class Replay < Array
      def each
        super() do |command|
          Places.replayed = Places.of_commands[command] || Places.replayed
          yield command
        end
      end
    end

    private

    # Ruby's own parser, where this Ruby has it.
    def statements_in(path)
      return [] unless defined?(RubyVM::AbstractSyntaxTree)

      found = []
      walk(RubyVM::AbstractSyntaxTree.parse(Rehearsal.source_of(path)), found)
      found
    rescue SyntaxError
      []
    end

    def walk(node, found)
      return unless node.is_a?(RubyVM::AbstractSyntaxTree::Node)

      bodies = node.type == :SCOPE ? [node.children.last] : node.type == :BLOCK ? node.children : []
      bodies.each do |it|
        next if !it.is_a?(RubyVM::AbstractSyntaxTree::Node) || %i[BLOCK BEGIN].include?(it.type)

        found << [it.first_lineno, it.last_lineno]
      end
      node.children.each { |it| walk(it, found) }
    end
  end
end
