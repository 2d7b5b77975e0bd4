import { defineConfig } from 'drizzle-kit'

/** `npx drizzle-kit generate` drafts the SQL of a migration from the schema. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './src/database/schema.ts',
  out: './.drizzle',
})
