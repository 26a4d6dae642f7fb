# What scripts in Ruby share with each other: a question comes as a line of JSON on standard input, answers go out as such lines.
#
# Whatever the project prints goes to standard error, so that it cannot be taken for an answer; it finds nothing to read.

require "json"

module Rehearsal
  ANSWERS = STDOUT.dup
  STDOUT.reopen(STDERR)
  QUESTIONS = STDIN.dup
  STDIN.reopen(File::NULL)

  module_function

  def question
    asked = JSON.parse(QUESTIONS.gets)
    # Nothing is committed any more once whoever has asked is gone, and holds the lock no longer.
    Thread.new do
      QUESTIONS.read
      exit!(130)
    end
    @instead = asked["instead"]
    asked
  end

  # Of a file, or what is to be read in its place.
  def source_of(path)
    instead(path) || File.read(path, encoding: "UTF-8")
  end

  # nil where the file itself is read.
  def instead(path)
    @instead && File.realpath(path) == @instead["path"] ? @instead["text"] : nil
  end

  # Whatever threads the project has started.
  def leave(code)
    ANSWERS.flush
    STDERR.flush
    exit!(code)
  end

  def tell(value)
    ANSWERS.write(JSON.generate(value), "\n")
    ANSWERS.flush
  end

  # In one line, without what Ruby's own gems would show of the code.
  def trouble(error)
    said = (error.respond_to?(:original_message) ? error.original_message : error.message).to_s.dup.force_encoding("UTF-8").scrub("?").split.join(" ")
    said.empty? || said == error.class.name ? error.class.name : "#{error.class.name}: #{said}"
  end

  # What Postgres said, where an error of the pg gem is behind this one; else what the error says itself.
  def refusal(error)
    cause = error
    while cause
      result = cause.respond_to?(:result) ? cause.result : nil
      return of_result(result) if result.respond_to?(:error_field) && result.error_field(PG::PG_DIAG_SQLSTATE)
      cause = cause.cause
    end
    { message: trouble(innermost(error)) }
  end

  # ActiveRecord wraps what a migration has raised in a StandardError that only says so.
  def innermost(error)
    error.instance_of?(StandardError) && error.cause ? innermost(error.cause) : error
  end

  def of_result(result)
    told = {
      message: result.error_field(PG::PG_DIAG_MESSAGE_PRIMARY),
      sqlState: result.error_field(PG::PG_DIAG_SQLSTATE),
      detail: result.error_field(PG::PG_DIAG_MESSAGE_DETAIL),
      hint: result.error_field(PG::PG_DIAG_MESSAGE_HINT),
    }
    told.compact.transform_values { |it| it.dup.force_encoding("UTF-8").scrub("?") }
  end

  # The query that finds the session itself where the one of Rehearsal with this pid holds its lock on this very database.
  def same_database(pid)
    "SELECT pg_catalog.pg_backend_pid() FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database" \
      " WHERE l.locktype = 'advisory' AND l.pid = #{Integer(pid)} AND d.datname = pg_catalog.current_database()"
  end
end
