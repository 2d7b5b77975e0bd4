import fc from 'fast-check'

// A mutant is killed by the first counterexample: looking for a smaller one takes minutes.
fc.configureGlobal({ endOnFailure: true })
