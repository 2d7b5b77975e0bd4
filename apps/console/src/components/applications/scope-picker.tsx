import { useScopes } from '../../hooks/use-clients.ts'
import { Loaded } from '../account/loaded.tsx'
import { Badge } from '../badge.tsx'
import { CardSkeletons } from '../skeleton.tsx'

interface ScopePickerProps {
  chosen: readonly string[]
  onChange: (chosen: readonly string[]) => void
}

/** Which scopes an application may ask people for. */
export function ScopePicker({ chosen, onChange }: ScopePickerProps) {
  const change = (name: string, ticked: boolean): void =>
    onChange(ticked ? [...chosen, name] : chosen.filter((one) => one !== name))
  return (
    <Loaded query={useScopes()} skeleton={<CardSkeletons count={1} className="h-40" />}>
      {(scopes) => (
        <fieldset>
          <legend className="mb-1.5 text-sm font-medium">What it may ask for</legend>
          <ul className="divide-y divide-line rounded-lg border border-line">
            {scopes.map(({ name, title, description, sensitive }) => (
              <li key={name}>
                <label className="flex items-start gap-3.5 px-4 py-3 hover:bg-sunken">
                  <input
                    type="checkbox"
                    checked={chosen.includes(name)}
                    onChange={(event) => change(name, event.target.checked)}
                    className="mt-0.5 size-5 shrink-0 accent-accent"
                  />
                  <span className="min-w-0">
                    <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
                      <span className="font-medium">{title}</span>
                      <code className="font-mono text-sm text-muted wrap-anywhere">{name}</code>
                      {sensitive && (
                        <Badge tone="warn" icon="warning">
                          Sensitive
                        </Badge>
                      )}
                    </span>
                    {description !== '' && (
                      <span className="block text-sm text-muted">{description}</span>
                    )}
                  </span>
                </label>
              </li>
            ))}
          </ul>
        </fieldset>
      )}
    </Loaded>
  )
}
