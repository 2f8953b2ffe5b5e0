"""Runs unittest's tests and prints TAP."""
import sys
import traceback
import unittest


class _Result(unittest.TestResult):
    def _line(self, word, test, detail=""):
        name = test.shortDescription() or test.id().split(".", 1)[-1]
        print(f"{word} {self.testsRun} - {name}", flush=True)
        for line in detail.splitlines():
            print(f"# {line}")

    def addSuccess(self, test):
        self._line("ok", test)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._line("not ok", test, "".join(traceback.format_exception(*error)))

    def addError(self, test, error):
        if not isinstance(test, unittest.TestCase):
            raise error[1]  # of a class's or module's preparation: no plan is kept
        super().addError(test, error)
        self._line("not ok", test, "".join(traceback.format_exception(*error)))


def main(module="__main__"):
    tests = unittest.defaultTestLoader.loadTestsFromName(module)
    result = tests.run(_Result())
    print(f"1..{result.testsRun}")
    sys.exit(not result.wasSuccessful())


def skip_unless(**versions):
    """Ends the program where a module is missing or its version does not begin so."""
    for name, version in versions.items():
        try:
            found = __import__(name).__version__
        except ImportError:
            found = "none"
        if not found.startswith(version):
            print(f"1..0 # SKIP {name} {version} is needed, found: {found}")
            sys.exit()
