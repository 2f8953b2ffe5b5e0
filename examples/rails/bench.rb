# bench ROUNDS [NAME]: see ../README.md.  Each way of a cell once a round, by turns.
require_relative "database"
require_relative "ways"

WARM_UP = 3
rounds = Integer(ARGV.fetch(0, 30))
wanted = ARGV.fetch(1, "")

Database.open
Ways.read_first_pages
Ways.cells.each do |cell, ways|
  next unless cell.include?(wanted)

  (-WARM_UP...rounds).each do |round|
    ways.each do |way, run|
      GC.start # garbage of another way
      milliseconds = nil
      statements = Database.statements do
        start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        run.call
        milliseconds = (Process.clock_gettime(Process::CLOCK_MONOTONIC) - start) * 1000
      end
      puts [cell, way, statements, milliseconds].join("\t") if round >= 0
    end
  end
end
