/** Whether a person administers this server. Roles are stored with commas between them. */
export function isAdministrator(role: string | null | undefined): boolean {
  return (role ?? '').split(',').includes('admin')
}
