import type { ChosenCapability } from '../../hooks/use-choices.ts'
import { initialField, type FieldChoice } from '../../lib/choice.ts'
import { limitFields, type LimitField } from '../../lib/limit-fields.ts'
import { valueWord } from '../../lib/words.ts'
import { Chip, ChipGroup } from '../choice-chips.tsx'
import { TextField } from '../text-field.tsx'

interface LimitsProps {
  chosen: ChosenCapability
  /** Nobody asked: the limits start from what this server allows at most. */
  given: boolean
}

/** Controls that tighten what would be allowed: one group per argument, then totals and uses. */
export function Limits({ chosen, given }: LimitsProps) {
  const { asked, choice, change, problems } = chosen
  const fields = limitFields(asked.input, asked.constraints)
  return (
    <div className="grid items-start gap-x-4 gap-y-5 sm:grid-cols-2">
      <p className="text-sm text-muted sm:col-span-2">
        {given
          ? 'What you leave empty has no limit.'
          : 'You can make it narrower than asked, never wider.'}{' '}
        Separate several values with commas.
      </p>
      {fields.map((field) => (
        <FieldLimit
          key={field.name}
          field={field}
          group={`${asked.capability}.${field.name}`}
          value={choice.fields[field.name] ?? initialField(field)}
          problem={(control) => problems[`${field.name}.${control}`]}
          onChange={(value) => change({ fields: { ...choice.fields, [field.name]: value } })}
        />
      ))}
      <Budget chosen={chosen} fields={fields.filter(({ kind }) => kind === 'number')} />
      <TextField
        label="Number of uses"
        placeholder="No limit"
        inputMode="numeric"
        autoComplete="off"
        value={choice.uses}
        problem={problems['uses']}
        onChange={(event) => change({ uses: event.target.value })}
      />
    </div>
  )
}

interface FieldLimitProps {
  field: LimitField
  group: string
  value: FieldChoice
  problem: (control: keyof FieldChoice) => string | undefined
  onChange: (value: FieldChoice) => void
}

function FieldLimit(props: FieldLimitProps) {
  switch (props.field.kind) {
    case 'number':
      return <NumberLimit {...props} />
    case 'choice':
      return <ChoiceLimit {...props} />
    case 'text':
      return <TextLimit {...props} />
  }
}

function NumberLimit({ field, value, problem, onChange }: FieldLimitProps) {
  const bound = (control: 'atMost' | 'atLeast') => ({
    inputMode: 'decimal' as const,
    autoComplete: 'off',
    value: value[control],
    problem: problem(control),
    onChange: (event: { target: HTMLInputElement }) =>
      onChange({ ...value, [control]: event.target.value }),
  })
  const { max, min } = field.asked
  return (
    <div className="grid items-start gap-x-4 gap-y-5 sm:col-span-2 sm:grid-cols-subgrid">
      <TextField
        label={`${field.label} at most`}
        placeholder="No limit"
        {...bound('atMost')}
        hint={askedHint(max, problem('atMost'), 'lower')}
      />
      <TextField
        label={`${field.label} at least`}
        placeholder="No limit"
        {...bound('atLeast')}
        hint={askedHint(min, problem('atLeast'), 'raise')}
      />
    </div>
  )
}

function askedHint(
  asked: number | undefined,
  problem: string | undefined,
  verb: 'lower' | 'raise',
): string | undefined {
  if (asked === undefined || problem !== undefined) return undefined
  return `Asked: ${valueWord(asked)}. You can ${verb} it.`
}

function ChoiceLimit({ field, group, value, problem, onChange }: FieldLimitProps) {
  const wrong = problem('picked')
  return (
    <ChipGroup legend={`${field.label}: only these values`} problem={wrong}>
      {field.options.map((option) => (
        <Chip
          key={`${typeof option}:${String(option)}`}
          type="checkbox"
          name={group}
          label={typeof option === 'number' ? String(option) : valueWord(option)}
          checked={value.picked.includes(option)}
          invalid={wrong !== undefined}
          onChange={(checked) =>
            onChange({
              ...value,
              picked: checked
                ? [...value.picked, option]
                : value.picked.filter((other) => other !== option),
            })
          }
        />
      ))}
    </ChipGroup>
  )
}

function TextLimit({ field, value, problem, onChange }: FieldLimitProps) {
  return (
    <TextField
      label={`${field.label}: only these values`}
      placeholder="Any"
      hint={field.description}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      value={value.only}
      problem={problem('only')}
      onChange={(event) => onChange({ ...value, only: event.target.value })}
    />
  )
}

function Budget({ chosen, fields }: { chosen: ChosenCapability; fields: readonly LimitField[] }) {
  const { asked, choice, change, problems } = chosen
  const current = fields.find(({ name }) => name === choice.budgetField)
  if (current === undefined) return null
  return (
    <div className="grid gap-3">
      <TextField
        label={`${current.label} in total, at most`}
        placeholder="No limit"
        inputMode="decimal"
        autoComplete="off"
        value={choice.budget}
        problem={problems['budget']}
        onChange={(event) => change({ budget: event.target.value })}
      />
      {fields.length > 1 && (
        <ChipGroup legend="Count the total of">
          {fields.map(({ name, label }) => (
            <Chip
              key={name}
              type="radio"
              name={`${asked.capability}.budget`}
              label={label}
              checked={name === choice.budgetField}
              onChange={() => change({ budgetField: name })}
            />
          ))}
        </ChipGroup>
      )}
    </div>
  )
}
