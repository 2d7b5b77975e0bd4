/** Tells the parent that this server can be reached. */
export function sayListening() {
  process.send?.({ type: 'listening' })
}

/** Answers `cpu` with the processor time this process has used, and ends with its parent. */
export function obeyParent() {
  process.on('message', (message) => {
    if (message !== 'cpu') return
    const { user, system } = process.cpuUsage()
    process.send?.({ type: 'cpu', microseconds: user + system })
  })
  // Leaving through `exit` lets `--cpu-prof` write its profile.
  process.on('disconnect', () => process.exit(0))
}
