'use client'
import { createContext } from 'react'

/** What is wrong with fields, by their name. */
export type Problems = Readonly<Record<string, string>>

/** What the fields of a form know of it. */
export const FormContext = createContext<Problems>({})
