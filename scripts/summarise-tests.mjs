import { existsSync, readFileSync } from 'node:fs'

// Prints `N passed, N failed` from the report of Vitest's JSON reporter.
const total = count(process.argv[2])
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

function count(path) {
  const report = existsSync(path) ? readFileSync(path, 'utf8') : ''
  // No report: the run itself broke.
  if (report === '') return { passed: 0, failed: 1 }
  const { numPassedTests, numFailedTests, testResults, success } = JSON.parse(report)
  // A file that cannot be loaded, or a hook that throws, fails without a single failed test.
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length
  const failed = numFailedTests + broken
  // Errors outside of every test.
  return { passed: numPassedTests, failed: success || failed > 0 ? failed : 1 }
}
