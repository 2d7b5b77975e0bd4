import { GivenUp, sendReport } from './worker.ts'

const apiKey = process.env['API_KEY']
if (!apiKey) {
  console.error('API_KEY is required.')
  process.exit(2)
}
const url = process.env['API_URL'] ?? 'http://localhost:3001'
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())
process.once('SIGINT', () => stopping.abort())

try {
  for (const text of ['disks are fine', 'backups are fine', 'certificates are fine']) {
    await sendReport(text, { url, apiKey, signal: stopping.signal })
    console.log(`Reported: ${text}`)
  }
} catch (error) {
  if (!stopping.signal.aborted) {
    if (!(error instanceof GivenUp)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}
