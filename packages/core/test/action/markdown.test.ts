import { renderSummary } from '@delivery/core/action/markdown';
import type { Outcome, SummaryBlock } from '@delivery/core/action/outcome';

function render(block: SummaryBlock): string {
  const outcome: Outcome<string> = { result: 'success', reason: 'Done.', outputs: {}, summary: [block] };
  return renderSummary('x', outcome).split('Done.\n\n')[1]!.trimEnd();
}

describe('the job summary', () => {
  it('begins with the light, the reason and what is next', () => {
    const text = renderSummary('deploy-test', {
      result: 'failure',
      reason: 'Crash loop.',
      next: 'Mend it.',
      outputs: {},
      summary: [],
    });
    expect(text).toBe('### 🔴 deploy-test: failure\n\nCrash loop.\n\n**Next:** Mend it.\n\n');
  });

  it('writes a table of texts, code and links', () => {
    const cells = ['a', { code: 'latest-1' }, { link: 'run', href: 'https://example.org/1' }];
    expect(render({ kind: 'table', head: ['x', 'y', 'z'], rows: [cells] })).toBe(
      '| x | y | z |\n| --- | --- | --- |\n| a | `latest-1` | [run](<https://example.org/1>) |',
    );
  });

  it.each([
    ['markup', '<img src=x onerror=alert(1)>', '&#60;img src=x onerror=alert(1)&#62;'],
    ['a link', '[click](http://evil.example)', '\\[click\\](http://evil.example)'],
    ['a cell more', 'a | b', 'a \\| b'],
    ['a second row', 'a\n| b | c |', 'a \\| b \\| c \\|'],
    ['a terminal escape', '\x1b[31mred\x1b[0m', 'red'],
  ])('lets a text from outside make no %s', (_, text, shown) => {
    expect(render({ kind: 'table', head: ['x'], rows: [[text]] })).toBe(`| x |\n| --- |\n| ${shown} |`);
  });

  it('links nothing but http and https', () => {
    expect(render({ kind: 'table', head: ['x'], rows: [[{ link: 'go', href: 'javascript:alert(1)' }]] })).toContain(
      '| go |',
    );
  });

  it('fences lines so that they cannot end the fence, and keeps the last of too many', () => {
    const lines = [...Array.from({ length: 250 }, (_, i) => `line ${i}`), '```` out of the fence'];
    const text = render({ kind: 'lines', title: 'log </summary>', lines });
    expect(text).toContain('<details><summary>log &#60;/summary&#62;</summary>');
    expect(text).toContain('\n`````text\n(51 earlier lines are not shown)\nline 51\n');
    expect(text).toMatch(/```` out of the fence\n`````\n\n<\/details>$/);
  });
});
