import type { AskedCapability } from '../../api/contract.ts'
import { list, uncapitalise } from '../../lib/words.ts'
import { EffectBadge } from '../badge.tsx'
import { Icon } from '../icon.tsx'

interface AdvanceChoiceProps {
  legend: string
  capabilities: readonly AskedCapability[]
  chosen: readonly string[]
  onChange: (chosen: readonly string[]) => void
}

/** Ticks what every agent of an app gets without asking. What takes a passkey is never among it. */
export function AdvanceChoice({ legend, capabilities, chosen, onChange }: AdvanceChoiceProps) {
  const possible = capabilities.filter(({ strength }) => strength !== 'webauthn')
  const strict = capabilities.filter(({ strength }) => strength === 'webauthn')
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">{legend}</legend>
      {possible.length === 0 && <p className="text-muted">Nothing can be allowed in advance.</p>}
      <div className="grid gap-2">
        {possible.map(({ capability, title, description, read_only }) => (
          <label
            key={capability}
            className="flex items-start gap-3 rounded-lg border border-control px-3.5 py-2.5 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="checkbox"
              className="mt-1 size-4 accent-accent outline-none"
              checked={chosen.includes(capability)}
              onChange={({ target }) =>
                onChange(
                  target.checked
                    ? [...chosen, capability]
                    : chosen.filter((other) => other !== capability),
                )
              }
            />
            <span className="min-w-0 flex-1">
              <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <span className="font-medium wrap-anywhere">{title}</span>
                <EffectBadge readOnly={read_only} />
              </span>
              <span className="block text-sm text-muted wrap-anywhere">{description}</span>
            </span>
          </label>
        ))}
      </div>
      {strict.length > 0 && (
        <p className="mt-2.5 flex items-start gap-2 text-sm text-muted">
          <Icon name="key" className="mt-0.5 size-4" />
          <span>
            Never in advance, because each time takes your passkey:{' '}
            {list(strict.map(({ title }) => uncapitalise(title)))}.
          </span>
        </p>
      )}
    </fieldset>
  )
}
