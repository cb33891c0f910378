/**
 * Owns what runs in a sandbox before the command does, and what watches over that from outside. Never decides where
 * the sandbox's walls stand.
 */

/** The arguments of a command travel in variables: nested quotes would soon be longer than a system takes. */
const carried = 'TIDINGS_ARGUMENT_';

/**
 * Says `up`, as `Isolation.wrap` tells, and becomes the command that `carrierOf` carries.
 * @param count how many arguments the command has
 * @param guarded whether `guard` watches
 */
export function insideScript(count: number, guarded: boolean): string {
  const names = Array.from({ length: count }, (_, at) => `${carried}${at}`);
  return [
    ...(guarded ? [askForGuard] : []),
    `set -- ${names.map((name) => `"$${name}"`).join(' ')}; unset ${names.join(' ')}`,
    'echo up >&2; exec "$@" 2>&3 3>&-',
  ].join('\n');
}

/** The argument list that puts `argv` where the script inside finds it, and then runs `wrapped`. */
export function carrierOf(argv: readonly string[], wrapped: readonly string[]): string[] {
  return ['env', ...argv.map((argument, at) => `${carried}${at}=${argument}`), ...wrapped];
}

/**
 * The kernel lets whoever has root's number write its settings in /proc/sys, without any right; one of them names a
 * program that the kernel then runs outside. Nobody inside may mount, so the process that is to become the command
 * tells its namespace, and waits until a /proc that is read-only, and its own, has been put there.
 */
const askForGuard =
  'while readlink /proc/self/ns/mnt >&4 || exit 125; [ -w /proc/self/comm ]; do :; done; echo done >&4; exec 4>&-';

/**
 * Runs outside of the sandbox, in the PID namespace around it. Should it fail, nobody reads what is told it any more, and
 * what would become the command ends.
 */
const guard = `
exec 7>&1
code=$(
  {
    { "$@" 5>&- 7>&-; echo $? >&5; } 4>&1 1>&7 | {
      read -r namespace || exit
      ls -l /proc/[0-9]*/ns/mnt 2>/dev/null | {
        while read -r line; do
          case $line in *" -> $namespace") line=\${line##* /proc/}; echo "\${line%%/*}"; break ;; esac
        done
      } | {
        read -r pid && nsenter --target "$pid" --mount --pid mount -o remount,bind,ro /proc >&2
      } && while read -r word; do if [ "$word" = done ]; then exit; fi; done
    } 5>&- 7>&-
  } 5>&1
)
exit "\${code:-125}"`;

/** The argument list that runs `argv` with the guard. */
export function guardedBy(argv: readonly string[]): string[] {
  return ['sh', '-c', guard, 'tidings', ...argv];
}
