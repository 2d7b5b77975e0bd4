/** One scenario's rounds in figures. The ratio is taken per pair, then the median of those. */
export function summarise({ name, title, target, beside = 'peer' }, rounds, statements) {
  const summary = { name, title, target, beside, sides: {}, rounds, statements }
  for (const side of Object.keys(rounds[0])) {
    const of = (figure) => median(rounds.map((round) => figure(round[side])))
    summary.sides[side] = {
      throughput: of(rate),
      p50: of(({ p50 }) => p50),
      p99: of(({ p99 }) => p99),
      cpu: of(({ cpu, requests }) => cpu / requests / 1000),
      statements: statements[side].alone.perRequest,
      loadedStatements: statements[side].loaded.perRequest,
    }
  }
  if (rounds[0].countersign && rounds[0][beside]) {
    const ratios = rounds.map((round) => rate(round.countersign) / rate(round[beside]))
    summary.ratios = ratios
    summary.ratio = median(ratios)
  }
  if (rounds[0].countersign && rounds[0].floor) {
    summary.ofFloor = median(rounds.map((round) => rate(round.countersign) / rate(round.floor)))
  }
  return summary
}

/** What is missed of the targets. */
export function problems(results) {
  return results.flatMap(({ title, target, beside, ratio, ofFloor, statements }) => {
    const missed = []
    if (target?.floor && ofFloor < target.floor) {
      missed.push(`${title}: ${ofFloor.toFixed(2)} of the floor, not ${target.floor}`)
    }
    if (target?.ratio && ratio < target.ratio) {
      missed.push(`${title}: ${ratio.toFixed(1)} times the ${beside}, not ${target.ratio}`)
    }
    if (target?.statements !== undefined && countersignStatements(statements) > target.statements) {
      missed.push(`${title}: more than ${target.statements} statements`)
    }
    return missed
  })
}

/** What runs once in a while, for many requests at once, is not on the path of a request. */
function countersignStatements({ countersign }) {
  if (!countersign) return 0
  const onPath = countersign.alone.statements.filter(({ perRequest }) => perRequest > 0.1)
  return Math.round(onPath.reduce((sum, { perRequest }) => sum + perRequest, 0))
}

/** Prints the figures as a Markdown table. */
export function printTable(results, names) {
  const head = [
    '',
    'server',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'CPU ms',
    'statements',
    'under load',
    'ratio',
    'per pair',
  ]
  const rows = results.flatMap((result) => {
    const measured = names.filter((name) => result.sides[name])
    return measured.map((name) => {
      const { throughput, p50, p99, cpu, statements, loadedStatements } = result.sides[name]
      const ours = name === 'countersign' && result.ratio !== undefined
      return [
        name === names[0] ? result.title : '',
        name,
        throughput.toFixed(0),
        p50.toFixed(1),
        p99.toFixed(1),
        cpu.toFixed(2),
        statements.toFixed(1),
        loadedStatements.toFixed(1),
        ours ? `${result.ratio.toFixed(1)}x` : name === 'floor' ? floorOf(result) : '',
        ours
          ? `${Math.min(...result.ratios).toFixed(1)} to ${Math.max(...result.ratios).toFixed(1)}`
          : '',
      ]
    })
  })
  const widths = head.map((text, column) =>
    Math.max(...[head, ...rows].map((row) => row[column].length)),
  )
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  console.log(['', line(head), rule, ...rows.map(line)].join('\n'))
}

function floorOf({ ofFloor }) {
  return ofFloor === undefined ? '' : `${ofFloor.toFixed(2)} of it`
}

function rate({ requests, elapsed }) {
  return requests / elapsed
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
