import { createAuth } from '@countersign/server'

const port = process.env['PORT'] ?? '3000'
const open = () =>
  createAuth({
    appName: 'Next.js example',
    baseURL: process.env['COUNTERSIGN_BASE_URL'] ?? `http://localhost:${port}`,
    migrate: true,
  })

// Kept outside of modules: in development Next.js loads them again after every change.
const kept = globalThis as { countersign?: ReturnType<typeof open> }

/**
 * Who may use the application.
 *
 * Opened by the first request: Next.js loads modules also to build, and in processes of its own.
 */
export const auth = () => (kept.countersign ??= open())
