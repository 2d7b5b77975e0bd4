import { Switch } from 'radix-ui'
import { useId, useState } from 'react'
import type { ChosenCapability } from '../../hooks/use-choices.ts'
import { describeConstraints } from '../../lib/constraint-words.ts'
import { durationLabels, durations } from '../../lib/durations.ts'
import { allowanceSentence } from '../../lib/sentence.ts'
import { EffectBadge } from '../badge.tsx'
import { Chip, ChipGroup } from '../choice-chips.tsx'
import { Icon } from '../icon.tsx'
import { Limits } from './limits.tsx'

interface CapabilityCardProps {
  chosen: ChosenCapability
  /** The person gives this by themselves: nobody asked, and there is nothing to deny. */
  given?: boolean
}

/** One capability, with everything a person can decide about it. */
export function CapabilityCard({ chosen, given = false }: CapabilityCardProps) {
  const { asked, choice, change } = chosen
  const id = useId()
  return (
    <li className="card overflow-hidden">
      <div role="group" aria-labelledby={id}>
        <div className="flex items-start gap-4 px-5 pt-5 sm:px-6">
          <div className="min-w-0 flex-1">
            <h3 id={id} className="text-lg leading-snug font-semibold wrap-anywhere">
              {asked.title}
            </h3>
            <p className="mt-1 text-muted wrap-anywhere">{asked.description}</p>
          </div>
          {!given && (
            <AllowSwitch
              label={`Allow ${asked.title}`}
              allow={choice.allow}
              onChange={(allow) => change({ allow })}
            />
          )}
        </div>
        <div className="flex flex-wrap items-center gap-2 px-5 pt-3 pb-5 sm:px-6">
          <EffectBadge readOnly={asked.read_only} />
          {!given && <Asked chosen={chosen} />}
        </div>
        {choice.allow && <Narrowing chosen={chosen} given={given} />}
        <Outcome chosen={chosen} />
      </div>
    </li>
  )
}

function Asked({ chosen: { asked } }: { chosen: ChosenCapability }) {
  const limits = describeConstraints(asked.constraints)
  return (
    <p className="text-sm text-muted">
      {limits.length === 0 ? 'Asked without limits' : `Asked: ${limits.join(', ')}`}
    </p>
  )
}

interface AllowSwitchProps {
  label: string
  allow: boolean
  onChange: (allow: boolean) => void
}

function AllowSwitch({ label, allow, onChange }: AllowSwitchProps) {
  return (
    <Switch.Root
      checked={allow}
      onCheckedChange={onChange}
      aria-label={label}
      className="group -m-1 flex min-h-10 shrink-0 flex-col items-end gap-1 rounded-lg p-1 sm:flex-row-reverse sm:items-center sm:gap-2.5"
    >
      <span className="relative h-6.5 w-11.5 rounded-full border border-control bg-sunken transition-colors group-data-[state=checked]:border-accent group-data-[state=checked]:bg-accent">
        <Switch.Thumb className="absolute top-[3px] left-[3px] flex size-4.5 items-center justify-center rounded-full bg-control text-surface transition-transform data-[state=checked]:translate-x-5 data-[state=checked]:bg-on-accent data-[state=checked]:text-accent">
          <Icon name={allow ? 'check' : 'cross'} className="size-3" />
        </Switch.Thumb>
      </span>
      <span className="min-w-16 text-right text-sm font-medium" aria-hidden>
        {allow ? 'Allowed' : 'Denied'}
      </span>
    </Switch.Root>
  )
}

function Narrowing({ chosen, given }: Required<CapabilityCardProps>) {
  const { asked, choice, change, problems } = chosen
  const id = useId()
  const [open, setOpen] = useState(!asked.read_only)
  const shown = open || Object.keys(problems).length > 0
  return (
    <div className="grid gap-5 border-t border-line px-5 py-5 sm:px-6">
      <ChipGroup legend="For how long">
        {durations.map((duration) => (
          <Chip
            key={duration}
            type="radio"
            name={`${asked.capability}.duration`}
            label={durationLabels[duration]}
            checked={choice.duration === duration}
            onChange={() => change({ duration })}
          />
        ))}
      </ChipGroup>
      <button
        type="button"
        aria-expanded={shown}
        aria-controls={id}
        onClick={() => setOpen(!shown)}
        className="-mx-2 inline-flex min-h-10 items-center gap-2 justify-self-start rounded-lg px-2 font-medium text-accent hover:bg-accent-soft"
      >
        <Icon
          name="chevron"
          className={`size-4 transition-transform ${shown ? 'rotate-180' : ''}`}
        />
        {shown ? 'Hide limits' : 'Set limits'}
      </button>
      <div id={id} hidden={!shown}>
        {shown && <Limits chosen={chosen} given={given} />}
      </div>
    </div>
  )
}

function Outcome({ chosen }: { chosen: ChosenCapability }) {
  const { asked, choice, decision, problems } = chosen
  const broken = Object.keys(problems).length > 0
  const sentence = broken
    ? 'Mend the marked limits to allow this.'
    : allowanceSentence(asked.title, decision, choice.duration)
  const look = broken
    ? 'bg-danger-soft text-danger'
    : choice.allow
      ? 'bg-accent-soft text-ink'
      : 'bg-sunken text-muted'
  return (
    <p
      aria-live="polite"
      className={`border-t border-line px-5 py-3.5 font-medium tabular-nums wrap-anywhere sm:px-6 ${look}`}
    >
      {sentence}
    </p>
  )
}
