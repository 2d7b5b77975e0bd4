export { startServer } from './start.ts'
export type { RunningServer } from './start.ts'
export { readSettings } from './settings.ts'
export type { Settings } from './settings.ts'
