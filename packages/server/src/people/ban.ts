/** What Better Auth's admin plugin, where it is installed, stores of a ban. */
interface Ban {
  readonly banned?: boolean | null
  readonly banExpires?: Date | string | number | null
}

/** Whether a person is banned at the moment `now`, in milliseconds since the epoch. */
export function isBanned(user: object, now: number): boolean {
  const { banned, banExpires }: Ban = user
  if (banned !== true) return false
  return banExpires === null || banExpires === undefined || new Date(banExpires).getTime() > now
}
