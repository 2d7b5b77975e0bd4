import type { NextConfig } from 'next'

const config: NextConfig = {
  // They hold a database: Node.js loads them as they are.
  serverExternalPackages: ['@countersign/server', '@electric-sql/pglite'],
}

export default config
