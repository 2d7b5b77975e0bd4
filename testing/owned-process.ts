import { spawn } from 'node:child_process'

/** What to run, and what to leave behind. */
export interface OwnedProcessOptions {
  command: readonly string[]
  /** How the process is asked to end; ten seconds later it is killed. */
  signal: 'INT' | 'TERM'
  /** A folder that goes away with the process. */
  temporaryDirectory: string
  env: Readonly<Record<string, string | undefined>>
  /** The user to run as, where it differs from ours. */
  runAs?: { uid: number; gid: number } | undefined
}

/** A process that never outlives the one that started it, not even when that one is killed. */
export interface OwnedProcess {
  /** Everything it has written so far, to either stream. */
  output(): string
  isRunning(): boolean
  /** Ends it, and resolves to its exit code once its folder is gone. */
  end(): Promise<number | null>
}

/**
 * The shell that owns the process. Its standard input is a pipe from us: when we end, however we
 * end, the pipe closes, the process is stopped and its folder removed.
 */
const keeperScript = `
signal=$1; directory=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- 2>&1 &
child=$!
(
  cat <&3
  kill -s "$signal" "$child"
  tries=0
  while kill -0 "$child" && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -s KILL "$child"
) >/dev/null 2>&1 &
watcher=$!
wait "$child"; code=$?
# Its number may belong to somebody else from here on.
kill "$watcher" 2>/dev/null
rm -rf "$directory"
exit "$code"
`

/** Starts a process that ends with us. */
export function startOwned(options: OwnedProcessOptions): OwnedProcess {
  const { command, signal, temporaryDirectory, env, runAs } = options
  const keeper = spawn(
    '/bin/sh',
    ['-c', keeperScript, 'keeper', signal, temporaryDirectory, ...command],
    {
      ...runAs,
      cwd: temporaryDirectory,
      env,
      // Its own process group: Ctrl-C reaches the test runner, which closes the pipe.
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  )
  const closed = new Promise<number | null>((resolve, reject) => {
    keeper.once('error', reject)
    keeper.once('close', resolve)
  })
  let output = ''
  keeper.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  // Closing the pipe to a process that has ended already is no failure.
  keeper.stdin.on('error', () => {})
  return {
    output: () => output,
    isRunning: () => keeper.exitCode === null && keeper.signalCode === null,
    end() {
      keeper.stdin.destroy()
      return closed
    },
  }
}
