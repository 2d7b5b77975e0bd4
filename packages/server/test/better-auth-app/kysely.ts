import { agentAuth } from '@countersign/server/agent-auth'
import { betterAuth } from 'better-auth'
import {
  DummyDriver,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type Dialect,
} from 'kysely'

/** Dialects of an empty database that answers nothing: enough to be told what to create. */
const dialects = {
  mysql: empty(MysqlAdapter, MysqlIntrospector, MysqlQueryCompiler),
  postgres: empty(PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler),
  sqlite: empty(SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler),
}

function empty(
  Adapter: new () => ReturnType<Dialect['createAdapter']>,
  Introspector: new (
    ...given: Parameters<Dialect['createIntrospector']>
  ) => ReturnType<Dialect['createIntrospector']>,
  Compiler: new () => ReturnType<Dialect['createQueryCompiler']>,
): Dialect {
  return {
    createAdapter: () => new Adapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new Introspector(db),
    createQueryCompiler: () => new Compiler(),
  }
}

const type = process.env['DIALECT'] as keyof typeof dialects

/** A configuration on Better Auth's own adapter, for the dialect in `DIALECT`. */
export const auth = betterAuth({
  baseURL: 'https://app.example.com',
  secret: 'q7Tz3Lk9Vw2Xn5Bd8Rm1Ys4Hc6Jf0Pg!',
  emailAndPassword: { enabled: true },
  database: { dialect: dialects[type], type },
  plugins: [agentAuth()],
})
