import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDockerfile } from '../../src/cnb/dockerfile.ts';

/** `line KEYWORD args`, one an instruction. */
function shown(text: string): readonly string[] {
  return parseDockerfile(text, 'Dockerfile').instructions.map(
    ({ line, keyword, args }) => `${String(line)} ${keyword} ${args}`,
  );
}

describe('a Dockerfile', () => {
  it('is split into instructions with the line on which each begins', () => {
    const text = '# a comment\n\nFROM a\n  run one\nRUN  two  \nEnv X=1';
    assert.deepEqual(shown(text), ['3 FROM a', '4 RUN one', '5 RUN two', '6 ENV X=1']);
  });

  it('joins continued lines, with comments and blank lines between them left out', () => {
    const text = 'FROM a\nRUN one \\\n  # no part of it\n\n  && two \\\n  && three\nUSER 1';
    assert.deepEqual(shown(text), ['1 FROM a', '2 RUN one   && two   && three', '7 USER 1']);
  });

  it('takes a doubled escape for a character, and blanks after a single one for nothing', () => {
    assert.deepEqual(shown('RUN a\\\\\nRUN b\\ \t\nc'), ['1 RUN a\\\\', '2 RUN bc']);
  });

  it('ends with its last line, continued or not', () => {
    assert.deepEqual(shown('RUN a \\'), ['1 RUN a']);
  });

  it('lets a directive choose the escape, in any case and above everything else only', () => {
    assert.deepEqual(shown('# syntax=docker/dockerfile:1\n#Escape = `\nRUN a`\n\\b'), ['3 RUN a\\b']);
    assert.deepEqual(shown('# hello\n# escape=`\nRUN a`\nRUN b'), ['3 RUN a`', '4 RUN b']);
    assert.equal(parseDockerfile('# escape=`\nRUN a', 'D').escape, '`');
  });

  it('reads CRLF and a byte order mark', () => {
    assert.deepEqual(shown('\u{feff}FROM a\r\nRUN b \\\r\n c\r\n'), ['1 FROM a', '2 RUN b  c']);
  });

  it('takes heredocs out of what follows', () => {
    const text = 'FROM a\nRUN <<EOF cat <<-"END" 3<<X\none\n# two\nEOF\n\tthree $HOME\n\t\tEND\nX\nUSER 1';
    const { instructions } = parseDockerfile(text, 'D');
    assert.deepEqual(
      instructions.map(({ keyword, line }) => `${keyword} ${String(line)}`),
      ['FROM 1', 'RUN 2', 'USER 9'],
    );
    assert.deepEqual(instructions[1]?.heredocs, [
      { name: 'EOF', body: 'one\n# two\n', expands: true },
      { name: 'END', body: 'three $HOME\n', expands: false },
      { name: 'X', body: '', expands: true },
    ]);
  });

  it('knows a here string and a heredoc in quotes for what they are', () => {
    const text = 'RUN cat <<<word\nRUN echo "<<EOF"\nENV A=<<EOF';
    assert.ok(parseDockerfile(text, 'D').instructions.every(({ heredocs }) => heredocs.length === 0));
  });

  const WRONG: readonly (readonly [string, string, RegExp])[] = [
    ['an unknown instruction', 'FROM a\n\nFRMO b', /^D line 3: unknown instruction: FRMO$/],
    ['an instruction without arguments', 'FROM', /^D line 1: FROM requires at least one argument$/],
    ['a heredoc without end', 'RUN <<EOF\na', /^D line 1: unterminated heredoc EOF$/],
    ['nothing at all', '# only this\n\n', /^D: file with no instructions$/],
    ['another escape', '# escape=x\nFROM a', /^D line 1: invalid escape token 'x'/],
    [
      'a directive twice',
      '# escape=\\\n# escape=\\\nFROM a',
      /^D line 2: only one escape parser directive can be used$/,
    ],
  ];
  for (const [what, text, message] of WRONG) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseDockerfile(text, 'D'), { code: 'FILE_INVALID', message });
    });
  }
});
