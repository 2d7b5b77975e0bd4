import type { AuthTexts } from '../texts/texts.ts'
import type { Problems } from './form-context.ts'

/** Says what is wrong with the fields of a form, in our own words and at the field. */
export function checkFields(form: HTMLFormElement, texts: AuthTexts): Problems {
  const inputs = [...form.elements].filter((element) => element instanceof HTMLInputElement)
  const wrong = inputs.filter(({ name, validity }) => name !== '' && !validity.valid)
  return Object.fromEntries(wrong.map((input) => [input.name, wordsFor(input, texts)]))
}

function wordsFor({ validity, type, minLength }: HTMLInputElement, texts: AuthTexts): string {
  if (validity.valueMissing) return texts.fieldRequired
  if (type === 'email') return texts.fieldEmail
  if (validity.tooShort) return minLength === 8 ? texts.passwordHint : texts.fieldTooShort
  return texts.fieldPattern
}

/** What was typed, by field. */
export function valuesOf(form: HTMLFormElement): Readonly<Record<string, string>> {
  const entries = [...new FormData(form)]
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/** Empties the passwords of a form. */
export function clearPasswords(form: HTMLFormElement): void {
  for (const element of form.elements) {
    const isPassword = element instanceof HTMLInputElement && 'password' in element.dataset
    if (isPassword) element.value = ''
  }
}
