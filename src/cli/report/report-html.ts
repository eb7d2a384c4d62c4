// SPDX-License-Identifier: Apache-2.0
import { printable } from '../../runtime/printable.ts';
import { countColumns, type CoverageReport, runsOf, totalOf } from './coverage-report.ts';
import type { CountedReason, NamespaceCoverage, PolicyCoverage } from './coverage.ts';

const style = `
  :root { color-scheme: light dark; --line: #8886; --good: #2a7d46; --bad: #c0392b; --wait: #b8860b; --loud: #a61b1b; }
  @media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --wait: #d29922; --loud: #ff8983; } }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
  h1, h2, p { overflow-wrap: anywhere; }
  table { border-collapse: collapse; width: 100%; }
  th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: right; }
  th:first-child, td:first-child { min-width: 12rem; overflow-wrap: anywhere; text-align: left; }
  th:not(:first-child) { width: 4.5rem; } th.bars { text-align: left; width: 9rem; }
  td { font-variant-numeric: tabular-nums; }
  section { margin-top: 2rem; }
  li { overflow-wrap: anywhere; }
  .wide { overflow-x: auto; }
  .loud { color: var(--loud); font-weight: bold; }
  .bar { background: var(--line); display: flex; height: .5rem; min-width: 8rem; }
  .key { background: var(--line); display: inline-block; height: .5rem; margin: 0 .3rem 0 .8rem; width: 1.2rem; }
  .good { background: var(--good); } .bad { background: var(--bad); } .wait { background: var(--wait); }
`;
/** Nothing may be loaded or run, whatever a name or a message contains. */
const contentPolicy = "default-src 'none'; style-src 'unsafe-inline'";

const legend = `<p>Coverage of what policies select:<span class="key good"></span>stored<span class="key bad"></span>failed<span class="key wait"></span>waiting<span class="key"></span>none of these</p>\n`;

/** Makes one self-contained page of a coverage report. It is XML as well as HTML, so that any parser can check it. */
export function reportHtml(report: CoverageReport): string {
  const { finished, unselected } = runsOf(report);
  const scope = report.namespace === undefined ? 'all namespaces' : `namespace ${report.namespace}`;
  const totals = countColumns.map(([count, title]) => `${title} ${totalOf(report, count)}`).join(', ');
  const unread =
    report.unread.length === 0
      ? ''
      : `<p>Not allowed to read ${escaped(report.unread.join(', '))}: numbers may be too low.</p>\n`;
  return `<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="${escaped(contentPolicy)}" />
<meta name="viewport" content="width=device-width" />
<title>Provenance of ${escaped(scope)}</title>
<style>${style}</style>
</head>
<body>
<h1>Provenance of ${escaped(scope)}</h1>
<p>At ${escaped(report.generatedAt)}: ${finished} finished runs, of which no policy selects ${unselected}. Records: ${totals}.</p>
${unread}${report.namespaces.length === 0 ? '<p>There is no finished run and no record.</p>\n' : legend}${overviewHtml(report.namespaces)}${report.namespaces.map(namespaceHtml).join('')}</body>
</html>
`;
}

/** One row for each namespace, those that need work first; nothing for a report on one namespace. */
function overviewHtml(namespaces: readonly NamespaceCoverage[]): string {
  if (namespaces.length < 2) return '';
  const rows = namespaces.map(({ namespace, finished, unselected, policies }, index) => {
    const sum = (count: (typeof countColumns)[number][0]): number =>
      policies.reduce((total, policy) => total + policy[count], 0);
    const [selected, stored, failed, waiting] = [sum('selected'), sum('stored'), sum('failed'), sum('waiting')];
    const name = `<a href="#${anchorOf(index)}">${escaped(namespace)}</a>`;
    const counts = [waiting, selected, stored, finished, unselected].map((count) => `<td>${count}</td>`).join('');
    const bar = barHtml({ selected, stored, failed, waiting });
    const html = `<tr><td>${name}</td>${troubleHtml(failed)}${counts}<td>${bar}</td></tr>\n`;
    return { failed, waiting, html };
  });
  const urgentFirst = rows.toSorted((one, other) => other.failed - one.failed || other.waiting - one.waiting);
  const titles = ['failed', 'waiting', 'selected', 'stored', 'finished', 'unselected'];
  return tableHtml(['namespace', ...titles], urgentFirst.map(({ html }) => html).join(''));
}

function tableHtml(titles: readonly string[], rows: string): string {
  const head = titles.map((title) => `<th>${title}</th>`).join('');
  return `<div class="wide"><table>\n<thead><tr>${head}<th class="bars">coverage</th></tr></thead>\n<tbody>\n${rows}</tbody>\n</table></div>\n`;
}

/** By position: a name may contain anything. */
function anchorOf(index: number): string {
  return `namespace-${index}`;
}

function troubleHtml(count: number): string {
  return count === 0 ? `<td>${count}</td>` : `<td class="loud">${count}</td>`;
}

function namespaceHtml(coverage: NamespaceCoverage, index: number): string {
  const { namespace, finished, unselected, unselectedReasons, policies } = coverage;
  const titles = countColumns.map(([, title]) => title);
  const table = policies.length === 0 ? '' : tableHtml(['policy', ...titles], policies.map(policyHtml).join(''));
  const reasons = [
    ...policies.map(({ policy, reasons: own }) => reasonsHtml(policy, own)),
    reasonsHtml('unselected', unselectedReasons),
  ].join('');
  return `<section id="${anchorOf(index)}">
<h2>${escaped(namespace)}</h2>
<p>${finished} finished, ${unselected} unselected</p>
${table}${reasons === '' ? '' : `<ul>\n${reasons}</ul>\n`}</section>
`;
}

function policyHtml(policy: PolicyCoverage): string {
  const counts = countColumns
    .map(([count]) => (count === 'failed' ? troubleHtml(policy[count]) : `<td>${policy[count]}</td>`))
    .join('');
  return `<tr><td>${escaped(policy.policy)}</td>${counts}<td>${barHtml(policy)}</td></tr>\n`;
}

function barHtml({
  selected,
  stored,
  failed,
  waiting,
}: Pick<PolicyCoverage, 'selected' | 'stored' | 'failed' | 'waiting'>): string {
  const part = (name: string, count: number): string =>
    count === 0 ? '' : `<span class="${name}" style="flex: ${count}"></span>`;
  const rest = selected === 0 ? '' : part('none', Math.max(0, selected - stored - failed - waiting));
  const text = `${stored} of ${selected} stored`;
  return `<span class="bar" role="img" aria-label="${text}" title="${text}">${part('good', stored)}${part('bad', failed)}${part('wait', waiting)}${rest}</span>`;
}

function reasonsHtml(what: string, reasons: readonly CountedReason[]): string {
  return reasons
    .map(
      ({ reason, count, message }) =>
        `<li>${escaped(what)}: ${count} × <strong>${escaped(reason)}</strong>, such as ${escaped(message)}</li>\n`,
    )
    .join('');
}

/** Text of names and messages, which anyone who can create a run may choose. Control characters are shown as escapes. */
function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
