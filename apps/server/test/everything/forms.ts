/** A form where every kind of field has a default. */
export const withDefaults = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
}

const titled = (prefix: string, ...titles: string[]) =>
  titles.map((title, index) => ({ const: `${prefix}${index + 1}`, title }))
const options = ['option1', 'option2', 'option3']

/** A form with every way to choose from a list. */
export const choices = {
  untitledSingle: { type: 'string', enum: options },
  titledSingle: {
    type: 'string',
    oneOf: titled('value', 'First Option', 'Second Option', 'Third Option'),
  },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
  titledMulti: {
    type: 'array',
    items: { anyOf: titled('value', 'First Choice', 'Second Choice', 'Third Choice') },
  },
}
