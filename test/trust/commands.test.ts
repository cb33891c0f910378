/** How a pattern for bash is compared with the words of a command, and what counts as a command of its own. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the expansions are the shell's
import { describe, expect, test } from 'vitest';
import { allowed, denied } from './verdicts.ts';

describe('a pattern that allows', () => {
  test.each([
    ['npm test', 'npm test', 'run'],
    ['npm test', ' npm  \\\n test # all of it', 'run'],
    ['npm test', `"npm" 'te'st`, 'run'],
    ['npm test', "npm $'\\x74est'", 'run'],
    ['npm test', 'npm test --watch', 'ask'],
    ['npm test', 'npm tests', 'ask'],
    ['npm test', 'npm', 'ask'],
    ['npm test', 'npm "test "', 'ask'],
    ['npm test', '"npm test"', 'ask'],
    ['npm test', './npm test', 'ask'],
    ['npm test', '/usr/bin/npm test', 'ask'],
    ['npm test', 'NPM test', 'ask'],
    ['npm test', 'npm "$T"', 'ask'],
    ['npm test', 'npm test $T', 'ask'],
    ['npm run *', 'npm run', 'run'],
    ['npm run *', 'npm run build -- "$T" *.ts $X', 'run'],
    ['npm run *', 'npm runx', 'ask'],
    ['npm * build', 'npm run build', 'run'],
    ['npm * build', 'npm "$T" build', 'run'],
    ['npm * build', 'npm $T build', 'ask'],
    ['npm * build', 'npm run x build', 'ask'],
    ['npm run test:*', 'npm run test:unit', 'run'],
    ['npm run test:*', 'npm run test:unit x', 'ask'],
    ['npm run test:*', 'npm run "test:$T"', 'ask'],
    ['npm run *:*t', 'npm run a:unit', 'run'],
    ['npm run *ab*ab', 'npm run ab', 'ask'],
    ['/usr/bin/make *', '/usr/bin/make x', 'run'],
    ['./run.sh', './run.sh', 'run'],
    ['./run.sh', 'run.sh', 'ask'],
    ['*', 'rm -rf x', 'run'],
    ['*', '$X', 'ask'],
  ])('%s and %s: %s', (pattern, command, is) => {
    expect(allowed(command, pattern)).toBe(is);
  });

  test('wants every command of a line to be allowed', () => {
    expect(allowed('git status && npm test | tail', 'git status', 'npm test')).toBe('ask');
    expect(allowed('git status && npm test | tail', 'git status', 'npm test', 'tail *')).toBe('run');
    expect(allowed('# nothing', 'ls')).toBe('run');
  });

  test('wants no rule for what only changes when a command runs', () => {
    for (const wrapper of [
      'time',
      'time -p',
      'timeout -s KILL 5',
      'nice -n 3',
      'nohup',
      'stdbuf -oL',
      'env CI=1',
    ]) {
      expect(allowed(`${wrapper} npm test`, 'npm test'), wrapper).toBe('run');
      expect(allowed(`${wrapper} npm it`, 'npm test'), wrapper).toBe('ask');
    }
    expect(allowed('./timeout 5 npm test', 'npm test')).toBe('ask');
    expect(allowed('timeout 5', 'npm test')).toBe('ask');
    expect(allowed('time -o file npm test', 'npm test')).toBe('ask');
  });

  test('wants a rule for what changes who runs it, or where', () => {
    for (const wrapper of [
      'sudo',
      'env -i',
      'exec',
      'command',
      'xargs',
      'ssh host',
      'watch',
      'busybox',
      'eval',
    ]) {
      expect(allowed(`${wrapper} npm test`, 'npm test', 'npm test *'), wrapper).toBe('ask');
      expect(allowed(`${wrapper} npm test`, 'npm test', 'npm test *', `${wrapper} *`), wrapper).toBe('run');
      expect(allowed(`${wrapper} npm it`, 'npm test', `${wrapper} *`), wrapper).toBe('ask');
    }
  });

  test('never covers a variable that is set, but for those that are plainly harmless', () => {
    for (const setting of [
      'PATH=/x',
      'LD_PRELOAD=x',
      'GIT_SSH_COMMAND=x',
      'x=1',
      'CI+=1',
      'NODE_ENV="$X"',
      'LANG=ja_JP.SJIS',
    ]) {
      expect(allowed(`${setting} npm test`, 'npm test'), setting).toBe('ask');
      expect(allowed(`${setting}; npm test`, 'npm test'), setting).toBe('ask');
      expect(allowed(`export ${setting}; npm test`, 'npm test', 'export *'), setting).toBe('ask');
      expect(allowed(`declare -x ${setting}; npm test`, 'npm test', 'declare *'), setting).toBe('ask');
      expect(allowed(`env ${setting} npm test`, 'npm test', 'env *'), setting).toBe('ask');
    }
    for (const setting of [
      'CI=true',
      'NODE_ENV=test',
      'FORCE_COLOR=0',
      'NO_COLOR=',
      'LANG=C.UTF-8',
      'LC_ALL=C',
      'TZ=Europe/Berlin',
    ]) {
      expect(allowed(`${setting} npm test`, 'npm test'), setting).toBe('run');
      expect(allowed(`export ${setting} && npm test`, 'npm test'), setting).toBe('run');
    }
    expect(allowed('for f in a b; do ls "$f"; done', 'ls *')).toBe('run');
    expect(allowed('for PATH in /x; do ls; done', 'ls *')).toBe('ask');
    expect(allowed('read PATH; ls', 'ls *', 'read *')).toBe('ask');
    expect(allowed('((PATH=1)); ls', 'ls *')).toBe('ask');
    expect(allowed(': ${PATH:=/x}; ls', 'ls *', ': *')).toBe('ask');
    expect(allowed('set -euo pipefail; ls', 'ls', 'set *')).toBe('run');
    expect(allowed('set -a; ls', 'ls', 'set *')).toBe('ask');
  });

  test('never covers a name that the command itself gives another meaning', () => {
    expect(allowed('npm() { npm test; }; npm test', 'npm test')).toBe('ask');
    expect(allowed('function npm { npm test; }; npm test', 'npm test')).toBe('ask');
    expect(allowed('timeout() { npm test; }; timeout npm test', 'npm test')).toBe('ask');
    expect(allowed('alias npm="npm test"; npm test', 'npm test', 'alias *')).toBe('ask');
    expect(allowed('hash -p /x npm; npm test', 'npm test', 'hash *')).toBe('ask');
    expect(allowed('enable -f ./x npm; npm test', 'npm test', 'enable *')).toBe('ask');
    expect(allowed('. ./x; npm test', 'npm test', '. *')).toBe('ask');
  });
});

describe('a pattern that denies', () => {
  test.each([
    ['rm *', 'rm', 'deny'],
    ['rm *', '/bin/rm x', 'deny'],
    ['rm *', '../x/rm x', 'deny'],
    ['rm *', '\\rm x', 'deny'],
    ['rm *', "'r'm x", 'deny'],
    ['rm *', 'r\\\nm x', 'deny'],
    ['rm *', 'RM x', 'deny'],
    ['rm *', 'rmdir x', 'run'],
    ['rm *', 'echo rm x', 'run'],
    ['rm *', 'echo "rm x" # ; rm x', 'run'],
    ['rm *', '{rm,x}', 'ask'],
    ['rm *', '$X', 'ask'],
    ['rm *', '$X rm x', 'ask'],
    ['rm *', 'r$X x', 'ask'],
    ['rm *', '/bin/r? x', 'ask'],
    ['rm *', 'echo $X', 'run'],
    ['rm -rf *', 'rm -rf x', 'deny'],
    ['rm -rf *', 'rm -r x', 'run'],
    ['rm -rf *', 'rm "$X" x', 'ask'],
    ['rm -rf *', 'rm $X', 'ask'],
    ['git push', 'git push $X', 'ask'],
    ['git push', 'git "$X" push', 'ask'],
    ['git push', 'git "$X" log', 'ask'],
    ['git push', 'git log "$X"', 'run'],
    ['./deploy.sh *', 'deploy.sh x', 'deny'],
    ['./deploy.sh *', 'bash deploy.sh x', 'deny'],
    ['scripts/deploy.sh', './scripts//deploy.sh', 'deny'],
    ['scripts/deploy.sh', 'deploy.sh', 'run'],
    ['*', 'ls', 'deny'],
  ])('%s and %s: %s', (pattern, command, is) => {
    expect(denied(command, pattern)).toBe(is);
  });
});

describe('every command counts, wherever it stands', () => {
  const places = [
    'CMD',
    'ls; CMD',
    'ls\nCMD',
    'ls & CMD',
    'ls && CMD',
    'ls || CMD',
    'ls | CMD',
    'ls |& CMD',
    'CMD &',
    '! CMD',
    '(CMD)',
    '{ CMD; }',
    'if CMD; then ls; fi',
    'if ls; then CMD; fi',
    'if ls; then ls; elif CMD; then ls; fi',
    'if ls; then ls; else CMD; fi',
    'while CMD; do ls; done',
    'until ls; do CMD; done',
    'for f in a; do CMD; done',
    'for f in $(CMD); do ls; done',
    'for ((i = 0; i < 2; i++)); do CMD; done',
    'select f in a; do CMD; done',
    'case a in a) CMD;; esac',
    'case $(CMD) in a) ls;; esac',
    'case a in $(CMD)) ls;; esac',
    'f() { CMD; }',
    'function f { CMD; }',
    'coproc CMD',
    'coproc f { CMD; }',
    'ls $(CMD)',
    'ls `CMD`',
    'ls "$(CMD)"',
    'ls "`CMD`"',
    'ls a$(CMD)b',
    'ls $(ls $(CMD))',
    'ls `ls \\`CMD\\``',
    'ls <(CMD)',
    'ls >(CMD)',
    'ls > $(CMD)',
    'ls < "$(CMD)"',
    'ls <<< $(CMD)',
    'ls <<E\n$(CMD)\nE',
    'ls <<E\n`CMD`\nE',
    'ls <<-E\n\t${X:-$(CMD)}\n\tE',
    'ls <<A <<B\nA\n$(CMD)\nB',
    'ls <<E\nE\nCMD',
    'ls ${X:-$(CMD)}',
    'ls "${X:-`CMD`}"',
    'ls ${X#$(CMD)}',
    'ls ${X/$(CMD)/y}',
    'ls ${X:$(CMD)0}',
    'ls ${x[$(CMD)]}',
    'ls $((1 + $(CMD)))',
    'ls $[1 + $(CMD)]',
    '(( $(CMD) ))',
    '[[ -n $(CMD) ]]',
    '[[ a == "$(CMD)" && b ]]',
    '[[ a =~ $(CMD) ]]',
    'CI=$(CMD) ls',
    'CI=$(CMD)',
    'x=(a $(CMD))',
    'x[$(CMD)]=1',
    'export CI=$(CMD)',
    'ls {a,$(CMD)}',
    'time CMD',
    'time -p CMD',
    'trap "CMD" EXIT',
    'trap -- "CMD" 0',
    'eval CMD',
    'eval "ls; CMD"',
    'eval -- "CMD"',
  ];
  test.each(places)('%s', (place) => {
    const command = place.replace('CMD', 'git push');
    expect(denied(command, 'git push *')).toBe('deny');
    const rest = ['ls *', 'trap *', 'eval *', 'export *', 'f', 'write(**)'];
    expect(allowed(command, ...rest)).toBe('ask');
  });
});
