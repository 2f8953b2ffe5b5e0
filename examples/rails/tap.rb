# Minitest that prints TAP.
require "minitest"

class Tap < Minitest::AbstractReporter
  def initialize
    super
    @count = 0
    @failed = false
  end

  def record(result)
    @failed ||= !result.passed?
    puts "#{'not ' unless result.passed?}ok #{@count += 1} - #{result.name.delete_prefix('test_').tr('_', ' ')}"
    result.failures.each { |failure| puts "#{failure.message}\n#{failure.location}".gsub(/^/, "# ") }
  end

  def report = puts("1..#{@count}")
  def passed? = !@failed
end

Minitest.singleton_class.define_method(:plugin_tap_init) { |_| reporter.reporters.replace([Tap.new]) }
Minitest.extensions << "tap"
